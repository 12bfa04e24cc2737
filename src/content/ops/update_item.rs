//! `update_item`: other values for some fields of a list item.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, fit, merge_patch};
use super::super::json::{Value, key_of};
use super::super::problem::{Code, Lowered, Problem};
use super::list::List;
use super::way::what;
use super::{BlockRef, Done, Lower, PageRef};

/// Changes an item in a list of a block, named by `index` or `key`. `patch` is a JSON merge patch (RFC 7396): `null`
/// removes a field, objects merge, everything else replaces. In a plain list (texts, rows of a Table) it is the new
/// element.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UpdateItem {
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
    /// The fields to change, as a JSON merge patch; of a plain list the new element.
    pub patch: Value,
}

impl Lower for UpdateItem {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut list = List::find(draft, &self.page, &self.block, &self.list)?;
        let at = list.item(self.index, self.key.as_deref())?;
        fit(&self.patch, "/patch")?;
        self.keeps_key(&list.items[at])?;
        merge_patch(&mut list.items[at], &self.patch);
        list.put(draft, Some((at, "/patch")))
    }
}

impl UpdateItem {
    /// An item stays the item it is: an object with its key.
    fn keeps_key(&self, item: &Value) -> Result<(), Problem> {
        let Some(key) = key_of(item) else { return Ok(()) };
        let (pointer, message) = match &self.patch {
            Value::Object(fields) if fields.get("key").is_none_or(|given| given == key) => return Ok(()),
            Value::Object(_) => {
                ("/patch/key", format!("the item's key is '{key}' and stays: leave `key` out of the patch"))
            }
            other => ("/patch", format!("the item is an object: its patch is one too, not {}", what(other))),
        };
        Err(Problem::new(Code::SchemaViolation, pointer, message))
    }
}
