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

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, keys, lower, missing, on, props, refused, site, with_table};
    use serde_json::{Value, json};

    fn remove(more: Value) -> Value {
        on("remove_item", "blk_faq", "items", more)
    }

    #[test]
    fn given_an_index_or_a_key_when_removed_then_the_others_keep_their_keys() {
        for more in [json!({"index": 1}), json!({"key": "k2"})] {
            let after = lower(&site(), remove(more)).unwrap();
            assert_eq!(keys(&after.root, "blk_faq", "/items"), ["k1", "k3"]);
            assert_eq!(after.results[0].key.as_deref(), Some("k2"));
            assert_eq!(after.changes.len(), 1);
        }
    }

    #[test]
    fn given_the_last_item_when_removed_then_an_empty_list_stays_or_the_schema_refuses() {
        let after = lower(&site(), on("remove_item", "blk_footer", "columns", json!({"index": 0}))).unwrap();
        assert_eq!(props(&after.root, "blk_footer")["columns"], json!([]));
        let op = on("remove_item", "blk_tabs", "tabs", json!({"key": "t1"}));
        assert_eq!(refused(&site(), op), [Refused::new("/tabs", Code::SchemaViolation)]);
    }

    #[test]
    fn given_a_plain_list_when_removed_then_the_element_at_the_index_goes() {
        let after = lower(&with_table(), on("remove_item", "blk_table", "rows", json!({"index": 0}))).unwrap();
        assert_eq!(props(&after.root, "blk_table")["rows"], json!([["c", "d"]]));
        assert_eq!(after.results[0].key, None);
    }

    #[test]
    fn given_an_item_that_is_not_there_when_removed_then_it_is_not_found() {
        for (more, pointer, code) in [
            (json!({"index": 3}), "/index", Code::ItemNotFound),
            (json!({"key": "k9"}), "/key", Code::ItemNotFound),
            (json!({}), "", Code::MalformedRequest),
        ] {
            assert_eq!(refused(&site(), remove(more)), [Refused::new(pointer, code)]);
        }
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_removed_then_it_is_asked_for() {
        assert_eq!(missing(&cold(&site()), remove(json!({"index": 0}))), ["pg_pricing".into()]);
    }
}
