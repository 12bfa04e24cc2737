//! Answers packed for callers that unpack them (`Accept-Encoding`).
//!
//! A tag names the very bytes that are sent (RFC 9110, section 8.8.3), so a packed answer has a tag of its own: the plain
//! one's with the coding behind it. Which of them a caller has is judged here, where it is known what would be sent.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::http::conditional::is_known;

/// Less is not worth it.
const LEAST_BYTES: u64 = 1 << 10;

/// So many answers are packed at once; others go out as they are. Each takes memory until its caller has read it.
const AT_ONCE: usize = 64;

/// Packs answers, a bounded number at a time.
pub(super) struct Compression {
    places: Arc<Semaphore>,
}

impl Default for Compression {
    fn default() -> Self {
        Compression { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Compression {
    /// The answer, packed if its caller takes that and it is worth it.
    pub(super) async fn around(
        &self,
        mut request: Request,
        answering: impl AsyncFnOnce(Request) -> Response,
    ) -> Response {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let coding = Coding::asked_for(request.headers());
        let tags = match coding {
            Some(_) if is_read => taken_tags(request.headers_mut()),
            _ => HeaderMap::new(),
        };
        let mut response = answering(request).await;
        if is_read && response.headers().contains_key(header::ETAG) {
            response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        let Some(coding) = coding else { return response };
        let place = is_worth_it(&response).then(|| self.places.clone().try_acquire_owned());
        let place = place.and_then(Result::ok);
        if place.is_some() {
            coding.name(&mut response);
        }
        match place {
            _ if is_known_as(&tags, &response) => not_modified(response),
            Some(place) => packed(coding, response, place).await,
            None => response,
        }
    }
}

/// How an answer is packed, the better one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coding {
    Gzip,
    Brotli,
}

impl Coding {
    /// What the caller likes best of what there is here; none if it says nothing.
    fn asked_for(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let weighed = lines.flat_map(|line| line.split(',')).filter_map(Self::weighed);
        weighed.filter(|(weight, _)| *weight > 0).max().map(|(_, coding)| coding)
    }

    /// One of a list, as in `gzip;q=0.8`, and how much it is liked, in thousandths.
    fn weighed(text: &str) -> Option<(u16, Self)> {
        let (name, weight) = text.split_once(';').unwrap_or((text, "q=1"));
        let coding = match name.trim().to_ascii_lowercase().as_str() {
            "gzip" => Coding::Gzip,
            "br" => Coding::Brotli,
            _ => return None,
        };
        let weight: f32 =
            weight.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?.trim().parse().ok()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1,000")]
        let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0) as u16;
        Some((thousandths, coding))
    }

    fn as_str(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
        }
    }

    /// An answer is packed anew for each caller, so little time is spent on it. Brotli at its fastest packs worse than gzip.
    fn level(self) -> CompressionLevel {
        match self {
            Coding::Gzip => CompressionLevel::Fastest,
            Coding::Brotli => CompressionLevel::Precise(4),
        }
    }

    /// Puts it behind the answer's tag, inside of its quotes.
    fn name(self, response: &mut Response) {
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()?.strip_suffix('"'));
        let own = tag.and_then(|tag| HeaderValue::try_from(format!("{tag}-{}\"", self.as_str())).ok());
        if let Some(own) = own {
            response.headers_mut().insert(header::ETAG, own);
        }
    }
}

/// The tags a caller has, taken out of its request: the handler would compare them with the plain one's.
fn taken_tags(headers: &mut HeaderMap) -> HeaderMap {
    match headers.entry(header::IF_NONE_MATCH) {
        header::Entry::Occupied(tags) => {
            let (name, values) = tags.remove_entry_mult();
            values.map(|value| (name.clone(), value)).fold(HeaderMap::new(), |mut tags, (name, value)| {
                tags.append(name, value);
                tags
            })
        }
        header::Entry::Vacant(_) => HeaderMap::new(),
    }
}

fn is_known_as(tags: &HeaderMap, response: &Response) -> bool {
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    response.status() == StatusCode::OK && tag.is_some_and(|tag| is_known(tags, tag))
}

fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        response.headers_mut().remove(name);
    }
    response
}

/// Text of some length. Not an event stream: its events must not wait for each other.
fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let is_text = (essence.starts_with("text/") && essence != "text/event-stream")
        || ["application/json", "application/javascript", "image/svg+xml"].contains(&essence)
        || essence.ends_with("+json");
    is_text
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::CONTENT_RANGE)
        && response.body().size_hint().exact().is_none_or(|bytes| bytes >= LEAST_BYTES)
}

