//! `add_item`: one more item in a list of a block.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Position, brief, fit};
use super::super::json::{Value, key_of};
use super::super::problem::{Code, Lowered, Problem};
use super::list::List;
use super::{BlockRef, Done, Lower, PageRef};

/// Adds an item to a list of a block: a question to a FAQAccordion, a row to a Table, a link to a SiteHeader. Say where
/// with one of `index`, `after`, `before`; with none it comes last. An item that is an object gets a `key`, which the
/// answer names.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddItem {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
    /// The list: a prop's name (`items`), or for a list within an item a JSON Pointer into the props, the item by index
    /// or key (`/links/0/children`).
    pub list: String,
    /// The item, by the list's schema: an object of its fields, or in a plain list the text or row itself.
    pub item: Value,
    /// At this place, counted from 0.
    #[serde(default)]
    pub index: Option<i64>,
    /// Right behind the item with this key.
    #[serde(default)]
    pub after: Option<String>,
    /// Right before the item with this key.
    #[serde(default)]
    pub before: Option<String>,
}

impl Lower for AddItem {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut list = List::find(draft, &self.page, &self.block, &self.list)?;
        fit(&self.item, "/item")?;
        if let Some(key) = key_of(&self.item)
            && list.items.iter().any(|item| key_of(item) == Some(key))
        {
            let message =
                format!("an item of the list has the key '{}': leave `key` out to get a new one", brief(key));
            return Err(Problem::new(Code::SchemaViolation, "/item/key", message).into());
        }
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let at = list.place(position)?;
        list.items.insert(at, self.item.clone());
        list.put(draft, Some((at, "/item")))
    }
}
