//! The four changes. The log, state, undo, diff, blame and merge speak these and nothing else.
//!
//! A change is applied or inverted only on the exact state it fits: a place names its left neighbour in that
//! state, a `set` the value it replaces. So applying is unambiguous and the inverse is exact.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::{BlockId, PageId};
use super::json::{Value, pointer};

/// A name, a key, a slot: one step of a path.
pub type Step = Arc<str>;

/// What a change is about. On the wire `site`, a page's or block's id, or for a list item its block's id
/// followed by the way to it, through props and keys: `blk_…/items/k1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Config, redirects, block types, assets; the parent of all pages.
    Site,
    /// A page.
    Page(PageId),
    /// A block.
    Block(BlockId),
    /// An item of a keyed list of a block: names and keys from the block's props to the item's own key.
    Item(BlockId, Vec<Step>),
}

/// Where a node lies among its siblings: right behind `after`, or first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The site, a page or a block.
    pub parent: Node,
    /// `pages`, `blocks`, a block's slot, or the JSON Pointer of a list in the block's props.
    pub slot: Step,
    /// The exact left neighbour: an id, of list items a key.
    #[serde(default)]
    pub after: Option<Step>,
}

/// The slot of the site that holds its pages.
pub const PAGES: &str = "pages";
/// The slot of a page that holds its blocks.
pub const BLOCKS: &str = "blocks";

/// One fact of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A field took another value. No `from`: it was absent; no `to`: it is. Absent is not null.
    Set {
        /// The site, a page or a block.
        node: Node,
        /// Names and item keys from the node's own fields down.
        path: Vec<Step>,
        /// What it was.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        from: Option<Value>,
        /// What it is.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        to: Option<Value>,
    },
    /// A node came, with all below it.
    Insert {
        /// A page, block or item.
        node: Node,
        /// Where to.
        at: Place,
        /// The whole subtree.
        value: Value,
    },
    /// A node went, with all below it.
    Remove {
        /// A page, block or item.
        node: Node,
        /// Where from.
        at: Place,
        /// The whole subtree as it was.
        value: Value,
    },
    /// A node lies elsewhere.
    Move {
        /// A page, block or item.
        node: Node,
        /// Where it lay.
        from: Place,
        /// Where it lies.
        to: Place,
        /// The subtree, when a block goes to another page: so that either page can be folded without the other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
    },
}

impl Change {
    /// The node it is about.
    #[must_use]
    pub fn node(&self) -> &Node {
        match self {
            Change::Set { node, .. }
            | Change::Insert { node, .. }
            | Change::Remove { node, .. }
            | Change::Move { node, .. } => node,
        }
    }

    /// The change that takes this one back.
    #[must_use]
    pub fn inverse(&self) -> Change {
        match self.clone() {
            Change::Set { node, path, from, to } => Change::Set { node, path, from: to, to: from },
            Change::Insert { node, at, value } => Change::Remove { node, at, value },
            Change::Remove { node, at, value } => Change::Insert { node, at, value },
            Change::Move { node, from, to, value } => Change::Move { node, from: to, to: from, value },
        }
    }
}

/// The changes that take these back, in their order.
#[must_use]
pub fn invert(changes: &[Change]) -> Vec<Change> {
    changes.iter().rev().map(Change::inverse).collect()
}

impl Node {
    /// The block an item or block change is about.
    #[must_use]
    pub fn block(&self) -> Option<&BlockId> {
        match self {
            Node::Block(id) | Node::Item(id, _) => Some(id),
            Node::Site | Node::Page(_) => None,
        }
    }

    /// The name siblings know it by: an id, of an item its key.
    #[must_use]
    pub fn name(&self) -> Step {
        match self {
            Node::Site => "site".into(),
            Node::Page(id) => id.as_str().into(),
            Node::Block(id) => id.as_str().into(),
            Node::Item(_, path) => path.last().cloned().unwrap_or_else(|| "".into()),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An id that its maker brought may lack the prefix that tells a page from a block.
        match self {
            Node::Site => f.write_str("site"),
            Node::Page(id) if id.as_str().starts_with("pg_") => f.write_str(id.as_str()),
            Node::Page(id) => write!(f, "page:{id}"),
            Node::Block(id) if id.as_str().starts_with("pg_") => write!(f, "block:{id}"),
            Node::Block(id) => f.write_str(id.as_str()),
            Node::Item(id, path) => write!(f, "{}{}", Node::Block(id.clone()), pointer(path)),
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        let (id, way) = text.split_once('/').map_or((text, None), |(id, way)| (id, Some(way)));
        if let Some(way) = way {
            let steps = way.split('/').map(|s| s.replace("~1", "/").replace("~0", "~").into()).collect();
            return Node::Item(id.strip_prefix("block:").unwrap_or(id).into(), steps);
        }
        match id.split_once(':') {
            Some(("page", id)) => Node::Page(id.into()),
            Some(("block", id)) => Node::Block(id.into()),
            _ if id == "site" => Node::Site,
            _ if id.starts_with("pg_") => Node::Page(id.into()),
            _ => Node::Block(id.into()),
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Block(id) if !id.as_str().starts_with("pg_") => serializer.serialize_str(id.as_str()),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

impl JsonSchema for Node {
    fn schema_name() -> Cow<'static, str> {
        "Node".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "`site`, the id of a page or block (with `page:` or `block:` before it where the id alone would not tell which), or of a list item its block's id and the way to it: `blk_…/items/k1`.",
        })
    }
}

/// A field that is there, `null` included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nodes_round_trip_through_their_text() {
        for node in [
            Node::Site,
            Node::Page("pg_1".into()),
            Node::Page("mine".into()),
            Node::Block("blk_1".into()),
            Node::Block("pg_odd".into()),
            Node::Item("blk_1".into(), vec!["a/b".into(), "k1".into()]),
        ] {
            assert_eq!(Node::from(node.to_string().as_str()), node);
        }
    }

    #[test]
    fn null_and_absent_are_two_things_in_a_set() {
        let text = r#"{"type":"set","node":"blk_1","path":["props","a"],"from":null}"#;
        let change: Change = serde_json::from_str(text).unwrap();
        assert_eq!(
            change,
            Change::Set {
                node: Node::Block("blk_1".into()),
                path: vec!["props".into(), "a".into()],
                from: Some(json!(null)),
                to: None
            }
        );
        assert_eq!(serde_json::to_string(&change).unwrap(), text);
        assert_eq!(invert(&invert(std::slice::from_ref(&change))), [change]);
    }
}
