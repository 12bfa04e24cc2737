//! `move_item`: a list item lies elsewhere in its list.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Position};
use super::super::json::key_of;
use super::super::problem::{Lowered, Problem};
use super::list::List;
use super::{BlockRef, Done, Lower, PageRef};

/// Moves an item, named by `index` or `key`, within its list. Say where to with one of `toIndex`, `after`, `before`; with
/// none it comes last.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MoveItem {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
    /// The list: a prop's name (`items`), or for a list within an item a JSON Pointer into the props, the item by index
    /// or key (`/links/0/children`).
    pub list: String,
    /// The item's place, counted from 0.
    #[serde(default)]
    pub index: Option<i64>,
    /// The item's key, instead of `index`: safe while others edit the list.
    #[serde(default)]
    pub key: Option<String>,
    /// To this place, counted from 0, in the list as it stands after the move.
    #[serde(default)]
    pub to_index: Option<i64>,
    /// Right behind the item with this key.
    #[serde(default)]
    pub after: Option<String>,
    /// Right before the item with this key.
    #[serde(default)]
    pub before: Option<String>,
}

impl Lower for MoveItem {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut list = List::find(draft, &self.page, &self.block, &self.list)?;
        let from = list.item(self.index, self.key.as_deref())?;
        let item = list.items.remove(from);
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.to_index };
        let to = list.place(position).map_err(|problem| Problem {
            pointer: problem.pointer.replace("/index", "/toIndex"),
            message: problem.message.replace("`index`", "`toIndex`"),
            ..problem
        })?;
        let key = key_of(&item).map(String::from);
        list.items.insert(to, item);
        Ok(Done { key, ..list.put(draft, None)? })
    }
}
