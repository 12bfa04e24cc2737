//! Content hashes, built as a tree so that an edit hashes what it changed and the way up.
//!
//! `hash(node) = BLAKE3(own ‖ slots)`: `own` is the canonical JSON (RFC 8785) of the node's own fields; then for each
//! slot that is not empty, in the order of names: a line feed, the name, a line feed, the number of children as four
//! bytes, little end first, and the digests of its runs. A run is 64 children in order (the last one may be shorter), its
//! digest BLAKE3 over their hashes: so an edit on a page of a thousand blocks hashes some eighty of them and not all.
//! A line feed stands nowhere in canonical JSON or in a name, so two different nodes never give the same bytes.

use std::fmt;

use super::super::json::{Value, canonical};
use super::Root;
use serde_json::json;

/// The hash of a block, a page or a site: 32 bytes, in JSON 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Hash {
    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Hash> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Hash)
    }
}

/// How many children make a run.
pub(super) const RUN: usize = 64;

/// The digest of a run of children.
pub(super) fn run_digest(children: &[Hash]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for child in children {
        hasher.update(&child.0);
    }
    Hash(*hasher.finalize().as_bytes())
}

/// Collects a node's bytes.
pub(super) struct NodeHasher(blake3::Hasher);

impl NodeHasher {
    /// Begins with pieces that together are the canonical JSON of the node's own fields.
    pub(super) fn own(pieces: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for piece in pieces {
            hasher.update(piece.as_bytes());
        }
        Self(hasher)
    }

    /// Adds a slot; an empty one leaves no trace.
    pub(super) fn slot(&mut self, name: &str, children: &[Hash]) {
        self.runs(name, children.len(), children.chunks(RUN).map(run_digest));
    }

    /// As `slot`, with the digests of runs that are known.
    pub(super) fn runs(&mut self, name: &str, children: usize, digests: impl Iterator<Item = Hash>) {
        let Ok(count @ 1..) = u32::try_from(children) else { return };
        let mut bytes = Vec::with_capacity(name.len() + 6 + children.div_ceil(RUN) * 32);
        bytes.push(b'\n');
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(&count.to_le_bytes());
        digests.for_each(|digest| bytes.extend_from_slice(&digest.0));
        self.0.update(&bytes);
    }

    pub(super) fn finish(&self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}

/// The hash of a whole branch: computed when asked for, over all page hashes.
#[must_use]
pub fn site_hash(root: &Root) -> Hash {
    let own = canonical(&json!({
        "assets": map(root.assets.iter().map(|(name, value)| (&**name, (**value).clone()))),
        "blockTypes": map(root.types.custom().map(|(name, kept)| (&**name, kept.value.clone()))),
        "config": &*root.config,
        "redirects": map(root.redirects.iter().map(|(name, value)| (&**name, (**value).clone()))),
    }));
    let mut hasher = NodeHasher::own(&[&own]);
    let hashes: Vec<Hash> = root.order.iter().filter_map(|id| root.stub(id)).map(|stub| stub.hash).collect();
    hasher.slot("pages", &hashes);
    hasher.finish()
}

fn map<'a>(fields: impl Iterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect())
}
