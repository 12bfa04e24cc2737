//! A plain extract of a state: the pages that matter, their blocks, and such list items as are merged one by one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::super::change::{BLOCKS, Node, PAGES, Place, Step};
use super::super::document::{Block, Page};
use super::super::id::PageId;
use super::super::json::{Value, lookup_mut, parse_pointer};
use super::super::sequence::unmoved;

/// A list of children: a node and the name of its slot. The slot of a list of items is its JSON Pointer.
pub(super) type Container = (Node, Step);

/// What a node itself holds, without its children.
#[derive(Clone, Debug)]
pub(super) enum Own {
    /// A block whose props are compared as bytes and taken whole.
    Block(Arc<Block>),
    /// Fields, to be compared one by one. A list whose items are nodes is empty here.
    Fields(Value),
    /// Not looked at; the node is there for its place only.
    Place,
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Own::Block(a), Own::Block(b)) => a.kind == b.kind && a.props == b.props,
            (Own::Fields(a), Own::Fields(b)) => a == b,
            (Own::Place, Own::Place) => true,
            (Own::Block(_) | Own::Fields(_) | Own::Place, _) => false,
        }
    }
}

impl Own {
    /// Its fields as a value; of a block `{type, props}`.
    pub(super) fn value(&self) -> Value {
        match self {
            Own::Block(block) => json!({ "type": &*block.kind, "props": block.value() }),
            Own::Fields(value) => value.clone(),
            Own::Place => Value::Null,
        }
    }
}

/// A node with its place and its children.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where it lies; none: it is the site.
    pub(super) container: Option<Container>,
    /// What it holds.
    pub(super) own: Own,
    /// Its children by slot, in order.
    pub(super) slots: BTreeMap<Step, Vec<Node>>,
}

impl Entry {
    pub(super) fn new(container: Option<Container>, own: Own) -> Self {
        Entry { container, own, slots: BTreeMap::new() }
    }
}

/// Nodes by id, in one fixed order.
#[derive(Clone, Debug, Default)]
pub(super) struct Forest {
    pub(super) nodes: BTreeMap<Node, Entry>,
}

/// The container of all pages.
pub(super) fn pages() -> Container {
    (Node::Site, PAGES.into())
}

impl Forest {
    /// The site, the pages of `order` for their places, and `bodies` in full.
    pub(super) fn of(bodies: &BTreeMap<PageId, Arc<Page>>, order: &[PageId]) -> Self {
        let mut forest = Forest::default();
        let mut site = Entry::new(None, Own::Place);
        if !order.is_empty() {
            site.slots.insert(PAGES.into(), order.iter().cloned().map(Node::Page).collect());
        }
        forest.nodes.insert(Node::Site, site);
        for id in order {
            forest.nodes.insert(Node::Page(id.clone()), Entry::new(Some(pages()), Own::Place));
        }
        for page in bodies.values() {
            forest.add_page(page);
        }
        forest
    }

    /// Gives the site its own fields.
    pub(super) fn give_site(&mut self, fields: Value) {
        if let Some(site) = self.nodes.get_mut(&Node::Site) {
            site.own = Own::Fields(fields);
        }
    }

    fn add_page(&mut self, page: &Page) {
        let children = |ids: &[super::super::id::BlockId]| ids.iter().cloned().map(Node::Block).collect();
        let node = Node::Page(page.id.clone());
        let fields = json!({ "slug": &*page.slug, "title": &*page.title, "meta": &*page.meta });
        let mut entry = Entry::new(Some(pages()), Own::Fields(fields));
        let top = page.children(None);
        if !top.is_empty() {
            entry.slots.insert(BLOCKS.into(), children(&top));
        }
        let home = (node.clone(), Step::from(BLOCKS));
        self.nodes.insert(node, entry);
        for block in page.blocks() {
            let container = match &block.parent {
                Some((parent, slot)) => (Node::Block(parent.clone()), slot.clone()),
                None => home.clone(),
            };
            let slots = block.slots.iter().map(|(slot, ids)| (slot.clone(), children(ids))).collect();
            let entry = Entry { container: Some(container), own: Own::Block(block.clone()), slots };
            self.nodes.insert(Node::Block(block.id.clone()), entry);
        }
    }

