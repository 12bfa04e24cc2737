//! `redo`: the newest undo that nothing newer in its scope has followed, taken back.

use super::super::MAIN;
use super::super::job::Submission;
use super::super::round::{Outcome, Round};
use super::super::writer::{Pause, Writer};
use super::target::{node, refuse};
use super::{CLEARS_REDO, stands_against};
use crate::content::carry::Take;
use crate::content::json::Value;
use crate::content::ops::{OpResult, Redo, Taken};
use crate::content::problem::Code;
use crate::store::{Kind, Relive, Stack};

impl Writer {
    pub(in super::super) async fn redo(
        &mut self,
        op: &Redo,
        raw: &Value,
        submission: &Submission,
        round: &mut Round<'_>,
    ) -> Result<Outcome, Pause> {
        let page = match &op.page {
            Some(name) => Some(self.any_page(name, round).await?),
            None => None,
        };
        let who = op.actor.map(|_| submission.who.clone());
        let undos =
            Stack { node: node(page.as_ref()), kinds: vec![Kind::Undo], who, live_only: true, up_to: None };
        let edits = Stack { kinds: CLEARS_REDO.to_vec(), live_only: false, ..undos.clone() };
        let nothing = || {
            let message = "there is nothing to redo: the newest change here is not an undo";
            refuse(Code::NothingToRedo, "", message)
        };
        let undo = self.newest(&undos, round).await?.ok_or_else(nothing)?;
        if self.newest(&edits, round).await?.is_some_and(|edit| edit.version > undo.version) {
            return Err(nothing());
        }
        let undone = self.commit(undo.target.unwrap_or(undo.version), round).await?;
        let take = if op.force { Take::Theirs } else { Take::Ours };
        let back = self.take_back(&undo, None, take, round).await?;
        if stands_against(&back.conflicts, op.force) {
            return Err(self.conflict(&undo, back.conflicts, round).await?);
        }
        let taken =
            Taken { version: undone.version, commit: undone.id.clone(), summary: undone.summary.clone() };
        let relive = |version, node, live| Relive { branch: MAIN, node, version, live };
        Ok(Outcome {
            kind: Kind::Redo,
            ops: vec![raw.clone()],
            results: vec![OpResult {
                op: "redo".into(),
                page,
                block: None,
                key: None,
                changed: !back.drafted.changes.is_empty(),
                undid: None,
                redid: Some(taken),
            }],
            drafted: back.drafted,
            target: Some(undo.version),
            relive: vec![
                relive(undo.version, None, false),
                relive(undone.version, node(undo.only_page.as_ref()), true),
            ],
            only_page: undo.only_page.clone(),
            summary: submission.summary.clone().unwrap_or_else(|| format!("Redo: {}", undone.summary)),
        })
    }
}
