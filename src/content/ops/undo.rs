//! `undo`: takes back a commit.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::Lowered;
use super::{Done, Lower, PageRef, alone};

/// Takes back the newest commit that touched a page, whole: what a rename changed on other pages goes back, too. It stands
/// alone in its batch. If a later commit changed the same fields it is refused, unless `force`. The answer names what it
/// undid; `redo` brings it back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Undo {
    /// The page whose newest commit is taken back: its id or slug. Without it, the newest of the branch.
    #[serde(default)]
    pub page: Option<PageRef>,
    /// Exactly this commit, however old: its id.
    #[serde(default)]
    pub commit: Option<String>,
    /// Of whose commits; without it, of everybody's.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// Whether only what the commit did on `page` is taken back.
    #[serde(default)]
    pub only_page: bool,
    /// Whether the older value is taken where later commits changed the same field.
    #[serde(default)]
    pub force: bool,
}

/// Whose commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// The caller's own.
    Me,
}

impl Lower for Undo {
    fn lower(&self, _draft: &mut Draft) -> Lowered<Done> {
        alone("undo")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, refused, site};
    use serde_json::json;

    #[test]
    fn given_a_batch_when_it_is_among_other_ops_then_it_is_refused() {
        let ops = json!([{"op": "remove_page", "page": "/about"}, {"op": "undo", "page": "/about", "actor": "me", "onlyPage": true}]);
        assert_eq!(refused(&site(), ops), [Refused::new("", Code::OpRejected)]);
    }

    #[test]
    fn given_fields_it_does_not_have_when_read_then_it_is_refused() {
        assert_eq!(refused(&site(), json!({"op": "undo", "actor": "them"})), [Refused::new("/actor", Code::MalformedRequest)]);
    }
}
