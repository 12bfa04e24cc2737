//! The query of a request and the parameters of its path: typed, and nothing unknown in them.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::content::json::plain;
use crate::error::{self, Failure};
use crate::service::{At, HistoryQuery, Paging};

/// Items of a list unless asked otherwise, and at most.
const USUAL_LIMIT: usize = 50;
const HIGHEST_LIMIT: usize = 500;

/// The query, as a type that refuses unknown fields.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Query(asked) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            let detail = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            // `limit: invalid digit …`, or a complaint about the query as a whole.
            match detail.split_once(": ").filter(|(field, _)| field.chars().all(char::is_alphanumeric)) {
                Some((field, complaint)) => Failure::malformed(field, plain(complaint)),
                None => Failure::malformed("", format!("the query: {}", plain(detail))),
            }
        })?;
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Failure::malformed("", "the query contains a NUL"));
        }
        Ok(Asked(asked))
    }
}

/// The parameters of the path, decoded.
pub(super) struct Place<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Place<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let nothing_there =
            || Failure::new(error::NOT_FOUND, format!("there is nothing at {}", parts.uri.path()));
        if parts.uri.path().contains("%00") {
            return Err(nothing_there());
        }
        let place: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        place.map(|Path(place)| Place(place)).map_err(|rejection| {
            Failure::malformed("", format!("the address: {}", unread(&rejection.body_text())))
        })
    }
}

/// A piece of an address that is not what stands there: "Cannot parse `x` to a `u64`", of several "`n` with value `x`".
fn unread(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    match pieces.as_slice() {
        [.., piece, " to a ", "u64" | "i64" | "usize", _] => {
            format!("'{piece}' must be a whole number from 0 up")
        }
        _ => text.to_owned(),
    }
}

/// No field at all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Which state.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AtQuery {
    /// The branch; `main` where it is left out.
    branch: Option<String>,
    /// A state: `main`, or `main@42` for the branch as it was at version 42.
    r#ref: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
}

impl AtQuery {
    pub(super) fn at(self) -> Result<At, Failure> {
        let reference = match (self.branch, self.r#ref) {
            (Some(_), Some(_)) => {
                return Err(Failure::malformed("ref", "`branch` and `ref` exclude each other"));
            }
            (branch, reference) => reference.or(branch),
        };
        Ok(At { reference, min_version: self.min_version })
    }
}

/// Which part of a list.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PagingQuery {
    /// At most so many items; 50 where it is left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// Where to go on: the `nextCursor` of an answer before, of the same list.
    cursor: Option<String>,
}

impl PagingQuery {
    pub(super) fn paging(self) -> Result<Paging, Failure> {
        let limit = self.limit.unwrap_or(USUAL_LIMIT);
        if limit == 0 || limit > HIGHEST_LIMIT {
            return Err(Failure::malformed("limit", format!("`limit` is 1 to {HIGHEST_LIMIT}, not {limit}")));
        }
        Ok(Paging { limit, cursor: self.cursor })
    }
}

/// Which state, and which part of a list of it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The branch; `main` where it is left out.
    branch: Option<String>,
    /// A state: `main`, or `main@42` for the branch as it was at version 42.
    r#ref: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
    /// At most so many items; 50 where it is left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// Where to go on: the `nextCursor` of an answer before, of the same list.
    cursor: Option<String>,
}

impl ListQuery {
    pub(super) fn parts(self) -> Result<(At, Paging), Failure> {
        let at = AtQuery { branch: self.branch, r#ref: self.r#ref, min_version: self.min_version }.at()?;
        Ok((at, PagingQuery { limit: self.limit, cursor: self.cursor }.paging()?))
    }
}

/// As `ListQuery`, or the one page of a slug.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PagesQuery {
    /// The one page of this address, whole.
    slug: Option<String>,
    /// The branch; `main` where it is left out.
    branch: Option<String>,
    /// A state: `main`, or `main@42` for the branch as it was at version 42.
    r#ref: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
    /// At most so many items; 50 where it is left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// Where to go on: the `nextCursor` of an answer before, of the same list.
    cursor: Option<String>,
}

