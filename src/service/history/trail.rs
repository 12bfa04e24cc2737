//! Where to look for the commits of a list: those of a page, or of the pages that a block lay on.

use std::sync::Arc;

use super::super::Result;
use super::super::cursor::{List, not_ours};
use super::super::reference::Reference;
use super::super::site::{OpenSite, load_page, node_key};
use super::super::view::HistoryQuery;
use super::{node_of, touches};
use crate::content::change::{Change, Node};
use crate::content::commit::Body;
use crate::content::document::Root;
use crate::content::id::BlockId;
use crate::store::{Bounds, CommitRow, NodeKey};

/// A walk back through the log. It goes from page to page as the block did.
pub(super) struct Trail {
    list: List,
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
    pub(super) fn new(
        open: &OpenSite,
        root: &Root,
        reference: Reference,
        query: &HistoryQuery,
        cursor: Option<&str>,
    ) -> Result<Trail> {
        let block = query.block.as_deref().map(BlockId::from);
        let node = match (&query.page, &block) {
            (Some(page), _) => Some(node_of(root, page)?),
            (None, Some(block)) => root.home(block).map(node_key),
            (None, None) => None,
        };
        let fixed = query.page.is_some() || block.is_none();
        let who = query.actor.as_deref().map(Arc::from);
        let list = list(open, reference, query, node.filter(|_| query.page.is_some()));
        let up_to = match reference {
            Reference::Head => None,
            Reference::Version(version) => Some(version),
        };
        let mut trail = Trail { list, block, who, node, fixed, up_to };
        if let Some(cursor) = cursor {
            let (version, node) = read(&trail.list.read(cursor)?).ok_or_else(not_ours)?;
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
        self.list.write(&match self.node.filter(|_| !self.fixed) {
            Some(NodeKey(node)) => format!("{version}.{node}"),
            None => version.to_string(),
        })
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

/// The list of a query: of a page it is told by its node, which keeps where the page's address changes.
fn list(open: &OpenSite, reference: Reference, query: &HistoryQuery, page: Option<NodeKey>) -> List {
    let page = page.map(|NodeKey(node)| node.to_string());
    let word = |word: &Option<String>| word.as_ref().map_or_else(String::new, |word| format!("={word}"));
    let (key, reference) = (open.site.key.0.to_string(), reference.to_string());
    List::of(&["history", &key, &reference, &word(&page), &word(&query.actor), &word(&query.block)])
}

/// A place: the version it stands on, and the page the block lay on before it.
fn read(cursor: &str) -> Option<(u64, Option<NodeKey>)> {
    match cursor.split_once('.') {
        Some((version, node)) => Some((version.parse().ok()?, Some(NodeKey(node.parse().ok()?)))),
        None => Some((cursor.parse().ok()?, None)),
    }
}
