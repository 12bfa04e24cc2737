//! `redo`: brings back what an undo took.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::Lowered;
use super::{Actor, Done, Lower, PageRef, alone};

/// Brings back what the newest undo took, if no edit in the same scope has followed it. It stands alone in its batch. The
/// answer names what it brought back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Redo {
    /// The page whose newest undo is taken back: its id or slug. Without it, the newest of the branch.
    #[serde(default)]
    pub page: Option<PageRef>,
    /// Of whose undos; without it, of everybody's.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// Whether the undone value is taken where later commits changed the same field.
    #[serde(default)]
    pub force: bool,
}

impl Lower for Redo {
    fn lower(&self, _draft: &mut Draft) -> Lowered<Done> {
        alone("redo")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, refused, site};
    use serde_json::json;

    #[test]
    fn given_a_batch_when_it_is_among_other_ops_then_it_is_refused() {
        let ops = json!([{"op": "remove_page", "page": "/about"}, {"op": "redo", "actor": "me"}]);
        assert_eq!(refused(&site(), ops), [Refused::new("", Code::OpRejected)]);
    }

    #[test]
    fn given_fields_it_does_not_have_when_read_then_it_is_refused() {
        assert_eq!(refused(&site(), json!({"op": "redo", "commit": "c"})), [Refused::new("/commit", Code::MalformedRequest)]);
    }
}
