//! Where to look for the commits of a list: those of a page, or of the pages that a block lay on.

use std::sync::Arc;

use super::super::site::{OpenSite, load_page, node_key};
use super::super::view::HistoryQuery;
use super::super::{Fault, Result};
use super::{node_of, touches};
use crate::content::change::{Change, Node};
use crate::content::commit::Body;
use crate::content::id::BlockId;
use crate::store::{Bounds, CommitRow, NodeKey};

/// A walk back through the log. It goes from page to page as the block did.
pub(super) struct Trail {
    block: Option<BlockId>,
    /// Only commits of this actor are sought; those of others show where the block went.
    who: Option<Arc<str>>,
    /// Only commits of this node; any while it is not known where the block lay.
    node: Option<NodeKey>,
    /// Whether the node is what was asked for, and stays.
    fixed: bool,
    up_to: Option<u64>,
}

impl Trail {
    /// Begins where the query says, or goes on where a cursor left off.
    ///
    /// # Errors
    /// `PageNotFound`, `Malformed` for a cursor that is none.
    pub(super) fn new(open: &OpenSite, query: &HistoryQuery, cursor: Option<&str>) -> Result<Trail> {
        let block = query.block.as_deref().map(BlockId::from);
        let node = match (&query.page, &block) {
            (Some(page), _) => Some(node_of(open, page)?),
            (None, Some(block)) => open.head.load().root.home(block).map(node_key),
            (None, None) => None,
        };
        let fixed = query.page.is_some() || block.is_none();
        let who = query.actor.as_deref().map(Arc::from);
        let mut trail = Trail { block, who, node, fixed, up_to: None };
        if let Some(cursor) = cursor {
            let (version, node) = read(cursor)
                .ok_or_else(|| Fault::Malformed("cursor".into(), "this is no cursor of a history".into()))?;
            trail.up_to = Some(version.saturating_sub(1));
            if !trail.fixed {
                trail.node = node;
            }
        }
        Ok(trail)
    }

    /// What to read next.
    pub(super) fn bounds(&self, limit: usize) -> Bounds {
        let who = self.who.clone().filter(|_| self.fixed);
        Bounds { up_to: self.up_to, node: self.node, who, limit, ..Bounds::default() }
    }

    /// Whether it has turned to another page than these bounds are of.
    pub(super) fn left(&self, bounds: &Bounds) -> bool {
        self.node != bounds.node
    }

    /// Whether nothing can be left.
    pub(super) fn at_the_end(&self) -> bool {
        self.up_to == Some(0)
    }

    /// A cursor behind the newest commit that was passed.
    pub(super) fn cursor(&self) -> String {
        let version = self.up_to.map_or(0, |up_to| up_to + 1);
        match self.node.filter(|_| !self.fixed) {
            Some(NodeKey(node)) => format!("v{version}.{node}"),
            None => format!("v{version}"),
        }
    }

    /// Passes a commit: whether it is one of those that are sought.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn pass(&mut self, open: &OpenSite, row: &CommitRow, body: &Body) -> Result<bool> {
        let version = row.entry.version.unwrap_or_default();
        self.up_to = Some(version.saturating_sub(1));
        let Some(block) = &self.block else { return Ok(true) };
        let touched = touches(body, block.as_str());
        let between = body.pages.len() > 1 && body.changes.iter().any(places_a_block);
        if !self.fixed && (between || touched && self.node.is_none()) {
            let types = open.head.load().root.types.clone();
            for page in &body.pages {
                let before =
                    load_page(open.store.as_ref(), &open.site, &page.id, version - 1, &types).await?;
                if before.is_some_and(|before| before.block(block).is_some()) {
                    self.node = Some(node_key(&page.id));
                }
            }
        }
        Ok(touched && self.who.as_ref().is_none_or(|who| *who == row.entry.who))
    }
}

fn places_a_block(change: &Change) -> bool {
    match change {
        Change::Insert { node, .. } | Change::Remove { node, .. } | Change::Move { node, .. } => {
            matches!(node, Node::Block(_) | Node::Page(_))
        }
        Change::Set { .. } => false,
    }
}

/// A cursor: the version it stands on, and the page the block lay on before it.
fn read(cursor: &str) -> Option<(u64, Option<NodeKey>)> {
    let cursor = cursor.strip_prefix('v')?;
    match cursor.split_once('.') {
        Some((version, node)) => Some((version.parse().ok()?, Some(NodeKey(node.parse().ok()?)))),
        None => Some((cursor.parse().ok()?, None)),
    }
}