    pub(super) fn get(&self, node: &Node) -> Option<&Entry> {
        self.nodes.get(node)
    }

    pub(super) fn has(&self, node: &Node) -> bool {
        self.nodes.contains_key(node)
    }

    /// Where a node lies; none if it is not there or is the site.
    pub(super) fn container(&self, node: &Node) -> Option<&Container> {
        self.nodes.get(node)?.container.as_ref()
    }

    /// The children in a container, in order.
    pub(super) fn children(&self, (parent, slot): &Container) -> &[Node] {
        self.nodes.get(parent).and_then(|entry| entry.slots.get(slot)).map_or(&[], Vec::as_slice)
    }

    /// A node and all below it, parents first, siblings in order; nothing where it is not there.
    pub(super) fn below(&self, top: &Node) -> Vec<Node> {
        let mut open: Vec<&Node> = self.nodes.get_key_value(top).map(|(top, _)| top).into_iter().collect();
        let mut found = Vec::new();
        while let Some(node) = open.pop() {
            found.push(node.clone());
            let slots = self.nodes.get(node).into_iter().flat_map(|entry| entry.slots.values());
            open.extend(slots.flatten().collect::<Vec<_>>().into_iter().rev());
        }
        found
    }

    /// A node's place as the log would have it.
    pub(super) fn place(&self, node: &Node) -> Option<Place> {
        let container = self.container(node)?;
        let siblings = self.children(container);
        let left = siblings.iter().position(|sibling| sibling == node)?.checked_sub(1);
        Some(place_in(container, left.map(|left| &siblings[left])))
    }

    /// A node's fields with the items of its lists in them.
    pub(super) fn whole(&self, node: &Node) -> Value {
        let Some(entry) = self.nodes.get(node) else { return Value::Null };
        let mut value = entry.own.value();
        let inside = match node {
            Node::Item(_, path) => path.len(),
            Node::Site | Node::Page(_) | Node::Block(_) => 0,
        };
        for (slot, items) in &entry.slots {
            if !matches!(items.first(), Some(Node::Item(..))) {
                continue;
            }
            let steps = parse_pointer(slot).unwrap_or_default();
            let holder = if inside == 0 { value.get_mut("props") } else { Some(&mut value) };
            let list = holder.and_then(|holder| lookup_mut(holder, &steps[inside.min(steps.len())..]));
            if let Some(list) = list {
                *list = items.iter().map(|item| self.whole(item)).collect();
            }
        }
        value
    }
}

/// The place right behind a sibling, or first. To the log the parent of a nested item is its block.
pub(super) fn place_in((parent, slot): &Container, after: Option<&Node>) -> Place {
    let parent = match parent {
        Node::Item(block, _) => Node::Block(block.clone()),
        Node::Site | Node::Page(_) | Node::Block(_) => parent.clone(),
    };
    Place { parent, slot: slot.clone(), after: after.map(Node::name) }
}

/// The nodes of both that have another parent or slot, or lie outside the run of their siblings that stayed.
pub(super) fn moved(before: &Forest, after: &Forest) -> BTreeSet<Node> {
    let mut moved = BTreeSet::new();
    for (node, entry) in &after.nodes {
        if before.get(node).is_some_and(|old| old.container != entry.container) {
            moved.insert(node.clone());
        }
        for (slot, now) in &entry.slots {
            let old = before.nodes.get(node).and_then(|old| old.slots.get(slot));
            let Some(old) = old.filter(|old| *old != now) else { continue };
            let stayed: HashSet<Node> = unmoved(old, now).into_iter().collect();
            let listed: HashSet<&Node> = old.iter().collect();
            moved.extend(now.iter().filter(|n| listed.contains(n) && !stayed.contains(n)).cloned());
        }
    }
    moved
}
