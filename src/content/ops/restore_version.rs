//! `restore_version`: a page or the branch as it was.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::Lowered;
use super::{Done, Lower, PageRef, alone};

/// Makes a page, or the whole branch, what it was at a version, in a new commit that can be undone. It stands alone in its
/// batch. Version 0 is the time before the first commit: all pages go, the home page too, which `remove_page` never takes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RestoreVersion {
    /// The version to go back to, as the history lists it.
    pub version: u64,
    /// The page: its id or slug. Without it, the whole branch.
    #[serde(default)]
    pub page: Option<PageRef>,
}

impl Lower for RestoreVersion {
    fn lower(&self, _draft: &mut Draft) -> Lowered<Done> {
        alone("restore_version")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, refused, site};
    use serde_json::json;

    #[test]
    fn given_a_batch_when_it_is_among_other_ops_then_it_is_refused() {
        let ops = json!([{"op": "remove_page", "page": "/about"}, {"op": "restore_version", "version": 3, "page": "/about"}]);
        assert_eq!(refused(&site(), ops), [Refused::new("", Code::OpRejected)]);
    }

    #[test]
    fn given_fields_it_does_not_have_when_read_then_it_is_refused() {
        assert_eq!(refused(&site(), json!({"op": "restore_version"})), [Refused::new("/version", Code::MalformedRequest)]);
    }
}
