//! `POST /ops`, the write path.

use axum::extract::State;
use serde_json::Value;

use super::Shared;
use super::api::{About, Fresh, Group};
use super::body::Sent;
use super::caller::Caller;
use super::key::Key;
use super::query::{Asked, Nothing};
use super::reply::{Reply, fresh};
use crate::content::problem::Code;
use crate::error::{self, Failure, kind_of};
use crate::service::{Answer, Envelope, IdempotencyKey, Scope, Source};

pub(super) const SUBMIT: About = About {
    id: "submit_ops",
    title: "Change a site",
    text: "A batch of 1 to 500 ops: all of it happens, as one commit, one version and one undo step, or nothing. When the answer is there, the commit is on disk.\n\n\
           Say what you last saw, and an edit that meets another's is refused instead of taking it away: `expectedVersion` for the branch, `ifMatch` for pages. `dryRun` judges and answers as if. \
           With an `idempotencyKey` (or the header `Idempotency-Key`) the same batch may be sent again and again: it happens once, and each time the first answer comes.\n\n\
           An op that would change nothing is taken, and says `\"changed\": false`. `undo`, `redo` and `restore_version` stand alone in their batch. \
           All that is wrong with a batch is told at once, in `errors`.",
    group: Group::Edit,
    scope: Some(Scope::Write),
    refusals: || {
        let mut kinds: Vec<_> = Code::ALL.iter().map(|code| kind_of(*code)).collect();
        kinds.extend([
            error::SITE_NOT_FOUND,
            error::BRANCH_NOT_FOUND,
            error::BRANCH_PROTECTED,
            error::VERSION_CONFLICT,
        ]);
        kinds
    },
    address: "/ops",
    body: r#"{"site": "demo", "ops": [{"op": "update_props", "page": "/", "block": "blk_home_hero", "patch": {"heading": "Willow, woven by hand"}}]}"#,
    answer: include_str!("../../docs/examples/submit_ops.json"),
};

/// A batch of ops: all of it happens, as one commit, or nothing.
pub(super) async fn submit(
    State(service): State<Shared>,
    who: Caller,
    Asked(Nothing {}): Asked<Nothing>,
    Key(key): Key,
    Sent { bytes, value, _share, .. }: Sent<Envelope>,
) -> Reply<Fresh<Answer>> {
    let mut envelope = read(value)?;
    take_key(key, &mut envelope)?;
    let answer = service.submit(&who, Source::Api, &bytes, envelope).await?;
    fresh(&answer)
}

/// The ops are values and stay as they are: only what is around them is read.
fn read(mut value: Value) -> Result<Envelope, Failure> {
    let ops = match value.get_mut("ops") {
        Some(Value::Array(ops)) => std::mem::take(ops),
        _ => Vec::new(),
    };
    Ok(Envelope { ops, ..Sent::<Envelope>::read(value)? })
}

/// The header `Idempotency-Key` is another place for the envelope's key.
fn take_key(key: Option<IdempotencyKey>, envelope: &mut Envelope) -> Result<(), Failure> {
    let Some(key) = key else { return Ok(()) };
    match &envelope.idempotency_key {
        Some(own) if *own != key => Err(Failure::malformed(
            "/idempotencyKey",
            "the header Idempotency-Key and `idempotencyKey` differ: send one of them",
        )),
        _ => {
            envelope.idempotency_key = Some(key);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(header: Option<&'static str>, field: Option<&str>) -> Result<Option<String>, Failure> {
        let key = |text: &str| IdempotencyKey::try_from(text.to_owned()).unwrap();
        let mut envelope = Envelope { idempotency_key: field.map(key), ..Envelope::default() };
        take_key(header.map(key), &mut envelope)?;
        Ok(envelope.idempotency_key.map(|key| key.as_str().to_owned()))
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
