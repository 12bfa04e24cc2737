//! What happened to a site, and what can be taken back.

use axum::extract::State;
use axum::http::HeaderMap;

use super::Shared;
use super::caller::Caller;
use super::query::{Asked, BranchQuery, CommitsQuery, DiffQuery, Place, StatusQuery};
use super::reply::{Reply, read};
use crate::service::Fault;

/// `GET /sites/{site}/history`: commits, newest first; with `?ref=main@42` those up to it.
pub(super) async fn list(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<CommitsQuery>,
    headers: HeaderMap,
) -> Reply {
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
) -> Reply {
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
) -> Reply {
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
) -> Reply {
    let (from, to, min_version) = query.parts()?;
    read(&headers, &service.diff(&who, &site, (&from, &to), min_version).await?)
}
