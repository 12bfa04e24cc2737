//! A log read in strides that are small where entries are large, so that what is in memory has a bound.

use std::sync::Arc;

use crate::store::{Entry, Result, SiteKey, Store};

/// Entries in a stride at most.
const MOST: usize = 512;

/// Bytes of bodies that a stride aims at.
const BYTES: usize = 1 << 20;

/// Goes through a log up to a place that is fixed at the start.
pub(in super::super) struct Strides {
    store: Arc<dyn Store>,
    site: SiteKey,
    after: u64,
    up_to: u64,
    limit: usize,
}

impl Strides {
    /// The entries behind `after`, up to and with `up_to`.
    pub(in super::super) fn new(store: &Arc<dyn Store>, site: SiteKey, after: u64, up_to: u64) -> Self {
        Strides { store: store.clone(), site, after, up_to, limit: 32 }
    }

    /// The number of the newest entry that was read.
    pub(in super::super) fn at(&self) -> u64 {
        self.after
    }

    /// The next entries; none at the end, or where the log ends before it.
    ///
    /// # Errors
    /// Those of the store.
    pub(in super::super) async fn next(&mut self) -> Result<Vec<Entry>> {
        let left = usize::try_from(self.up_to.saturating_sub(self.after)).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(Vec::new());
        }
        let entries = self.store.entries(self.site, self.after, self.limit.min(left)).await?;
        let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
        let average = (bytes / entries.len().max(1)).max(1);
        self.limit = (BYTES / average).clamp(4, MOST);
        self.after = entries.last().map_or(self.after, |last| last.seq);
        Ok(entries)
    }
}
