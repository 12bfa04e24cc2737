//! `POST /ops` as every door speaks it: the envelope of a batch, and its answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::ops::{Op, OpResult};

/// Longest idempotency key, in bytes.
pub(super) const MAX_KEY: usize = 255;

/// Whether text can be an idempotency key.
#[must_use]
pub fn is_key(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A batch of ops and what the caller expects of the state it meets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// The site; may be left out where the caller has only one.
    #[serde(default)]
    pub site: Option<String>,
    /// The branch; `main` where it is left out.
    #[serde(default)]
    pub branch: Option<String>,
    /// 1 to 500 ops, applied in order, each seeing what those before it did; all or none.
    #[schemars(with = "Vec<Op>", length(min = 1, max = 500))]
    pub ops: Vec<Value>,
    /// The branch must be at this version.
    #[serde(default)]
    pub expected_version: Option<u64>,
    /// These pages, by slug or id, must have these content hashes.
    #[serde(default)]
    pub if_match: BTreeMap<String, String>,
    /// The same key with the same body gets the first answer again.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// Judge and answer as if, store nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// A line for the history.
    #[serde(default)]
    pub summary: Option<String>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The site.
    pub site: String,
    /// The branch.
    pub branch: String,
    /// The branch's version with the batch; of one that changed nothing, the version it found. Of a dry run the version
    /// that the batch would make: the branch is not there yet.
    pub version: u64,
    /// The commit; none where nothing changed or nothing was stored.
    pub commit: Option<String>,
    /// Whether anything changed.
    pub changed: bool,
    /// Whether it was a trial.
    pub dry_run: bool,
    /// One line an op.
    pub results: Vec<OpResult>,
    /// Handles of the batch and the ids they stand for.
    pub ids: BTreeMap<String, String>,
    /// The pages it touched, as they are now.
    pub pages: Vec<TouchedPage>,
}

/// A page that a batch touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedPage {
    /// Its id.
    pub id: String,
    /// Its address; of a removed page, the one it had.
    pub slug: String,
    /// Its content hash; none where it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether the batch removed it.
    pub removed: bool,
}
