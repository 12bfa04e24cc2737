//! Changing a page's body: each change applied on the exact state it fits, hashes kept from the block up.

use std::sync::Arc;

use super::super::super::change::{Change, Node, Place, Step};
use super::super::super::id::BlockId;
use super::super::super::json::{Value, canonical};
use super::super::super::props::{Misfit, apply_item, apply_set};
use super::super::block::Block;
use super::super::hash::Hash;
use super::super::types::Types;
use super::{Effects, FRAME_BYTES, Page, canonical_target};

impl Page {
    /// Applies changes that are all about this page or its blocks.
    ///
    /// # Errors
    /// One does not fit.
    pub fn apply(&mut self, changes: &[Change], types: &Types, effects: &mut Effects) -> Result<(), Misfit> {
        let mut rest = changes;
        while let Some(change) = rest.first() {
            let run = match within(change) {
                Some(block) => rest.iter().take_while(|c| within(c) == Some(block)).count(),
                None => 1,
            };
            let (now, later) = rest.split_at(run);
            match within(change) {
                Some(block) => self.edit_props(&block.clone(), now, types)?,
                None => self.apply_one(change, types, effects)?,
            }
            rest = later;
        }
        Ok(())
    }

    fn apply_one(&mut self, change: &Change, types: &Types, effects: &mut Effects) -> Result<(), Misfit> {
        match change {
            Change::Set { path, from, to, .. } => self.set_field(path, from.as_ref(), to.as_ref()),
            Change::Insert { at, value, .. } => self.insert(value, at, types, effects),
            Change::Remove { node, at, value } => {
                let id = self.at_place(node, at)?;
                if self.subtree(&id).as_ref() != Some(value) {
                    return Err(Misfit(format!("remove of {node}: it has other content")));
                }
                self.unlink(&id)?;
                self.uproot(&id, effects);
                Ok(())
            }
            Change::Move { node, from, to, .. } => {
                let id = self.at_place(node, from)?;
                if let Node::Block(parent) = &to.parent
                    && self.below(&id).contains(parent)
                {
                    return Err(Misfit(format!("move of {node} into itself")));
                }
                self.unlink(&id)?;
                self.link(&id, to)
            }
        }
    }

    fn set_field(&mut self, path: &[Step], from: Option<&Value>, to: Option<&Value>) -> Result<(), Misfit> {
        let mut fields =
            serde_json::json!({ "slug": &*self.slug, "title": &*self.title, "meta": &*self.meta });
        apply_set(&mut fields, path, from, to)?;
        self.bytes -= self.own_bytes();
        let text =
            |name: &str| fields[name].as_str().map(Step::from).ok_or_else(|| Misfit(format!("no {name}")));
        (self.slug, self.title) = (text("slug")?, text("title")?);
        let meta = Arc::new(fields["meta"].take());
        let (before, after) = (canonical_target(&self.meta), canonical_target(&meta));
        if before != after {
            self.links.replace(before.as_slice(), after.as_slice());
        }
        self.meta = meta;
        self.bytes += self.own_bytes();
        Ok(())
    }

    /// Applies all of a run of changes within one block's props: parsed once, written once.
    fn edit_props(&mut self, id: &BlockId, changes: &[Change], types: &Types) -> Result<(), Misfit> {
        let block = self.blocks.get(id).ok_or_else(|| Misfit(format!("no block {id}")))?;
        let mut fields = serde_json::json!({ "props": block.value() });
        for change in changes {
            match change {
                Change::Set { path, from, to, .. } => {
                    apply_set(&mut fields, path, from.as_ref(), to.as_ref())?
                }
                _ => apply_item(&mut fields["props"], change)?,
            }
        }
        self.replace_props(id, &fields["props"], types)
    }

    fn replace_props(&mut self, id: &BlockId, props: &Value, types: &Types) -> Result<(), Misfit> {
        let block = self.blocks.get_mut(id).ok_or_else(|| Misfit(format!("no block {id}")))?;
        let block = Arc::make_mut(block);
        let before = std::mem::take(&mut block.links);
        self.bytes -= block.props.len();
        block.set_props(props, canonical(props), types);
        self.bytes += block.props.len();
        if before != block.links {
            self.links.replace(&before, &block.links);
        }
        self.rehash_up(Some(id.clone()));
        Ok(())
    }

    /// Reads the links of all blocks of a type anew, as the type now says where they are.
    pub(in super::super) fn relink(&mut self, block_type: &str, types: &Types) {
        let blocks: Vec<Arc<Block>> = self.blocks().filter(|b| &*b.kind == block_type).cloned().collect();
        for mut shared in blocks {
            let block = Arc::make_mut(&mut shared);
            let before = block.links.clone();
            block.read_links(&block.value(), types);
            self.links.replace(&before, &block.links);
            self.blocks.insert(block.id.clone(), shared);
        }
    }

    /// The block a change is about, if it lies exactly where the change says.
    fn at_place(&self, node: &Node, at: &Place) -> Result<BlockId, Misfit> {
        let Node::Block(id) = node else { return Err(Misfit(format!("{node} is no block"))) };
        match self.place(id) {
            Some(place) if place == *at => Ok(id.clone()),
            _ => Err(Misfit(format!("{node} does not lie behind {:?}", at.after))),
        }
    }

    /// Puts a block in from outside the page.
    pub(in super::super) fn insert(
        &mut self,
        value: &Value,
        at: &Place,
        types: &Types,
        effects: &mut Effects,
    ) -> Result<(), Misfit> {
        let id = self.plant(value, None, types, effects)?;
        self.link(&id, at)
    }

