//! The blocks of a page in order, with their hashes: a change of one hashes its run and no other.

use std::sync::Arc;

use imbl::Vector;

use super::super::id::BlockId;
use super::hash::{Hash, RUN, run_digest};

/// Ids in order, the hash of each, and the digest of each run of them.
#[derive(Clone, Debug, Default)]
pub struct Order {
    ids: Vector<BlockId>,
    hashes: Vector<Hash>,
    runs: Arc<Vec<Hash>>,
}

impl Order {
    /// Ids from first to last.
    pub(super) fn iter(&self) -> impl Iterator<Item = &BlockId> {
        self.ids.iter()
    }

    pub(super) fn get(&self, at: usize) -> Option<&BlockId> {
        self.ids.get(at)
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The digests of the runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = Hash> {
        self.runs.iter().copied()
    }

    /// Where an id stands that stood at `hint` when it was last looked for.
    pub(super) fn position_near(&self, id: &BlockId, hint: usize) -> Option<usize> {
        let still = self.ids.get(hint).is_some_and(|there| there.is_shared_with(id));
        if still { Some(hint) } else { self.position(id) }
    }

    /// Where an id stands.
    pub(super) fn position(&self, id: &BlockId) -> Option<usize> {
        // Most ids that are asked for share their text with the one that stands here.
        let shared = self.ids.iter().position(|there| there.is_shared_with(id));
        shared.or_else(|| self.ids.iter().position(|there| there == id))
    }

    pub(super) fn push(&mut self, id: BlockId, hash: Hash) {
        self.insert(self.len(), id, hash);
    }

    pub(super) fn insert(&mut self, at: usize, id: BlockId, hash: Hash) {
        self.ids.insert(at, id);
        self.hashes.insert(at, hash);
        self.digest_from(at / RUN);
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.ids.remove(at);
        self.hashes.remove(at);
        self.digest_from(at / RUN);
    }

    /// Gives the block at a place another hash.
    pub(super) fn set(&mut self, at: usize, hash: Hash) {
        self.hashes.set(at, hash);
        let digest = self.digest(at / RUN);
        if let Some(run) = Arc::make_mut(&mut self.runs).get_mut(at / RUN) {
            *run = digest;
        }
    }

    /// Digests anew from a run on: what lies behind has shifted.
    fn digest_from(&mut self, run: usize) {
        let digests: Vec<Hash> = (run..self.len().div_ceil(RUN)).map(|run| self.digest(run)).collect();
        let runs = Arc::make_mut(&mut self.runs);
        runs.truncate(run);
        runs.extend(digests);
    }

    fn digest(&self, run: usize) -> Hash {
        let end = self.len().min((run + 1) * RUN);
        let run: Vec<Hash> = self.hashes.focus().narrow(run * RUN..end).into_iter().copied().collect();
        run_digest(&run)
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::NodeHasher;
    use super::*;
    use proptest::prelude::*;

    fn hash(n: u8) -> Hash {
        Hash([n; 32])
    }

    proptest! {
        #[test]
        fn the_runs_are_those_of_the_hashes_whatever_was_done(steps in prop::collection::vec((0..4u8, any::<u16>(), any::<u8>()), 1..400)) {
            let (mut order, mut plain) = (Order::default(), Vec::new());
            for (what, at, n) in steps {
                let at = usize::from(at) % (plain.len() + 1);
                match what {
                    0 | 1 => {
                        order.insert(at, BlockId::from("b"), hash(n));
                        plain.insert(at, hash(n));
                    }
                    2 if at < plain.len() => {
                        order.remove(at);
                        plain.remove(at);
                    }
                    _ if at < plain.len() => {
                        order.set(at, hash(n));
                        plain[at] = hash(n);
                    }
                    _ => {}
                }
            }
            let (mut a, mut b) = (NodeHasher::own(&["{}"]), NodeHasher::own(&["{}"]));
            a.runs("blocks", order.len(), order.runs());
            b.slot("blocks", &plain);
            prop_assert_eq!(a.finish(), b.finish());
        }
    }
}
