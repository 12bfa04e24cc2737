//! Counted names, and the reverse index over pages: who links to this slug, who has a block of this type.

use imbl::{OrdMap, OrdSet};

use super::super::change::Step;
use super::super::id::PageId;

/// How often each name stands in a page.
#[derive(Clone, Debug, Default)]
pub struct Counts(OrdMap<Step, u32>);

impl Counts {
    pub(super) fn add(&mut self, names: &[Step]) {
        for name in names {
            *self.0.entry(name.clone()).or_insert(0) += 1;
        }
    }

    pub(super) fn subtract(&mut self, names: &[Step]) {
        for name in names {
            match self.0.get(name) {
                Some(&n) if n > 1 => self.0.insert(name.clone(), n - 1),
                _ => self.0.remove(name),
            };
        }
    }

    pub(super) fn replace(&mut self, before: &[Step], after: &[Step]) {
        self.subtract(before);
        self.add(after);
    }

    /// Names and how often they stand there.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Step, u32)> {
        self.0.iter().map(|(name, count)| (name.clone(), *count))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Each name once.
    pub(super) fn names(&self) -> impl Iterator<Item = &Step> {
        self.0.keys()
    }
}

impl FromIterator<(Step, u32)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Step, u32)>>(pairs: I) -> Self {
        Counts(pairs.into_iter().collect())
    }
}

/// From a name to the pages that have it.
#[derive(Clone, Debug, Default)]
pub struct Reverse(OrdMap<Step, OrdSet<PageId>>);

impl Reverse {
    /// The pages that have a name.
    pub fn pages(&self, name: &str) -> impl Iterator<Item = &PageId> {
        self.0.get(name).into_iter().flat_map(OrdSet::iter)
    }

    /// Follows a page from its counts before to those after; costs what differs.
    pub(super) fn follow(&mut self, page: &PageId, before: &Counts, after: &Counts) {
        if before.0.ptr_eq(&after.0) {
            return;
        }
        for name in before.names().filter(|name| !after.0.contains_key(*name)) {
            if let Some(pages) = self.0.get_mut(name) {
                pages.remove(page);
                if pages.is_empty() {
                    self.0.remove(name);
                }
            }
        }
        for name in after.names().filter(|name| !before.0.contains_key(*name)) {
            self.0.entry(name.clone()).or_default().insert(page.clone());
        }
    }
}
