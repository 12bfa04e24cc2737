//! The answer to what is no request: the bytes of it, for those who have nothing but a connection.

use std::fmt::Write;

use axum::body::to_bytes;
use axum::http::header;
use axum::response::IntoResponse;
use futures::FutureExt;

use super::{headers, id};
use crate::content::problem::Code;
use crate::error::{self, Failure};
use crate::telemetry::metrics::{self, Stopwatch};

/// A whole answer of HTTP/1.1, the last one on its connection: 414 or 431 for a head that is too large, 400 for everything
/// else.
#[must_use]
pub fn refusal(status: u16, date: Option<&str>) -> Vec<u8> {
    let mut response = failure(status).into_response();
    headers::dress(&mut response, None);
    id::tell(&mut response, id::of(&header::HeaderMap::new()));
    let status = response.status();
    // No layer sees it, so it is counted here.
    metrics::answered("none", "none", status.as_u16(), &Stopwatch::start());
    let (parts, body) = response.into_parts();
    // The body of a problem document is there at once.
    let body = to_bytes(body, usize::MAX).now_or_never().and_then(Result::ok).unwrap_or_default();
    let mut head =
        format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let named = parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let length = body.len().to_string();
    for (name, value) in named
        .chain([("content-length", &*length), ("connection", "close")])
        .chain(date.map(|date| ("date", date)))
    {
        // Writing to a String does not fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    [head.as_bytes(), &body].concat()
}

fn failure(status: u16) -> Failure {
    match status {
        414 => Failure::new(
            error::URI_TOO_LONG,
            "the first line of a request has at most 64 KiB: put less into the address",
        ),
        431 => Failure::new(
            error::HEADERS_TOO_LARGE,
            "the head of a request has at most 64 KiB and 100 headers: send fewer or shorter ones",
        ),
        _ => Failure::new(
            error::kind_of(Code::MalformedRequest),
            "this is no request of HTTP: look at its first line, at the names and values of its headers, and at its length",
        ),
    }
}
