//! A page's body: its blocks by id and in order. Copying one is copying a few pointers.

mod tree;

use std::sync::Arc;

use imbl::OrdMap;

use super::super::change::{BLOCKS, Change, Node, Place, Step};
use super::super::id::{BlockId, PageId};
use super::super::json::{Value, canonical, write_canonical, write_string};
use super::super::links;
use super::super::props::{Misfit, apply_item, apply_set};
use super::block::Block;
use super::hash::{Hash, NodeHasher};
use super::order::Order;
use super::reverse::Counts;
use super::types::Types;

/// A page with all its blocks.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its id.
    pub id: PageId,
    /// Its address, normalised.
    pub slug: Step,
    /// Its title.
    pub title: Step,
    /// A JSON object.
    pub meta: Arc<Value>,
    pub(super) order: Order,
    pub(super) blocks: OrdMap<BlockId, Arc<Block>>,
    pub(super) links: Counts,
    pub(super) types: Counts,
    bytes: usize,
}

/// What stands around a block's props or a page's fields in JSON, about.
const FRAME_BYTES: usize = 80;

/// Which blocks came and went while changes were applied.
#[derive(Debug, Default)]
pub struct Effects {
    /// Came.
    pub planted: Vec<BlockId>,
    /// Went.
    pub uprooted: Vec<BlockId>,
}

impl Page {
    /// A page of the log: `{id, slug, title, meta?, blocks?}`.
    ///
    /// # Errors
    /// A field is missing or of another type.
    pub fn from_value(value: &Value, types: &Types, effects: &mut Effects) -> Result<Page, Misfit> {
        let text = |name: &str| {
            value.get(name).and_then(Value::as_str).ok_or_else(|| Misfit(format!("a page without {name}")))
        };
        let mut page = Page {
            id: text("id")?.into(),
            slug: text("slug")?.into(),
            title: text("title")?.into(),
            meta: Arc::new(value.get("meta").cloned().unwrap_or_else(|| Value::Object(Default::default()))),
            order: Order::default(),
            blocks: OrdMap::new(),
            links: Counts::default(),
            types: Counts::default(),
            bytes: 0,
        };
        page.bytes = page.own_bytes();
        page.links.add(canonical_target(&page.meta).as_slice());
        for block in value.get("blocks").and_then(Value::as_array).into_iter().flatten() {
            let id = page.plant(block, None, types, effects)?;
            let hash = page.hash_of(&id);
            page.order.push(id, hash);
        }
        Ok(page)
    }

    /// A block by id, at any depth.
    #[must_use]
    pub fn block(&self, id: &BlockId) -> Option<&Arc<Block>> {
        self.blocks.get(id)
    }

