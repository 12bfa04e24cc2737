//! One page in two states: its own fields and its blocks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::super::change::{BLOCKS, Node, Step};
use super::super::document::{Block, Page, Root};
use super::super::id::{BlockId, PageId};
use super::super::sequence::unmoved;
use super::{BlockDiff, FieldDiff, PageDiff, Position, Status, fields};

/// The places of all blocks of a page.
type Places = HashMap<BlockId, Position>;

/// Compares a page that differs.
pub(super) fn compare(from: &Root, to: &Root, id: &PageId) -> Option<PageDiff> {
    let (before, after) = (body(from, id), body(to, id));
    let (slug, status, meta) = match (before, after) {
        (Some(before), Some(after)) => (&after.slug, Status::Modified, meta(before, after)),
        (None, Some(after)) => (&after.slug, Status::Added, Vec::new()),
        (Some(before), None) => (&before.slug, Status::Removed, Vec::new()),
        (None, None) => return None,
    };
    let from_slug = before.map(|page| page.slug.clone()).filter(|was| was != slug);
    let comparison = Comparison {
        from,
        to,
        moved: before.zip(after).map_or_else(HashSet::new, |(before, after)| moved(before, after)),
        before,
        after,
    };
    let blocks = comparison.blocks();
    Some(PageDiff {
        id: id.clone(),
        slug: slug.clone(),
        status,
        from_slug,
        from: None,
        to: None,
        meta,
        blocks,
    })
}

/// A page that only stands elsewhere.
pub(super) fn moved_only(to: &Root, id: &PageId) -> Option<PageDiff> {
    let slug = to.stub(id)?.slug.clone();
    let (meta, blocks) = (Vec::new(), Vec::new());
    Some(PageDiff {
        id: id.clone(),
        slug,
        status: Status::Moved,
        from_slug: None,
        from: None,
        to: None,
        meta,
        blocks,
    })
}

fn body<'r>(root: &'r Root, id: &PageId) -> Option<&'r Arc<Page>> {
    root.page(id).ok().flatten()
}

fn meta(before: &Page, after: &Page) -> Vec<FieldDiff> {
    let node = Node::Page(after.id.clone());
    let title = |page: &Page| json!(&*page.title);
    let mut found = fields::of_object(&node, "title", &title(before), &title(after));
    found.extend(fields::of_object(&node, "meta", &before.meta, &after.meta));
    found
}

struct Comparison<'r> {
    from: &'r Root,
    to: &'r Root,
    before: Option<&'r Arc<Page>>,
    after: Option<&'r Arc<Page>>,
    /// Within the page.
    moved: HashSet<BlockId>,
}

