//! `POST /ops`, the write path.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::Shared;
use super::body::Sent;
use super::caller::Caller;
use super::query::{Asked, Nothing};
use super::reply::{Reply, written};
use crate::error::Failure;
use crate::service::{Envelope, Source};

/// A batch of ops: all of it happens, as one commit, or nothing.
pub(super) async fn submit(
    State(service): State<Shared>,
    who: Caller,
    Asked(Nothing {}): Asked<Nothing>,
    headers: HeaderMap,
    Sent { bytes, value, _share }: Sent,
) -> Reply {
    let mut envelope = read(value)?;
    take_key(&headers, &mut envelope)?;
    let answer = service.submit(&who, Source::Api, &bytes, envelope).await?;
    written(StatusCode::OK, &answer)
}

/// The ops are values and stay as they are: only what is around them is read.
fn read(mut value: Value) -> Result<Envelope, Failure> {
    let ops = match value.get_mut("ops") {
        Some(Value::Array(ops)) => std::mem::take(ops),
        _ => Vec::new(),
    };
    Ok(Envelope { ops, ..Sent::read(value)? })
}

/// The header `Idempotency-Key` is another place for the envelope's key.
fn take_key(headers: &HeaderMap, envelope: &mut Envelope) -> Result<(), Failure> {
    let Some(header) = headers.get("idempotency-key") else { return Ok(()) };
    let malformed = |message: &str| Err(Failure::malformed("/idempotencyKey", message));
    let Ok(key) = header.to_str() else { return malformed("the header Idempotency-Key is not plain text") };
    match &envelope.idempotency_key {
        Some(own) if own != key => {
            malformed("the header Idempotency-Key and `idempotencyKey` differ: send one of them")
        }
        _ => {
            envelope.idempotency_key = Some(key.to_owned());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(header: Option<&'static str>, field: Option<&str>) -> Result<Option<String>, Failure> {
        let pair = header.map(|key| ("idempotency-key".parse().unwrap(), key.parse().unwrap()));
        let mut envelope = Envelope { idempotency_key: field.map(str::to_owned), ..Envelope::default() };
        take_key(&HeaderMap::from_iter(pair), &mut envelope)?;
        Ok(envelope.idempotency_key)
    }

    #[test]
    fn a_key_comes_by_header_or_by_field() {
        assert_eq!(taken(Some("a"), None).unwrap().as_deref(), Some("a"));
        assert_eq!(taken(None, Some("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(taken(Some("a"), Some("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(taken(None, None).unwrap(), None);
    }

    #[test]
    fn two_keys_that_differ_are_refused() {
        assert_eq!(taken(Some("a"), Some("b")).unwrap_err().kind.status, 400);
    }
}
