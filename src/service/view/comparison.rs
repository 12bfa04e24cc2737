//! A diff as it is served: with the two refs it is of.

use schemars::JsonSchema;
use serde::Serialize;

use crate::content::diff::Diff;

/// What is different between two refs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// The ref it leads from, as asked.
    pub from: String,
    /// The ref it leads to, as asked.
    pub to: String,
    /// What differs.
    #[serde(flatten)]
    pub diff: Diff,
}