impl Comparison<'_> {
    fn blocks(&self) -> Vec<BlockDiff> {
        let mut found = Vec::new();
        // Other pages' places, made when a block comes from there or goes there.
        let mut elsewhere: BTreeMap<(bool, PageId), Places> = BTreeMap::new();
        let was = self.before.map(|page| places(page)).unwrap_or_default();
        let is = self.after.map(|page| places(page)).unwrap_or_default();
        for id in self.after.map(|page| page.preorder()).unwrap_or_default() {
            let Some(block) = self.after.and_then(|page| page.block(&id)) else { continue };
            let old = self.before.and_then(|page| page.block(&id));
            found.extend(match (old, self.elsewhere(self.from, &id)) {
                (Some(old), _) => self.here(old, block, &was, &is),
                (None, Some(page)) => {
                    let there = elsewhere.entry((true, page.id.clone())).or_insert_with(|| places(page));
                    let position = away(there, &id, &page.id);
                    page.block(&id).map(|old| self.changed(old, block, position, is.get(&id).cloned()))
                }
                (None, None) => Some(BlockDiff {
                    to: is.get(&id).cloned(),
                    fields: added(block, self.to),
                    ..blank(block, Status::Added)
                }),
            });
        }
        for id in self.before.map(|page| page.preorder()).unwrap_or_default() {
            let gone = self.after.is_none_or(|page| page.block(&id).is_none());
            let Some(block) = self.before.and_then(|page| page.block(&id)).filter(|_| gone) else { continue };
            let from = was.get(&id).cloned();
            found.push(match self.elsewhere(self.to, &id) {
                Some(page) => {
                    let there = elsewhere.entry((false, page.id.clone())).or_insert_with(|| places(page));
                    BlockDiff { from, to: away(there, &id, &page.id), ..blank(block, Status::Moved) }
                }
                None => {
                    BlockDiff { from, fields: removed(block, self.from), ..blank(block, Status::Removed) }
                }
            });
        }
        found
    }

    /// The other page a block lies on in a state.
    fn elsewhere<'a>(&self, root: &'a Root, id: &BlockId) -> Option<&'a Arc<Page>> {
        let page = body(root, root.home(id)?)?;
        let here = self.before.or(self.after).map(|page| &page.id);
        (here != Some(&page.id) && page.block(id).is_some()).then_some(page)
    }

    /// A block that was on this page before.
    fn here(&self, old: &Arc<Block>, new: &Arc<Block>, was: &Places, is: &Places) -> Option<BlockDiff> {
        let moved = self.moved.contains(&new.id);
        if !moved && (Arc::ptr_eq(old, new) || same(old, new)) {
            return None;
        }
        let place = |places: &Places| places.get(&new.id).filter(|_| moved).cloned();
        Some(self.changed(old, new, place(was), place(is)))
    }

    fn changed(&self, old: &Block, new: &Block, from: Option<Position>, to: Option<Position>) -> BlockDiff {
        if same(old, new) {
            return BlockDiff { from, to, ..blank(new, Status::Moved) };
        }
        let fields = fields::of_props(&new.id, &new.kind, self.to, &old.value(), &new.value());
        BlockDiff { from, to, fields, ..blank(new, Status::Modified) }
    }
}

fn same(old: &Block, new: &Block) -> bool {
    old.props == new.props && old.kind == new.kind
}

fn blank(block: &Block, status: Status) -> BlockDiff {
    let (id, kind) = (block.id.clone(), block.kind.clone());
    BlockDiff { id, kind, status, from: None, to: None, fields: Vec::new() }
}

fn added(block: &Block, root: &Root) -> Vec<FieldDiff> {
    let field = |(path, value, kind)| FieldDiff { path, before: None, after: Some(value), kind };
    fields::all_props(&block.kind, root, &block.value()).into_iter().map(field).collect()
}

fn removed(block: &Block, root: &Root) -> Vec<FieldDiff> {
    let field = |(path, value, kind)| FieldDiff { path, before: Some(value), after: None, kind };
    fields::all_props(&block.kind, root, &block.value()).into_iter().map(field).collect()
}

fn away(places: &Places, id: &BlockId, page: &PageId) -> Option<Position> {
    places.get(id).map(|position| Position { page: Some(page.clone()), ..position.clone() })
}

/// The lists of a page: its own, and those of its blocks' slots.
fn lists(page: &Page) -> HashMap<(Node, Step), Vec<BlockId>> {
    let own = ((Node::Page(page.id.clone()), Step::from(BLOCKS)), page.children(None));
    let slots = page.blocks().flat_map(|block| {
        let list = |(slot, ids): (&Step, &Vec<BlockId>)| {
            ((Node::Block(block.id.clone()), slot.clone()), ids.clone())
        };
        block.slots.iter().map(list)
    });
    slots.chain([own]).collect()
}

fn places(page: &Page) -> Places {
    let mut places = HashMap::with_capacity(page.len());
    for ((parent, slot), ids) in lists(page) {
        for (index, id) in ids.into_iter().enumerate() {
            places.insert(id, Position { page: None, parent: parent.clone(), slot: slot.clone(), index });
        }
    }
    places
}

/// The blocks of both that lie in another list, or outside the run of their siblings that stayed.
fn moved(before: &Page, after: &Page) -> HashSet<BlockId> {
    let old = lists(before);
    let mut moved = HashSet::new();
    for (key, ids) in lists(after) {
        let listed = old.get(&key);
        if listed == Some(&ids) {
            continue;
        }
        let stayed: HashSet<BlockId> =
            listed.map(|listed| unmoved(listed, &ids)).into_iter().flatten().collect();
        moved.extend(ids.into_iter().filter(|id| before.block(id).is_some() && !stayed.contains(id)));
    }
    moved
}
