//! The id of a request: the caller's own, if it is a plain one, else one of ours. It is on every answer, in the log of
//! every fault of ours, and in that of every request where the logs tell of each (`debug`).

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::telemetry;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids are not taken over.
const LONGEST: usize = 128;

/// The id of the request with these headers, told to the logs.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    let own = headers.get(NAME).filter(|id| is_plain(id.as_bytes())).cloned();
    let id = own.unwrap_or_else(|| {
        let made = HeaderValue::try_from(telemetry::request_id());
        made.unwrap_or(HeaderValue::from_static("none"))
    });
    tracing::Span::current().record("id", id.to_str().unwrap_or_default());
    id
}

/// The id on the answer, and in the log where it is a fault of ours: whoever asks has this id at hand.
pub(super) fn tell(response: &mut Response, id: HeaderValue) {
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(id = id.to_str().unwrap_or_default(), "a request met a fault of the server");
    }
    response.headers_mut().insert(NAME, id);
}

/// Whether an id can stand in a line of a log as it is.
fn is_plain(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(given: &str) -> String {
        let headers = HeaderMap::from_iter([(NAME, given.parse().unwrap())]);
        of(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_plain_id_is_taken_over() {
        for given in ["a", "7f3c.A_b-9", &"a".repeat(128)] {
            assert_eq!(id(given), given);
        }
    }

    #[test]
    fn in_the_place_of_any_other_one_is_made() {
        for given in ["", "a b", "a\tb", "a\"", "{}", "a=b", &"a".repeat(129)] {
            let made = id(given);
            assert!(made != given && is_plain(made.as_bytes()), "{given}: {made}");
        }
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
