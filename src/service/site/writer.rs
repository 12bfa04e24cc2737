//! The writer of a site: one task that drains the batches that wait, lowers them in order on one draft, appends all of
//! them in one statement, and only then lets anyone see them.

mod log;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::super::envelope::Answer;
use super::super::{Fault, Result};
use super::checkpoint::Follower;
use super::job::{Intent, Job, Submission};
use super::load::load_page;
use super::recent::{Keys, Recent};
use super::round::{Outcome, Round, answer};
use super::{Head, OpenSite, Outside, history};
use crate::content::batch;
use crate::content::commit::Body;
use crate::content::document::Root;
use crate::content::id::PageId;
use crate::content::problem::{Code, Halt, Problem};
use crate::store::{Appended, Kind, Link, Site, StoreError};

/// How many batches one round takes.
const ROUND: usize = 256;

pub(super) struct Writer {
    pub(super) site: Site,
    pub(super) head: Arc<Head>,
    pub(super) outside: Outside,
    pub(super) recent: Recent,
    keys: Keys,
    follower: Follower,
    /// An append ended in doubt, or the store has moved: read before writing.
    behind: bool,
}

/// Why a job can't be judged in this round as it stands.
pub(super) enum Pause {
    /// It needs to see in the store what this round has not yet appended.
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

/// Runs until the queue is closed or a `Close` comes.
pub(super) async fn run(
    open: Weak<OpenSite>,
    head: Arc<Head>,
    mut queue: mpsc::Receiver<Job>,
    outside: Outside,
) {
    let Some(site) = open.upgrade().map(|open| open.site.clone()) else { return };
    let mut writer = Writer {
        recent: Recent::from(head.root.version),
        keys: Keys::from(head.link.seq),
        follower: Follower::start(site.clone(), outside.store.clone(), &head),
        behind: false,
        site,
        head,
        outside,
    };
    while let Some(job) = queue.recv().await {
        let mut batches = Vec::new();
        let mut closing = None;
        let mut next = Some(job);
        while let Some(job) = next {
            match job {
                Job::Submit(submission) => batches.push(*submission),
                Job::Fold => writer.behind = true,
                Job::Close(done) => closing = Some(done),
            }
            next = if batches.len() < ROUND && closing.is_none() { queue.try_recv().ok() } else { None };
        }
        writer.work(batches, &open).await;
        if let Some(done) = closing {
            writer.follower.close(&writer.head).await;
            let _ = done.send(());
            return;
        }
    }
}

impl Writer {
    /// Lowers and appends batches until each is answered.
    async fn work(&mut self, mut batches: Vec<Submission>, open: &Weak<OpenSite>) {
        let mut losses = 0;
        if self.behind {
            match self.catch_up().await {
                Ok(()) => self.publish(open),
                Err(fault) => return refuse_all(batches, &fault),
            }
        }
        while !batches.is_empty() {
            let (answers, round, left) = self.judge(batches).await;
            let RoundParts { root, append, at_ms, recent, touched, keys } = round;
            match self.append(&append).await {
                Ok(Appended::Done) => {
                    let link = append
                        .entries
                        .last()
                        .map_or(append.after, |last| Link { seq: last.seq, hash: last.hash });
                    self.follower.note(&append, touched, &root);
                    self.head = Arc::new(Head { root, link, at_ms });
                    self.recent = recent;
                    for (who, key, seq, _) in keys {
                        self.keys.insert(who, key.key, seq, key.request);
                    }
                    self.publish(open);
                    for (submission, answer) in answers {
                        submission.answer(answer);
                    }
                    batches = left;
                }
                Ok(lost @ (Appended::Lost | Appended::Foreign)) => {
                    losses += 1;
                    batches = answers.into_iter().map(|(submission, _)| submission).chain(left).collect();
                    if let Err(fault) = self.recover(lost, losses).await {
                        return refuse_all(batches, &fault);
                    }
                    self.publish(open);
                }
                Ok(Appended::Gone) => {
                    let all = answers.into_iter().map(|(submission, _)| submission).chain(left).collect();
                    return refuse_all(all, &Fault::SiteNotFound(self.site.id.clone()));
                }
                Err(error) => {
                    let all = answers.into_iter().map(|(submission, _)| submission).chain(left).collect();
                    return refuse_all(all, &error.into());
                }
            }
        }
    }

    /// Lets readers see the head.
    fn publish(&self, open: &Weak<OpenSite>) {
        if let Some(open) = open.upgrade() {
            open.head.store(self.head.clone());
            open.versions.send_replace(self.head.root.version);
        }
    }

