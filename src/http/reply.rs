//! Answers: JSON with an `ETag` over the bytes that are sent.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::api::{Answered, Fresh, Seen};
use super::conditional::is_known;
use super::weighed;
use crate::error::Failure;
use crate::service::{Fault, Ready};

/// What a handler answers: a response of a kind, or why there is none.
pub(super) type Reply<Kind> = Result<Answered<Kind>, Failure>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Bytes that stand ready, or 304 where the caller has them. What they say of themselves the handler's type says: they
/// are a `T` as JSON.
pub(super) fn ready<T>(request: &HeaderMap, ready: Ready) -> Reply<Seen<T>> {
    Ok(Answered::new(send(request, ready.bytes, &ready.etag, JSON)?))
}

/// A value that was read: as `ready`, with a tag made from its bytes.
pub(super) fn read<T: Serialize>(request: &HeaderMap, value: &T) -> Reply<Seen<T>> {
    let bytes = bytes_of(value)?;
    let hash = blake3::hash(&bytes);
    let etag = format!("\"{}\"", data_encoding::HEXLOWER.encode(&hash.as_bytes()[..16]));
    let made = weighed::body(bytes)?;
    Ok(Answered::new(send(request, made, &etag, JSON)?))
}

/// A value made for this caller: what a write did, or how things are just now.
pub(super) fn fresh<T: Serialize>(value: &T) -> Reply<Fresh<T>> {
    Ok(Answered::new(written(StatusCode::OK, value)?))
}

/// A value under a status, for whoever asked and nobody on the way.
pub(super) fn written(status: StatusCode, value: &impl Serialize) -> Result<Response, Failure> {
    let mut response = Response::new(weighed::body(bytes_of(value)?)?);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    Ok(response)
}

/// Bytes of a kind, or 304.
pub(super) fn send(
    request: &HeaderMap,
    bytes: impl Into<Body>,
    etag: &str,
    kind: HeaderValue,
) -> Result<Response, Fault> {
    let known = is_known(request, etag);
    let mut response = Response::new(if known { Body::empty() } else { bytes.into() });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    let etag = HeaderValue::from_str(etag).map_err(|e| Fault::Internal(format!("the tag {etag}: {e}")))?;
    response.headers_mut().insert(header::ETAG, etag);
    response.headers_mut().insert(header::CACHE_CONTROL, PRIVATE);
    Ok(response)
}

fn bytes_of(value: &impl Serialize) -> Result<Bytes, Fault> {
    let bytes = serde_json::to_vec(value).map_err(|e| Fault::Internal(format!("an answer as JSON: {e}")))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn equal_bytes_have_an_equal_tag_and_are_sent_once() {
        let sent = |request, value: [u8; 2]| read(request, &value).unwrap().into_response();
        let nothing = HeaderMap::new();
        let first = sent(&nothing, [1, 2]);
        let tag = first.headers()[header::ETAG].clone();
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]);
        assert_eq!(sent(&request, [1, 2]).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(sent(&request, [1, 3]).status(), StatusCode::OK);
    }
}
