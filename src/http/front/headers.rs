//! The headers that keep a browser from doing more with an answer than reading it.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::config::WebOrigin;

/// What an answer says unless its handler says otherwise: it is what its type says, no page it may be shown in, nothing
/// that runs, and other sites may not embed it.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// For a year, a browser that was here once comes back encrypted only.
const ENCRYPTED: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds what is missing.
pub(super) fn dress(response: &mut Response, public_url: Option<&WebOrigin>) {
    let headers = response.headers_mut();
    headers.reserve(HEADERS.len() + 2);
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if public_url.is_some_and(WebOrigin::is_https) {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(ENCRYPTED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_says_stays() {
        let mut response = Response::default();
        response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        dress(&mut response, None);
        assert_eq!(response.headers()[header::X_FRAME_OPTIONS], "SAMEORIGIN");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[test]
    fn only_a_server_that_is_reached_encrypted_asks_for_it() {
        let says = |url: Option<&str>| {
            let mut response = Response::default();
            dress(&mut response, url.map(|url| url.parse().unwrap()).as_ref());
            response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY)
        };
        assert!(says(Some("https://cms.example.org")));
        assert!(!says(Some("http://cms.example.org")) && !says(None));
    }
}
