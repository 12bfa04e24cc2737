//! Failures as RFC 9457 problem documents.

pub(super) mod pages;
mod words;

use std::any::Any;

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::content::problem::Problem;
use crate::error::{self, Failure};
use crate::service::Fault;

/// The document, in the order people read it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem", extend("additionalProperties" = true))]
pub(super) struct Document<'a> {
    /// Where the code is explained: `/problems/page-not-found`.
    r#type: String,
    /// What happened, without its particulars; the same wherever the code is.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, for programs: `page_not_found`.
    code: &'a str,
    /// What is wrong here and how to mend it.
    detail: &'a str,
    /// Each place that is wrong; of a batch, all of them at once.
    #[serde(skip_serializing_if = "<[Problem]>::is_empty")]
    errors: &'a [Problem],
    /// Further data of the code: `currentVersion`, `commits`, `conflicts`, …
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let document = Document {
            r#type: pages::address(&self.kind),
            title: self.kind.title,
            status: status.as_u16(),
            code: self.kind.code,
            detail: &self.detail,
            errors: &self.errors,
            more: &self.more,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = challenge(&self) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// What a 401, and a 403 for a missing scope, ask for (RFC 6750, section 3).
fn challenge(failure: &Failure) -> Option<HeaderValue> {
    let challenge = match (failure.kind, failure.scope) {
        (error::UNAUTHENTICATED, _) => r#"Bearer realm="osier""#.to_owned(),
        (error::INSUFFICIENT_SCOPE, Some(scope)) => {
            format!(r#"Bearer realm="osier", error="insufficient_scope", scope="{}""#, scope.as_str())
        }
        _ => return None,
    };
    HeaderValue::try_from(challenge).ok()
}

/// The answer where no route fits.
pub(super) async fn no_such_route(uri: Uri) -> Failure {
    let path = uri.path();
    let hint = if path.ends_with('/') { "; addresses have no slash at their end" } else { "" };
    Failure::new(error::NOT_FOUND, format!("there is nothing at {path}{hint}; /docs lists what there is"))
}

/// The answer where the route takes other methods; the router adds `Allow`.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Failure {
    Failure::new(
        error::METHOD_NOT_ALLOWED,
        format!("{} does not take {method}; `Allow` says what it takes", uri.path()),
    )
}

/// The answer to a connection beyond the cap, and its end.
pub(super) async fn full_house() -> Response {
    let failure = Failure::new(error::OVERLOADED, "too many connections are open: come again in a moment");
    ([(header::CONNECTION, "close")], failure).into_response()
}

/// The answer where a handler panicked: our mistake, and no reason to end the process.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of no known kind");
    Failure::from(Fault::Internal(format!("a panic: {text}"))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::problem::Code;
    use crate::service::Scope;
    use serde_json::json;

    async fn told(failure: Failure) -> (Response, Value) {
        let (parts, body) = failure.into_response().into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, Body::empty()), serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_problem_document_has_the_fields_of_the_contract() {
        let problem = Problem {
            op: Some(3),
            ..Problem::new(Code::SchemaViolation, "/block/props/heading", "too long")
        };
        let (response, document) = told(Failure::refused(vec![problem])).await;
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            document,
            json!({
                "type": "/problems/schema-violation",
                "title": "A value does not fit its schema",
                "status": 422,
                "code": "schema_violation",
                "detail": "op 3, /block/props/heading: too long",
                "errors": [
                    {"op": 3, "pointer": "/block/props/heading", "code": "schema_violation", "message": "too long"}
                ]
            })
        );
    }

    #[tokio::test]
    async fn a_missing_token_and_a_missing_scope_are_challenged() {
        let (response, _) = told(Fault::Unauthenticated("who?".into()).into()).await;
        assert!(response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer "));
        let (response, _) = told(Fault::InsufficientScope(Scope::Write).into()).await;
        let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains(r#"error="insufficient_scope", scope="write""#), "{challenge}");
    }

    #[tokio::test]
    async fn who_has_no_time_or_no_store_says_when_to_come_back() {
        for (fault, status, code) in [
            (Fault::Unavailable("10.0.0.7".into()), 503, "store_unavailable"),
            (Fault::Overloaded("much".into()), 429, "rate_limited"),
        ] {
            let (response, document) = told(fault.into()).await;
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::RETRY_AFTER], "1");
            assert_eq!(document["code"], code);
        }
    }

    #[tokio::test]
    async fn a_panic_is_told_as_a_fault_of_the_server() {
        let response = panicked(Box::new("index out of bounds"));
        assert_eq!(response.status(), 500);
    }
}
