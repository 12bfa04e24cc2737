//! `POST /ops`, for every door: judge who asks, read the batch, hand it to the site's writer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::authorize::{Action, Deed};
use super::envelope::{Answer, Envelope, MAX_KEY, is_key};
use super::site::{Intent, Job, Keyed, OpenSite, Submission, Unsent, answer, digest, node_key};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::batch::{self, Asked, MAX_OPS};
use crate::content::commit::Body;
use crate::content::ops::Op;
use crate::content::problem::{Code, Problem};
use crate::store::Source;

/// Longest summary, in characters.
const MAX_SUMMARY: usize = 1000;

/// So long a caller waits for a batch, whatever the store does. The writer gives a round up a little earlier; behind a
/// store that is silent, several rounds may wait.
const DEADLINE: Duration = Duration::from_secs(10);

impl Service {
    /// Applies a batch: all of it as one commit, or none of it. `request` is the body as it came: what an idempotency
    /// key stands for.
    ///
    /// # Errors
    /// Every kind of `Fault` but those of the registries.
    pub async fn submit(
        &self,
        who: &Principal,
        source: Source,
        request: &[u8],
        envelope: Envelope,
    ) -> Result<Answer> {
        let site = self.meant_site(who, envelope.site.as_deref()).await?;
        let branch = envelope.branch.as_deref().unwrap_or("main");
        let open = self.enter(who, &site, Deed::Write { branch }).await?;
        if branch != "main" {
            return Err(Fault::BranchNotFound(branch.to_owned()));
        }
        check(&envelope)?;
        let place = open.place(request.len())?;
        let judged = self.judged(&who.actor, source, request, envelope, (&open, place));
        let late = |_| Fault::Unavailable("a batch took too long: whether it was done is not known".into());
        tokio::time::timeout(DEADLINE, judged).await.map_err(late)?
    }

    /// Looks for the batch's key, hands the batch to the writer of its site, and waits for the answer.
    async fn judged(
        &self,
        actor: &Arc<str>,
        source: Source,
        request: &[u8],
        envelope: Envelope,
        (open, place): (&Arc<OpenSite>, OwnedSemaphorePermit),
    ) -> Result<Answer> {
        let intent = intent(batch::read(envelope.ops))?;
        let mut key = None;
        if let Some(text) = envelope.idempotency_key {
            let keyed =
                Keyed { key: text.into(), request: digest(request), unseen_to: open.head.load().link.seq };
            if let Some(entry) = self.outside.store.by_key(open.site.key, actor, &keyed.key).await? {
                if entry.request != Some(keyed.request) {
                    return Err(Fault::KeyReused);
                }
                let body =
                    Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))?;
                let answer = answer(&open.site.id, &entry, &body);
                // Another server may have written it a moment ago: who is told of a version here reads it here.
                let _ = open.at_least(answer.version).await;
                return Ok(answer);
            }
            key = Some(keyed);
        }
        let (reply, answered) = oneshot::channel();
        let submission = Submission {
            who: actor.clone(),
            source,
            intent,
            expected_version: envelope.expected_version,
            if_match: envelope.if_match,
            key: key.filter(|_| !envelope.dry_run),
            dry_run: envelope.dry_run,
            summary: envelope.summary.filter(|text| !text.trim().is_empty()),
            reply,
            _place: place,
        };
        let open = self.hand_over(open, Job::Submit(Box::new(submission))).await?;
        match answered.await {
            Ok(Err(conflict @ Fault::VersionConflict { .. })) => {
                Err(self.with_commits(&open, envelope.expected_version, conflict).await)
            }
            Ok(answer) => answer,
            Err(_) => Err(Fault::Unavailable("the site was closed before the batch was judged".into())),
        }
    }

    /// Hands a job to a site's writer; where that is closing just now, to the site opened anew.
    async fn hand_over(&self, open: &Arc<OpenSite>, job: Job) -> Result<Arc<OpenSite>> {
        match open.send(job) {
            Ok(()) => Ok(open.clone()),
            Err(Unsent::Closed(job)) => {
                let again = self.enter_again(open).await?;
                again.send(job)?;
                Ok(again)
            }
            Err(full) => Err(full.into()),
        }
    }

    /// The site a caller means: the one it names, else its token's only one, else the store's only one.
    async fn meant_site(&self, who: &Principal, named: Option<&str>) -> Result<String> {
        if let Some(named) = named {
            return Ok(named.to_owned());
        }
        self.allow(who, &Action::ListSites)?;
        if let [only] = who.grant.sites.as_slice() {
            return Ok(only.clone());
        }
        let mut sites = self.outside.store.sites("", 50).await?;
        sites.retain(|site| who.grant.sees(&site.id));
        match sites.as_slice() {
            [only] => Ok(only.id.clone()),
            _ => {
                let ids: Vec<_> = sites.iter().map(|site| site.id.as_str()).collect();
                Err(Fault::Malformed("/site".into(), format!("name the site; there are: {}", ids.join(", "))))
            }
        }
    }
}

