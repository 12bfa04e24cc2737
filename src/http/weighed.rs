//! Answers that were made for one caller, and what all of them in hand may weigh together.
//!
//! A page that stands ready is the same bytes for everybody who reads it; a diff or a commit is made anew for each, and
//! lies in memory until its caller has taken it. Callers who ask and do not read would fill it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{self, Failure};

/// Smaller answers are not weighed: connections are counted, and so they are few enough.
const LIGHT_BYTES: usize = 32 << 10;

/// All others together.
const IN_HAND_BYTES: usize = 192 << 20;

/// An answer is handed on in pieces of this size, so that what is in hand is what was not taken.
const PIECE_BYTES: usize = 64 << 10;

static IN_HAND: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(IN_HAND_BYTES)));

/// Bytes as a body that has its share of what may be in hand.
///
/// # Errors
/// `overloaded` where nothing is left of it.
pub(super) fn body(bytes: Bytes) -> Result<Body, Failure> {
    weighed(bytes, &IN_HAND)
}

fn weighed(bytes: Bytes, in_hand: &Arc<Semaphore>) -> Result<Body, Failure> {
    if bytes.len() <= LIGHT_BYTES {
        return Ok(Body::from(bytes));
    }
    let weight = u32::try_from(bytes.len()).ok();
    let share = weight.and_then(|weight| in_hand.clone().try_acquire_many_owned(weight).ok());
    let crowded = "too many large answers wait for their callers to read them: ask again in a moment";
    let share = share.ok_or_else(|| Failure::new(error::OVERLOADED, crowded))?;
    Ok(Body::new(Weighed { rest: bytes, _share: share }))
}

/// What is left of an answer.
struct Weighed {
    rest: Bytes,
    _share: OwnedSemaphorePermit,
}

impl HttpBody for Weighed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_large_answer_arrives_whole_and_gives_its_share_back() {
        let in_hand = Arc::new(Semaphore::new(300_000));
        let sent: Bytes = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let first = weighed(sent.clone(), &in_hand).unwrap();
        assert_eq!(first.size_hint().exact(), Some(200_000));
        let refused = weighed(sent.clone(), &in_hand).unwrap_err();
        assert_eq!((refused.kind.code, refused.kind.status), ("overloaded", 503));
        assert!(weighed(sent.slice(..LIGHT_BYTES), &in_hand).is_ok());
        assert_eq!(axum::body::to_bytes(first, usize::MAX).await.unwrap(), sent);
        assert!(weighed(sent, &in_hand).is_ok());
    }
}
