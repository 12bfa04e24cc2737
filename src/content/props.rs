//! Changes within one value: the fields of a node and its keyed lists.

use std::collections::{HashMap, HashSet};

use super::change::{Change, Node, Place, Step};
use super::id::BlockId;
use super::json::{Value, key_of, lookup_mut, parse_pointer, pointer};
use super::sequence::unmoved;

/// A change that does not fit the state it meets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a change does not fit: {0}")]
pub struct Misfit(pub String);

/// Whether this is a list whose items all have a key: matched, moved and merged by it.
#[must_use]
pub fn is_keyed(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| key_of(item).is_some())
}

/// Appends the changes that turn `old` into `new`, the value at `path` of `node`: field by field, item by item.
pub fn diff(
    node: &Node,
    path: &mut Vec<Step>,
    old: Option<&Value>,
    new: Option<&Value>,
    out: &mut Vec<Change>,
) {
    match (old, new) {
        _ if old == new => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                path.push(name.as_str().into());
                diff(node, path, a.get(name), b.get(name), out);
                path.pop();
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if both_keyed(a, b) => match node {
            Node::Block(block) => diff_items(block, path, a, b, out),
            _ => set(node, path, old, new, out),
        },
        _ => set(node, path, old, new, out),
    }
}

fn set(node: &Node, path: &[Step], from: Option<&Value>, to: Option<&Value>, out: &mut Vec<Change>) {
    out.push(Change::Set { node: node.clone(), path: path.to_vec(), from: from.cloned(), to: to.cloned() });
}

fn both_keyed(a: &[Value], b: &[Value]) -> bool {
    (is_keyed(a) || a.is_empty()) && (is_keyed(b) || b.is_empty())
}

/// Removes, then places from left to right, then what changed within the items that stayed.
fn diff_items(block: &BlockId, path: &mut Vec<Step>, old: &[Value], new: &[Value], out: &mut Vec<Change>) {
    let keys = |items: &[Value]| items.iter().filter_map(key_of).map(Step::from).collect::<Vec<_>>();
    let (mut now, wanted) = (keys(old), keys(new));
    let item = |key: &Step| Node::Item(block.clone(), path[1..].iter().chain([key]).cloned().collect());
    let place = |after: Option<&Step>| Place {
        parent: Node::Block(block.clone()),
        slot: pointer(&path[1..]).into(),
        after: after.cloned(),
    };
    let before: HashMap<&str, &Value> = old.iter().filter_map(|item| Some((key_of(item)?, item))).collect();
    let goes_on: HashSet<&str> = new.iter().filter_map(key_of).collect();
    for (i, value) in old.iter().enumerate().rev() {
        if !goes_on.contains(&*now[i]) {
            let key = now.remove(i);
            let at = place(i.checked_sub(1).map(|left| &now[left]));
            out.push(Change::Remove { node: item(&key), at, value: value.clone() });
        }
    }
    let stay: HashSet<Step> = unmoved(&now, &wanted).into_iter().collect();
    // Where the next one belongs: right behind the one before it. One that stays lies there or further on.
    let mut to = 0;
    for (i, key) in wanted.iter().enumerate() {
        let after = i.checked_sub(1).map(|left| &wanted[left]);
        if !before.contains_key(&**key) {
            now.insert(to, key.clone());
            out.push(Change::Insert { node: item(key), at: place(after), value: new[i].clone() });
        } else if let Some(n) = now[to..].iter().chain(&now[..to]).position(|k| k == key) {
            let from = (to + n) % now.len();
            if from == to || stay.contains(key) {
                to = from;
            } else {
                let left = place(from.checked_sub(1).map(|left| &now[left]));
                now.remove(from);
                to -= usize::from(from < to);
                now.insert(to, key.clone());
                out.push(Change::Move { node: item(key), from: left, to: place(after), value: None });
            }
        }
        to += 1;
    }
    for value in new {
        let Some((key, before)) = key_of(value).and_then(|key| before.get_key_value(key)) else { continue };
        path.push((*key).into());
        diff(&Node::Block(block.clone()), path, Some(before), Some(value), out);
        path.pop();
    }
}

/// Applies a `Set` to the fields of its node.
///
/// # Errors
/// The value there is not what the change says it replaces.
pub fn apply_set(
    fields: &mut Value,
    path: &[Step],
    from: Option<&Value>,
    to: Option<&Value>,
) -> Result<(), Misfit> {
    let no = || Misfit(format!("set of {}", pointer(path)));
    let (last, way) = path.split_last().ok_or_else(no)?;
    let holder = lookup_mut(fields, way).and_then(Value::as_object_mut).ok_or_else(no)?;
    if holder.get(&**last) != from {
        return Err(no());
    }
    match to {
        Some(value) => holder.insert(last.to_string(), value.clone()),
        None => holder.remove(&**last),
    };
    Ok(())
}

/// Applies an `Insert`, `Remove` or `Move` of a list item to its block's props.
///
/// # Errors
/// The list, the item or its neighbour is not as the change says.
pub fn apply_item(props: &mut Value, change: &Change) -> Result<(), Misfit> {
    match change {
        Change::Insert { at, value, .. } => {
            let items = list(props, at)?;
            let to = behind(items, at)?;
            // An inverse may meet an item that came back on another way: two of one key would be one node twice.
            if items.iter().any(|item| key_of(item).is_some() && key_of(item) == key_of(value)) {
                return Err(Misfit(format!("insert of an item that {} has already", at.slot)));
            }
            items.insert(to, value.clone());
        }
        Change::Remove { node, at, value } => {
            let taken = take(props, node, at)?;
            if taken != *value {
                return Err(Misfit(format!("remove of {node}: it has other content")));
            }
        }
        Change::Move { node, from, to, .. } => {
            let item = take(props, node, from)?;
            let items = list(props, to)?;
            let at = behind(items, to)?;
            items.insert(at, item);
        }
        Change::Set { node, .. } => return Err(Misfit(format!("set of {node} as of an item"))),
    }
    Ok(())
}