/// Judges the envelope.
fn check(envelope: &Envelope) -> Result<()> {
    let malformed = |pointer: &str, message: String| Err(Fault::Malformed(pointer.into(), message));
    let count = envelope.ops.len();
    if count == 0 || count > MAX_OPS {
        let message = match count {
            0 => format!("`ops` is empty: a batch has 1 to {MAX_OPS} ops"),
            _ => format!("a batch has 1 to {MAX_OPS} ops, not {count}: send it in parts"),
        };
        return malformed("/ops", message);
    }
    if let Some(key) = &envelope.idempotency_key
        && !is_key(key)
    {
        return malformed(
            "/idempotencyKey",
            format!("a key is 1 to {MAX_KEY} bytes without control characters"),
        );
    }
    if let Some(summary) = &envelope.summary {
        if summary.chars().count() > MAX_SUMMARY {
            return malformed("/summary", format!("a summary has at most {MAX_SUMMARY} characters"));
        }
        if summary.contains('\0') {
            let message = "contains a NUL or a lone surrogate";
            return Err(Fault::Refused(vec![Problem::new(Code::SchemaViolation, "/summary", message)]));
        }
    }
    Ok(())
}

/// Ops that look into history stand alone in their batch; all others go together.
fn intent(asked: Vec<Asked>) -> Result<Intent> {
    let looks_back = |asked: &Asked| match &asked.op {
        Ok(op @ (Op::Undo(_) | Op::Redo(_) | Op::RestoreVersion(_))) => Some(op.name()),
        _ => None,
    };
    if asked.len() > 1
        && let Some((at, name)) = asked.iter().enumerate().find_map(|(at, op)| Some((at, looks_back(op)?)))
    {
        let message = format!("{name} stands alone in its batch");
        return Err(Fault::Refused(vec![Problem {
            op: Some(at),
            ..Problem::new(Code::OpRejected, "", message)
        }]));
    }
    let mut asked = asked;
    match asked.pop() {
        Some(Asked { op: Ok(Op::Undo(op)), raw }) => Ok(Intent::Undo(op, raw)),
        Some(Asked { op: Ok(Op::Redo(op)), raw }) => Ok(Intent::Redo(op, raw)),
        Some(Asked { op: Ok(Op::RestoreVersion(op)), raw }) => Ok(Intent::Restore(op, raw)),
        last => {
            asked.extend(last);
            Ok(Intent::Ops(asked))
        }
    }
}

impl Service {
    /// A version conflict with the commits that came between.
    async fn with_commits(&self, open: &Arc<OpenSite>, expected: Option<u64>, conflict: Fault) -> Fault {
        let Fault::VersionConflict { detail, current, page, .. } = conflict else { return conflict };
        let commits = match (&page, expected) {
            (Some(page), _) => self.lines_since(open, 0, current, Some(node_key(page))).await,
            (None, Some(expected)) => self.lines_since(open, expected, current, None).await,
            (None, None) => Ok(Vec::new()),
        };
        let commits = commits.unwrap_or_default();
        Fault::VersionConflict { detail, current, page, commits }
    }
}
