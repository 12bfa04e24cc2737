//! `remove_block`: a block goes, with all in its slots.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::Lowered;
use super::{BlockRef, Done, Lower, PageRef};

/// Removes a block and the blocks in its slots. `undo` brings all of it back in place. `SiteHeader` and `Footer` stay
/// as long as their page.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemoveBlock {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
}

impl Lower for RemoveBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        let block = draft.find_block(&page, &self.block, "/block")?;
        draft.not_pinned(&draft.block(&page, &block)?.kind, "/block")?;
        draft.remove_block(&page, &block)?;
        Ok(Done::block(page, block))
    }
}
