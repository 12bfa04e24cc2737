//! What a caller sends: JSON of at most a megabyte, read once, judged by the content's own door.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::caller::Actor;
use crate::content::json;
use crate::content::problem::Code;
use crate::error::{self, Failure};
use crate::service::Fault;

/// The largest body that is taken.
const LIMIT_BYTES: usize = 1 << 20;

/// A caller may take so long to send a body.
const DEADLINE: Duration = Duration::from_secs(30);

/// So much of a body that is too large is still read: a caller that is cut off while it sends never reads the answer.
const DRAINED_BYTES: usize = 16 * LIMIT_BYTES;

/// So many bytes of bodies may be in hand at once, from the first byte that is read to the answer.
const IN_HAND_BYTES: usize = 64 << 20;

/// And so many of one caller: who sends slowly on purpose keeps nobody else out.
const OF_ONE_BYTES: usize = IN_HAND_BYTES / 4;

/// A JSON body: as it came, and as a value. It is meant to be a `T`; whoever takes it says whether it is.
pub(super) struct Sent<T = Value> {
    /// The bytes, for digests.
    pub(super) bytes: Bytes,
    /// What they say.
    pub(super) value: Value,
    /// Its share of what may be in hand, until it is dropped.
    pub(super) _share: Share,
    /// What it is meant to be.
    pub(super) _meant: PhantomData<fn() -> T>,
}

/// What all bodies in hand may weigh together, and those of each caller. Those that are slow to arrive take what has
/// arrived, and no more.
#[derive(Clone)]
pub(super) struct InHand {
    all: Arc<Semaphore>,
    of_one_bytes: usize,
    /// Of callers that have a body in hand.
    of_each: Arc<Mutex<HashMap<Arc<str>, usize>>>,
}

impl Default for InHand {
    fn default() -> Self {
        InHand::of(IN_HAND_BYTES, OF_ONE_BYTES)
    }
}

impl InHand {
    fn of(bytes: usize, of_one_bytes: usize) -> Self {
        InHand { all: Arc::new(Semaphore::new(bytes)), of_one_bytes, of_each: Arc::default() }
    }

    fn share(&self, actor: Arc<str>) -> Share {
        Share { of: self.clone(), actor, held: None }
    }
}

/// The share of one body; nothing before its first byte.
pub(super) struct Share {
    of: InHand,
    actor: Arc<str>,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        let crowded =
            || Failure::new(error::OVERLOADED, "too many bodies are in hand: send it again in a moment");
        let count = u32::try_from(bytes).map_err(|_| crowded())?;
        let more = self.of.all.clone().try_acquire_many_owned(count).map_err(|_| crowded())?;
        let mut of_each = self.of.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        let own = of_each.entry(self.actor.clone()).or_default();
        if *own + bytes > self.of.of_one_bytes {
            let detail = "too many bodies of this token are in hand: send it again when others are done";
            return Err(Failure::new(error::RATE_LIMITED, detail));
        }
        *own += bytes;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let mut of_each = self.of.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of_each.get_mut(&self.actor) {
            *own -= held;
            if *own == 0 {
                of_each.remove(&self.actor);
            }
        }
    }
}

impl<T: DeserializeOwned> Sent<T> {
    /// The value, an object, as a type that refuses unknown fields.
    pub(super) fn read(value: Value) -> Result<T, Failure> {
        // A type would take an array too, its elements for the fields in their order.
        if !value.is_object() {
            return Err(Failure::malformed("", "the body is an object, as in {\"ops\": [ … ]}"));
        }
        serde_path_to_error::deserialize(value).map_err(|error| {
            Failure::malformed(pointer(error.path()), json::plain(&error.inner().to_string()))
        })
    }
}

impl<T, S: Send + Sync> FromRequest<S> for Sent<T>
where
    InHand: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request(request: Request, house: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        must_be_json(&parts.headers)?;
        let actor =
            parts.extensions.get::<Actor>().map_or_else(|| Arc::from(""), |Actor(actor)| actor.clone());
        let mut share = InHand::from_ref(house).share(actor);
        let collecting = collect(&parts.headers, body, &mut share);
        let bytes = tokio::time::timeout(DEADLINE, collecting).await.map_err(|_| {
            Failure::new(
                error::REQUEST_TIMEOUT,
                format!("the body was not there after {} s", DEADLINE.as_secs()),
            )
        })??;
        let value = json::parse(&bytes).map_err(|not_json| Fault::NotJson(not_json.0))?;
        Ok(Sent { bytes, value, _share: share, _meant: PhantomData })
    }
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Failure> {
    let refused = |detail: String| Err(Failure::new(error::UNSUPPORTED_MEDIA_TYPE, detail));
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        return refused(format!("a body encoded as {encoding:?} is not taken: send it as it is"));
    }
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return refused("the body needs `Content-Type: application/json`".to_owned());
    };
    let essence = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_json = ["application/json", "application/merge-patch+json"];
    if is_json.iter().any(|name| essence.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    refused(format!("a body of type {kind:?} is not taken: send JSON with `Content-Type: application/json`"))
}

async fn collect(headers: &HeaderMap, body: Body, share: &mut Share) -> Result<Bytes, Failure> {
    let mut stream = body.into_data_stream();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > LIMIT_BYTES) {
        // A caller that waits for `100 Continue` has sent nothing yet and need not.
        if !headers.contains_key(header::EXPECT) {
            drain(stream).await;
        }
        return Err(too_large());
    }
    let Some(first) = next(&mut stream).await? else { return Ok(Bytes::new()) };
    if announced == Some(first.len()) {
        share.grow(first.len())?;
        return Ok(first);
    }
    let mut all = Vec::new();
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        if all.len() + bytes.len() > LIMIT_BYTES {
            drain(stream).await;
            return Err(too_large());
        }
        share.grow(bytes.len())?;
        all.extend_from_slice(&bytes);
        piece = next(&mut stream).await?;
    }
    Ok(all.into())
}

