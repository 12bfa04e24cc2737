//! `replace_text`: an edit inside one text of a block.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, MAX_PAGE_BYTES, brief, fit};
use super::super::json::{Value, parse_pointer};
use super::super::problem::{Code, Lowered, Problem};
use super::way::{Wanted, Way, follow, told_at, what};
use super::{BlockRef, Done, Lower, PageRef};

/// Replaces a passage inside one text of a block, without sending the whole text. `find` must stand in it exactly once:
/// take enough of what is around it, or set `all`. Case and white space count.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplaceText {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
    /// The text: a JSON Pointer into the props, list items by index or key (`/body`, `/items/0/a`).
    pub path: String,
    /// The passage, as it stands in the text.
    pub find: String,
    /// What stands there instead.
    pub replace: String,
    /// Whether to replace every occurrence.
    #[serde(default)]
    pub all: Option<bool>,
}

impl Lower for ReplaceText {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        let block = draft.find_block(&page, &self.block, "/block")?;
        let found = draft.block(&page, &block)?;
        let (kind, mut props) = (draft.block_type(&found.kind, "/block")?, found.value());
        let Some(steps) = parse_pointer(&self.path) else {
            // Written as in most languages, `items[0].a`.
            let steps: Vec<&str> = self.path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
            let message = format!("`path` is a JSON Pointer: '/{}'?", brief(&steps.join("/")));
            return Err(Problem::new(Code::MalformedRequest, "/path", message).into());
        };
        let way = follow(&kind, &props, &steps, Wanted::Any, "/path")?;
        let text = self.text(&props, &way)?;
        fit(&Value::String(self.replace.clone()), "/replace")?;
        let edited = self.edit(text)?;
        let at = way.at;
        if let Some(place) = props.pointer_mut(&at) {
            *place = Value::String(edited);
        }
        draft.put_props(&page, &block, props, "").map_err(|halt| told_at(halt, &at, "/replace"))?;
        Ok(Done::block(page, block))
    }
}

impl ReplaceText {
    fn text<'a>(&self, props: &Value, way: &Way<'a>) -> Result<&'a str, Problem> {
        let (path, refuse) =
            (brief(&self.path), |code, message: String| Err(Problem::new(code, "/path", message)));
        match way.value {
            Some(_) if is_item_key(props, &way.at) => {
                refuse(Code::SchemaViolation, "an item's `key` is the system's own and stays".into())
            }
            Some(Value::String(text)) => Ok(text),
            Some(other) => {
                refuse(Code::SchemaViolation, format!("'{path}' is {}, not a text", what(other)))
            }
            None => refuse(
                Code::ItemNotFound,
                format!("'{path}' has no value; `update_props` or `update_item` gives it one"),
            ),
        }
    }

    fn edit(&self, text: &str) -> Result<String, Problem> {
        let find = self.find.as_str();
        let refuse = |message: String| Err(Problem::new(Code::OpRejected, "/find", message));
        if find.is_empty() {
            return refuse("`find` is empty: give the passage to replace".into());
        }
        let Some(first) = text.find(find) else {
            let message = format!("'{}' does not stand in the text: '{}'", brief(find), brief(text));
            return refuse(message);
        };
        let count = text.matches(find).count();
        let all = self.all.unwrap_or(false);
        // Occurrences that overlap are two as well: which one is meant is open.
        let next = first + find.chars().next().map_or(1, char::len_utf8);
        if !all && text[next..].contains(find) {
            let message = format!(
                "'{}' stands in the text {} times: take more of what is around the one you mean, or set `all`",
                brief(find),
                count.max(2)
            );
            return refuse(message);
        }
        let length = text.len() - count * find.len() + count.saturating_mul(self.replace.len());
        if length > MAX_PAGE_BYTES {
            let message = format!("the text would be {length} bytes long, more than a whole page may be");
            return Err(Problem::new(Code::TooLarge, "/replace", message));
        }
        Ok(text.replace(find, &self.replace))
    }
}

