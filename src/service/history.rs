//! Reading history: lists of commits, one commit whole, what undo and redo would take.

mod trail;

use std::sync::Arc;

use serde::Deserialize;

use super::outside::rfc3339;
use super::read::find;
use super::reference::Reference;
use super::site::{BRANCH_STACK, CLEARS_REDO, MAIN, OpenSite, PAGE_STACK, load_page, node_key};
use super::view::{
    At, Commit, CommitLine, HistoryQuery, HistoryStatus, Listed, PageContent, PageOfCommit, Paging,
};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::change::{Change, Place};
use crate::content::commit::{Body, PageEffect};
use crate::content::document::Root;
use crate::content::id::PageId;
use crate::store::{Bounds, CommitRow, Kind, NodeKey, Stack};
use trail::Trail;

impl Service {
    /// Commits, newest first: those of a branch, or those up to a version.
    ///
    /// # Errors
    /// `PageNotFound`, `Malformed` for a cursor that is none, and those of refs.
    pub async fn history(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        query: &HistoryQuery,
        paging: &Paging,
    ) -> Result<Listed<CommitLine>> {
        let (open, state) = self.state(who, site, at).await?;
        let mut trail = Trail::new(&open, state.root(), Reference::of(at)?, query, paging.cursor.as_deref())?;
        drop(state);
        let mut items = Vec::new();
        let mut next_cursor = None;
        loop {
            let bounds = trail.bounds(paging.limit + 1);
            let rows = open.store.commits(open.site.key, MAIN, &bounds).await?;
            let mut end = rows.len() < bounds.limit;
            for row in rows {
                let body = body(&row)?;
                if trail.pass(&open, &row, &body).await? {
                    if items.len() == paging.limit {
                        return Ok(Listed { items, next_cursor });
                    }
                    items.push(listed(&row, &body));
                    next_cursor = Some(trail.cursor());
                }
                // The rest of these rows is of a page that the block did not lie on.
                if trail.left(&bounds) {
                    end = false;
                    break;
                }
            }
            if end || trail.at_the_end() {
                return Ok(Listed { items, next_cursor: None });
            }
        }
    }

    /// One commit: its line of the history, its ops, its changes, and the pages it touched before and after it.
    ///
    /// # Errors
    /// `VersionNotFound`, `BranchNotFound`.
    pub async fn commit(&self, who: &Principal, site: &str, at: &At, version: u64) -> Result<Commit> {
        let open = self.branch(who, site, at).await?;
        let missing = || Fault::VersionNotFound(format!("main has no version {version}"));
        let above = version.checked_sub(1).ok_or_else(missing)?;
        let bounds = Bounds { above, up_to: Some(version), limit: 1, ..Bounds::default() };
        let row = open.store.commits(open.site.key, MAIN, &bounds).await?.pop().ok_or_else(missing)?;
        let body = body(&row)?;
        let line = listed(&row, &body);
        let types = open.head.load().root.types.clone();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for page in &body.pages {
            for (version, pages) in [(above, &mut before), (version, &mut after)] {
                if let Some(page) =
                    load_page(open.store.as_ref(), &open.site, &page.id, version, &types).await?
                {
                    let content = PageContent::deserialize(page.to_value());
                    pages.push(content.map_err(|e| Fault::Internal(format!("page {}: {e}", page.id)))?);
                }
            }
        }
        Ok(Commit { line, ops: body.ops, changes: body.changes, results: body.results, before, after })
    }

    /// What `undo` and `redo` would take on a page, or on the branch.
    ///
    /// # Errors
    /// `PageNotFound`, `BranchNotFound`.
    pub async fn history_status(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        page: Option<&str>,
    ) -> Result<HistoryStatus> {
        let open = self.branch(who, site, at).await?;
        let node = page.map(|page| node_of(&open.head.load().root, page)).transpose()?;
        let kinds = if page.is_some() { PAGE_STACK.to_vec() } else { BRANCH_STACK.to_vec() };
        let newest = |kinds: Vec<Kind>, live_only: bool| {
            let stack = Stack { node, kinds, live_only, ..Stack::default() };
            let open = open.clone();
            async move { open.store.newest(open.site.key, MAIN, &stack).await }
        };
        let undo = newest(kinds, true).await?;
        let edit = newest(CLEARS_REDO.to_vec(), false).await?;
        let redo = newest(vec![Kind::Undo], true).await?.filter(|redo| edit.is_none_or(|edit| edit < *redo));
        let undo = match undo {
            Some(version) => Some(one_line(&open, version).await?),
            None => None,
        };
        let redo = match redo {
            Some(version) => Some(one_line(&open, target(&open, version).await?).await?),
            None => None,
        };
        Ok(HistoryStatus { can_redo: redo.is_some(), can_undo: undo.is_some(), redo, undo })
    }

