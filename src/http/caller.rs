//! Who calls: the bearer token of a request.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::{House, Shared, front, metadata};
use crate::error::Failure;
use crate::service::{Fault, Principal};

/// The principal behind the token. A request without a good one never reaches its handler.
pub(super) struct Caller(Principal);

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

/// Who calls, for what is shared out between callers.
#[derive(Clone)]
pub(super) struct Actor(pub(super) Arc<str>);

impl FromRequestParts<House> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Response> {
        let service = &house.service;
        // What nobody knows costs a look into the store: who has no share left for that is not looked up.
        if !bearer(&parts.headers).is_ok_and(|secret| service.knows(secret)) {
            front::charge(&parts.extensions, None)?;
        }
        let known = match bearer(&parts.headers) {
            Ok(secret) => service.principal_from(secret, front::place(&parts.extensions)).await,
            Err(fault) => Err(fault),
        };
        if let Ok(who) = &known {
            front::charge(&parts.extensions, Some(who))?;
            parts.extensions.insert(Actor(who.actor.clone()));
        }
        known.map(Caller).map_err(|fault| metadata::named(parts, Failure::from(fault).into_response()))
    }
}

/// The principal behind the token in these headers.
///
/// # Errors
/// `Unauthenticated`; those of the store.
pub(super) async fn known(headers: &HeaderMap, service: &Shared) -> Result<Principal, Fault> {
    service.principal(bearer(headers)?).await
}

/// The text behind `Bearer`, whose case does not count. A token stands in this header and nowhere else: what an address
/// holds is in logs and histories.
///
/// Two of the header are refused with 400 and not 401: it is no list (RFC 9110, section 5.3), and a request that shows
/// more than one token is `invalid_request` (RFC 6750, section 3.1). Which of them counts would be for whoever stands
/// between to choose.
fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return wanting(
            "a token is needed: send `Authorization: Bearer osr_…`; `osier token create` makes one",
        );
    };
    if values.next().is_some() {
        let message = "the header comes twice: send one token";
        return Err(Fault::Malformed("Authorization".to_owned(), message.to_owned()));
    }
    let secret = value.to_str().ok().and_then(|value| value.split_once(' '));
    match secret.map(|(scheme, secret)| (scheme.eq_ignore_ascii_case("bearer"), secret.trim())) {
        Some((true, secret)) if !secret.is_empty() => Ok(secret),
        _ => wanting(
            "the header is to say `Authorization: Bearer osr_…`, with a token that `osier token create` made",
        ),
    }
}

fn wanting<T>(why: &str) -> Result<T, Fault> {
    Err(Fault::Unauthenticated(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        bearer(&headers).ok().map(str::to_owned)
    }

    #[test]
    fn the_token_stands_behind_bearer_in_any_case() {
        assert_eq!(read("Bearer osr_a").as_deref(), Some("osr_a"));
        assert_eq!(read("bearer  osr_a").as_deref(), Some("osr_a"));
    }

    #[test]
    fn anything_else_is_no_token() {
        for value in ["", "Bearer", "Bearer ", "Basic b3NpZXI=", "osr_a"] {
            assert_eq!(read(value), None, "{value}");
        }
        assert!(matches!(bearer(&HeaderMap::new()), Err(Fault::Unauthenticated(_))));
        let latin =
            HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xE9").unwrap())]);
        assert!(matches!(bearer(&latin), Err(Fault::Unauthenticated(_))));
    }

    #[test]
    fn of_two_tokens_none_counts() {
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer osr_a"));
        }
        assert!(matches!(bearer(&headers), Err(Fault::Malformed(..))));
    }
}
