//! What browsers let pages of the configured websites do with this server (CORS). Without such there is nothing to say.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::WebOrigin;

/// So long a browser need not ask again.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Answers preflights, without a token, and tells browsers who may read; none for no origins. Credentials that a browser
/// adds by itself are not asked for: callers send their token.
pub(super) fn layer(origins: &[WebOrigin]) -> Option<CorsLayer> {
    let allowed: Vec<_> =
        origins.iter().filter_map(|origin| HeaderValue::try_from(origin.as_str()).ok()).collect();
    let request_id = HeaderName::from_static("x-request-id");
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            header::IF_NONE_MATCH,
            HeaderName::from_static("last-event-id"),
            request_id.clone(),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            request_id,
            header::WWW_AUTHENTICATE,
            header::ALLOW,
        ])
        .max_age(REMEMBERED);
    (!allowed.is_empty()).then(|| layer.allow_origin(AllowOrigin::list(allowed)))
}
