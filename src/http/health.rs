//! Whether the process lives, and whether it can work. Nobody needs a token to ask.

use axum::extract::State;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{About, Answered, Fresh, Group, Plain};
use super::reply::{Reply, fresh};
use crate::error;

pub(super) const HEALTHZ: About = About {
    id: "healthz",
    title: "Does the process answer?",
    text: "Nobody needs a token to ask, and the store is not asked.",
    group: Group::Server,
    scope: None,
    refusals: Vec::new,
    address: "/healthz",
    body: "",
    answer: include_str!("../../docs/examples/healthz.txt"),
};

pub(super) const READYZ: About = About {
    id: "readyz",
    title: "Does the store answer too?",
    text: "503 where it does not: send callers elsewhere until it does. An answer stands for a second.",
    group: Group::Server,
    scope: None,
    refusals: || vec![error::STORE_UNAVAILABLE],
    address: "/readyz",
    body: "",
    answer: include_str!("../../docs/examples/readyz.json"),
};

/// The store answers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Readiness {
    status: Ready,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Ready {
    Ready,
}

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> Answered<Plain> {
    Answered::new("ok\n".into_response())
}

/// `GET /readyz`: the store answers too; else 503.
pub(super) async fn readyz(State(service): State<Shared>) -> Reply<Fresh<Readiness>> {
    service.ready().await?;
    fresh(&Readiness { status: Ready::Ready })
}