impl PagesQuery {
    pub(super) fn parts(self) -> Result<(At, Paging, Option<String>), Failure> {
        let PagesQuery { slug, branch, r#ref, min_version, limit, cursor } = self;
        let (at, paging) = ListQuery { branch, r#ref, min_version, limit, cursor }.parts()?;
        Ok((at, paging, slug))
    }
}

/// Which commits.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CommitsQuery {
    /// Only commits that touched this page, by id or slug.
    page: Option<String>,
    /// Only this actor's.
    actor: Option<String>,
    /// Only commits that touched this block.
    block: Option<String>,
    /// The branch; `main` where it is left out.
    branch: Option<String>,
    /// A state: `main`, or `main@42` for the branch as it was at version 42.
    r#ref: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
    /// At most so many items; 50 where it is left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// Where to go on: the `nextCursor` of an answer before, of the same list.
    cursor: Option<String>,
}

impl CommitsQuery {
    pub(super) fn parts(self) -> Result<(At, HistoryQuery, Paging), Failure> {
        let CommitsQuery { page, actor, block, branch, r#ref, min_version, limit, cursor } = self;
        let (at, paging) = ListQuery { branch, r#ref, min_version, limit, cursor }.parts()?;
        Ok((at, HistoryQuery { page, actor, block }, paging))
    }
}

/// Which branch.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BranchQuery {
    /// The branch; `main` where it is left out.
    branch: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
}

impl BranchQuery {
    pub(super) fn at(self) -> At {
        At { reference: self.branch, min_version: self.min_version }
    }
}

/// Whose undo stack.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StatusQuery {
    /// Of this page, by id or slug; else of the branch.
    page: Option<String>,
    /// The branch; `main` where it is left out.
    branch: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
}

impl StatusQuery {
    pub(super) fn parts(self) -> (At, Option<String>) {
        (BranchQuery { branch: self.branch, min_version: self.min_version }.at(), self.page)
    }
}

/// Which two states.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DiffQuery {
    /// The older state: `main@3`.
    #[schemars(required)]
    from: Option<String>,
    /// The newer one: `main`.
    #[schemars(required)]
    to: Option<String>,
    /// Wait, at most five seconds, until the branch is at least at this version.
    min_version: Option<u64>,
}

impl DiffQuery {
    pub(super) fn parts(self) -> Result<(String, String, Option<u64>), Failure> {
        let given = |name: &str, reference: Option<String>| {
            let message = || format!("`{name}` is missing: a ref, as in {name}=main@42");
            reference.ok_or_else(|| Failure::malformed(name, message()))
        };
        Ok((given("from", self.from)?, given("to", self.to)?, self.min_version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::Request;

    async fn ask<T: DeserializeOwned>(query: &str) -> Result<T, Failure> {
        let (mut parts, ()) = Request::get(format!("/sites?{query}")).body(()).unwrap().into_parts();
        Asked::from_request_parts(&mut parts, &()).await.map(|Asked(asked)| asked)
    }

    #[tokio::test]
    async fn a_limit_is_one_to_five_hundred() {
        for (query, limit) in [("", Some(50)), ("limit=1", Some(1)), ("limit=500", Some(500))] {
            let asked: PagingQuery = ask(query).await.unwrap();
            assert_eq!(asked.paging().ok().map(|paging| paging.limit), limit);
        }
        for query in ["limit=0", "limit=501"] {
            assert!(ask::<PagingQuery>(query).await.unwrap().paging().is_err(), "{query}");
        }
        for query in ["limit=-1", "limit=ten", "limit=", "limit=1.5", "limit=1&limit=2"] {
            assert!(ask::<PagingQuery>(query).await.is_err(), "{query}");
        }
    }

    #[tokio::test]
    async fn an_unknown_field_is_refused_by_name() {
        let failure = ask::<ListQuery>("limt=3").await.err().unwrap();
        assert_eq!((failure.kind.code, failure.kind.status), ("malformed_request", 400));
        assert!(failure.detail.contains("limt"), "{}", failure.detail);
        assert!(ask::<Nothing>("a=b").await.is_err());
        assert!(ask::<Nothing>("").await.is_ok());
    }

    #[tokio::test]
    async fn a_field_that_is_no_number_is_told_by_its_name() {
        for query in ["limit=abc", "limit=-1", "limit="] {
            let failure = ask::<PagingQuery>(query).await.err().unwrap();
            assert_eq!(failure.detail, "limit: must be a whole number from 0 up");
            assert_eq!(failure.errors[0].pointer, "limit");
        }
        let twice = ask::<PagingQuery>("limit=1&limit=2").await.err().unwrap();
        assert!(twice.detail.contains("'limit' is given twice"), "{}", twice.detail);
        let unknown = ask::<PagingQuery>("limt=1").await.err().unwrap();
        assert!(
            unknown.detail.ends_with("'limt' is not a field. Fields: limit, cursor"),
            "{}",
            unknown.detail
        );
        assert_eq!(unread("Cannot parse `x` to a `u64`"), "'x' must be a whole number from 0 up");
        assert_eq!(
            unread("Cannot parse `n` with value `x` to a `u64`"),
            "'x' must be a whole number from 0 up"
        );
    }

    #[tokio::test]
    async fn a_state_is_named_by_branch_or_by_ref() {
        let at = |query: &'static str| async move { ask::<AtQuery>(query).await.unwrap().at() };
        assert_eq!(at("branch=main").await.unwrap().reference.as_deref(), Some("main"));
        assert_eq!(at("ref=main%4042&minVersion=7").await.unwrap().reference.as_deref(), Some("main@42"));
        assert!(at("branch=main&ref=main").await.is_err());
    }

    #[tokio::test]
    async fn a_nul_in_the_query_is_refused() {
        assert!(ask::<BranchQuery>("branch=a%00b").await.is_err());
    }
}