    /// All blocks, by id.
    pub fn blocks(&self) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.values()
    }

    /// Whether it links to an address: in the props of a block, or as its canonical one.
    #[must_use]
    pub fn links_to(&self, slug: &str) -> bool {
        self.links.has(slug)
    }

    /// Whether it has a block of a type.
    #[must_use]
    pub fn uses(&self, block_type: &str) -> bool {
        self.types.has(block_type)
    }

    /// How many blocks it has, at all depths.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// How many bytes it is served as, to a few.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it has no block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The children of the page itself (`None`) or of a block's slot, in order.
    #[must_use]
    pub fn children(&self, parent: Option<(&BlockId, &str)>) -> Vec<BlockId> {
        match parent {
            None => self.order.iter().cloned().collect(),
            Some((id, slot)) => {
                self.blocks.get(id).and_then(|block| block.slots.get(slot)).cloned().unwrap_or_default()
            }
        }
    }

    /// Where a block lies.
    #[must_use]
    pub fn place(&self, id: &BlockId) -> Option<Place> {
        let block = self.blocks.get(id)?;
        let (parent, slot, left) = match &block.parent {
            None => {
                let at = self.order.position(id)?;
                (
                    Node::Page(self.id.clone()),
                    Step::from(BLOCKS),
                    at.checked_sub(1).and_then(|i| self.order.get(i)),
                )
            }
            Some((parent, slot)) => {
                let siblings = self.blocks.get(parent)?.slots.get(slot)?;
                let at = siblings.iter().position(|b| b == id)?;
                (Node::Block(parent.clone()), slot.clone(), at.checked_sub(1).and_then(|i| siblings.get(i)))
            }
        };
        Some(Place { parent, slot, after: left.map(|id| id.as_str().into()) })
    }

    /// A block and all below it, parents first.
    #[must_use]
    pub fn below(&self, top: &BlockId) -> Vec<BlockId> {
        let mut found = vec![top.clone()];
        let mut next = 0;
        while let Some(block) = found.get(next).and_then(|id| self.blocks.get(id)) {
            found.extend(block.slots.values().flatten().cloned());
            next += 1;
        }
        found
    }

    /// A block with all below it, as `{id, type, props, slots?}`.
    #[must_use]
    pub fn subtree(&self, id: &BlockId) -> Option<Value> {
        let mut text = String::new();
        self.write_block(id, &mut text);
        serde_json::from_str(&text).ok()
    }

    /// The whole page, as `{id, slug, title, meta, blocks}`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.to_json("")).unwrap_or_default()
    }

    /// The whole page as JSON text; `more` is what follows its own fields, beginning with a comma.
    #[must_use]
    pub fn to_json(&self, more: &str) -> String {
        let props: usize = self.blocks.values().map(|block| block.props.len() + 80).sum();
        let mut out = String::with_capacity(props + 200 + more.len());
        out.push_str("{\"id\":");
        write_string(self.id.as_str(), &mut out);
        out.push_str(",\"slug\":");
        write_string(&self.slug, &mut out);
        out.push_str(",\"title\":");
        write_string(&self.title, &mut out);
        out.push_str(",\"meta\":");
        write_canonical(&self.meta, &mut out);
        out.push_str(",\"blocks\":");
        self.write_list(self.order.iter(), &mut out);
        out.push_str(more);
        out.push('}');
        out
    }

    fn write_list<'a>(&'a self, ids: impl Iterator<Item = &'a BlockId>, out: &mut String) {
        out.push('[');
        for (i, id) in ids.enumerate() {
            if i > 0 {
                out.push(',');
            }
            self.write_block(id, out);
        }
        out.push(']');
    }

    fn write_block(&self, id: &BlockId, out: &mut String) {
        let Some(block) = self.blocks.get(id) else { return };
        block.open_json(out);
        for (i, (slot, children)) in block.slots.iter().enumerate() {
            out.push_str(if i == 0 { ",\"slots\":{" } else { "," });
            write_string(slot, out);
            out.push(':');
            self.write_list(children.iter(), out);
        }
        out.push_str(if block.slots.is_empty() { "}" } else { "}}" });
    }

    /// The page's content hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut own = String::from("{\"id\":");
        write_string(self.id.as_str(), &mut own);
        own.push_str(",\"meta\":");
        write_canonical(&self.meta, &mut own);
        own.push_str(",\"slug\":");
        write_string(&self.slug, &mut own);
        own.push_str(",\"title\":");
        write_string(&self.title, &mut own);
        own.push('}');
        let mut hasher = NodeHasher::own(&[&own]);
        hasher.runs(BLOCKS, self.order.len(), self.order.runs());
        hasher.finish()
    }

    fn own_bytes(&self) -> usize {
        FRAME_BYTES + self.slug.len() + self.title.len() + canonical(&self.meta).len()
    }

    fn hash_of(&self, id: &BlockId) -> Hash {
        self.blocks.get(id).map_or(Hash([0; 32]), |block| block.hash)
    }

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
    pub(super) fn relink(&mut self, block_type: &str, types: &Types) {
        let blocks: Vec<Arc<Block>> = self.blocks().filter(|b| &*b.kind == block_type).cloned().collect();
        for mut shared in blocks {
            let block = Arc::make_mut(&mut shared);
            let before = block.links.clone();
            block.read_links(&block.value(), types);
            self.links.replace(&before, &block.links);
            self.blocks.insert(block.id.clone(), shared);
        }
    }
}

/// The slug of the page that a page names as its canonical one.
fn canonical_target(meta: &Value) -> Option<Step> {
    let target = links::target(meta.get("canonical")?.as_str()?)?;
    Some(target.slug.into())
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
