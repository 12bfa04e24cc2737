//! Conflicts: what two sides made of one thing, as data.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::json;

use super::super::change::{Node, Step};
use super::super::id::{BlockId, PageId};
use super::super::json::{Value, canonical, pointer};
use super::three::Three;

/// What stands against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Both gave one field another value.
    Value,
    /// Both added one id, with different content or in different places.
    BothAdded,
    /// One removed what the other changed, or what lies around it.
    RemovedVsChanged,
    /// One removed what the other put something into.
    RemovedVsMovedInto,
    /// Both moved one node, to different places.
    Moved,
    /// Several moves put a block inside itself.
    Cycle,
    /// Two pages have one address.
    SlugTaken,
    /// A block no longer satisfies the schema of its type.
    Schema,
    /// Redirects lead in a circle.
    RedirectCycle,
}

/// Which side's version is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// What is there already.
    Ours,
    /// What is brought.
    Theirs,
}

/// One thing that both sides changed. An absent value is a field or node that is not there.
///
/// ```text
/// { id, page, block?, path?, kind, base?, ours?, theirs?, choices, nodes, message? }
/// ```
/// `path` is a JSON Pointer, into the props where it is about a block, else into the page's or the site's fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// A digest of all that follows but `message`: the same while both values are.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The page; none where it is about the site.
    pub page: Option<PageId>,
    /// The block.
    pub block: Option<BlockId>,
    /// The field, as in `Change::Set`: from the node's own fields down, of list items from their block's.
    pub path: Option<Vec<Step>>,
    /// The value before both: a field's value, a node in short, or a place.
    pub base: Option<Value>,
    /// Ours.
    pub ours: Option<Value>,
    /// Theirs.
    pub theirs: Option<Value>,
    /// Every node concerned; first the one it is about.
    pub nodes: Vec<Node>,
    /// What the schema says.
    pub message: Option<String>,
}

impl Conflict {
    pub(super) fn new(
        kind: Kind,
        nodes: Vec<Node>,
        path: Option<Vec<Step>>,
        page: Option<PageId>,
        values: Three<Option<Value>>,
    ) -> Self {
        let Three { base, ours, theirs } = values;
        let block = nodes.first().and_then(Node::block).cloned();
        // An absent value is an empty list, so that it is not null.
        let present = |value: &Option<Value>| Value::from_iter(value.clone());
        let about = json!([kind, nodes.first(), path, present(&base), present(&ours), present(&theirs)]);
        let digest = blake3::hash(canonical(&about).as_bytes());
        let id = data_encoding::HEXLOWER.encode(&digest.as_bytes()[..16]);
        Conflict { id, kind, page, block, path, base, ours, theirs, nodes, message: None }
    }

    /// Which sides may be taken; none where the rule is one of the whole and a side would break it.
    #[must_use]
    pub fn choices(&self) -> &'static [Take] {
        match self.kind {
            Kind::Value
            | Kind::BothAdded
            | Kind::RemovedVsChanged
            | Kind::RemovedVsMovedInto
            | Kind::Moved
            | Kind::Cycle => &[Take::Ours, Take::Theirs],
            Kind::SlugTaken | Kind::Schema | Kind::RedirectCycle => &[],
        }
    }

    /// What it is about, for a sentence: `heading of blk_…`, `the place of pg_…`.
    #[must_use]
    pub fn place(&self) -> impl fmt::Display + '_ {
        Subject(self)
    }

    /// The path from the props of a block, else from the fields of the page or the site.
    fn pointer(&self) -> Option<String> {
        let path = self.path.as_deref()?;
        let inner = match (&self.block, path.split_first()) {
            (Some(_), Some((_props, inner))) => inner,
            _ => path,
        };
        Some(pointer(inner))
    }
}

/// Writes what a conflict is about.
struct Subject<'a>(&'a Conflict);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holder = |f: &mut fmt::Formatter<'_>| match (&self.0.block, &self.0.page) {
            (Some(block), _) => write!(f, "{block}"),
            (None, Some(page)) => write!(f, "{page}"),
            (None, None) => f.write_str("the site"),
        };
        if let Some(path) = self.0.pointer() {
            write!(f, "{} of ", path.strip_prefix('/').unwrap_or("the props"))?;
            return holder(f);
        }
        if matches!(self.0.kind, Kind::Moved) {
            f.write_str("the place of ")?;
        }
        match self.0.nodes.first() {
            Some(node @ Node::Item(..)) => write!(f, "{node}"),
            _ => holder(f),
        }
    }
}

impl Serialize for Conflict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Conflict", 11)?;
        out.serialize_field("id", &self.id)?;
        out.serialize_field("page", &self.page)?;
        if let Some(block) = &self.block {
            out.serialize_field("block", block)?;
        }
        if let Some(path) = self.pointer() {
            out.serialize_field("path", &path)?;
        }
        out.serialize_field("kind", &self.kind)?;
        for (name, value) in [("base", &self.base), ("ours", &self.ours), ("theirs", &self.theirs)] {
            if let Some(value) = value {
                out.serialize_field(name, value)?;
            }
        }
        out.serialize_field("choices", self.choices())?;
        out.serialize_field("nodes", &self.nodes)?;
        if let Some(message) = &self.message {
            out.serialize_field("message", message)?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(node: Node, path: &[&str], ours: Option<Value>) -> Conflict {
        let path = Some(path.iter().map(|step| Step::from(*step)).collect());
        let values = Three { base: Some(json!("a")), ours, theirs: Some(json!("c")) };
        Conflict::new(Kind::Value, vec![node], path, Some("pg_1".into()), values)
    }

    #[test]
    fn it_stands_on_the_wire_as_the_contract_has_it() {
        let found = conflict(Node::Block("blk_1".into()), &["props", "items", "k1", "q"], None);
        let wire = serde_json::to_value(&found).unwrap();
        let expected = json!({
            "id": found.id, "page": "pg_1", "block": "blk_1", "path": "/items/k1/q", "kind": "value",
            "base": "a", "theirs": "c", "choices": ["ours", "theirs"], "nodes": ["blk_1"],
        });
        assert_eq!(wire, expected);
        assert_eq!(found.place().to_string(), "items/k1/q of blk_1");
    }

    #[test]
    fn its_id_stays_while_the_values_stay_and_absent_is_not_null() {
        let id = |ours| conflict(Node::Page("pg_1".into()), &["title"], ours).id;
        assert_eq!(id(Some(json!(1))), id(Some(json!(1))));
        assert_ne!(id(Some(json!(1))), id(Some(json!(2))));
        assert_ne!(id(None), id(Some(Value::Null)));
    }
}
