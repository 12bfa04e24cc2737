//! `add_block`: a new block on a page or in a slot of another block.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::change::Node;
use super::super::draft::{Draft, Guest, NewBlock, Position};
use super::super::problem::Lowered;
use super::{BlockRef, Done, Lower, PageRef};

/// Adds a block, with the blocks in its slots, to a page, or with `parent` and `slot` into another block. Say where
/// with one of `after`, `before`, `index`; with none it comes last, before the Footer. `SiteHeader` and `Footer` are
/// given in `create_page` only.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddBlock {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block: its type and props, if need be blocks for its slots.
    pub block: NewBlock,
    /// A handle of your choice: later ops of this batch name the new block by `$tmp:<handle>`.
    #[serde(default)]
    pub temp_id: Option<String>,
    /// Right behind the block of this id, in the list that lies in.
    #[serde(default)]
    pub after: Option<BlockRef>,
    /// Right before the block of this id, in the list that lies in.
    #[serde(default)]
    pub before: Option<BlockRef>,
    /// At this place in the list, counted from 0.
    #[serde(default)]
    pub index: Option<i64>,
    /// The block to put it into; goes with `slot`.
    #[serde(default)]
    pub parent: Option<BlockRef>,
    /// The slot of `parent`.
    #[serde(default)]
    pub slot: Option<String>,
}

impl Lower for AddBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        draft.not_pinned(&self.block.kind, "/block/type")?;
        let (id, value) = draft.make_block(&self.block, "/block")?;
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let within = (self.parent.as_deref(), self.slot.as_deref());
        let at = draft.block_position(&page, within, position, Guest::new(&value))?;
        draft.insert(Node::Block(id.clone()), at, value)?;
        draft.declare_block(self.temp_id.as_deref(), &id)?;
        Ok(Done::block(page, id))
    }
}
