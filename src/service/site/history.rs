//! Undo, redo and restore: what they are about is found in the log, what they change is carry's answer.

mod next_step;
mod redo;
mod restore;
mod target;
mod undo;
mod words;

use std::sync::Arc;

use super::super::{Fault, Result};
use super::load::load_page;
use super::recent::{Commit, Recent};
use super::round::Round;
use super::writer::{Pause, Writer};
use super::{MAIN, OpenSite, node_key};
use crate::content::carry::{self, Conflict, Need, Take};
use crate::content::change::{Change, Node, invert};
use crate::content::document::{Amiss, Root, Stamp};
use crate::content::draft::{Draft, Drafted};
use crate::content::id::PageId;
use crate::content::json::Value;
use crate::content::problem::Halt;
use crate::store::{Kind, NodeKey, Stack};

pub(super) use words::summary;

/// The commits that a page's undo stack holds.
pub(in super::super) const PAGE_STACK: [Kind; 2] = [Kind::Edit, Kind::RestorePage];

/// The commits that a branch's undo stack holds.
pub(in super::super) const BRANCH_STACK: [Kind; 6] =
    [Kind::Edit, Kind::RestorePage, Kind::Restore, Kind::Merge, Kind::Update, Kind::Revert];

/// The commits that clear redo: what was undone before them is history. A restore leaves the stacks as they are.
pub(in super::super) const CLEARS_REDO: [Kind; 4] = [Kind::Edit, Kind::Merge, Kind::Update, Kind::Revert];

/// What taking a commit back came to.
struct Back {
    drafted: Drafted,
    conflicts: Vec<Conflict>,
}

/// Follows a commit of another process: what it undoes or redoes changes which of those before are live.
pub(super) fn follow(recent: &mut Recent, commit: Commit) {
    let node = |only: &Option<PageId>| only.as_ref().map(node_key);
    if let Some(target) = commit.target {
        match commit.kind {
            Kind::Undo => {
                recent.relive(target, node(&commit.only_page), false);
            }
            Kind::Redo => {
                let undo = recent.get(target).cloned();
                recent.relive(target, None, false);
                if let Some(undone) = undo.and_then(|undo| undo.target) {
                    recent.relive(undone, node(&commit.only_page), true);
                }
            }
            _ => {}
        }
    }
    recent.push(commit);
}

impl Writer {
    /// Takes a commit back on the draft: by its exact inverse where that fits, else by carry.
    async fn take_back(
        &mut self,
        commit: &Commit,
        only: Option<&PageId>,
        take: Take,
        round: &mut Round<'_>,
    ) -> Result<Back, Pause> {
        if only.is_none()
            && let Some(drafted) = self.exact_inverse(commit, round).await?
        {
            return Ok(Back { drafted, conflicts: Vec::new() });
        }
        if commit.version > self.head.root.version {
            return Err(Pause::Flush);
        }
        let (mut after, mut before) = self.around(commit).await?;
        loop {
            let mut mint = round.mint();
            let mut draft = Draft::new(round.root.clone(), &mut mint);
            match carry::take_back(&mut draft, &after, &before, only, &|_| take) {
                Ok(conflicts) => match draft.finish() {
                    Ok(drafted) => return Ok(Back { drafted, conflicts }),
                    Err(halt) => self.heal(halt, &mut round.root).await?,
                },
                Err(Need::Pages { base, ours, theirs }) => {
                    self.load(&ours, &mut round.root).await?;
                    self.load_at(commit.version, &base, &mut after).await?;
                    self.load_before(commit, &theirs, &after, &mut before).await?;
                }
                Err(Need::Halt(halt)) => self.heal(halt, &mut round.root).await?,
            }
        }
    }

    /// The inverse of a commit, where nothing it touched was touched since and no address has changed.
    async fn exact_inverse(
        &mut self,
        commit: &Commit,
        round: &mut Round<'_>,
    ) -> Result<Option<Drafted>, Pause> {
        let newest = commit.version == round.root.version;
        if !newest && (!within_pages(commit) || self.site_touched_since(commit.version, round).await?) {
            return Ok(None);
        }
        let inverse = invert(&commit.changes);
        if !newest && inverse.iter().any(|change| taken(change, &round.root)) {
            return Ok(None);
        }
        loop {
            let mut mint = round.mint();
            let mut draft = Draft::new(round.root.clone(), &mut mint);
            match draft.change_all(inverse.clone()).and_then(|()| draft.finish()) {
                Ok(drafted) => return Ok(Some(drafted)),
                Err(Halt::Missing(pages)) => self.load(&pages, &mut round.root).await?,
                Err(Halt::Broken(_)) => return Ok(None),
                Err(halt) => self.heal(halt, &mut round.root).await?,
            }
        }
    }

