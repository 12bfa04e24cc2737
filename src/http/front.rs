//! What every request passes on its way in, and every answer on its way out, whatever it asks for.
//!
//! From the outside in: the request is timed and counted (`metrics`); it gets its id and the answer its security headers; the request must be addressed to this
//! server (`host`) and come from a page that may call it (`origin`); `cors` answers preflights; `compression` packs what
//! is worth it; `deadline` bounds the time; `rate` counts. Each is one file below, and `pass` is where they meet: one
//! layer, because a layer of the router costs more than most of what they do.

mod compression;
mod cors;
mod deadline;
mod headers;
mod host;
mod id;
mod origin;
mod rate;
mod refusal;

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Version, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service, service_fn};
use tower_http::cors::CorsLayer;

use super::metrics;
use crate::config::{HostName, WebOrigin};
use crate::error::Failure;
use compression::Compression;
use rate::Rates;

pub(super) use host::authority;
pub(super) use rate::{charge, place};
pub use refusal::refusal;

/// How the server is reached, and what is asked of callers whoever they are.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Where people and programs find it, if it was told.
    pub public_url: Option<WebOrigin>,
    /// Further names it goes by.
    pub hosts: Vec<HostName>,
    /// Websites whose pages may call it.
    pub origins: Vec<WebOrigin>,
    /// How many requests a minute a token may make, and an address without one; none is no limit.
    pub rate_limit: Option<NonZeroU32>,
    /// Only programs of this machine reach it, so it has no other names than this machine's unless it was told some. Whoever
    /// has the listener knows: `app::serve` finds out by itself.
    pub is_local: bool,
}

/// The address from `Front`, for those who tell it.
#[derive(Clone)]
pub(super) struct PublicUrl(pub(super) Arc<WebOrigin>);

impl Front {
    /// The routes behind all of it.
    pub(super) fn around<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        let gate = Arc::new(Gate {
            names: host::Names::of(self),
            public_url: self.public_url.clone().map(Arc::new).map(PublicUrl),
            origins: self.origins.clone(),
            cors: cors::layer(&self.origins),
            compression: Compression::default(),
            rates: self.rate_limit.map(|a_minute| Arc::new(Rates::new(a_minute))),
        });
        routes.layer(from_fn_with_state(gate, pass))
    }
}

/// A router whose answers get an id and security headers, and which asks nothing.
pub(super) fn dressed(routes: Router) -> Router {
    routes.layer(from_fn(async |request: Request, next: Next| {
        metrics::timed(request, async |request: Request| {
            let id = id::of(request.headers());
            let mut response = next.run(request).await;
            headers::dress(&mut response, None);
            id::tell(&mut response, id);
            response
        })
        .await
    }))
}

/// A `Front` made ready.
struct Gate {
    names: host::Names,
    public_url: Option<PublicUrl>,
    origins: Vec<WebOrigin>,
    cors: Option<CorsLayer>,
    compression: Compression,
    rates: Option<Arc<Rates>>,
}

impl Gate {
    fn public_url(&self) -> Option<&WebOrigin> {
        self.public_url.as_ref().map(|PublicUrl(url)| &**url)
    }

    /// Whether the request may come in.
    fn judge(&self, request: &Request) -> Result<(), Failure> {
        let authority = host::authority(request.headers(), request.uri(), request.version())?;
        self.names.judge(authority.as_ref())?;
        origin::judge(request, authority.as_ref(), self.public_url(), &self.origins)
    }
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    metrics::timed(request, async |request| through(&gate, request, next).await).await
}

async fn through(gate: &Arc<Gate>, mut request: Request, next: Next) -> Response {
    let has_body = request.version() < Version::HTTP_2 && !request.body().is_end_stream();
    let id = id::of(request.headers());
    let judged = gate.judge(&request);
    let is_turned_away = judged.is_err();
    let mut response = match judged {
        Err(failure) => failure.into_response(),
        Ok(()) => {
            if let Some(public_url) = &gate.public_url {
                request.extensions_mut().insert(public_url.clone());
            }
            within_cors(gate, request, next).await
        }
    };
    let is_unread = is_turned_away || matches!(response.status().as_u16(), 401 | 405 | 408 | 413 | 415);
    if has_body && is_unread {
        part_after(&mut response);
    }
    headers::dress(&mut response, gate.public_url());
    id::tell(&mut response, id);
    response
}

/// A request that is refused for what its head says has a body that nobody reads: the connection ends behind the answer,
/// and says so (RFC 9112, section 9.6), so that no caller sends its next request into it.
fn part_after(response: &mut Response) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

async fn within_cors(gate: &Arc<Gate>, request: Request, next: Next) -> Response {
    let Some(cors) = &gate.cors else { return inside(gate, request, next).await };
    let answering = service_fn(|request| {
        let (gate, next) = (gate.clone(), next.clone());
        async move { Ok::<_, Infallible>(inside(&gate, request, next).await) }
    });
    let Ok(response) = cors.layer(answering).call(request).await;
    response
}

async fn inside(gate: &Gate, request: Request, next: Next) -> Response {
    let answering = async |request| {
        deadline::within(async {
            match &gate.rates {
                Some(rates) => rate::counted(rates, request, next).await,
                None => next.run(request).await,
            }
        })
        .await
    };
    gate.compression.around(request, answering).await
}
