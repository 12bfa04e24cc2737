//! Who wrote what stands on a page: a fold over the changes of the commits that touched it, newest first.
//!
//! Each commit's changes are taken back on a copy of the page. What was different before, or not there, the commit wrote:
//! whatever it was asked as, and however many changes it took. A block that came from another page was written by the
//! commit that brought it.

mod leaves;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::change::{Change, Node, Step, invert};
use super::document::{Block, Page, Types, fold_page};
use super::id::{BlockId, PageId};
use super::props::Misfit;
use leaves::{Lists, leaves};

/// Fields by their JSON Pointers, and the version of the branch that wrote each; none while it is not known.
type Marks = BTreeMap<String, Option<u64>>;

/// The walk back through a page's commits.
pub struct Blame {
    page: PageId,
    /// Before the oldest commit that was passed; none where the page was not there.
    before: Option<Page>,
    types: Types,
    own: Marks,
    blocks: Vec<BlockMarks>,
    /// The blocks of which something is not known yet, by where they stand above.
    open: HashMap<BlockId, usize>,
}

/// A block, and the versions that wrote what is of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockMarks {
    /// Its id.
    pub id: BlockId,
    /// Its type.
    pub kind: Step,
    /// Since when it lies on this page.
    pub added: Option<u64>,
    /// Since when it lies where it lies.
    pub placed: Option<u64>,
    /// The leaves of its props.
    pub fields: Marks,
}

impl Blame {
    /// Begins with a page as it stands.
    #[must_use]
    pub fn of(page: &Page, types: &Types) -> Blame {
        let own = own_leaves(page).into_keys().map(|path| (path, None)).collect();
        let blocks: Vec<BlockMarks> =
            page.preorder().iter().filter_map(|id| page.block(id)).map(BlockMarks::of).collect();
        let open = blocks.iter().enumerate().map(|(at, block)| (block.id.clone(), at)).collect();
        Blame { page: page.id.clone(), before: Some(page.clone()), types: types.clone(), own, blocks, open }
    }

    /// Whether every field has its mark.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.open.is_empty() && self.own.values().all(Option::is_some)
    }

    /// The versions that some mark names by now.
    #[must_use]
    pub fn named(&self) -> BTreeSet<u64> {
        let of_blocks = self
            .blocks
            .iter()
            .flat_map(|block| block.fields.values().chain([&block.added, &block.placed]).copied().flatten());
        self.own.values().copied().flatten().chain(of_blocks).collect()
    }

    /// Passes the next older commit that touched the page.
    ///
    /// # Errors
    /// Its changes do not lead to the page as the commits before left it.
    pub fn pass(&mut self, version: u64, changes: &[Change]) -> Result<(), Misfit> {
        let Some(after) = self.before.take() else { return Ok(()) };
        self.before = fold_page(Some(after.clone()), &self.page, &invert(changes), &self.types)?;
        let Some(before) = self.before.clone() else {
            self.claim_the_rest(version);
            return Ok(());
        };
        let reach = Reach::of(changes, &self.page);
        if reach.page {
            claim(&mut self.own, version, &own_leaves(&before), &own_leaves(&after));
        }
        let concerned: Vec<usize> = match reach.all_blocks {
            true => self.open.values().copied().collect(),
            false => reach.blocks.iter().filter_map(|id| self.open.get(id).copied()).collect(),
        };
        for at in concerned {
            let block = &mut self.blocks[at];
            block.compare(version, &before, &after, reach.placed.contains(&block.id));
            if block.is_done() {
                self.open.remove(&block.id);
            }
        }
        Ok(())
    }

    /// The marks of the page's own fields (`/slug`, `/title`, `/meta/description`), and those of its blocks, each before
    /// those in its slots.
    #[must_use]
    pub fn into_marks(self) -> (Marks, Vec<BlockMarks>) {
        (self.own, self.blocks)
    }

    /// The page was not there before.
    fn claim_the_rest(&mut self, version: u64) {
        self.own.values_mut().for_each(|mark| _ = mark.get_or_insert(version));
        self.blocks.iter_mut().for_each(|block| block.claim_the_rest(version));
        self.open.clear();
    }
}

impl BlockMarks {
    fn of(block: &Arc<Block>) -> BlockMarks {
        let value = block.value();
        let fields = leaves(&value, Lists::ByKey).into_keys().map(|path| (path, None)).collect();
        let (id, kind) = (block.id.clone(), block.kind.clone());
        BlockMarks { id, kind, added: None, placed: None, fields }
    }

    fn is_done(&self) -> bool {
        // What it was added with, it has no older mark of.
        self.added.is_some()
    }

    fn claim_the_rest(&mut self, version: u64) {
        let fields = self.fields.values_mut();
        for mark in fields.chain([&mut self.added, &mut self.placed]) {
            mark.get_or_insert(version);
        }
    }

    /// Claims what one commit did to a block that is there after it.
    fn compare(&mut self, version: u64, before: &Page, after: &Page, is_named: bool) {
        let Some(old) = before.block(&self.id) else { return self.claim_the_rest(version) };
        let Some(new) = after.block(&self.id) else { return };
        // Where its neighbours come and go, it stays; and so it does where it went and came back.
        let moved = old.parent != new.parent || is_named && before.place(&self.id) != after.place(&self.id);
        if moved {
            self.placed.get_or_insert(version);
        }
        if old.props != new.props {
            let (old, new) = (old.value(), new.value());
            claim(&mut self.fields, version, &leaves(&old, Lists::ByKey), &leaves(&new, Lists::ByKey));
        }
    }
}

/// Marks the fields that have no mark and were different before.
fn claim<V: PartialEq>(
    marks: &mut Marks,
    version: u64,
    before: &BTreeMap<String, V>,
    after: &BTreeMap<String, V>,
) {
    for (path, mark) in marks.iter_mut().filter(|(_, mark)| mark.is_none()) {
        if before.get(path) != after.get(path) {
            *mark = Some(version);
        }
    }
}

/// What a commit's changes can have reached on a page.
#[derive(Default)]
struct Reach {
    /// Its own fields.
    page: bool,
    /// Whole subtrees came or went.
    all_blocks: bool,
    /// Blocks whose props or place changed.
    blocks: HashSet<BlockId>,
    /// Blocks that were put somewhere by name.
    placed: HashSet<BlockId>,
}

impl Reach {
    fn of(changes: &[Change], page: &PageId) -> Reach {
        let mut reach = Reach::default();
        for change in changes {
            match (change.node(), change) {
                (Node::Site, _) => {}
                (Node::Page(id), change) => {
                    reach.page |= id == page;
                    reach.all_blocks |= id == page && !matches!(change, Change::Set { .. });
                }
                (Node::Block(id), Change::Set { .. }) | (Node::Item(id, _), _) => {
                    reach.blocks.insert(id.clone());
                }
                (Node::Block(id), Change::Move { value, .. }) => {
                    reach.blocks.insert(id.clone());
                    reach.placed.insert(id.clone());
                    reach.all_blocks |= value.is_some();
                }
                (Node::Block(id), Change::Insert { .. } | Change::Remove { .. }) => {
                    reach.placed.insert(id.clone());
                    reach.all_blocks = true;
                }
            }
        }
        reach
    }
}

/// The leaves of a page's own fields.
fn own_leaves(page: &Page) -> BTreeMap<String, super::json::Value> {
    let fields = json!({ "slug": &*page.slug, "title": &*page.title, "meta": &*page.meta });
    leaves(&fields, Lists::Whole).into_iter().map(|(path, value)| (path, value.clone())).collect()
}

#[cfg(test)]
mod tests;
