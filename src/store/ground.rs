//! The ground an append wants to build on, and what it means for the append: one judgement for all stores.

use super::{Append, Appended, Digest, Result, StoreError};

/// What stands in the log around the place of an append, as one read found it.
pub(super) struct Ground {
    /// The genesis hash of the site; none where it was removed or never made.
    pub genesis: Option<Digest>,
    /// The hash of the entry at `after.seq`; never one for 0.
    pub before: Option<Digest>,
    /// The hash of the entry at the append's first place.
    pub first: Option<Digest>,
    /// The hash of the entry at the append's last place.
    pub last: Option<Digest>,
}

impl Ground {
    /// How the append ends; `None` where its place is free.
    ///
    /// A hash covers all entries before it. So where the append's own last hash stands already, the whole append
    /// does: it was sent before, and its answer was lost.
    pub fn judge(&self, append: &Append) -> Option<Appended> {
        let Some(genesis) = self.genesis else { return Some(Appended::Gone) };
        let before = if append.after.seq == 0 { Some(genesis) } else { self.before };
        if before != Some(append.after.hash) {
            return Some(Appended::Foreign);
        }
        self.first?;
        let own = append.entries.last().map(|entry| entry.hash);
        Some(if own == self.last { Appended::Done } else { Appended::Lost })
    }
}

/// The first and the last place of an append.
///
/// # Errors
/// `Damaged` where its entries are none, or do not follow `after` without a gap.
pub(super) fn places(append: &Append) -> Result<(u64, u64)> {
    let mut seq = append.after.seq;
    for entry in &append.entries {
        seq = seq.saturating_add(1);
        if entry.seq != seq {
            return Err(StoreError::Damaged(format!("entry {} stands where {seq} should", entry.seq)));
        }
    }
    match append.entries.first() {
        Some(first) => Ok((first.seq, seq)),
        None => Err(StoreError::Damaged("an append without an entry".to_owned())),
    }
}
