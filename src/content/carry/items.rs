//! Keyed lists as nodes: what differs in a list is merged item by item and in order.

use std::collections::{BTreeSet, HashMap};

use super::super::change::{Node, Step};
use super::super::id::BlockId;
use super::super::json::{Value, key_of, pointer};
use super::forest::{Container, Entry, Forest, Own};
use super::three::{State, Three};

/// Gives a block its fields in all forests, and makes nodes of the items of its keyed lists.
///
/// A list is opened where at least two states have its holder and they differ there (of three, all), and where every
/// side that has the holder has a keyed list or an empty one (the base: or none). Anything else is taken as one value.
pub(super) fn open(forests: &mut Three<Forest>, block: &BlockId, mut fields: Three<Option<Value>>) {
    let node = Node::Block(block.clone());
    let mut opening = Opening { forests, block };
    let props = Three::of(|state| Some(fields[state].as_mut()?.get_mut("props")?.take()));
    let there = Three::of(|state| props[state].is_some());
    let mut props = opening.value(&node, &mut Vec::new(), props, &there);
    for state in State::ALL {
        if let Some(mut fields) = fields[state].take()
            && let Some(entry) = forests[state].nodes.get_mut(&node)
        {
            fields["props"] = props[state].take().unwrap_or_default();
            entry.own = Own::Fields(fields);
        }
    }
}

struct Opening<'a> {
    forests: &'a mut Three<Forest>,
    block: &'a BlockId,
}

impl Opening<'_> {
    /// The value at a path below the props, its lists of items opened. `there`: which states have the holder.
    fn value(
        &mut self,
        holder: &Node,
        path: &mut Vec<Step>,
        values: Three<Option<Value>>,
        there: &Three<bool>,
    ) -> Three<Option<Value>> {
        if holders(there) < 2 || is_plain(&values, there) {
            values
        } else if sides_are(&values, there, |value| value.is_object()) {
            self.object(holder, path, values, there)
        } else if sides_are(&values, there, is_list_of_items) && has_items(&values) {
            self.list(holder, path, values)
        } else {
            values
        }
    }

    fn object(
        &mut self,
        holder: &Node,
        path: &mut Vec<Step>,
        mut values: Three<Option<Value>>,
        there: &Three<bool>,
    ) -> Three<Option<Value>> {
        let objects = values.each().into_iter().flatten().filter_map(Value::as_object);
        let names: BTreeSet<String> = objects.flat_map(|fields| fields.keys().cloned()).collect();
        for name in names {
            let fields = Three::of(|state| values[state].as_mut()?.as_object_mut()?.remove(&name));
            path.push(name.as_str().into());
            let mut fields = self.value(holder, path, fields, there);
            path.pop();
            for state in State::ALL {
                if let (Some(Value::Object(object)), Some(field)) = (&mut values[state], fields[state].take())
                {
                    object.insert(name.clone(), field);
                }
            }
        }
        values
    }

    fn list(
        &mut self,
        holder: &Node,
        path: &mut Vec<Step>,
        mut values: Three<Option<Value>>,
    ) -> Three<Option<Value>> {
        let container: Container = (holder.clone(), pointer(path).into());
        let mut keys: BTreeSet<Step> = BTreeSet::new();
        let mut items = Three::of(|state| match &mut values[state] {
            Some(Value::Array(items)) => std::mem::take(items),
            _ => Vec::new(),
        });
        for state in State::ALL {
            let listed: Vec<Step> = items[state].iter().filter_map(key_of).map(Step::from).collect();
            let nodes: Vec<Node> = listed.iter().map(|key| self.item(path, key)).collect();
            if let Some(entry) = self.forests[state].nodes.get_mut(holder).filter(|_| !nodes.is_empty()) {
                entry.slots.insert(container.1.clone(), nodes);
            }
            keys.extend(listed);
        }
        let mut by_key = Three::of(|state| {
            let items = std::mem::take(&mut items[state]);
            items
                .into_iter()
                .filter_map(|item| Some((key_of(&item)?.to_owned(), item)))
                .collect::<HashMap<_, _>>()
        });
        for key in keys {
            let node = self.item(path, &key);
            let fields = Three::of(|state| by_key[state].remove(&*key));
            let there = Three::of(|state| fields[state].is_some());
            for state in State::ALL.into_iter().filter(|state| there[*state]) {
                // The node first: lists within the item are slots of it.
                let entry = Entry::new(Some(container.clone()), Own::Place);
                self.forests[state].nodes.insert(node.clone(), entry);
            }
            path.push(key);
            let mut fields = self.value(&node, path, fields, &there);
            path.pop();
            for state in State::ALL {
                if let (Some(entry), Some(own)) =
                    (self.forests[state].nodes.get_mut(&node), fields[state].take())
                {
                    entry.own = Own::Fields(own);
                }
            }
        }
        values
    }

    fn item(&self, path: &[Step], key: &Step) -> Node {
        Node::Item(self.block.clone(), path.iter().chain([key]).cloned().collect())
    }
}

fn holders(there: &Three<bool>) -> usize {
    there.each().into_iter().filter(|there| **there).count()
}

/// Whether a value can be taken whole: the states that have the holder agree, or all have it and only one changed it.
fn is_plain(values: &Three<Option<Value>>, there: &Three<bool>) -> bool {
    let Three { base, ours, theirs } = values;
    if holders(there) == 3 {
        return ours == theirs || base == theirs || base == ours;
    }
    let mut said = State::ALL.into_iter().filter(|state| there[*state]).map(|state| &values[state]);
    said.next().is_none_or(|first| said.all(|other| other == first))
}

/// Whether the sides that have the holder have such a value, and the base such a one or none.
fn sides_are(values: &Three<Option<Value>>, there: &Three<bool>, is: impl Fn(&Value) -> bool) -> bool {
    let side = |state: State| !there[state] || values[state].as_ref().is_some_and(&is);
    State::SIDES.into_iter().all(side) && values.base.as_ref().is_none_or(&is)
}

/// Whether a value is a list whose items all have a key, each another, or an empty one.
fn is_list_of_items(value: &Value) -> bool {
    let Value::Array(items) = value else { return false };
    let mut keys = BTreeSet::new();
    items.iter().all(|item| key_of(item).is_some_and(|key| keys.insert(key)))
}

fn has_items(values: &Three<Option<Value>>) -> bool {
    values.each().into_iter().flatten().any(|value| value.as_array().is_some_and(|items| !items.is_empty()))
}
