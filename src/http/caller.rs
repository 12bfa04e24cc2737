//! Who calls: the bearer token of a request.

use std::ops::Deref;

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

impl FromRequestParts<House> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Response> {
        let known = known(&parts.headers, &house.service).await;
        front::charge(&parts.extensions, known.as_ref().ok())?;
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

/// The text behind `Bearer`, whose case does not count.
fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let missing = || {
        Fault::Unauthenticated(
            "a token is needed: send `Authorization: Bearer osr_…`; `osier token create` makes one"
                .to_owned(),
        )
    };
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?.to_str().map_err(|_| missing())?;
    match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") && !secret.trim().is_empty() => {
            Ok(secret.trim())
        }
        _ => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
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
        assert!(bearer(&HeaderMap::new()).is_err());
    }
}
