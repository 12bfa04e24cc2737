//! `move_block`: a block lies elsewhere, on its page or on another.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Guest, Position};
use super::super::problem::Lowered;
use super::{BlockRef, Done, Lower, PageRef};

/// Moves a block, with all in its slots, to another place on its page, into a slot of another block (`parent` and
/// `slot`), or to another page (`toPage`). Say where with one of `after`, `before`, `index`; with none it comes last,
/// before the Footer: of the page itself unless `parent` is given. Its id stays.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MoveBlock {
    /// The page it lies on: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
    /// The page it goes to, if it is another: `after`, `before` and `parent` are blocks of that page.
    #[serde(default)]
    pub to_page: Option<PageRef>,
    /// Right behind the block of this id, in the list that lies in.
    #[serde(default)]
    pub after: Option<BlockRef>,
    /// Right before the block of this id, in the list that lies in.
    #[serde(default)]
    pub before: Option<BlockRef>,
    /// At this place, counted from 0, in the list as it stands after the move.
    #[serde(default)]
    pub index: Option<i64>,
    /// The block to put it into; goes with `slot`.
    #[serde(default)]
    pub parent: Option<BlockRef>,
    /// The slot of `parent`.
    #[serde(default)]
    pub slot: Option<String>,
}

impl Lower for MoveBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let from = draft.find_page(&self.page, "/page")?;
        let to = match &self.to_page {
            Some(page) => draft.find_page(page, "/toPage")?,
            None => from.clone(),
        };
        draft.need([&from, &to].into_iter())?;
        let id = draft.find_block(&from, &self.block, "/block")?;
        let block = draft.block(&from, &id)?;
        draft.not_pinned(&block.kind, "/block")?;
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let within = (self.parent.as_deref(), self.slot.as_deref());
        let guest = Guest::moving(&block, draft.page(&from)?);
        let at = draft.block_position(&to, within, position, guest)?;
        draft.move_block(&from, &id, &to, at)?;
        Ok(Done::block(to, id))
    }
}
