//! `move_page`: another place in the order of the site.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Position};
use super::super::problem::Lowered;
use super::{Done, Lower, PageRef};

/// Moves a page in the order of the site. Give one of `after`, `before`, `index`, or none for the end.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MovePage {
    /// The page: its id or slug.
    pub page: PageRef,
    /// Right behind this page: its id or slug.
    #[serde(default)]
    pub after: Option<PageRef>,
    /// Right before this page: its id or slug.
    #[serde(default)]
    pub before: Option<PageRef>,
    /// At this place, counted from 0, in the order as it stands after the move.
    #[serde(default)]
    pub index: Option<i64>,
}

impl Lower for MovePage {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let to = draft.page_position(position, Some(&page))?;
        draft.move_page(&page, to)?;
        Ok(Done::page(page))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, missing, refused, site, slugs};
    use serde_json::{Value, json};

    fn moved(page: &str, position: Value) -> Value {
        let mut op = json!({"op": "move_page", "page": page});
        op.as_object_mut().unwrap().extend(position.as_object().unwrap().clone());
        op
    }

    #[test]
    fn given_a_position_when_moved_then_the_page_stands_there() {
        for (page, position, wanted) in [
            ("/", json!({}), ["/about", "/pricing", "/"]),
            ("/pricing", json!({"index": 0}), ["/pricing", "/", "/about"]),
            ("/", json!({"index": 1}), ["/about", "/", "/pricing"]),
            ("/", json!({"after": "/about"}), ["/about", "/", "/pricing"]),
            ("pg_pricing", json!({"before": "pg_about"}), ["/", "/pricing", "/about"]),
        ] {
            assert_eq!(slugs(&lower(&site(), moved(page, position)).unwrap().root), wanted);
        }
    }

    #[test]
    fn given_where_it_stands_when_moved_then_nothing_changes() {
        for (page, position) in [
            ("/pricing", json!({})),
            ("/about", json!({"index": 1})),
            ("/about", json!({"after": "/"})),
            ("/about", json!({"before": "/pricing"})),
        ] {
            assert_eq!(lower(&site(), moved(page, position)).unwrap().changed(), [false]);
        }
    }

    #[test]
    fn given_a_place_that_is_none_when_moved_then_it_is_refused() {
        for (position, pointer, code) in [
            (json!({"index": 3}), "/index", Code::InvalidPosition),
            (json!({"after": "/about"}), "/after", Code::InvalidPosition),
            (json!({"after": "/", "index": 1}), "", Code::InvalidPosition),
            (json!({"before": "/nowhere"}), "/before", Code::PageNotFound),
        ] {
            assert_eq!(refused(&site(), moved("/about", position)), [Refused::new(pointer, code)]);
        }
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_moved_then_all_are_asked_for_at_once() {
        let ops = json!([moved("/", json!({})), moved("/about", json!({}))]);
        assert_eq!(missing(&cold(&site()), ops), ["pg_about".into(), "pg_home".into()]);
    }
}
