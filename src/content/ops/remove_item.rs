//! `remove_item`: a list item goes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::json::key_of;
use super::super::problem::Lowered;
use super::list::List;
use super::{BlockRef, Done, Lower, PageRef};

/// Removes an item from a list of a block, named by `index` or `key`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemoveItem {
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
}

impl Lower for RemoveItem {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut list = List::find(draft, &self.page, &self.block, &self.list)?;
        let at = list.item(self.index, self.key.as_deref())?;
        let item = list.items.remove(at);
        Ok(Done { key: key_of(&item).map(String::from), ..list.put(draft, None)? })
    }
}
