//! What happened to a site, and what can be taken back.

use axum::extract::State;
use axum::http::HeaderMap;

use super::Shared;
use super::api::{About, Group, Seen};
use super::caller::Caller;
use super::query::{Asked, BranchQuery, CommitsQuery, DiffQuery, Place, StatusQuery};
use super::reply::{Reply, read};
use crate::content::problem::Code;
use crate::error::{self, Kind, kind_of};
use crate::service::{Commit, CommitLine, Comparison, Fault, HistoryStatus, Listed, Scope};

pub(super) const LIST: About = About {
    id: "list_history",
    title: "List commits",
    text: "Newest first: who changed what, when and through which door. `undone` stands on commits that an undo has taken back since.",
    group: Group::History,
    scope: Some(Scope::Read),
    refusals: of_a_branch,
    address: "/sites/demo/history?limit=3",
    body: "",
    answer: include_str!("../../docs/examples/list_history.json"),
};

pub(super) const COMMIT: About = About {
    id: "get_commit",
    title: "Read a commit",
    text: "Its line of the history, the ops as they were asked, the changes they came to, and the pages it touched, before and after.",
    group: Group::History,
    scope: Some(Scope::Read),
    refusals: of_a_branch,
    address: "/sites/demo/history/2",
    body: "",
    answer: include_str!("../../docs/examples/get_commit.json"),
};

pub(super) const STATUS: About = About {
    id: "get_history_status",
    title: "What undo and redo would take",
    text: "The commits that `undo` and `redo` would take next, of a page or of the whole branch. The stacks are the log's: the same for every client, without a cap, and there after a restart.",
    group: Group::History,
    scope: Some(Scope::Read),
    refusals: of_a_branch,
    address: "/sites/demo/history/status?page=%2F",
    body: "",
    answer: include_str!("../../docs/examples/get_history_status.json"),
};

pub(super) const DIFF: About = About {
    id: "diff",
    title: "Compare two states",
    text: "What leads from one state of the site to another, page by page, block by block, field by field.",
    group: Group::History,
    scope: Some(Scope::Read),
    refusals: of_a_branch,
    address: "/sites/demo/diff?from=main@2&to=main",
    body: "",
    answer: include_str!("../../docs/examples/diff.json"),
};

/// How looking at a branch can fail.
fn of_a_branch() -> Vec<Kind> {
    vec![
        error::SITE_NOT_FOUND,
        error::BRANCH_NOT_FOUND,
        kind_of(Code::PageNotFound),
        kind_of(Code::VersionNotFound),
        kind_of(Code::SnapshotNotFound),
    ]
}

/// `GET /sites/{site}/history`: commits, newest first; with `?ref=main@42` those up to it.
pub(super) async fn list(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<CommitsQuery>,
    headers: HeaderMap,
) -> Reply<Seen<Listed<CommitLine>>> {
    let (at, query, paging) = query.parts()?;
    read(&headers, &service.history(&who, &site, &at, &query, &paging).await?)
}

/// `GET /sites/{site}/history/{version}`: one commit with its ops, changes, before and after.
pub(super) async fn commit(
    State(service): State<Shared>,
    who: Caller,
    Place((site, version)): Place<(String, String)>,
    Asked(query): Asked<BranchQuery>,
    headers: HeaderMap,
) -> Reply<Seen<Commit>> {
    let missing = || Fault::VersionNotFound(format!("'{version}' is no version: versions are numbers"));
    let number = version.parse().map_err(|_| missing())?;
    read(&headers, &service.commit(&who, &site, &query.at(), number).await?)
}

/// `GET /sites/{site}/history/status`: what undo and redo would do.
pub(super) async fn status(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<StatusQuery>,
    headers: HeaderMap,
) -> Reply<Seen<HistoryStatus>> {
    let (at, page) = query.parts();
    read(&headers, &service.history_status(&who, &site, &at, page.as_deref()).await?)
}

/// `GET /sites/{site}/diff?from=&to=`
pub(super) async fn diff(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<DiffQuery>,
    headers: HeaderMap,
) -> Reply<Seen<Comparison>> {
    let (from, to, min_version) = query.parts()?;
    read(&headers, &service.diff(&who, &site, (&from, &to), min_version).await?)
}
