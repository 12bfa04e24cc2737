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

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, missing, on, props, refused, site, with_table};
    use serde_json::{Value, json};

    fn update(more: Value, patch: Value) -> Value {
        let mut op = on("update_item", "blk_faq", "items", more);
        op["patch"] = patch;
        op
    }

    #[test]
    fn given_a_patch_when_updated_then_only_its_fields_change() {
        for more in [json!({"index": 1}), json!({"key": "k2"})] {
            for patch in [json!({"a": "two"}), json!({"a": "two", "key": "k2"})] {
                let after = lower(&site(), update(more.clone(), patch)).unwrap();
                let items = &props(&after.root, "blk_faq")["items"];
                assert_eq!(items[1], json!({"key": "k2", "q": "Two?", "a": "two"}));
                assert_eq!(after.changes.len(), 1);
                assert_eq!(after.results[0].key.as_deref(), Some("k2"));
            }
        }
    }

    #[test]
    fn given_null_when_updated_then_the_field_goes() {
        let mut op = on("update_item", "blk_footer", "columns", json!({"key": "c1"}));
        op["patch"] = json!({"title": "Links", "links": null});
        let after = lower(&site(), op).unwrap();
        assert_eq!(props(&after.root, "blk_footer")["columns"], json!([{"key": "c1", "title": "Links"}]));
    }

    #[test]
    fn given_what_is_so_already_when_updated_then_nothing_changes() {
        let after = lower(&site(), update(json!({"index": 0}), json!({"q": "One?"}))).unwrap();
        assert_eq!(after.changed(), [false]);
        assert_eq!(after.results[0].key.as_deref(), Some("k1"));
    }

    #[test]
    fn given_a_list_in_the_patch_when_updated_then_its_items_keep_their_keys() {
        let mut op = on("update_item", "blk_footer", "columns", json!({"index": 0}));
        op["patch"] = json!({"links": [
            {"label": "Prices", "href": "/pricing"}, {"label": "About", "href": "/about"},
        ]});
        let after = lower(&site(), op).unwrap();
        let links = &props(&after.root, "blk_footer")["columns"][0]["links"];
        assert_eq!(links[1], json!({"key": "l1", "label": "About", "href": "/about"}));
        assert!(links[0]["key"].is_string());
    }

    #[test]
    fn given_a_plain_list_when_updated_then_the_element_is_replaced() {
        let site = with_table();
        let mut op = on("update_item", "blk_table", "rows", json!({"index": 1}));
        op["patch"] = json!(["x"]);
        let after = lower(&site, op.clone()).unwrap();
        assert_eq!(props(&after.root, "blk_table")["rows"], json!([["a", "b"], ["x"]]));
        op["list"] = json!("/rows/1");
        op["patch"] = json!("y");
        let after = lower(&site, op.clone()).unwrap();
        assert_eq!(props(&after.root, "blk_table")["rows"], json!([["a", "b"], ["c", "y"]]));
        op["patch"] = json!(5);
        assert_eq!(refused(&site, op), [Refused::new("/patch", Code::SchemaViolation)]);
    }

    #[test]
    fn given_mistakes_in_the_patch_when_updated_then_they_are_told_within_it() {
        for (patch, pointer, code) in [
            (json!({"answer": "x"}), "/patch/answer", Code::UnknownProp),
            (json!({"q": null}), "/patch/q", Code::SchemaViolation),
            (json!({"q": ["x"]}), "/patch/q", Code::SchemaViolation),
            (json!({"q": "\u{0}"}), "/patch/q", Code::SchemaViolation),
            (json!({"x": {"\u{0}": null}}), "/patch/x", Code::SchemaViolation),
            (json!({"key": "k9"}), "/patch/key", Code::SchemaViolation),
            (json!({"key": "k1"}), "/patch/key", Code::SchemaViolation),
            (json!({"key": null}), "/patch/key", Code::SchemaViolation),
            (json!("x"), "/patch", Code::SchemaViolation),
            (json!(null), "/patch", Code::SchemaViolation),
        ] {
            let refusals = refused(&site(), update(json!({"index": 1}), patch.clone()));
            assert_eq!(refusals, [Refused::new(pointer, code)], "{patch}");
        }
    }

    #[test]
    fn given_an_item_that_is_not_there_when_updated_then_it_is_not_found() {
        for (more, pointer, code) in [
            (json!({"index": 3}), "/index", Code::ItemNotFound),
            (json!({"index": -1}), "/index", Code::ItemNotFound),
            (json!({"key": "k9"}), "/key", Code::ItemNotFound),
            (json!({"key": "0"}), "/key", Code::ItemNotFound),
            (json!({}), "", Code::MalformedRequest),
            (json!({"index": 0, "key": "k1"}), "", Code::MalformedRequest),
        ] {
            let refusals = refused(&site(), update(more.clone(), json!({})));
            assert_eq!(refusals, [Refused::new(pointer, code)], "{more}");
        }
        let mut op = on("update_item", "blk_header", "/links/0/children", json!({"index": 0}));
        op["patch"] = json!({});
        assert_eq!(refused(&site(), op), [Refused::new("/index", Code::ItemNotFound)]);
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_updated_then_it_is_asked_for() {
        let op = update(json!({"index": 0}), json!({}));
        assert_eq!(missing(&cold(&site()), op), ["pg_pricing".into()]);
    }
}
