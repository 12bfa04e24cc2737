//! Whether the process lives, and whether it can work. Nobody needs a token to ask.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::Shared;
use super::reply::{Reply, written};
use crate::service::Fault;

/// A store that is slower than this is as good as gone.
const DEADLINE: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers too; else 503.
pub(super) async fn readyz(State(service): State<Shared>) -> Reply {
    let slow = |_| Fault::Unavailable(format!("no answer within {} s", DEADLINE.as_secs()));
    tokio::time::timeout(DEADLINE, service.ready()).await.map_err(slow)??;
    written(StatusCode::OK, &json!({"status": "ready"}))
}
