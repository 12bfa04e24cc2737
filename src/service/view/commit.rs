//! Commits as they are served: lines of the history, one whole, what can be taken back, and what followers are told.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::page::PageContent;
use crate::content::change::Change;
use crate::content::id::PageId;
use crate::content::ops::OpResult;
use crate::store::{Kind, Source};

/// A commit's line in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitLine {
    /// The version of the branch that it made.
    #[schemars(range(min = 1))]
    pub version: u64,
    /// Its number in the log of the site, over all branches: what `/events` resumes by.
    #[schemars(range(min = 1))]
    pub seq: u64,
    /// Its id.
    pub commit: String,
    /// When.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who made it: a token's handle, or `operator`.
    pub actor: Arc<str>,
    /// The door it came through.
    pub source: Source,
    /// What it is.
    pub kind: Kind,
    /// What it did, in a line: the caller's words, else ours.
    pub summary: String,
    /// How many ops it was asked with.
    pub op_count: usize,
    /// The pages it touched.
    pub pages: Vec<PageOfCommit>,
    /// `true` where it was taken back since and not brought back; left out otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
    /// Of an undo: the version of the commit it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub undoes: Option<u64>,
    /// Of a redo: the version of the undo it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub redoes: Option<u64>,
    /// Of a restore: the version it went back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<u64>,
}

/// A page that a commit touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageOfCommit {
    /// Its id.
    pub id: PageId,
    /// Its address after the commit; of a removed page, the one it had.
    pub slug: String,
    /// Whether the commit removed it.
    pub removed: bool,
}

/// One commit, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// Its line in the history.
    #[serde(flatten)]
    pub line: CommitLine,
    /// The ops as they were asked.
    pub ops: Vec<Value>,
    /// What happened.
    pub changes: Vec<Change>,
    /// One line an op.
    pub results: Vec<OpResult>,
    /// The pages it touched, as they were before it; one that it made is not among them.
    pub before: Vec<PageContent>,
    /// The pages it touched, as they were after it; one that it removed is not among them.
    pub after: Vec<PageContent>,
}

/// What `undo` and `redo` would take, on a page or on the branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryStatus {
    /// Whether there is something to take back.
    pub can_undo: bool,
    /// Whether there is something to bring back.
    pub can_redo: bool,
    /// The commit that `undo` would take back.
    pub undo: Option<CommitLine>,
    /// The commit that `redo` would bring back.
    pub redo: Option<CommitLine>,
}

/// What a follower is told of an entry: the `data` of an event whose `id` is its `seq` and whose name is `commit`, or
/// the kind of an entry that is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// Its number in the log of the site.
    #[schemars(range(min = 1))]
    pub seq: u64,
    /// The site.
    pub site: String,
    /// The branch it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Of a commit: the version of the branch that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub version: Option<u64>,
    /// Of a commit: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who made it: a token's handle, or `operator`.
    pub actor: Arc<str>,
    /// The door it came through.
    pub source: Source,
    /// What it is.
    pub kind: Kind,
    /// What it did, in a line.
    pub summary: String,
    /// How many ops it was asked with.
    pub op_count: usize,
    /// The pages it touched.
    pub pages: Vec<PageOfCommit>,
    /// Of a redo: the version of the undo it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redoes: Option<u64>,
    /// Of a restore: the version it went back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<u64>,
    /// Of an undo: the version of the commit it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
}

/// The `data` of the event `resync`: read the state anew, and go on behind this entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResyncEvent {
    /// Where the log is.
    pub seq: u64,
}