    /// Judges batches in order until one needs those before it appended first.
    async fn judge(
        &mut self,
        batches: Vec<Submission>,
    ) -> (Vec<(Submission, Result<Answer>)>, RoundParts, Vec<Submission>) {
        let (outside, site) = (self.outside.clone(), self.site.clone());
        let mut round = Round::new(&outside, &site, &self.head, &self.recent);
        let mut answers = Vec::with_capacity(batches.len());
        let mut batches = batches.into_iter();
        let mut left = Vec::new();
        for submission in batches.by_ref() {
            match self.judge_one(&submission, &mut round).await {
                Ok(answer) => answers.push((submission, Ok(answer))),
                Err(Pause::Fault(fault)) => answers.push((submission, Err(fault))),
                Err(Pause::Flush) => {
                    left.push(submission);
                    break;
                }
            }
        }
        left.extend(batches);
        let Round { root, append, at_ms, recent, touched, keys, .. } = round;
        (answers, RoundParts { root, append, at_ms, recent, touched, keys }, left)
    }

    async fn judge_one(&mut self, submission: &Submission, round: &mut Round<'_>) -> Result<Answer, Pause> {
        if let Some(answer) = self.answered(submission, round).await? {
            return Ok(answer);
        }
        expect(submission, &round.root)?;
        let outcome = match &submission.intent {
            Intent::Ops(asked) => loop {
                match batch::lower(round.root.clone(), asked, &mut round.mint()) {
                    Ok((drafted, results)) => {
                        let summary = match &submission.summary {
                            Some(summary) => summary.clone(),
                            None => history::summary(asked, &drafted, &round.root),
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
    pub(super) async fn heal(&mut self, halt: Halt, root: &mut Root) -> Result<()> {
        match halt {
            Halt::Missing(pages) => self.load(&pages, root).await,
            Halt::Refused(problems) => Err(Fault::Refused(problems)),
            Halt::Broken(what) => Err(Fault::Internal(what)),
        }
    }

    /// Loads bodies of the head into it and into a draft of it, which has changed none of them: it would have them.
    pub(super) async fn load(&mut self, pages: &[PageId], draft: &mut Root) -> Result<()> {
        let mut root = self.head.root.clone();
        for page in pages {
            let body =
                load_page(self.outside.store.as_ref(), &self.site, page, root.version, &root.types).await?;
            let body = body.ok_or_else(|| Fault::Internal(format!("page {page} has no body")))?;
            root.load(page, body.clone());
            draft.load(page, body);
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

/// What is left of a round when its borrow of the writer ends.
struct RoundParts {
    root: Root,
    append: crate::store::Append,
    at_ms: i64,
    recent: Recent,
    touched: HashMap<PageId, u32>,
    keys: Vec<(Arc<str>, super::job::Keyed, u64, Answer)>,
}

/// Judges what the caller expects of the state.
fn expect(submission: &Submission, root: &Root) -> Result<()> {
    if let Some(expected) = submission.expected_version
        && expected != root.version
    {
        let detail = format!(
            "main is at {}, you expected {expected}: read what changed and send it again",
            root.version
        );
        return Err(Fault::VersionConflict { detail, current: root.version, commits: Vec::new() });
    }
    for (page, hash) in &submission.if_match {
        let id = if page.starts_with('/') {
            root.by_slug(page).cloned()
        } else {
            Some(PageId::from(page.as_str()))
        };
        let Some(stub) = id.and_then(|id| root.stub(&id)) else {
            let message = format!("ifMatch names '{page}', which is not there");
            return Err(Fault::Refused(vec![Problem::new(Code::PageNotFound, "/ifMatch", message)]));
        };
        let wanted = hash.trim_matches('"');
        if stub.hash.to_string() != wanted {
            let detail = format!(
                "{} was changed in version {} by {}: its hash is {} now",
                stub.slug, stub.stamp.version, stub.stamp.who, stub.hash
            );
            return Err(Fault::VersionConflict { detail, current: root.version, commits: Vec::new() });
        }
    }
    Ok(())
}

fn refuse_all(batches: Vec<Submission>, fault: &Fault) {
    for submission in batches {
        let fault = match fault {
            Fault::Full(why) => Fault::Full(why.clone()),
            Fault::Internal(why) => Fault::Internal(why.clone()),
            Fault::SiteNotFound(site) => Fault::SiteNotFound(site.clone()),
            other => Fault::Unavailable(other.reason()),
        };
        submission.answer(Err(fault));
    }
}
