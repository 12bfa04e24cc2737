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
            let message = format!("`path` is a JSON Pointer: '/{}'?", brief(&self.path));
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