/// Packs an answer; its place is free again when the last of it is taken.
async fn packed(coding: Coding, response: Response, place: OwnedSemaphorePermit) -> Response {
    let layer = CompressionLayer::new()
        .quality(coding.level())
        .compress_when(|_, _, _: &HeaderMap, _: &axum::http::Extensions| true);
    let mut response = Some(response);
    let mut packing = layer.layer(service_fn(move |_: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    }));
    let mut asked = Request::new(());
    asked.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(coding.as_str()));
    let Ok(packed) = packing.call(asked).await;
    packed.map(|body| {
        Body::from_stream(Body::new(body).into_data_stream().map(move |piece| {
            let _held = &place;
            piece
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";

    fn asked(pairs: &[(&'static str, &'static str)]) -> Request {
        let mut request = axum::http::Request::get("/").body(Body::empty()).unwrap();
        for (name, value) in pairs {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        request
    }

    /// The answer of a handler that knows its tag and says as many bytes.
    async fn answer(
        compression: &Compression,
        bytes: usize,
        pairs: &[(&'static str, &'static str)],
    ) -> Response {
        compression
            .around(asked(pairs), async |request| {
                let known = is_known(request.headers(), TAG);
                let body = if known { Body::empty() } else { Body::from("a".repeat(bytes)) };
                let status = if known { 304 } else { 200 };
                let response = Response::builder().status(status).header(header::ETAG, TAG);
                response.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
            })
            .await
    }

    fn told(response: &Response) -> (u16, &str, &str) {
        let text = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
        (response.status().as_u16(), text(header::ETAG), text(header::CONTENT_ENCODING))
    }

    #[tokio::test]
    async fn what_is_packed_has_a_tag_of_its_own_and_what_is_not_keeps_its_own() {
        let compression = Compression::default();
        for (accept, bytes, tag, coding) in [
            ("gzip", 5_000, "\"abc-gzip\"", "gzip"),
            ("gzip, br", 5_000, "\"abc-br\"", "br"),
            ("br;q=0.5, GZIP; q=0.6", 5_000, "\"abc-gzip\"", "gzip"),
            ("gzip", 1_023, TAG, ""),
            ("gzip;q=0", 5_000, TAG, ""),
            ("identity", 5_000, TAG, ""),
            ("zstd, deflate", 5_000, TAG, ""),
        ] {
            let response = answer(&compression, bytes, &[("accept-encoding", accept)]).await;
            assert_eq!(told(&response), (200, tag, coding), "{accept}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
        let plain = answer(&compression, 5_000, &[]).await;
        assert_eq!(
            (told(&plain), &plain.headers()[header::VARY]),
            ((200, TAG, ""), &"accept-encoding".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn a_caller_that_has_what_would_be_sent_is_told_so_under_the_same_tag() {
        let compression = Compression::default();
        let gzip = ("accept-encoding", "gzip");
        for (bytes, has, told_again) in [
            (5_000, "\"abc-gzip\"", (304, "\"abc-gzip\"", "")),
            (5_000, "\"x\", W/\"abc-gzip\"", (304, "\"abc-gzip\"", "")),
            (5_000, "*", (304, "\"abc-gzip\"", "")),
            (5_000, "\"abc-br\"", (200, "\"abc-gzip\"", "gzip")),
            (5_000, "\"abc\"", (200, "\"abc-gzip\"", "gzip")),
            (500, "\"abc\"", (304, TAG, "")),
            (500, "\"abc-gzip\"", (200, TAG, "")),
        ] {
            let response = answer(&compression, bytes, &[gzip, ("if-none-match", has)]).await;
            assert_eq!(told(&response), told_again, "{bytes} {has}");
            let is_empty = response.body().size_hint().exact() == Some(0);
            assert_eq!(is_empty, told_again.0 == 304);
        }
        assert_eq!(told(&answer(&compression, 5_000, &[("if-none-match", TAG)]).await), (304, TAG, ""));
    }

    #[tokio::test]
    async fn a_bounded_number_is_packed_at_once() {
        let compression = Compression { places: Arc::new(Semaphore::new(1)) };
        let gzip = [("accept-encoding", "gzip")];
        let first = answer(&compression, 5_000, &gzip).await;
        assert_eq!(told(&answer(&compression, 5_000, &gzip).await), (200, TAG, ""));
        axum::body::to_bytes(first.into_body(), usize::MAX).await.unwrap();
        assert_eq!(told(&answer(&compression, 5_000, &gzip).await), (200, "\"abc-gzip\"", "gzip"));
    }

    #[test]
    fn events_and_pictures_are_not_packed() {
        let worth = |kind: &str| {
            let response = Response::builder().header(header::CONTENT_TYPE, kind);
            is_worth_it(&response.body(Body::from("a".repeat(5_000))).unwrap())
        };
        for kind in ["application/json", "application/problem+json", "text/plain; charset=utf-8"] {
            assert!(worth(kind), "{kind}");
        }
        for kind in ["text/event-stream", "text/event-stream; charset=utf-8", "image/png", ""] {
            assert!(!worth(kind), "{kind}");
        }
    }
}
