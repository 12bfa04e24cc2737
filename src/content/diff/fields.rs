//! Fields that are different, by their paths.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::change::{Change, Node, Step};
use super::super::document::Root;
use super::super::id::BlockId;
use super::super::json::{Value, key_of, lookup, parse_pointer, pointer};
use super::super::props;
use super::super::schema::Shape;
use super::FieldDiff;

/// How a field's values are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Prose, markup, code.
    Text,
    /// The address of a picture.
    Image,
    /// An address to follow.
    Link,
    /// Anything else.
    Other,
}

impl FieldKind {
    fn of(shape: Option<&Shape>) -> Self {
        match shape {
            Some(Shape::Link) => FieldKind::Link,
            Some(Shape::Image) => FieldKind::Image,
            Some(Shape::Markdown | Shape::Text | Shape::Html | Shape::Code) => FieldKind::Text,
            Some(Shape::Other | Shape::List(_) | Shape::Object(_)) | None => FieldKind::Other,
        }
    }

    /// Of a field that no schema speaks of: by its name, else by its value.
    fn by_name(path: &[Step], value: Option<&Value>) -> Self {
        match path.last().map(|name| &**name) {
            Some("canonical" | "previewUrl") => FieldKind::Link,
            Some("ogImage" | "logo") => FieldKind::Image,
            _ if value.is_some_and(Value::is_string) => FieldKind::Text,
            _ => FieldKind::Other,
        }
    }
}

/// What differs between the props of a block.
pub(super) fn of_props(id: &BlockId, kind: &str, to: &Root, before: &Value, after: &Value) -> Vec<FieldDiff> {
    let mut changes = Vec::new();
    let node = Node::Block(id.clone());
    props::diff(&node, &mut vec!["props".into()], Some(before), Some(after), &mut changes);
    let mut reordered: BTreeSet<Step> = BTreeSet::new();
    let mut fields = Vec::new();
    for change in changes {
        let field = |path: &[Step], before: Option<Value>, after: Option<Value>| FieldDiff {
            path: pointer(path),
            before,
            after,
            kind: kind_at(to, kind, path),
        };
        match change {
            Change::Set { path, from, to, .. } => fields.push(field(&path[1..], from, to)),
            Change::Insert { node: Node::Item(_, path), value, .. } => {
                fields.push(field(&path, None, Some(value)));
            }
            Change::Remove { node: Node::Item(_, path), value, .. } => {
                fields.push(field(&path, Some(value), None));
            }
            Change::Move { to, .. } => _ = reordered.insert(to.slot),
            Change::Insert { .. } | Change::Remove { .. } => {}
        }
    }
    let keys = |props: &Value, list: &Step| -> Option<Value> {
        let items = lookup(props, &parse_pointer(list)?)?.as_array()?;
        Some(items.iter().map(key_of).collect())
    };
    fields.extend(reordered.into_iter().map(|list| FieldDiff {
        before: keys(before, &list),
        after: keys(after, &list),
        kind: FieldKind::Other,
        path: list.to_string(),
    }));
    fields
}

/// All props of a block that is in one state only.
pub(super) fn all_props(kind: &str, root: &Root, props: &Value) -> Vec<(String, Value, FieldKind)> {
    let fields = props.as_object().into_iter().flatten();
    fields
        .map(|(name, value)| {
            let path = [Step::from(name.as_str())];
            (pointer(&path), value.clone(), kind_at(root, kind, &path))
        })
        .collect()
}

/// What differs between two objects that no block type speaks of.
pub(super) fn of_object(node: &Node, name: &str, before: &Value, after: &Value) -> Vec<FieldDiff> {
    let mut changes = Vec::new();
    props::diff(node, &mut vec![name.into()], Some(before), Some(after), &mut changes);
    let field = |change| match change {
        Change::Set { path, from, to, .. } => {
            let kind = FieldKind::by_name(&path, to.as_ref().or(from.as_ref()));
            Some(FieldDiff { path: pointer(&path), before: from, after: to, kind })
        }
        Change::Insert { .. } | Change::Remove { .. } | Change::Move { .. } => None,
    };
    changes.into_iter().filter_map(field).collect()
}

fn kind_at(root: &Root, kind: &str, path: &[Step]) -> FieldKind {
    let steps: Vec<&str> = path.iter().map(|step| &**step).collect();
    FieldKind::of(root.types.get(kind).and_then(|block_type| block_type.shape_at(&steps)))
}
