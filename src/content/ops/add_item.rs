//! `add_item`: one more item in a list of a block.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Position, brief, fit};
use super::super::json::{Value, key_of};
use super::super::problem::{Code, Gathered, Lowered, Problem};
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
        let mut problems = Gathered::default();
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let place = problems.keep(list.place(position))?;
        let free = problems.keep(self.free_key(&list))?;
        if free.is_none() {
            return Err(problems.halt());
        }
        // An item whose place is none is judged at the end.
        let at = place.unwrap_or(list.items.len());
        list.items.insert(at, self.item.clone());
        let done = problems.keep(list.put(draft, Some((at, "/item"))))?;
        match done {
            Some(done) => problems.end().map(|()| done),
            None => Err(problems.halt()),
        }
    }
}

impl AddItem {
    fn free_key(&self, list: &List) -> Result<(), Problem> {
        fit(&self.item, "/item")?;
        match key_of(&self.item) {
            Some(key) if list.items.iter().any(|item| key_of(item) == Some(key)) => {
                let message =
                    format!("an item of the list has the key '{}': leave `key` out to get a new one", brief(key));
                Err(Problem::new(Code::SchemaViolation, "/item/key", message))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, keys, lower, missing, on, props, refused, site, told, with_table};
    use serde_json::{Value, json};

    fn question(more: Value) -> Value {
        let mut op = on("add_item", "blk_faq", "items", more);
        op["item"] = json!({"q": "New?", "a": "Yes"});
        op
    }

    #[test]
    fn given_a_position_when_added_then_the_item_lies_there_with_a_key_of_its_own() {
        for (more, at) in [
            (json!({}), 3),
            (json!({"index": 0}), 0),
            (json!({"index": 3}), 3),
            (json!({"after": "k1"}), 1),
            (json!({"before": "k3"}), 2),
        ] {
            let after = lower(&site(), question(more.clone())).unwrap();
            let key = after.results[0].key.clone().unwrap();
            let mut wanted = vec!["k1", "k2", "k3"];
            wanted.insert(at, &key);
            assert_eq!(keys(&after.root, "blk_faq", "/items"), wanted, "{more}");
            assert_eq!(props(&after.root, "blk_faq")["items"][at], json!({"q": "New?", "a": "Yes", "key": key}));
            assert_eq!(after.changes.len(), 1);
        }
    }

    #[test]
    fn given_an_item_like_another_when_added_then_both_keep_their_keys() {
        let mut op = question(json!({"index": 0}));
        op["item"] = json!({"q": "One?", "a": "1"});
        let after = lower(&site(), op).unwrap();
        assert_eq!(keys(&after.root, "blk_faq", "/items")[1..], ["k1", "k2", "k3"]);
        assert!(!["k1", "k2", "k3"].contains(&after.results[0].key.as_deref().unwrap()));
    }

    #[test]
    fn given_a_key_when_added_then_the_item_has_it_unless_it_is_taken() {
        let mut op = question(json!({}));
        op["item"]["key"] = json!("mine");
        assert_eq!(lower(&site(), op.clone()).unwrap().results[0].key.as_deref(), Some("mine"));
        for bad in ["k2", "7", "a/b", ""] {
            op["item"]["key"] = json!(bad);
            let refusals = refused(&site(), op.clone());
            assert_eq!(refusals, [Refused::new("/item/key", Code::SchemaViolation)], "{bad}");
        }
    }

    #[test]
    fn given_a_list_within_an_item_when_added_then_the_item_is_named_by_index_or_key() {
        for list in ["/columns/0/links", "/columns/c1/links"] {
            let mut op = on("add_item", "blk_footer", list, json!({"before": "l1"}));
            op["item"] = json!({"label": "Prices", "href": "/pricing"});
            let after = lower(&site(), op).unwrap();
            assert_eq!(keys(&after.root, "blk_footer", "/columns/0/links")[1..], ["l1"]);
        }
    }

    #[test]
    fn given_a_list_that_is_not_there_yet_when_added_then_it_is_made() {
        let mut op = on("add_item", "blk_header", "/links/k_about/children", json!({}));
        op["item"] = json!({"label": "Team", "href": "/about#team"});
        let after = lower(&site(), op).unwrap();
        let key = after.results[0].key.clone().unwrap();
        assert_eq!(keys(&after.root, "blk_header", "/links/0/children"), [key]);
    }

    #[test]
    fn given_a_plain_list_when_added_then_the_element_lies_at_its_index() {
        let site = with_table();
        let mut op = on("add_item", "blk_table", "rows", json!({"index": 1}));
        op["item"] = json!(["x", "y"]);
        let after = lower(&site, op.clone()).unwrap();
        assert_eq!(
            props(&after.root, "blk_table")["rows"],
            json!([["a", "b"], ["x", "y"], ["c", "d"]])
        );
        assert_eq!(after.results[0].key, None);
        op["list"] = json!("/rows/0");
        op["item"] = json!("z");
        let after = lower(&site, op.clone()).unwrap();
        assert_eq!(props(&after.root, "blk_table")["rows"][0], json!(["a", "z", "b"]));
        op["item"] = json!(5);
        assert_eq!(refused(&site, op.clone()), [Refused::new("/item", Code::SchemaViolation)]);
        op["item"] = json!("z");
        op.as_object_mut().unwrap().remove("index");
        op["after"] = json!("");
        assert_eq!(refused(&site, op), [Refused::new("/after", Code::ItemNotFound)]);
    }

    #[test]
    fn given_mistakes_in_the_item_when_added_then_they_are_told_within_it() {
        for (item, pointers) in [
            (json!({"q": "x", "b": "y"}), vec!["/item/a", "/item/b"]),
            (json!({"q": "x", "a": "y\u{0}"}), vec!["/item/a"]),
            (json!({"q": "x", "a": 12_345_678_901_234_567_890_u64}), vec!["/item/a"]),
            (json!("x"), vec!["/item"]),
            (json!(null), vec!["/item"]),
        ] {
            let mut op = question(json!({"index": 1}));
            op["item"] = item.clone();
            let found = refused(&site(), op);
            let mut found: Vec<&str> = found.iter().map(|problem| &*problem.pointer).collect();
            found.sort_unstable();
            assert_eq!(found, pointers, "{item}");
        }
    }

    #[test]
    fn given_a_place_that_is_none_when_added_then_it_is_refused() {
        for (more, pointer, code) in [
            (json!({"index": 4}), "/index", Code::InvalidPosition),
            (json!({"index": -1}), "/index", Code::InvalidPosition),
            (json!({"after": "k9"}), "/after", Code::ItemNotFound),
            (json!({"before": "0"}), "/before", Code::ItemNotFound),
            (json!({"after": "k1", "index": 1}), "", Code::InvalidPosition),
        ] {
            let refusals = refused(&site(), question(more.clone()));
            assert_eq!(refusals, [Refused::new(pointer, code)], "{more}");
        }
    }

    #[test]
    fn given_a_name_that_is_no_list_when_added_then_the_lists_are_told() {
        let told = |block: &str, list: &str| {
            let mut op = on("add_item", block, list, json!({}));
            op["item"] = json!({});
            (refused(&site(), op.clone()).remove(0), told(&site(), op))
        };
        let (problem, message) = told("blk_faq", "item");
        assert_eq!(problem, Refused::new("/list", Code::UnknownProp));
        assert_eq!(message, "'item' is not a list of FAQAccordion; did you mean 'items'?");
        let (problem, message) = told("blk_faq", "title");
        assert_eq!(problem, Refused::new("/list", Code::SchemaViolation));
        assert_eq!(
            message,
            "'title' of FAQAccordion is a text, and `list` names a list; there are: items"
        );
        let (problem, message) = told("blk_footer", "/columns/c9/links");
        assert_eq!(problem, Refused::new("/list", Code::ItemNotFound));
        assert_eq!(message, "'columns' has no item 'c9': there are c1");
        let (problem, message) = told("blk_footer", "/columns/c1/lniks");
        assert_eq!(problem, Refused::new("/list", Code::UnknownProp));
        assert_eq!(message, "'lniks' is not a list of columns/0; did you mean 'links'?");
        for (block, list, code) in [
            ("blk_footer", "/columns/c1", Code::SchemaViolation),
            ("blk_faq", "/title/0", Code::UnknownProp),
            ("blk_faq", "", Code::UnknownProp),
            ("blk_faq", "/", Code::UnknownProp),
            ("blk_faq", "/items/k1/key", Code::SchemaViolation),
            ("blk_faq", "/items/3/q", Code::ItemNotFound),
            ("blk_cta", "description", Code::SchemaViolation),
        ] {
            assert_eq!(told(block, list).0, Refused::new("/list", code), "{list}");
        }
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_added_then_it_is_asked_for() {
        assert_eq!(missing(&cold(&site()), question(json!({}))), ["pg_pricing".into()]);
    }
}