    /// Takes a block out of the page, with all below it.
    pub(in super::super) fn take(&mut self, id: &BlockId, effects: &mut Effects) -> Result<(), Misfit> {
        self.unlink(id)?;
        self.uproot(id, effects);
        Ok(())
    }

    /// Adds a subtree's blocks, children first, not yet listed anywhere.
    pub(super) fn plant(
        &mut self,
        value: &Value,
        parent: Option<(BlockId, Step)>,
        types: &Types,
        effects: &mut Effects,
    ) -> Result<BlockId, Misfit> {
        let text = |name: &str| {
            value.get(name).and_then(Value::as_str).ok_or_else(|| Misfit(format!("a block without {name}")))
        };
        let id = BlockId::from(text("id")?);
        if self.blocks.contains_key(&id) {
            return Err(Misfit(format!("{id} is there already")));
        }
        let mut block = Block {
            id: id.clone(),
            kind: text("type")?.into(),
            props: "{}".into(),
            slots: Default::default(),
            parent,
            hash: Hash([0; 32]),
            links: Box::default(),
        };
        for (slot, children) in value.get("slots").and_then(Value::as_object).into_iter().flatten() {
            let slot = Step::from(slot.as_str());
            for child in children.as_array().into_iter().flatten() {
                let child = self.plant(child, Some((id.clone(), slot.clone())), types, effects)?;
                block.slots.entry(slot.clone()).or_default().push(child);
            }
        }
        let props = value.get("props").ok_or_else(|| Misfit(format!("{id} has no props")))?;
        block.set_props(props, canonical(props), types);
        block.rehash(|child| self.hash_of(child));
        self.links.add(&block.links);
        self.types.add(std::slice::from_ref(&block.kind));
        self.bytes += FRAME_BYTES + block.props.len();
        effects.planted.push(id.clone());
        self.blocks.insert(id.clone(), Arc::new(block));
        Ok(id)
    }

    fn uproot(&mut self, top: &BlockId, effects: &mut Effects) {
        for id in self.below(top) {
            if let Some(block) = self.blocks.remove(&id) {
                self.bytes -= FRAME_BYTES + block.props.len();
                self.links.subtract(&block.links);
                self.types.subtract(std::slice::from_ref(&block.kind));
                effects.uprooted.push(id);
            }
        }
    }

    fn unlink(&mut self, id: &BlockId) -> Result<(), Misfit> {
        let missing = || Misfit(format!("no block {id}"));
        let parent = self.blocks.get(id).ok_or_else(missing)?.parent.clone();
        match parent {
            None => {
                let at = self.order.iter().position(|b| b == id).ok_or_else(missing)?;
                self.order.remove(at);
            }
            Some((parent, slot)) => {
                let block = Arc::make_mut(self.blocks.get_mut(&parent).ok_or_else(missing)?);
                let siblings = block.slots.get_mut(&slot).ok_or_else(missing)?;
                siblings.retain(|b| b != id);
                if siblings.is_empty() {
                    block.slots.remove(&slot);
                }
                self.rehash_up(Some(parent));
            }
        }
        Ok(())
    }

    fn link(&mut self, id: &BlockId, at: &Place) -> Result<(), Misfit> {
        let lost = || Misfit(format!("no place behind {:?} for {id}", at.after));
        let left = at.after.as_deref();
        let parent = match &at.parent {
            Node::Page(page) if *page == self.id => {
                let to = behind(self.order.iter(), left).ok_or_else(lost)?;
                self.order.insert(to, id.clone());
                None
            }
            Node::Block(parent) => {
                let block = Arc::make_mut(self.blocks.get_mut(parent).ok_or_else(lost)?);
                let siblings = block.slots.entry(at.slot.clone()).or_default();
                let to = behind(siblings.iter(), left).ok_or_else(lost)?;
                siblings.insert(to, id.clone());
                Some((parent.clone(), at.slot.clone()))
            }
            Node::Site | Node::Page(_) | Node::Item(..) => return Err(lost()),
        };
        let up = parent.as_ref().map(|(parent, _)| parent.clone());
        if let Some(block) = self.blocks.get_mut(id) {
            Arc::make_mut(block).parent = parent;
        }
        self.rehash_up(up);
        Ok(())
    }

    /// Hashes a block and its ancestors anew.
    fn rehash_up(&mut self, mut from: Option<BlockId>) {
        while let Some(id) = from {
            let Some(block) = self.blocks.get(&id) else { return };
            let mut block = Block::clone(block);
            block.rehash(|child| self.hash_of(child));
            from = block.parent.as_ref().map(|(parent, _)| parent.clone());
            self.blocks.insert(id, Arc::new(block));
        }
    }
}

/// The block within whose props a change happens.
fn within(change: &Change) -> Option<&BlockId> {
    match change {
        Change::Set { node: Node::Block(id), .. } => Some(id),
        _ => match change.node() {
            Node::Item(id, _) => Some(id),
            Node::Site | Node::Page(_) | Node::Block(_) => None,
        },
    }
}

/// The index right behind a sibling, or the first.
fn behind<'a>(mut siblings: impl Iterator<Item = &'a BlockId>, left: Option<&str>) -> Option<usize> {
    left.map_or(Some(0), |left| siblings.position(|b| b.as_str() == left).map(|i| i + 1))
}
