//! Making a site under an idempotency key: the same request gets the first answer again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::view::{Made, Repeatable, SiteCard};
use super::super::{Fault, Result};
use crate::auth::Principal;
use crate::store::KeyedAnswer;

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    new: bool,
    site: SiteCard,
}

/// The answer to a request, to be kept under its key.
pub(super) fn kept(
    who: &Principal,
    once: Repeatable<'_>,
    (card, made): (&SiteCard, Made),
    at_ms: i64,
) -> Result<KeyedAnswer> {
    let kept = Kept { new: made == Made::New, site: card.clone() };
    let answer = serde_json::to_vec(&kept).map_err(|e| Fault::Internal(e.to_string()))?;
    Ok(KeyedAnswer {
        who: who.actor.to_string(),
        key: once.key.as_str().to_owned(),
        request: *blake3::hash(once.request).as_bytes(),
        answer: Bytes::from(answer),
        at_ms,
    })
}

/// What the request was answered when it came first.
///
/// # Errors
/// `KeyReused` where it was another request.
pub(super) fn again(kept: &KeyedAnswer, once: Repeatable<'_>) -> Result<(SiteCard, Made)> {
    if kept.request != *blake3::hash(once.request).as_bytes() {
        return Err(Fault::KeyReused);
    }
    let Kept { new, site } = serde_json::from_slice(&kept.answer)
        .map_err(|e| Fault::Internal(format!("the answer under a key: {e}")))?;
    Ok((site, if new { Made::New } else { Made::Unchanged }))
}
