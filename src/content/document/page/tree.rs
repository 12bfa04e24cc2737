//! Blocks that come to a page, go from it and lie elsewhere in it.

use std::sync::Arc;

use super::super::super::change::{Node, Place, Step};
use super::super::super::id::BlockId;
use super::super::super::json::{Value, canonical};
use super::super::super::props::Misfit;
use super::super::block::Block;
use super::super::hash::Hash;
use super::super::types::Types;
use super::{Effects, FRAME_BYTES, Page};

impl Page {
    /// All blocks, each before those in its slots, siblings in order.
    #[must_use]
    pub fn preorder(&self) -> Vec<BlockId> {
        let mut open = self.children(None);
        open.reverse();
        let mut found = Vec::with_capacity(self.len());
        while let Some(id) = open.pop() {
            if let Some(block) = self.block(&id) {
                open.extend(block.slots.values().flatten().rev().cloned());
            }
            found.push(id);
        }
        found
    }

    /// The block a change is about, if it lies exactly where the change says.
    pub(super) fn at_place(&self, node: &Node, at: &Place) -> Result<BlockId, Misfit> {
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
            hint: 0,
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

    pub(super) fn uproot(&mut self, top: &BlockId, effects: &mut Effects) {
        for id in self.below(top) {
            if let Some(block) = self.blocks.remove(&id) {
                self.bytes -= FRAME_BYTES + block.props.len();
                self.links.subtract(&block.links);
                self.types.subtract(std::slice::from_ref(&block.kind));
                effects.uprooted.push(id);
            }
        }
    }

    pub(super) fn unlink(&mut self, id: &BlockId) -> Result<(), Misfit> {
        let missing = || Misfit(format!("no block {id}"));
        let parent = self.blocks.get(id).ok_or_else(missing)?.parent.clone();
        match parent {
            None => {
                let at = self.order.position(id).ok_or_else(missing)?;
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

    pub(super) fn link(&mut self, id: &BlockId, at: &Place) -> Result<(), Misfit> {
        let lost = || Misfit(format!("no place behind {:?} for {id}", at.after));
        let left = at.after.as_deref();
        let parent = match &at.parent {
            Node::Page(page) if *page == self.id => {
                let to = behind(self.order.iter(), left).ok_or_else(lost)?;
                let hash = self.hash_of(id);
                self.order.insert(to, id.clone(), hash);
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
    pub(super) fn rehash_up(&mut self, mut from: Option<BlockId>) {
        while let Some(id) = from {
            let Some(block) = self.blocks.get(&id) else { return };
            let mut block = Block::clone(block);
            block.rehash(|child| self.hash_of(child));
            from = block.parent.as_ref().map(|(parent, _)| parent.clone());
            // The block's own id shares its text with the one in the order, which the caller's need not.
            if from.is_none()
                && let Some(at) = self.order.position_near(&block.id, block.hint as usize)
            {
                self.order.set(at, block.hash);
                block.hint = u32::try_from(at).unwrap_or_default();
            }
            self.blocks.insert(id, Arc::new(block));
        }
    }
}

/// The index right behind a sibling, or the first.
fn behind<'a>(mut siblings: impl Iterator<Item = &'a BlockId>, left: Option<&str>) -> Option<usize> {
    left.map_or(Some(0), |left| siblings.position(|b| b.as_str() == left).map(|i| i + 1))
}