    /// The lines of commits behind one version and up to another, newest first, at most twenty; `node`: of those that
    /// touched it.
    pub(super) async fn lines_since(
        &self,
        open: &OpenSite,
        above: u64,
        up_to: u64,
        node: Option<NodeKey>,
    ) -> Result<Vec<CommitLine>> {
        let bounds = Bounds { above, up_to: Some(up_to), node, limit: 20, ..Bounds::default() };
        let rows = open.store.commits(open.site.key, MAIN, &bounds).await?;
        rows.iter().map(|row| Ok(listed(row, &body(row)?))).collect()
    }

    /// An open site whose branch is at least where the caller asks: what is asked of a branch, and not of a version of it.
    async fn branch(&self, who: &Principal, site: &str, at: &At) -> Result<Arc<OpenSite>> {
        let newest = At { reference: None, min_version: at.min_version };
        let (open, _) = self.state(who, site, &newest).await?;
        match Reference::of(at)? {
            Reference::Head => Ok(open),
            version @ Reference::Version(_) => Err(Fault::BranchNotFound(version.to_string())),
        }
    }
}

/// The node of a page that is there, or of an id that was.
fn node_of(root: &Root, page: &str) -> Result<NodeKey> {
    match find(root, page) {
        Ok(id) => Ok(node_key(&id)),
        Err(_) if page.starts_with("pg_") => Ok(node_key(&PageId::from(page))),
        Err(fault) => Err(fault),
    }
}

pub(super) fn body(row: &CommitRow) -> Result<Body> {
    Body::decode(row.entry.format, &row.entry.body).map_err(|e| Fault::Internal(e.to_string()))
}

/// A commit's line in the history, with whether it was undone since.
fn listed(row: &CommitRow, body: &Body) -> CommitLine {
    let entry = &row.entry;
    let Target { undoes, redoes, restores } = Target::of(entry.kind, body.target);
    CommitLine {
        actor: entry.who.clone(),
        at: rfc3339(entry.at_ms),
        commit: entry.commit_id(),
        kind: entry.kind,
        op_count: body.ops.len(),
        pages: pages_of(body),
        redoes,
        restores,
        seq: entry.seq,
        source: entry.source,
        summary: body.summary.clone(),
        undoes,
        undone: BRANCH_STACK.contains(&entry.kind) && !row.live,
        version: entry.version.unwrap_or_default(),
    }
}

/// The pages that a commit touched, as its line names them.
pub(super) fn pages_of(body: &Body) -> Vec<PageOfCommit> {
    let page = |page: &PageEffect| PageOfCommit {
        id: page.id.clone(),
        removed: page.hash.is_none(),
        slug: page.slug.clone(),
    };
    body.pages.iter().map(page).collect()
}

/// What the version that a commit points to is to it.
#[derive(Default)]
pub(super) struct Target {
    pub(super) undoes: Option<u64>,
    pub(super) redoes: Option<u64>,
    pub(super) restores: Option<u64>,
}

impl Target {
    pub(super) fn of(kind: Kind, target: Option<u64>) -> Self {
        match kind {
            Kind::Undo => Target { undoes: target, ..Target::default() },
            Kind::Redo => Target { redoes: target, ..Target::default() },
            _ => Target { restores: target, ..Target::default() },
        }
    }
}

async fn one_line(open: &OpenSite, version: u64) -> Result<CommitLine> {
    let bounds = Bounds { above: version - 1, up_to: Some(version), limit: 1, ..Bounds::default() };
    let row = open.store.commits(open.site.key, MAIN, &bounds).await?.pop();
    let row = row.ok_or_else(|| Fault::Internal(format!("version {version} is not in the log")))?;
    Ok(listed(&row, &body(&row)?))
}

/// The version that an undo took back.
async fn target(open: &OpenSite, undo: u64) -> Result<u64> {
    let bounds = Bounds { above: undo - 1, up_to: Some(undo), limit: 1, ..Bounds::default() };
    let row = open.store.commits(open.site.key, MAIN, &bounds).await?.pop();
    let target = row.map(|row| body(&row)).transpose()?.and_then(|body| body.target);
    target.ok_or_else(|| Fault::Internal(format!("undo {undo} has no target")))
}

/// Whether a commit changed a block, or something within it.
fn touches(body: &Body, block: &str) -> bool {
    let named = |place: &Place| place.parent.block().is_some_and(|id| id.as_str() == block);
    body.changes.iter().any(|change| {
        change.node().block().is_some_and(|id| id.as_str() == block)
            || match change {
                Change::Insert { at, value, .. } | Change::Remove { at, value, .. } => {
                    named(at) || value.to_string().contains(&format!("\"{block}\""))
                }
                Change::Set { .. } | Change::Move { .. } => false,
            }
    })
}