fn list<'a>(props: &'a mut Value, at: &Place) -> Result<&'a mut Vec<Value>, Misfit> {
    let steps = parse_pointer(&at.slot).ok_or_else(|| Misfit(format!("no list {}", at.slot)))?;
    lookup_mut(props, &steps)
        .and_then(Value::as_array_mut)
        .ok_or_else(|| Misfit(format!("no list {}", at.slot)))
}

/// Takes an item from the exact place it lies at.
fn take(props: &mut Value, node: &Node, at: &Place) -> Result<Value, Misfit> {
    let items = list(props, at)?;
    let from = behind(items, at)?;
    if items.get(from).and_then(key_of) != Some(&*node.name()) {
        return Err(Misfit(format!("{node} does not lie behind {:?}", at.after)));
    }
    Ok(items.remove(from))
}

/// The index right behind a place's neighbour.
fn behind(items: &[Value], at: &Place) -> Result<usize, Misfit> {
    let Some(after) = &at.after else { return Ok(0) };
    let left = items.iter().position(|item| key_of(item) == Some(after));
    left.map(|i| i + 1).ok_or_else(|| Misfit(format!("no item {after} in {}", at.slot)))
}

#[cfg(test)]
mod tests {
    use super::super::change::invert;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn apply(props: &Value, changes: &[Change]) -> Value {
        let mut fields = json!({ "props": props });
        for change in changes {
            match change {
                Change::Set { path, from, to, .. } => {
                    apply_set(&mut fields, path, from.as_ref(), to.as_ref())
                }
                _ => apply_item(&mut fields["props"], change),
            }
            .unwrap();
        }
        fields["props"].take()
    }

    fn between(a: &Value, b: &Value) -> Vec<Change> {
        let mut out = Vec::new();
        diff(&Node::Block("blk_1".into()), &mut vec!["props".into()], Some(a), Some(b), &mut out);
        out
    }

    #[test]
    fn a_moved_item_is_one_move_and_an_edited_one_a_set() {
        let a = json!({"items": [{"key": "a", "q": 1}, {"key": "b", "q": 2}, {"key": "c", "q": 3}]});
        let b = json!({"items": [{"key": "c", "q": 3}, {"key": "a", "q": 9}, {"key": "b", "q": 2}]});
        let changes = between(&a, &b);
        assert_eq!(changes.len(), 2);
        assert!(matches!(&changes[0], Change::Move { node, .. } if node.to_string() == "blk_1/items/c"));
        assert!(matches!(&changes[1], Change::Set { path, .. } if path.join("/") == "props/items/a/q"));
        assert_eq!(apply(&a, &changes), b);
    }

    #[test]
    fn a_change_that_does_not_fit_is_refused() {
        let mut fields = json!({"props": {"a": 1}});
        let path: Vec<Step> = vec!["props".into(), "a".into()];
        assert!(apply_set(&mut fields, &path, Some(&json!(2)), None).is_err());
        assert!(apply_set(&mut fields, &path, None, Some(&json!(2))).is_err());
    }

    #[test]
    fn an_item_is_not_put_in_twice() {
        let mut props = json!({"items": [{"key": "a"}, {"key": "b"}]});
        let at =
            Place { parent: Node::Block("blk_1".into()), slot: "/items".into(), after: Some("b".into()) };
        let node = Node::Item("blk_1".into(), vec!["items".into(), "a".into()]);
        let again = Change::Insert { node, at, value: json!({"key": "a"}) };
        assert!(apply_item(&mut props, &again).is_err());
    }

    fn items(depth: u32) -> BoxedStrategy<Value> {
        let fields = if depth == 0 {
            prop::option::of(0..3i32).prop_map(|q| json!({ "q": q })).boxed()
        } else {
            (prop::option::of(0..3i32), prop::option::of(items(depth - 1)))
                .prop_map(|(q, sub)| sub.map_or(json!({ "q": q }), |sub| json!({"q": q, "sub": sub})))
                .boxed()
        };
        (Just(vec!["a", "b", "c", "d", "e"]).prop_shuffle(), prop::collection::vec(fields, 0..5))
            .prop_map(|(keys, fields)| {
                let with_key = |(key, mut item): (&str, Value)| {
                    item["key"] = json!(key);
                    item
                };
                Value::Array(keys.into_iter().zip(fields).map(with_key).collect())
            })
            .boxed()
    }

    proptest! {
        #[test]
        fn the_diff_leads_from_one_to_the_other_and_its_inverse_back(a in items(1), b in items(1)) {
            let (a, b) = (json!({ "items": a, "t": 1 }), json!({ "items": b }));
            let changes = between(&a, &b);
            prop_assert_eq!(&apply(&a, &changes), &b);
            prop_assert_eq!(&apply(&b, &invert(&changes)), &a);
            prop_assert_eq!(changes.is_empty(), a == b);
        }
    }
}
