//! HTTP: bytes in, a call of the service, bytes out. Nothing is decided here.
//!
//! `router` is the table of contents. Every handler but those of `health` and `metadata` takes a `Caller`, which is what asks for
//! the token; a handler that leaves it out has no principal to call the service with.

mod api;
mod body;
mod caller;
mod conditional;
mod content;
mod events;
mod front;
mod health;
mod history;
mod html;
mod key;
mod metadata;
mod metrics;
mod ops;
mod problem;
mod query;
mod reference;
mod reply;
mod sites;
mod weighed;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::service::Service;
use api::Api;
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
    let routes = api()
        .router
        .route(html::STYLE_PATH, get(html::style))
        .route("/", get(html::entrance))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(CatchPanicLayer::custom(problem::panicked));
    front.around(routes).with_state(House { service, stopping, in_hand: InHand::default() })
}

/// Every operation there is, in the order of the reference.
fn api() -> Api {
    Api::default()
        .post("/ops", ops::submit, &ops::SUBMIT)
        .get("/sites", sites::list, &sites::LIST)
        .post("/sites", sites::create, &sites::CREATE)
        .get("/sites/{site}", sites::show, &sites::SHOW)
        .patch("/sites/{site}", sites::update, &sites::UPDATE)
        .delete("/sites/{site}", sites::remove, &sites::REMOVE)
        .get("/sites/{site}/config", content::config, &content::CONFIG)
        .get("/sites/{site}/redirects", content::redirects, &content::REDIRECTS)
        .get("/sites/{site}/pages", content::pages, &content::PAGES)
        .get("/sites/{site}/pages/{*page}", content::page, &content::PAGE)
        .within("/sites/{site}/pages/{page}/blame", content::blame, &content::BLAME)
        .get("/sites/{site}/block-types", content::block_types, &content::BLOCK_TYPES)
        .get("/sites/{site}/block-types/{type}", content::block_type, &content::BLOCK_TYPE)
        .get("/sites/{site}/history", history::list, &history::LIST)
        .get("/sites/{site}/history/status", history::status, &history::STATUS)
        .get("/sites/{site}/history/{version}", history::commit, &history::COMMIT)
        .get("/sites/{site}/diff", history::diff, &history::DIFF)
        .get("/sites/{site}/events", events::follow, &events::FOLLOW)
        .get(metadata::PATH, metadata::show, &metadata::SHOW)
        .get("/healthz", health::healthz, &health::HEALTHZ)
        .get("/readyz", health::readyz, &health::READYZ)
        .get("/metrics", metrics::show, &metrics::SHOW)
        .get("/openapi.json", reference::openapi, &reference::OPENAPI)
        .get("/docs", reference::docs, &reference::DOCS)
        .get("/problems", problem::pages::list, &problem::pages::LIST)
        .get("/problems/{code}", problem::pages::show, &problem::pages::SHOW)
}

/// Where no place is left: every request is told to come again.
pub fn full_house() -> Router {
    front::dressed(Router::new().fallback(problem::full_house))
}
