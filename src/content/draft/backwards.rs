//! Who links, who uses: the reverse indexes as the batch sees them.

use std::collections::BTreeSet;

use super::super::id::PageId;
use super::super::problem::Lowered;
use super::{Draft, Page};

impl Draft<'_> {
    /// The pages with a link to an address, all loaded.
    ///
    /// # Errors
    /// `Missing` with all that are not loaded.
    pub fn linking_to(&self, slug: &str) -> Lowered<Vec<PageId>> {
        self.having(self.root.linking_to(slug), |page| page.links_to(slug))
    }

    /// The pages with a block of a type, all loaded.
    ///
    /// # Errors
    /// `Missing` with all that are not loaded.
    pub fn using(&self, block_type: &str) -> Lowered<Vec<PageId>> {
        self.having(self.root.using(block_type), |page| page.uses(block_type))
    }

    /// The indexes are brought up when a commit is sealed: what this batch touched is asked itself.
    fn having<'a>(
        &'a self,
        indexed: impl Iterator<Item = &'a PageId>,
        has: impl Fn(&Page) -> bool,
    ) -> Lowered<Vec<PageId>> {
        let indexed: BTreeSet<&PageId> = indexed.collect();
        self.need(indexed.iter().copied())?;
        // A touched page that is not loaded was only moved.
        let asked = indexed.into_iter().chain(&self.touched).collect::<BTreeSet<_>>().into_iter();
        let has = |id: &&PageId| self.root.page(id).is_ok_and(|page| page.is_some_and(|page| has(page)));
        Ok(asked.filter(has).cloned().collect())
    }
}