/// Whether a way leads to the key of a list item.
fn is_item_key(props: &Value, at: &str) -> bool {
    let item = at.strip_suffix("/key").and_then(|item| item.rsplit_once('/'));
    item.and_then(|(list, _)| props.pointer(list)).is_some_and(Value::is_array)
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, missing, props, refused, site, told};
    use serde_json::{Value, json};

    fn replace(page: &str, block: &str, path: &str, find: &str, with: &str) -> Value {
        json!({
            "op": "replace_text", "page": page, "block": block, "path": path, "find": find, "replace": with,
        })
    }

    #[test]
    fn given_a_passage_that_stands_once_when_replaced_then_the_rest_stays() {
        let after = lower(&site(), replace("/", "blk_text", "/body", "[us]", "[about us]")).unwrap();
        assert_eq!(props(&after.root, "blk_text")["body"], "See [prices](/pricing#faq) or [about us](/about).");
        assert_eq!(after.changes.len(), 1);
    }

    #[test]
    fn given_a_text_in_an_item_when_replaced_then_the_item_is_named_by_index_or_key() {
        for path in ["/items/1/q", "/items/k2/q"] {
            let after = lower(&site(), replace("/pricing", "blk_faq", path, "Two", "Zwei")).unwrap();
            assert_eq!(
                props(&after.root, "blk_faq")["items"][1],
                json!({"key": "k2", "q": "Zwei?", "a": "2"})
            );
        }
    }

    #[test]
    fn given_all_when_replaced_then_every_occurrence_is() {
        let mut op = replace("/", "blk_text", "/body", "(/", "(/en/");
        assert_eq!(refused(&site(), op.clone()), [Refused::new("/find", Code::OpRejected)]);
        assert!(told(&site(), op.clone()).contains("2 times"));
        op["all"] = json!(true);
        let after = lower(&site(), op).unwrap();
        assert_eq!(props(&after.root, "blk_text")["body"], "See [prices](/en/pricing#faq) or [us](/en/about).");
    }

    #[test]
    fn given_occurrences_that_overlap_when_replaced_then_they_are_two() {
        let set = json!({"op": "update_props", "page": "/", "block": "blk_text", "patch": {"body": "ééé"}});
        let site = lower(&site(), set).unwrap().root;
        let op = replace("/", "blk_text", "/body", "éé", "x");
        assert_eq!(refused(&site, op), [Refused::new("/find", Code::OpRejected)]);
    }

    #[test]
    fn given_a_passage_that_is_not_there_when_replaced_then_the_text_is_shown() {
        assert_eq!(
            told(&site(), replace("/", "blk_hero", "/heading", "weave", "x")),
            "'weave' does not stand in the text: 'Weave'"
        );
        for find in ["weave", ""] {
            let op = replace("/", "blk_hero", "/heading", find, "x");
            assert_eq!(refused(&site(), op), [Refused::new("/find", Code::OpRejected)]);
        }
    }

    #[test]
    fn given_the_same_passage_when_replaced_then_nothing_changes() {
        let after = lower(&site(), replace("/", "blk_hero", "/heading", "Weave", "Weave")).unwrap();
        assert_eq!(after.changed(), [false]);
    }

    #[test]
    fn given_a_path_that_leads_to_no_text_when_replaced_then_it_is_told_what_is_there() {
        for (page, block, path, code) in [
            ("/", "blk_hero", "/headline", Code::UnknownProp),
            ("/", "blk_hero", "/subheading", Code::ItemNotFound),
            ("/", "blk_hero", "", Code::SchemaViolation),
            ("/", "blk_hero", "heading", Code::MalformedRequest),
            ("/", "blk_hero", "/heading/0", Code::UnknownProp),
            ("/pricing", "blk_faq", "/items", Code::SchemaViolation),
            ("/pricing", "blk_faq", "/items/0", Code::SchemaViolation),
            ("/pricing", "blk_faq", "/items/3/q", Code::ItemNotFound),
            ("/pricing", "blk_faq", "/items/k9/q", Code::ItemNotFound),
            ("/pricing", "blk_faq", "/items/k1/x", Code::UnknownProp),
            ("/pricing", "blk_faq", "/items/k1/key", Code::SchemaViolation),
        ] {
            let op = replace(page, block, path, "k", "x");
            assert_eq!(refused(&site(), op), [Refused::new("/path", code)], "{path}");
        }
        assert_eq!(
            told(&site(), replace("/", "blk_hero", "/headline", "a", "b")),
            "'headline' is not a prop of Hero; did you mean 'heading'?"
        );
        assert_eq!(
            told(&site(), replace("/pricing", "blk_faq", "/items", "a", "b")),
            "'/items' is a list, not a text"
        );
    }

    #[test]
    fn given_a_result_the_schema_refuses_when_replaced_then_it_is_told() {
        for with in ["", "a\u{0}b"] {
            let op = replace("/", "blk_hero", "/heading", "Weave", with);
            assert_eq!(refused(&site(), op), [Refused::new("/replace", Code::SchemaViolation)]);
        }
    }

    #[test]
    fn given_a_text_that_would_outgrow_every_page_when_replaced_then_it_is_too_large() {
        let body = "x".repeat(100_000);
        let set = json!({"op": "update_props", "page": "/", "block": "blk_text", "patch": {"body": body}});
        let site = lower(&site(), set).unwrap().root;
        let mut op = replace("/", "blk_text", "/body", "x", &"y".repeat(100_000));
        op["all"] = json!(true);
        assert_eq!(refused(&site, op), [Refused::new("/replace", Code::TooLarge)]);
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_replaced_then_it_is_asked_for() {
        let op = replace("/about", "blk_about", "/body", "a", "b");
        assert_eq!(missing(&cold(&site()), op), ["pg_about".into()]);
    }
}
