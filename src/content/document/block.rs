//! A block: its props as canonical bytes, its children by id.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::change::Step;
use super::super::id::BlockId;
use super::super::json::{Value, write_string};
use super::super::links;
use super::hash::{Hash, NodeHasher};
use super::types::Types;

/// One block of a page.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// The name of its type.
    pub kind: Step,
    /// Canonical JSON. Parsed values cost six times their text, so they are made when touched.
    pub props: Arc<str>,
    /// Children by slot; slots without children are not kept.
    pub slots: BTreeMap<Step, Vec<BlockId>>,
    /// The block and slot it lies in; `None`: the page itself.
    pub parent: Option<(BlockId, Step)>,
    /// Over its own fields and its children's hashes.
    pub hash: Hash,
    /// Slugs its props link to.
    pub(super) links: Box<[Step]>,
    /// Where it stood in its page's order when it was last hashed: the place to look first.
    pub(super) hint: u32,
}

impl Block {
    /// The props, parsed.
    #[must_use]
    pub fn value(&self) -> Value {
        // The bytes were written by us from a value.
        serde_json::from_str(&self.props).unwrap_or_default()
    }

    /// Whether its props link to an address.
    #[must_use]
    pub fn links_to(&self, slug: &str) -> bool {
        self.links.iter().any(|link| &**link == slug)
    }

    /// Takes new props and reads their links off.
    pub(super) fn set_props(&mut self, props: &Value, canonical: String, types: &Types) {
        self.read_links(props, types);
        self.props = canonical.into();
    }

    /// Reads the links off its props, as its type says where they are.
    pub(super) fn read_links(&mut self, props: &Value, types: &Types) {
        self.links = match types.get(&self.kind) {
            Some(kind) => links::outgoing(kind.shape(), props).into_iter().map(Step::from).collect(),
            None => Box::default(),
        };
    }

    /// Hashes anew, with the children's hashes as they stand.
    pub(super) fn rehash(&mut self, hash_of: impl Fn(&BlockId) -> Hash) {
        let pieces =
            ["{\"id\":\"", self.id.as_str(), "\",\"props\":", &self.props, ",\"type\":\"", &self.kind, "\"}"];
        let mut hasher = NodeHasher::own(&pieces);
        for (slot, children) in &self.slots {
            hasher.slot(slot, &children.iter().map(&hash_of).collect::<Vec<_>>());
        }
        self.hash = hasher.finish();
    }

    /// Writes `{"id","type","props"` without the end, so that slots can follow.
    pub(super) fn open_json(&self, out: &mut String) {
        out.push_str("{\"id\":");
        write_string(self.id.as_str(), out);
        out.push_str(",\"type\":");
        write_string(&self.kind, out);
        out.push_str(",\"props\":");
        out.push_str(&self.props);
    }
}
