//! Which page bodies are in memory, and which go first where there are too many.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::content::document::Root;
use crate::content::id::PageId;

/// What a body costs beside its text: nodes of trees, hashes, pointers.
const OVERHEAD: usize = 512;

/// How many bytes of page bodies the open sites of a process may keep, all together.
pub(in super::super) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(in super::super) fn of(limit: usize) -> Self {
        Budget { limit, used: AtomicUsize::new(0) }
    }

    /// How many bytes are in use.
    pub(in super::super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// How many bytes are too many.
    pub(in super::super) fn over(&self) -> usize {
        self.used().saturating_sub(self.limit)
    }
}

/// The bodies of one site, by when they were last used.
pub(super) struct Residence {
    budget: Arc<Budget>,
    pages: HashMap<PageId, (u64, usize)>,
    order: BTreeMap<u64, PageId>,
    turn: u64,
}

impl Residence {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Residence { budget, pages: HashMap::new(), order: BTreeMap::new(), turn: 0 }
    }

    /// A page was used: how it stands now.
    pub(super) fn used(&mut self, root: &Root, page: &PageId) {
        self.forget(page);
        let Ok(Some(body)) = root.page(page) else { return };
        let bytes = body.bytes() + OVERHEAD;
        self.turn += 1;
        self.pages.insert(page.clone(), (self.turn, bytes));
        self.order.insert(self.turn, page.clone());
        self.budget.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// These bodies and no others are there.
    pub(super) fn settle_in(&mut self, root: &Root) {
        self.clear();
        let loaded = root.stubs().filter(|(_, stub)| stub.body.is_some()).map(|(id, _)| id);
        loaded.for_each(|page| self.used(root, page));
    }

    /// How many bytes of all sites are too many.
    pub(super) fn over(&self) -> usize {
        self.budget.over()
    }

    /// Takes out what was not used for longest, of at least so many bytes if there are as many; `busy` pages stay.
    pub(super) fn shed(&mut self, bytes: usize, busy: impl Fn(&PageId) -> bool) -> Vec<PageId> {
        let mut left = bytes;
        let mut out = Vec::new();
        for page in self.order.values().filter(|page| !busy(page)) {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(self.pages.get(page).map_or(0, |(_, bytes)| *bytes));
            out.push(page.clone());
        }
        out.iter().for_each(|page| self.forget(page));
        out
    }

    /// Knows of no body any more.
    fn clear(&mut self) {
        let bytes = self.pages.values().map(|(_, bytes)| bytes).sum();
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
        self.pages.clear();
        self.order.clear();
    }

    fn forget(&mut self, page: &PageId) {
        if let Some((turn, bytes)) = self.pages.remove(page) {
            self.order.remove(&turn);
            self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Residence {
    fn drop(&mut self) {
        self.clear();
    }
}