async fn next(stream: &mut BodyDataStream) -> Result<Option<Bytes>, Failure> {
    let broken = |e: axum::Error| Failure::from(Fault::NotJson(format!("it broke off: {e}")));
    stream.next().await.transpose().map_err(broken)
}

async fn drain(mut stream: BodyDataStream) {
    let mut drained = 0;
    while let Some(Ok(bytes)) = stream.next().await {
        drained += bytes.len();
        if drained > DRAINED_BYTES {
            return;
        }
    }
}

fn too_large() -> Failure {
    let kind = error::kind_of(Code::TooLarge);
    Failure::new(kind, format!("a body has at most {LIMIT_BYTES} bytes: send the ops in several batches"))
}

/// Where reading stopped, as a JSON Pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let steps = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", json::escape(key))),
        Segment::Enum { variant } => Some(format!("/{}", json::escape(variant))),
        Segment::Unknown => None,
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Envelope;

    async fn sent(content_type: &str, body: impl Into<Body>) -> Result<Sent<Value>, Failure> {
        let request =
            Request::post("/ops").header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap();
        Sent::from_request(request, &InHand::default()).await
    }

    async fn refusal(content_type: &str, body: impl Into<Body>) -> (&'static str, u16) {
        let failure = sent(content_type, body).await.err().unwrap();
        (failure.kind.code, failure.kind.status)
    }

    #[tokio::test]
    async fn json_is_taken_with_and_without_parameters() {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert_eq!(sent(kind, "{}").await.unwrap().value, serde_json::json!({}));
        }
        assert_eq!(refusal("text/plain", "{}").await, ("unsupported_media_type", 415));
        assert_eq!(refusal("application/jsonp", "{}").await, ("unsupported_media_type", 415));
    }

    #[tokio::test]
    async fn a_body_of_a_megabyte_is_taken_and_one_byte_more_is_not() {
        let body = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
        assert!(sent("application/json", body(LIMIT_BYTES)).await.is_ok());
        assert_eq!(refusal("application/json", body(LIMIT_BYTES + 1)).await, ("too_large", 413));
        let pieces: Vec<Result<String, std::io::Error>> = vec![Ok(body(LIMIT_BYTES)), Ok(" ".into())];
        let body = Body::from_stream(futures::stream::iter(pieces));
        assert_eq!(refusal("application/json", body).await, ("too_large", 413));
    }

    #[tokio::test]
    async fn what_is_no_json_is_malformed_json() {
        for body in ["", "{", "{\"a\":1,\"a\":2}", "nul", "{} {}"] {
            assert_eq!(refusal("application/json", body).await, ("malformed_json", 400), "{body}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let begun: Result<&str, std::io::Error> = Ok("{");
        let body = Body::from_stream(futures::stream::iter([begun]).chain(futures::stream::pending()));
        assert_eq!(refusal("application/json", body).await, ("request_timeout", 408));
    }

    #[tokio::test]
    async fn bodies_in_hand_have_a_bound_and_give_their_share_back() {
        let in_hand = InHand::of(10, 10);
        let sent = async |body: &'static str| {
            let request = Request::post("/").header(header::CONTENT_TYPE, "application/json");
            let pieces = body.as_bytes().chunks(3).map(Ok::<_, std::io::Error>);
            let body = Body::from_stream(futures::stream::iter(pieces));
            Sent::<Value>::from_request(request.body(body).unwrap(), &in_hand).await
        };
        let first = sent("[1,2,3]").await.unwrap();
        let refused = sent("[1,2]").await.err().unwrap();
        assert_eq!((refused.kind.code, refused.kind.status), ("overloaded", 503));
        assert!(sent("[1]").await.is_ok());
        drop(first);
        assert!(sent("[1,2]").await.is_ok());
    }

    #[tokio::test]
    async fn what_one_caller_holds_is_not_taken_from_others() {
        let in_hand = InHand::of(10, 6);
        let mut shares: Vec<Share> =
            ["ana", "ana", "bo"].into_iter().map(|actor| in_hand.share(actor.into())).collect();
        assert!(shares[0].grow(4).is_ok());
        assert_eq!(shares[1].grow(4).unwrap_err().kind.status, 429);
        assert!(shares[2].grow(4).is_ok());
        drop(shares.remove(0));
        assert!(shares[0].grow(4).is_ok());
        drop(shares);
        assert!(in_hand.of_each.lock().unwrap().is_empty());
    }

    #[test]
    fn a_field_of_another_type_and_an_unknown_field_are_named() {
        let read = |value| Sent::<Envelope>::read(value).unwrap_err();
        let failure = read(serde_json::json!({"ops": [], "ifMatch": {"/a~b": 1}}));
        assert_eq!(failure.errors[0].pointer, "/ifMatch/~1a~0b");
        let failure = read(serde_json::json!({"ops": [], "sight": "demo"}));
        assert_eq!((failure.kind.code, failure.errors[0].pointer.as_str()), ("malformed_request", "/sight"));
        assert!(
            failure.detail.starts_with("/sight: 'sight' is not a field. Fields: site, "),
            "{}",
            failure.detail
        );
        assert_eq!(read(serde_json::json!({"ops": {}})).detail, "/ops: must be a list, not an object");
        assert_eq!(read(serde_json::json!([null, null, []])).kind.code, "malformed_request");
    }
}
