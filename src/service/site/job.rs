//! What the writer is asked for.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::super::envelope::Answer;
use super::super::{Fault, Result};
use crate::content::batch::Asked;
use crate::content::json::Value;
use crate::content::ops::{Redo, RestoreVersion, Undo};
use crate::store::{Digest, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One thing in the writer's queue.
pub(in super::super) enum Job {
    /// A batch.
    Submit(Box<Submission>),
    /// Another process has written.
    Fold,
    /// The house has too many page bodies in memory.
    Shed,
    /// The last one: the writer ends behind it.
    Close(oneshot::Sender<()>),
}

/// A batch on its way to the log.
pub(in super::super) struct Submission {
    pub(in super::super) who: Arc<str>,
    pub(in super::super) source: Source,
    pub(in super::super) intent: Intent,
    pub(in super::super) expected_version: Option<u64>,
    pub(in super::super) if_match: BTreeMap<String, String>,
    pub(in super::super) key: Option<Keyed>,
    pub(in super::super) dry_run: bool,
    pub(in super::super) summary: Option<String>,
    pub(in super::super) reply: oneshot::Sender<Result<Answer>>,
    /// Its place among those that wait, whether or not its caller still does.
    pub(in super::super) _place: OwnedSemaphorePermit,
}

/// What a batch asks for.
pub(in super::super) enum Intent {
    /// Ops that lower on the draft.
    Ops(Vec<Asked>),
    /// These look into history and stand alone; beside each, the op as it came.
    Undo(Undo, Value),
    Redo(Redo, Value),
    Restore(RestoreVersion, Value),
}

/// An idempotency key.
#[derive(Clone)]
pub(in super::super) struct Keyed {
    pub(in super::super) key: Arc<str>,
    /// Of the request it came with.
    pub(in super::super) request: Digest,
    /// The log was searched for it up to this entry, and it was not there.
    pub(in super::super) unseen_to: u64,
}

impl Submission {
    /// Answers the caller, who may be gone.
    pub(super) fn answer(self, answer: std::result::Result<Answer, Fault>) {
        let _ = self.reply.send(answer);
    }
}
