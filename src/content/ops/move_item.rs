//! `move_item`: a list item lies elsewhere in its list.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Position};
use super::super::json::key_of;
use super::super::problem::{Code, Lowered, Problem};
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
        self.not_beside_itself(key_of(&item))?;
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

impl MoveItem {
    fn not_beside_itself(&self, own: Option<&str>) -> Result<(), Problem> {
        let itself = |name: Option<&str>| name.is_some() && name == own;
        let pointer = match (itself(self.after.as_deref()), itself(self.before.as_deref())) {
            (true, _) => "/after",
            (false, true) => "/before",
            (false, false) => return Ok(()),
        };
        Err(Problem::new(Code::InvalidPosition, pointer, "an item cannot lie beside itself: name another"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, keys, lower, missing, on, props, refused, site, told, with_table};
    use serde_json::{Value, json};

    fn to(more: Value) -> Value {
        on("move_item", "blk_faq", "items", more)
    }

    #[test]
    fn given_a_place_when_moved_then_the_item_lies_there_afterwards() {
        for (more, wanted) in [
            (json!({"index": 0, "toIndex": 2}), ["k2", "k3", "k1"]),
            (json!({"index": 2, "toIndex": 0}), ["k3", "k1", "k2"]),
            (json!({"key": "k1", "after": "k2"}), ["k2", "k1", "k3"]),
            (json!({"key": "k3", "before": "k2"}), ["k1", "k3", "k2"]),
            (json!({"key": "k1"}), ["k2", "k3", "k1"]),
        ] {
            let after = lower(&site(), to(more.clone())).unwrap();
            assert_eq!(keys(&after.root, "blk_faq", "/items"), wanted, "{more}");
            assert_eq!(after.changes.len(), 1, "one move");
            let key = if more.get("index") == Some(&json!(2)) || more["key"] == "k3" { "k3" } else { "k1" };
            assert_eq!(after.results[0].key.as_deref(), Some(key));
        }
    }

    #[test]
    fn given_where_it_lies_already_when_moved_then_nothing_changes() {
        for more in [
            json!({"index": 1, "toIndex": 1}),
            json!({"key": "k2", "after": "k1"}),
            json!({"key": "k2", "before": "k3"}),
            json!({"key": "k3"}),
        ] {
            assert_eq!(lower(&site(), to(more)).unwrap().changed(), [false]);
        }
    }

    #[test]
    fn given_a_plain_list_when_moved_then_the_index_counts() {
        let op = on("move_item", "blk_table", "rows", json!({"index": 0, "toIndex": 1}));
        let after = lower(&with_table(), op).unwrap();
        assert_eq!(props(&after.root, "blk_table")["rows"], json!([["c", "d"], ["a", "b"]]));
    }

    #[test]
    fn given_a_place_that_is_none_when_moved_then_it_is_refused() {
        for (more, pointer, code) in [
            (json!({"index": 0, "toIndex": 3}), "/toIndex", Code::InvalidPosition),
            (json!({"index": 0, "after": "k1"}), "/after", Code::InvalidPosition),
            (json!({"index": 0, "before": "k9"}), "/before", Code::ItemNotFound),
            (json!({"index": 0, "toIndex": 1, "after": "k2"}), "", Code::InvalidPosition),
            (json!({"index": 3, "toIndex": 0}), "/index", Code::ItemNotFound),
            (json!({"key": "k9", "toIndex": 0}), "/key", Code::ItemNotFound),
            (json!({"toIndex": 0}), "", Code::MalformedRequest),
        ] {
            assert_eq!(refused(&site(), to(more.clone())), [Refused::new(pointer, code)], "{more}");
        }
        let message = told(&site(), to(json!({"index": 0, "toIndex": 1, "after": "k2"})));
        assert!(message.contains("`toIndex`"), "{message}");
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_moved_then_it_is_asked_for() {
        assert_eq!(missing(&cold(&site()), to(json!({"index": 0}))), ["pg_pricing".into()]);
    }
}
