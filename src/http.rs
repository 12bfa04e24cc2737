//! HTTP: bytes in, a call of the service, bytes out. Nothing is decided here.
//!
//! `router` is the table of contents. Every handler but those of `health` and `metadata` takes a `Caller`, which is what asks for
//! the token; a handler that leaves it out has no principal to call the service with.

mod body;
mod caller;
mod conditional;
mod content;
mod events;
mod front;
mod health;
mod history;
mod metadata;
mod metrics;
mod ops;
mod problem;
mod query;
mod reply;
mod sites;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::service::Service;
use body::InHand;

pub use front::{Front, refusal};

/// What nearly every handler asks for.
type Shared = Arc<Service>;

/// What handlers may ask for, each with a `State` of its own type.
#[derive(Clone)]
struct House {
    service: Shared,
    /// The server is stopping: a stream that would go on for ever ends.
    stopping: CancellationToken,
    in_hand: InHand,
}

impl FromRef<House> for Shared {
    fn from_ref(house: &House) -> Self {
        Arc::clone(&house.service)
    }
}

impl FromRef<House> for CancellationToken {
    fn from_ref(house: &House) -> Self {
        house.stopping.clone()
    }
}

impl FromRef<House> for InHand {
    fn from_ref(house: &House) -> Self {
        house.in_hand.clone()
    }
}

/// The routes behind a front, ready to be served. Once `stopping` is cancelled, streams end.
pub fn router(service: Arc<Service>, stopping: CancellationToken, front: &Front) -> Router {
    let routes = Router::new()
        .route("/ops", post(ops::submit))
        .route("/sites", get(sites::list).post(sites::create))
        .route("/sites/{site}", get(sites::show).patch(sites::update).delete(sites::remove))
        .route("/sites/{site}/config", get(content::config))
        .route("/sites/{site}/redirects", get(content::redirects))
        .route("/sites/{site}/pages", get(content::pages))
        .route("/sites/{site}/pages/{*page}", get(content::page))
        .route("/sites/{site}/block-types", get(content::block_types))
        .route("/sites/{site}/block-types/{type}", get(content::block_type))
        .route("/sites/{site}/history", get(history::list))
        .route("/sites/{site}/history/status", get(history::status))
        .route("/sites/{site}/history/{version}", get(history::commit))
        .route("/sites/{site}/diff", get(history::diff))
        .route("/sites/{site}/events", get(events::follow))
        .route(metadata::PATH, get(metadata::show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::show))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(CatchPanicLayer::custom(problem::panicked));
    front.around(routes).layer(from_fn(metrics::timed)).with_state(House {
        service,
        stopping,
        in_hand: InHand::default(),
    })
}

/// Where no place is left: every request is told to come again.
pub fn full_house() -> Router {
    front::dressed(Router::new().fallback(problem::full_house))
}
