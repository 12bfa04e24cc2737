//! Makes a draft equal to a forest: inserts and moves from the top down, then removals, then fields.

use std::collections::BTreeSet;

use super::super::change::{BLOCKS, Node, Step};
use super::super::draft::Draft;
use super::super::id::{BlockId, PageId};
use super::super::json::{Map, Value};
use super::super::problem::{Halt, Lowered};
use super::forest::{Forest, Own, moved, place_in};

/// Brings the draft from one forest, as it is, to another. Answers the blocks whose props were written.
///
/// # Errors
/// As the draft's verbs.
pub(super) fn fit(draft: &mut Draft<'_>, from: &Forest, to: &Forest) -> Lowered<BTreeSet<BlockId>> {
    let mut fitting =
        Fitting { draft, from, to, moved: moved(from, to), gone: BTreeSet::new(), written: BTreeSet::new() };
    fitting.retire()?;
    fitting.place()?;
    fitting.remove()?;
    fitting.write()?;
    Ok(fitting.written)
}

struct Fitting<'d, 'm, 'f> {
    draft: &'d mut Draft<'m>,
    from: &'f Forest,
    to: &'f Forest,
    moved: BTreeSet<Node>,
    /// What was taken out before anything else.
    gone: BTreeSet<Node>,
    written: BTreeSet<BlockId>,
}

impl Fitting<'_, '_, '_> {
    /// Takes out blocks whose id stands for a block of another type now: no change turns one into the other.
    fn retire(&mut self) -> Lowered<()> {
        for (node, entry) in &self.from.nodes {
            let Node::Block(block) = node else { continue };
            let retyped = self.to.get(node).is_some_and(|after| kind(&after.own) != kind(&entry.own));
            if retyped && !self.gone.contains(node) {
                self.gone.extend(self.from.below(node));
                let page = self.home(block)?;
                self.draft.remove_block(&page, block)?;
            }
        }
        Ok(())
    }

    /// Parents first, and each list from left to right, so that a left neighbour always lies where it stays.
    fn place(&mut self) -> Lowered<()> {
        let to = self.to;
        let mut open: Vec<&Node> =
            to.nodes.keys().rev().filter(|node| matches!(node, Node::Page(_))).collect();
        self.place_children(&Node::Site)?;
        while let Some(node) = open.pop() {
            self.place_children(node)?;
            let slots = to.get(node).into_iter().flat_map(|entry| entry.slots.values());
            open.extend(slots.flatten().filter(|child| matches!(child, Node::Block(_))));
        }
        Ok(())
    }

    fn place_children(&mut self, parent: &Node) -> Lowered<()> {
        let Some(entry) = self.to.get(parent) else { return Ok(()) };
        for (slot, children) in &entry.slots {
            let container = (parent.clone(), slot.clone());
            let mut after = None;
            for child in children.iter().filter(|child| !matches!(child, Node::Item(..))) {
                let at = place_in(&container, after);
                after = Some(child);
                if !self.is_there(child) {
                    // Blocks come with the new page or block above them.
                    if *parent == Node::Site || self.is_there(parent) {
                        let value = self.subtree(child);
                        self.draft.insert(child.clone(), at, value)?;
                    }
                } else if self.moved.contains(child) {
                    match child {
                        Node::Page(page) => self.draft.move_page(page, at)?,
                        Node::Block(block) => {
                            let (source, target) = (self.home(block)?, self.page_of(parent)?);
                            self.draft.move_block(&source, block, &target, at)?;
                        }
                        Node::Site | Node::Item(..) => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn remove(&mut self) -> Lowered<()> {
        for (node, entry) in &self.from.nodes {
            let topmost = entry.container.as_ref().is_some_and(|(parent, _)| self.to.has(parent));
            if !topmost || self.to.has(node) || self.gone.contains(node) {
                continue;
            }
            match node {
                Node::Page(page) => self.draft.remove_page(page)?,
                Node::Block(block) => {
                    let page = self.home(block)?;
                    self.draft.remove_block(&page, block)?;
                }
                Node::Site | Node::Item(..) => {}
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Lowered<()> {
        for (node, entry) in &self.to.nodes {
            match node {
                Node::Site => self.write_site(&entry.own)?,
                Node::Page(page) if self.is_there(node) => {
                    if let Own::Fields(fields) = &entry.own {
                        for field in ["slug", "title", "meta"] {
                            self.draft.set_page(page, field, fields.get(field))?;
                        }
                    }
                }
                Node::Block(block) if self.is_there(node) => {
                    let before = self.from.get(node).map(|before| &before.own);
                    if matches!(entry.own, Own::Block(_)) && before == Some(&entry.own) {
                        continue;
                    }
                    let page = self.home(block)?;
                    let changes = self.draft.count();
                    self.draft.write_props(&page, block, &self.to.whole(node)["props"])?;
                    if self.draft.count() > changes {
                        self.written.insert(block.clone());
                    }
                }
                Node::Page(_) | Node::Block(_) | Node::Item(..) => {}
            }
        }
        Ok(())
    }

    fn write_site(&mut self, own: &Own) -> Lowered<()> {
        let Own::Fields(Value::Object(to)) = own else { return Ok(()) };
        let before = match self.from.get(&Node::Site).map(|site| &site.own) {
            Some(Own::Fields(Value::Object(fields))) => fields.clone(),
            _ => Map::new(),
        };
        for (table, value) in to {
            let (Value::Object(after), true) = (value, table != "config") else {
                self.draft.set_site(&[table], Some(value))?;
                continue;
            };
            let names = before.get(table).and_then(Value::as_object).into_iter().flat_map(Map::keys);
            for name in names.chain(after.keys()).collect::<BTreeSet<_>>() {
                self.draft.set_site(&[table, name], after.get(name))?;
            }
        }
        Ok(())
    }

    fn is_there(&self, node: &Node) -> bool {
        self.from.has(node) && !self.gone.contains(node)
    }

    fn home(&self, block: &BlockId) -> Lowered<PageId> {
        let home = self.draft.root().home(block).cloned();
        home.ok_or_else(|| Halt::Broken(format!("no block {block}")))
    }

    fn page_of(&self, parent: &Node) -> Lowered<PageId> {
        match parent {
            Node::Page(page) => Ok(page.clone()),
            Node::Block(block) => self.home(block),
            Node::Site | Node::Item(..) => Err(Halt::Broken(format!("blocks in {parent}"))),
        }
    }

    /// A new node as the log holds it, with the new nodes below it.
    fn subtree(&mut self, node: &Node) -> Value {
        let mut value = self.to.whole(node);
        let Some(entry) = self.to.get(node) else { return value };
        value["id"] = node.name().to_string().into();
        if let Node::Block(block) = node {
            self.written.insert(block.clone());
        }
        let mut slots = Map::new();
        for (slot, children) in &entry.slots {
            let new: Vec<&Node> =
                children.iter().filter(|c| matches!(c, Node::Block(_)) && !self.is_there(c)).collect();
            if !new.is_empty() {
                slots.insert(slot.to_string(), new.into_iter().map(|child| self.subtree(child)).collect());
            }
        }
        if matches!(node, Node::Page(_)) {
            value["blocks"] = slots.remove(BLOCKS).unwrap_or_else(|| Value::Array(Vec::new()));
        } else if !slots.is_empty() {
            value["slots"] = Value::Object(slots);
        }
        value
    }
}

/// The type of a block.
fn kind(own: &Own) -> Option<Step> {
    match own {
        Own::Block(block) => Some(block.kind.clone()),
        Own::Fields(fields) => fields.get("type").and_then(Value::as_str).map(Step::from),
        Own::Place => None,
    }
}