    /// Whether an address or anything else of the site was changed behind a version.
    async fn site_touched_since(&self, version: u64, round: &Round<'_>) -> Result<bool> {
        let here = round.recent.site_touched_since(version);
        if here || version >= round.recent.floor() {
            return Ok(here);
        }
        let site = Stack { node: Some(NodeKey::SITE), ..Stack::default() };
        let newest = self.outside.store.newest(self.site.key, MAIN, &site).await?;
        Ok(newest.is_some_and(|newest| newest > version))
    }

    /// The states after and before a commit.
    async fn around(&mut self, commit: &Commit) -> Result<(Root, Root)> {
        let store = self.outside.store.clone();
        let mut after = self.past.at(store.as_ref(), &self.site, commit.version).await?;
        let inverse = invert(&commit.changes);
        loop {
            let mut before = after.clone();
            match before.apply(&inverse) {
                Ok(touched) => {
                    let stamp = Stamp { version: commit.version - 1, at_ms: 0, who: commit.who.clone() };
                    before.seal(&touched, &stamp);
                    return Ok((after, before));
                }
                Err(Amiss::Missing(page)) => self.load_at(commit.version, &[page], &mut after).await?,
                Err(Amiss::Misfit(misfit)) => return Err(Fault::Internal(misfit.to_string())),
            }
        }
    }

    /// Loads pages of an old state.
    pub(super) async fn load_at(&self, version: u64, pages: &[PageId], root: &mut Root) -> Result<()> {
        for page in pages {
            let body = load_page(self.outside.store.as_ref(), &self.site, page, version, &root.types).await?;
            let body =
                body.ok_or_else(|| Fault::Internal(format!("page {page} has no body at {version}")))?;
            root.load(page, body);
        }
        Ok(())
    }

    /// Loads pages of the state before a commit: those it did not touch are the same after it.
    async fn load_before(
        &self,
        commit: &Commit,
        pages: &[PageId],
        after: &Root,
        before: &mut Root,
    ) -> Result<()> {
        for page in pages {
            match after.page(page) {
                Ok(Some(body)) => before.load(page, body.clone()),
                Ok(None) | Err(_) => {
                    self.load_at(commit.version - 1, std::slice::from_ref(page), before).await?
                }
            }
        }
        Ok(())
    }
}

/// Whether conflicts keep a commit from being taken back. `force` takes the older value where there is one to take; two
/// pages with one address, or a block its type no longer takes, no value of either side resolves.
fn stands_against(conflicts: &[Conflict], force: bool) -> bool {
    conflicts.iter().any(|conflict| !force || conflict.choices().is_empty())
}

/// Whether a commit changed only the insides of pages, and no addresses.
fn within_pages(commit: &Commit) -> bool {
    commit.nodes.iter().all(|(node, _)| *node != NodeKey::SITE)
}

/// Whether a block that a change would put in is on the branch already.
fn taken(change: &Change, root: &Root) -> bool {
    fn any_home(value: &Value, root: &Root) -> bool {
        let here = value["id"].as_str().is_some_and(|id| root.home(&id.into()).is_some());
        let slots = value["slots"].as_object().into_iter().flat_map(|slots| slots.values());
        here || slots.filter_map(Value::as_array).flatten().any(|block| any_home(block, root))
    }
    matches!(change, Change::Insert { node: Node::Block(_), value, .. } if any_home(value, root))
}

/// The pages and commits behind a conflict, for the caller to read.
pub(super) fn touching(commits: &[Arc<Commit>], conflict: &Conflict) -> Vec<Arc<Commit>> {
    let concerns = |change: &Change| {
        let of_block = |node: &Node| node.block().is_some() && node.block() == change.node().block();
        let near = conflict.nodes.iter().any(|node| node == change.node() || of_block(node));
        near && match (change, &conflict.path) {
            (Change::Set { path, .. }, Some(wanted)) => path.starts_with(wanted) || wanted.starts_with(path),
            _ => true,
        }
    };
    commits.iter().filter(|commit| commit.changes.iter().any(concerns)).cloned().collect()
}

impl OpenSite {
    /// The state of `main` at a version: the head where it is that.
    pub(in super::super) async fn root_at(&self, version: u64) -> Result<Root> {
        let head = self.head.load();
        if head.root.version == version {
            return Ok(head.root.clone());
        }
        drop(head);
        self.past.at(self.store.as_ref(), &self.site, version).await
    }
}
