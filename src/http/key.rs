//! The header `Idempotency-Key`, wherever a request takes one.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::api::{Asks, Told};
use crate::error::{self, Failure};
use crate::service::IdempotencyKey;

const NAME: &str = "idempotency-key";

/// The key of a request, if it has one. A handler that takes it does what it is asked once.
pub(super) struct Key(pub(super) Option<IdempotencyKey>);

impl Asks for Key {
    fn tell(told: &mut Told<'_>) {
        told.header(
            "Idempotency-Key",
            "Text of your own, 1 to 255 characters: the same request under the same key happens once, and is answered \
             alike each time. Kept for 24 hours at least.",
        );
        told.may_fail(&[error::IDEMPOTENCY_KEY_REUSED]);
    }
}

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Key(of(&parts.headers)?))
    }
}

/// The key of a request, if it has one.
///
/// # Errors
/// `malformed_request` for two of them, and for one that can be no key: 1 to 255 characters of plain text.
fn of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Failure> {
    let malformed = |message: &str| Failure::malformed("Idempotency-Key", message);
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed("the header comes twice: send one key"));
    }
    let text = value.to_str().map_err(|_| malformed("a key in a header is plain ASCII"))?;
    let key = IdempotencyKey::try_from(text.to_owned()).map_err(|e| malformed(&e.to_string()))?;
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, HeaderValue::from_bytes(value).unwrap());
        }
        of(&headers).map(|key| key.map(|key| key.as_str().to_owned())).map_err(|failure| failure.kind.status)
    }

    #[test]
    fn a_key_is_plain_text_of_255_characters_at_most() {
        assert_eq!(read(&[]), Ok(None));
        let longest = "k".repeat(255);
        for key in ["k", "a key: 7", &longest] {
            assert_eq!(read(&[key.as_bytes()]), Ok(Some(key.to_owned())));
        }
        for key in ["", "a\tb", "schlüssel", &"k".repeat(256)] {
            assert_eq!(read(&[key.as_bytes()]), Err(400), "{key}");
        }
    }

    #[test]
    fn two_keys_are_none_though_they_be_the_same() {
        assert_eq!(read(&[b"k", b"k"]), Err(400));
        assert_eq!(read(&[b"k", b"l"]), Err(400));
    }
}
