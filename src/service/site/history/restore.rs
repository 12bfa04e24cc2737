//! `restore_version`: a page, or the whole branch, made equal to what it was.

use super::super::super::Fault;
use super::super::job::Submission;
use super::super::round::{Outcome, Round};
use super::super::writer::{Pause, Writer};
use super::target::refuse;
use crate::content::carry::{self, Need};
use crate::content::document::Root;
use crate::content::draft::{Draft, Drafted};
use crate::content::id::PageId;
use crate::content::json::Value;
use crate::content::ops::{OpResult, RestoreVersion};
use crate::content::problem::{Code, Halt, Problem};
use crate::content::slug;
use crate::store::Kind;

impl Writer {
    pub(in super::super) async fn restore(
        &mut self,
        op: &RestoreVersion,
        raw: &Value,
        submission: &Submission,
        round: &mut Round<'_>,
    ) -> Result<Outcome, Pause> {
        if op.version > round.root.version {
            let message = format!("main is at {}: there is no version {}", round.root.version, op.version);
            return Err(refuse(Code::VersionNotFound, "/version", message));
        }
        if op.version > self.head.root.version {
            return Err(Pause::Flush);
        }
        let store = self.outside.store.clone();
        let mut old = self.past.at(store.as_ref(), &self.site, op.version).await?;
        let page = match &op.page {
            Some(name) => Some(old_page(name, round, &old).ok_or_else(|| {
                let message = format!("there was no page '{name}' in version {}", op.version);
                refuse(Code::PageNotFound, "/page", message)
            })?),
            None => None,
        };
        let drafted = self.restored(page.as_ref(), op.version, &mut old, round).await?;
        let subject = match &page {
            Some(page) => old.stub(page).map_or_else(|| page.to_string(), |stub| stub.slug.to_string()),
            None => "main".into(),
        };
        Ok(Outcome {
            kind: if page.is_some() { Kind::RestorePage } else { Kind::Restore },
            ops: vec![raw.clone()],
            results: vec![OpResult {
                op: "restore_version".into(),
                page,
                block: None,
                key: None,
                changed: !drafted.changes.is_empty(),
                undid: None,
                redid: None,
            }],
            drafted,
            target: Some(op.version),
            only_page: None,
            relive: Vec::new(),
            summary: submission
                .summary
                .clone()
                .unwrap_or_else(|| format!("Restore {subject} as in version {}", op.version)),
        })
    }

    async fn restored(
        &mut self,
        page: Option<&PageId>,
        version: u64,
        old: &mut Root,
        round: &mut Round<'_>,
    ) -> Result<Drafted, Pause> {
        loop {
            let mut mint = round.mint();
            let mut draft = Draft::new(round.root.clone(), &mut mint);
            let done = match page {
                Some(page) => carry::restore_page(&mut draft, old, page),
                None => carry::restore_branch(&mut draft, old),
            };
            match done {
                Ok(()) => match draft.finish() {
                    Ok(drafted) => return Ok(drafted),
                    Err(halt) => self.heal(halt, &mut round.root).await?,
                },
                Err(Need::Pages { base, ours, theirs }) => {
                    self.load(&ours, &mut round.root).await?;
                    self.load(&base, &mut round.root).await?;
                    self.load_at(version, &theirs, old).await?;
                }
                Err(Need::Halt(Halt::Refused(problems))) => {
                    let at_op = |p: Problem| Problem { op: Some(0), ..p };
                    return Err(Fault::Refused(problems.into_iter().map(at_op).collect()).into());
                }
                Err(Need::Halt(halt)) => self.heal(halt, &mut round.root).await?,
            }
        }
    }
}

/// The page a restore names: by its id, by its address now, or by the address it had.
fn old_page(name: &str, round: &Round<'_>, old: &Root) -> Option<PageId> {
    let there = |id: &PageId| old.stub(id).is_some();
    if !name.starts_with('/') {
        return Some(PageId::from(name)).filter(there);
    }
    let slug = slug::normalise(name).ok()?;
    let now = round.root.by_slug(&slug).cloned().filter(there);
    now.or_else(|| old.by_slug(&slug).cloned())
}
