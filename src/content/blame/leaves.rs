//! The leaves of a value: what has an author of its own.

use std::collections::BTreeMap;

use super::super::json::{Value, escape, key_of};
use super::super::props::is_keyed;

/// What a list is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// Of keyed items, each a node of its own; any other is a leaf.
    ByKey,
    /// A leaf.
    Whole,
}

/// The values at the ends of a value's branches, by their JSON Pointers, items by their keys. An object without fields is
/// one, and so is an item that has nothing but its key: the key itself is the system's, and nobody's field.
pub(super) fn leaves(value: &Value, lists: Lists) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    if let Value::Object(fields) = value {
        for (name, value) in fields {
            gather(value, format!("/{}", escape(name)), lists, &mut found);
        }
    }
    found
}

fn gather<'v>(value: &'v Value, path: String, lists: Lists, found: &mut BTreeMap<String, &'v Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                gather(value, format!("{path}/{}", escape(name)), lists, found);
            }
        }
        Value::Array(items) if lists == Lists::ByKey && is_keyed(items) => {
            for item in items {
                let path = format!("{path}/{}", escape(key_of(item).unwrap_or_default()));
                let own = item.as_object().into_iter().flatten().filter(|(name, _)| *name != "key");
                let before = found.len();
                for (name, value) in own {
                    gather(value, format!("{path}/{}", escape(name)), lists, found);
                }
                if found.len() == before {
                    found.insert(path, item);
                }
            }
        }
        leaf => _ = found.insert(path, leaf),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_end_of_a_branch_is_a_leaf_and_items_go_by_their_keys() {
        let value = json!({
            "heading": "Hi", "a/b": {"c": null, "d": {}}, "tags": ["x", "y"], "none": [],
            "items": [{"key": "k1", "q": 1, "sub": [{"key": "s", "t": 2}]}, {"key": "k2"}],
        });
        let paths = |lists| leaves(&value, lists).into_keys().collect::<Vec<_>>();
        let wanted = [
            "/a~1b/c",
            "/a~1b/d",
            "/heading",
            "/items/k1/q",
            "/items/k1/sub/s/t",
            "/items/k2",
            "/none",
            "/tags",
        ];
        assert_eq!(paths(Lists::ByKey), wanted);
        assert_eq!(paths(Lists::Whole), ["/a~1b/c", "/a~1b/d", "/heading", "/items", "/none", "/tags"]);
    }
}
