//! `undo`: the newest commit of a page or the branch, or one that is named, taken back.

use std::sync::Arc;

use super::super::MAIN;
use super::super::job::Submission;
use super::super::recent::Commit;
use super::super::round::{Outcome, Round};
use super::super::writer::{Pause, Writer};
use super::target::{node, refuse};
use super::{BRANCH_STACK, Back, PAGE_STACK, stands_against};
use crate::content::carry::Take;
use crate::content::id::PageId;
use crate::content::json::Value;
use crate::content::ops::{OpResult, Taken, Undo};
use crate::content::problem::Code;
use crate::store::{Kind, Relive, Stack};

impl Writer {
    pub(in super::super) async fn undo(
        &mut self,
        op: &Undo,
        raw: &Value,
        submission: &Submission,
        round: &mut Round<'_>,
    ) -> Result<Outcome, Pause> {
        let page = match &op.page {
            Some(name) => Some(self.any_page(name, round).await?),
            None => None,
        };
        if op.only_page && page.is_none() {
            return Err(refuse(Code::MalformedRequest, "/onlyPage", "`onlyPage` goes with `page`"));
        }
        let take = if op.force { Take::Theirs } else { Take::Ours };
        let only = page.clone().filter(|_| op.only_page);
        let mut up_to = None;
        loop {
            let commit = match &op.commit {
                Some(id) => self.undoable(id, page.as_ref(), round).await?,
                None => self.top(op, page.as_ref(), up_to, submission, round).await?,
            };
            let back = self.take_back(&commit, only.as_ref(), take, round).await?;
            if stands_against(&back.conflicts, op.force) {
                return Err(self.conflict(&commit, back.conflicts, round).await?);
            }
            // What is as it was before already is passed over, or the stack would end there for ever.
            if back.drafted.changes.is_empty() && op.commit.is_none() {
                up_to = Some(commit.version - 1);
                continue;
            }
            return Ok(outcome(raw, page, only, &commit, back, submission));
        }
    }

    /// The commit on top of the stack.
    async fn top(
        &self,
        op: &Undo,
        page: Option<&PageId>,
        up_to: Option<u64>,
        submission: &Submission,
        round: &Round<'_>,
    ) -> Result<Arc<Commit>, Pause> {
        let stack = Stack {
            node: node(page),
            kinds: if page.is_some() { PAGE_STACK.to_vec() } else { BRANCH_STACK.to_vec() },
            who: op.actor.map(|_| submission.who.clone()),
            live_only: true,
            up_to,
        };
        let found = self.newest(&stack, round).await?;
        found.ok_or_else(|| match &op.page {
            Some(page) => refuse(Code::NothingToUndo, "/page", format!("nothing is left to undo on {page}")),
            None => refuse(Code::NothingToUndo, "", "nothing is left to undo on main"),
        })
    }

    /// The commit that is named, if it can be undone.
    async fn undoable(
        &self,
        id: &str,
        page: Option<&PageId>,
        round: &Round<'_>,
    ) -> Result<Arc<Commit>, Pause> {
        let commit = self.named(id, round).await?;
        if !BRANCH_STACK.contains(&commit.kind) {
            let message = match commit.kind {
                Kind::Redo => format!("{id} is itself a redo: undo the commit that it brought back"),
                _ => format!("{id} is itself an {}: `redo` takes it back", commit.kind.as_str()),
            };
            return Err(refuse(Code::OpRejected, "/commit", message));
        }
        let rows = commit.nodes.iter().filter(|(touched, _)| node(page).is_none_or(|node| node == *touched));
        if !rows.clone().any(|_| true) {
            return Err(refuse(Code::NothingToUndo, "/commit", format!("{id} did not touch that page")));
        }
        if !rows.into_iter().any(|(_, live)| *live) {
            return Err(refuse(Code::NothingToUndo, "/commit", format!("{id} is undone already")));
        }
        Ok(commit)
    }
}

fn outcome(
    raw: &Value,
    page: Option<PageId>,
    only: Option<PageId>,
    commit: &Commit,
    back: Back,
    submission: &Submission,
) -> Outcome {
    let taken = Taken { version: commit.version, commit: commit.id.clone(), summary: commit.summary.clone() };
    Outcome {
        kind: Kind::Undo,
        ops: vec![raw.clone()],
        results: vec![OpResult {
            op: "undo".into(),
            page,
            block: None,
            key: None,
            changed: !back.drafted.changes.is_empty(),
            undid: Some(taken),
            redid: None,
        }],
        drafted: back.drafted,
        target: Some(commit.version),
        relive: vec![Relive {
            branch: MAIN,
            node: node(only.as_ref()),
            version: commit.version,
            live: false,
        }],
        only_page: only,
        summary: submission.summary.clone().unwrap_or_else(|| format!("Undo: {}", commit.summary)),
    }
}
