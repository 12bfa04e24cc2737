//! `duplicate_block`: a copy of a block, with new ids.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::change::Node;
use super::super::draft::{Draft, Guest, Position};
use super::super::id::{BlockId, Mint, new_block};
use super::super::json::Value;
use super::super::problem::{Halt, Lowered};
use super::{BlockRef, Done, Lower, PageRef};

/// Copies a block, with all in its slots; the copies get ids of their own, list items keep their keys. With no position,
/// no `parent` and no `toPage` the copy lies right after its source; else as `add_block` would put it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DuplicateBlock {
    /// The page of the source: its id or slug.
    pub page: PageRef,
    /// The source's id.
    pub block: BlockRef,
    /// The page the copy goes to, if it is another: `after`, `before` and `parent` are blocks of that page.
    #[serde(default)]
    pub to_page: Option<PageRef>,
    /// A handle of your choice: later ops of this batch name the copy by `$tmp:<handle>`.
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

impl Lower for DuplicateBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let from = draft.find_page(&self.page, "/page")?;
        let to = match &self.to_page {
            Some(page) => draft.find_page(page, "/toPage")?,
            None => from.clone(),
        };
        draft.need([&from, &to].into_iter())?;
        let source = draft.find_block(&from, &self.block, "/block")?;
        draft.not_pinned(&draft.block(&from, &source)?.kind, "/block")?;
        let gone = || Halt::Broken(format!("no block {source}"));
        let mut value = draft.page(&from)?.subtree(&source).ok_or_else(gone)?;
        let at = draft.block_position(&to, self.within(), self.position(&source), Guest::new(&value))?;
        let id = renew_ids(&mut value, draft.mint());
        draft.insert(Node::Block(id.clone()), at, value)?;
        draft.declare_block(self.temp_id.as_deref(), &id)?;
        Ok(Done::block(to, id))
    }
}

impl DuplicateBlock {
    fn within(&self) -> (Option<&str>, Option<&str>) {
        (self.parent.as_deref(), self.slot.as_deref())
    }

    fn position<'a>(&'a self, source: &'a BlockId) -> Position<'a> {
        let given =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let here = self.to_page.is_none() && self.within() == (None, None);
        if given.is_open() && here { Position { after: Some(source.as_str()), ..given } } else { given }
    }
}

/// Gives a block and all in its slots ids of their own; answers the block's.
fn renew_ids(block: &mut Value, mint: &mut dyn Mint) -> BlockId {
    let id = new_block(mint);
    block["id"] = id.as_str().into();
    if let Some(Value::Object(slots)) = block.get_mut("slots") {
        for child in slots.values_mut().filter_map(Value::as_array_mut).flatten() {
            renew_ids(child, mint);
        }
    }
    id
}
