//! `remove_redirect`: an address leads nowhere again.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, read_slug};
use super::super::problem::Lowered;
use super::{Done, Lower};

/// Takes the redirect away from an address.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemoveRedirect {
    /// The address it leads away from.
    pub from: String,
}

impl Lower for RemoveRedirect {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let from = read_slug(&self.from, "/from")?;
        draft.set_site(&["redirects", &from], None)?;
        Ok(Done::site())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, lower, refused, site};
    use serde_json::json;

    #[test]
    fn given_a_redirect_when_removed_then_it_is_gone() {
        let set = json!({"op": "set_redirect", "from": "/old", "to": "/about"});
        let before = lower(&site(), set).unwrap().root;
        let after = lower(&before, json!({"op": "remove_redirect", "from": "/OLD/"})).unwrap();
        assert!(after.root.redirects.is_empty());
    }

    #[test]
    fn given_the_redirect_of_a_renamed_home_page_when_removed_then_it_is_gone() {
        let ops = json!([
            {"op": "rename_page", "page": "/", "slug": "/home"}, {"op": "remove_redirect", "from": "/"},
        ]);
        assert!(lower(&site(), ops).unwrap().root.redirects.is_empty());
    }

    #[test]
    fn given_no_redirect_when_removed_then_nothing_changes() {
        let op = json!({"op": "remove_redirect", "from": "/old"});
        assert_eq!(lower(&site(), op).unwrap().changed(), [false]);
        let op = json!({"op": "remove_redirect", "from": "old"});
        assert_eq!(refused(&site(), op), [Refused::new("/from", Code::InvalidSlug)]);
    }
}
