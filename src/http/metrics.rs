//! `GET /metrics`, and what is counted of every request.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::Shared;
use super::api::{About, Answered, Group, Plain};
use super::caller::Caller;
use super::query::{Asked, Nothing};
use super::reply::Reply;
use crate::service::Scope;
use crate::telemetry::metrics::{self, Stopwatch};

pub(super) const SHOW: About = About {
    id: "metrics",
    title: "Figures for Prometheus",
    text: "What one watches: how long appends take, what waits, what is open, memory, followers and how far they are behind, requests by route (text format 0.0.4). They are of all sites together: a token that is bound to sites does not read them.",
    group: Group::Server,
    scope: Some(Scope::Read),
    refusals: Vec::new,
    address: "/metrics",
    body: "",
    answer: include_str!("../../docs/examples/metrics.txt"),
};

/// All figures of the process, as Prometheus reads them (text format 0.0.4).
pub(super) async fn show(
    State(service): State<Shared>,
    who: Caller,
    Asked(Nothing {}): Asked<Nothing>,
) -> Reply<Plain> {
    let mut response = metrics::render(&service.vitals(&who)?).into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(Answered::new(response))
}

/// Times a request by the route that takes it: addresses are without number, routes are not.
pub(super) async fn timed(request: Request, answering: impl AsyncFnOnce(Request) -> Response) -> Response {
    let since = Stopwatch::start();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::debug_span!("request", route, %method, id = tracing::field::Empty);
    let response = answering(request).instrument(span.clone()).await;
    metrics::answered(route, method.as_str(), response.status().as_u16(), &since);
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    response
}
