//! Judging one batch on the draft of a round.

use std::sync::Arc;

use super::super::super::envelope::Answer;
use super::super::super::{Fault, Result};
use super::super::job::{Intent, Submission};
use super::super::load::load_page;
use super::super::round::{Outcome, Round, answer};
use super::super::{Head, history};
use super::{Desk, ROUND, Writer};
use crate::content::batch;
use crate::content::commit::Body;
use crate::content::document::Root;
use crate::content::id::PageId;
use crate::content::problem::{Code, Halt, Problem};
use crate::store::{Kind, StoreError};

/// Why a job can't be judged in this round as it stands.
pub(in super::super) enum Pause {
    /// It needs to see in the store what is not there yet.
    Flush,
    /// It is refused.
    Fault(Fault),
}

impl From<Fault> for Pause {
    fn from(fault: Fault) -> Self {
        Pause::Fault(fault)
    }
}

impl From<StoreError> for Pause {
    fn from(error: StoreError) -> Self {
        Pause::Fault(error.into())
    }
}

impl Writer {
    /// Judges what waits, in order, until one needs those before it to be durable, or the flight has landed: its callers
    /// wait for nothing else.
    pub(super) async fn judge(&mut self, desk: &mut Desk<'_>) {
        while desk.judged.len() < ROUND
            && !desk.flight.as_ref().is_some_and(|flight| flight.landing.is_finished())
            && let Some(submission) = desk.waiting.pop_front()
        {
            // Nobody waits for it any more: its caller was cut off before it was begun.
            if submission.reply.is_closed() {
                continue;
            }
            match self.judge_one(&submission, &mut desk.round).await {
                Ok(answer) => desk.judged.push((submission, Ok(answer))),
                Err(Pause::Fault(fault)) => desk.judged.push((submission, Err(fault))),
                Err(Pause::Flush) => return desk.waiting.push_front(submission),
            }
        }
    }

    async fn judge_one(&mut self, submission: &Submission, round: &mut Round<'_>) -> Result<Answer, Pause> {
        if let Some(answer) = self.answered(submission, round).await? {
            return Ok(answer);
        }
        expect(submission, &round.root)?;
        // What looks back asks the store for all that is not among the recent commits.
        let looks_back = !matches!(submission.intent, Intent::Ops(_));
        if looks_back && round.recent.floor() > self.head.root.version {
            return Err(Pause::Flush);
        }
        let outcome = match &submission.intent {
            Intent::Ops(asked) => loop {
                match batch::lower(round.root.clone(), asked, &mut round.mint()) {
                    Ok((drafted, results)) => {
                        let summary = match &submission.summary {
                            Some(summary) => summary.clone(),
                            None => history::summary(asked, &results, &drafted, &round.root),
                        };
                        break Outcome {
                            kind: Kind::Edit,
                            ops: asked.iter().map(|asked| asked.raw.clone()).collect(),
                            drafted,
                            results,
                            target: None,
                            only_page: None,
                            relive: Vec::new(),
                            summary,
                        };
                    }
                    Err(halt) => self.heal(halt, &mut round.root).await?,
                }
            },
            Intent::Undo(op, raw) => self.undo(op, raw, submission, round).await?,
            Intent::Redo(op, raw) => self.redo(op, raw, submission, round).await?,
            Intent::Restore(op, raw) => self.restore(op, raw, submission, round).await?,
        };
        Ok(round.land(submission, outcome)?)
    }

    /// Loads what lowering missed; anything else ends the batch.
    pub(in super::super) async fn heal(&mut self, halt: Halt, root: &mut Root) -> Result<()> {
        match halt {
            Halt::Missing(pages) => self.load(&pages, root).await,
            Halt::Refused(problems) => Err(Fault::Refused(problems)),
            Halt::Broken(what) => Err(Fault::Internal(what)),
        }
    }

    /// Loads bodies of the head into it and into a draft of it, which has changed none of them: it would have them.
    pub(in super::super) async fn load(&mut self, pages: &[PageId], draft: &mut Root) -> Result<()> {
        let mut root = self.head.root.clone();
        for page in pages {
            let body =
                load_page(self.outside.store.as_ref(), &self.site, page, root.version, &root.types).await?;
            let body = body.ok_or_else(|| Fault::Internal(format!("page {page} has no body")))?;
            root.load(page, body.clone());
            draft.load(page, body);
            self.residence.used(&root, page);
        }
        self.head = Arc::new(Head { root, link: self.head.link, at_ms: self.head.at_ms });
        Ok(())
    }

    /// The answer that this submission's key got before.
    async fn answered(&self, submission: &Submission, round: &Round<'_>) -> Result<Option<Answer>, Pause> {
        let Some(key) = &submission.key else { return Ok(None) };
        if let Some(answer) = round.answered(&submission.who, key) {
            return Ok(Some(answer?));
        }
        let entry = match self.keys.get(&submission.who, &key.key) {
            Some((seq, _)) => self.outside.store.entries(self.site.key, seq - 1, 1).await?.pop(),
            None if self.keys.reach_back_to(key.unseen_to) => None,
            None => self.outside.store.by_key(self.site.key, &submission.who, &key.key).await?,
        };
        let Some(entry) = entry else { return Ok(None) };
        if entry.request != Some(key.request) {
            return Err(Fault::KeyReused.into());
        }
        let body = Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))?;
        Ok(Some(answer(&self.site.id, &entry, &body)))
    }
}

/// Judges what the caller expects of the state.
fn expect(submission: &Submission, root: &Root) -> Result<()> {
    if let Some(expected) = submission.expected_version
        && expected != root.version
    {
        let at = root.version;
        let detail = match expected > at {
            true => format!("there is no version {expected} yet: main is at {at}"),
            false => format!("main is at {at}, you expected {expected}: read what changed and send it again"),
        };
        return Err(Fault::VersionConflict { detail, current: at, page: None, commits: Vec::new() });
    }
    for (page, hash) in &submission.if_match {
        let id = if page.starts_with('/') {
            root.by_slug(page).cloned()
        } else {
            Some(PageId::from(page.as_str()))
        };
        let Some((id, stub)) = id.and_then(|id| root.stub(&id).map(|stub| (id, stub))) else {
            let message = format!("ifMatch names '{page}', which is not there");
            return Err(Fault::Refused(vec![Problem::new(Code::PageNotFound, "/ifMatch", message)]));
        };
        let wanted = hash.trim_matches('"');
        if stub.hash.to_string() != wanted {
            let detail = format!(
                "{} was changed in version {} by {}: its hash is {} now",
                stub.slug, stub.stamp.version, stub.stamp.who, stub.hash
            );
            let current = root.version;
            return Err(Fault::VersionConflict { detail, current, page: Some(id), commits: Vec::new() });
        }
    }
    Ok(())
}
