//! Nothing is lost: a witness that knows what each side changed and nothing of how carry works.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::differential::carried;
use super::edits::{edits, steps, three_states};
use super::laws::{OURS, THEIRS, cases};
use super::plain::{Id, State, marked, unmarked};
use crate::content::carry::{Conflict, Text};
use crate::content::change::Node;
use crate::content::document::Root;
use crate::content::json::{Value, key_of};
use crate::content::links::to_slugs;

/// What a state says: values by node and path, list items by their keys, links as the pages they mean.
type Leaves = BTreeMap<(Id, Vec<String>), Value>;

fn leaves(state: &State) -> Leaves {
    let mut leaves = Leaves::new();
    for (id, node) in &state.nodes {
        gather(&node.fields, (id, &mut Vec::new()), &mut leaves);
    }
    // Labels are named by links, and a name that meant nothing may mean a page later. The plain model watches them.
    leaves.retain(|(_, path), _| path.get(1).is_none_or(|name| name != "navLabels"));
    leaves
}

fn gather(value: &Value, (id, path): (&Id, &mut Vec<String>), leaves: &mut Leaves) {
    let mut within = |name: &str, inner: &Value| {
        path.push(name.to_owned());
        gather(inner, (id, path), leaves);
        path.pop();
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, field)| within(name, field))
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| key_of(item).is_some()) => {
            items.iter().for_each(|item| within(key_of(item).unwrap(), item));
        }
        _ => _ = leaves.insert((id.clone(), path.clone()), value.clone()),
    }
}

/// Whether nothing but items of lists went: to remove more of what the other side removed is no change.
fn only_lost_items(before: &Value, now: &Value) -> bool {
    match (before, now) {
        (Value::Array(before), Value::Array(now)) if before.iter().all(|item| key_of(item).is_some()) => {
            let mut rest = before.iter();
            now.iter().all(|item| rest.any(|old| key_of(old) == key_of(item) && only_lost_items(old, item)))
        }
        (Value::Object(before), Value::Object(now)) => {
            before.len() == now.len()
                && before.iter().all(|(name, old)| now.get(name).is_some_and(|new| only_lost_items(old, new)))
        }
        _ => before == now,
    }
}

/// The value with links that are spelt alike if they mean one page: to spell one anew is no change.
fn meant(value: &Value) -> Value {
    let mut value = value.clone();
    to_slugs(&mut value, &|id| format!("/ {id}"));
    value
}

/// What the conflicts speak of.
struct Said {
    nodes: BTreeSet<Id>,
    paths: Vec<(Id, Vec<String>)>,
}

impl Said {
    fn of(conflicts: &[Conflict]) -> Self {
        let mut said = Said { nodes: BTreeSet::new(), paths: Vec::new() };
        for conflict in conflicts {
            for node in &conflict.nodes {
                match (node, &conflict.path) {
                    (Node::Item(block, way), None) => {
                        let way = ["props".to_owned()].into_iter().chain(way.iter().map(ToString::to_string));
                        said.paths.push((block.to_string(), way.collect()));
                    }
                    (Node::Item(block, _), Some(path)) => said.add(block.as_str(), path),
                    (node, Some(path)) => said.add(&node.to_string(), path),
                    (node, None) => _ = said.nodes.insert(node.to_string()),
                }
            }
        }
        said
    }

    fn add(&mut self, node: &str, path: &[std::sync::Arc<str>]) {
        self.paths.push((node.to_owned(), path.iter().map(ToString::to_string).collect()));
    }

    fn is_about(&self, id: &Id, path: &[String]) -> bool {
        let under = |(node, said): &(Id, Vec<String>)| {
            node == id && (path.starts_with(said) || said.starts_with(path))
        };
        self.nodes.contains(id) || self.paths.iter().any(under)
    }

    fn names(&self, id: &Id) -> bool {
        self.nodes.contains(id) || self.paths.iter().any(|(node, _)| node == id)
    }
}

struct Witness {
    base: State,
    sides: [State; 2],
    result: State,
    /// The result as it is written.
    written: Leaves,
    said: Said,
}

impl Witness {
    fn new([base, ours, theirs]: [&Root; 3], result: &Root, conflicts: &[Conflict]) -> Self {
        let seen = |root: &Root| marked(root, [base, ours, theirs]);
        let written = leaves(&unmarked(result));
        let (base, sides) = (seen(base), [seen(ours), seen(theirs)]);
        Witness { base, sides, result: seen(result), written, said: Said::of(conflicts) }
    }

    /// Whether the result has a value of a side: the same, or written with the final addresses of what it links to.
    fn has(&self, key: &(Id, Vec<String>), value: Option<&Value>, result: &Leaves) -> bool {
        let mut text = value.cloned();
        let states = [&self.result, &self.base, &self.sides[0], &self.sides[1]];
        let slug = |id: &str| states.iter().find_map(|state| state.slugs.get(id)).unwrap().clone();
        text.iter_mut().for_each(|text| _ = to_slugs(text, &slug));
        result.get(key) == value || self.written.get(key) == text.as_ref()
    }

    fn testify(&self) -> Result<(), TestCaseError> {
        let [ours, theirs] = &self.sides;
        for (side, other) in [(ours, theirs), (theirs, ours)] {
            self.nodes_of(side, other)?;
            self.fields_of(side)?;
        }
        self.nothing_of_its_own()
    }

    /// Each node is where the side put it, or gone because the other removed it untouched, or in a conflict.
    fn nodes_of(&self, side: &State, other: &State) -> Result<(), TestCaseError> {
        for (id, node) in side.nodes.iter().filter(|(id, _)| !self.said.names(id)) {
            let before = self.base.nodes.get(id);
            match self.result.nodes.get(id) {
                Some(after) => {
                    let moved = before.is_some_and(|before| before.container != node.container);
                    let shared = other.nodes.contains_key(id);
                    prop_assert!(
                        !moved || !shared || after.container == node.container,
                        "the move of {} is lost",
                        id
                    );
                }
                None => {
                    let untouched = before.is_some_and(|before| {
                        before.container == node.container && only_lost_items(&before.fields, &node.fields)
                    });
                    prop_assert!(untouched && !other.nodes.contains_key(id), "{} is lost", id);
                }
            }
        }
        Ok(())
    }

    /// Each field that the side changed is as it has it, or in a conflict, or part of a text or a list that both changed.
    fn fields_of(&self, side: &State) -> Result<(), TestCaseError> {
        let [before, mine, after] = [&self.base, side, &self.result].map(leaves);
        for key in mine.keys().chain(before.keys()) {
            let (id, path) = key;
            if !self.result.nodes.contains_key(id)
                || !side.nodes.contains_key(id)
                || self.said.is_about(id, path)
            {
                continue;
            }
            let [was, said, is] = [&before, &mine, &after].map(|leaves| leaves.get(key));
            if was.map(meant) == said.map(meant) || self.has(key, said, &after) {
                continue;
            }
            let in_runs =
                |value: Option<&Value>| value.is_some_and(|value| value.is_string() || value.is_array());
            let replaced_above = said.is_none()
                && (0..path.len()).any(|n| mine.contains_key(&(id.clone(), path[..n].to_vec())));
            let grown = said.is_some_and(|value| {
                *value == Value::Object(Default::default()) || *value == Value::Array(Vec::new())
            });
            prop_assert!(
                in_runs(was) && in_runs(is) || replaced_above || grown,
                "{:?}: {:?} became {:?}, not {:?}",
                key,
                was,
                is,
                said
            );
        }
        Ok(())
    }

    /// Every value comes from a side.
    fn nothing_of_its_own(&self) -> Result<(), TestCaseError> {
        let [ours, theirs] = [&self.sides[0], &self.sides[1]].map(leaves);
        let result = leaves(&self.result);
        for (key, value) in result.clone() {
            let merged = value.is_string() && value.as_str().unwrap().contains('\n')
                || value.is_array()
                || value.is_object();
            if !merged && !self.said.is_about(&key.0, &key.1) {
                let has = |leaves: &Leaves| {
                    leaves.get(&key).is_some_and(|value| self.has(&key, Some(value), &result))
                };
                let from_a_side = has(&ours) || has(&theirs);
                prop_assert!(from_a_side, "{:?} = {} is from neither side", key, value);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(cases(260))]

    #[test]
    fn what_a_side_changed_is_in_the_result_or_in_a_conflict(steps in steps(&[0, 1, 1, 2, 2], 14)) {
        let [base, ours, theirs] = &three_states(&steps);
        for take in [OURS, THEIRS] {
            let (root, conflicts) = carried(base, ours, theirs, Text::Runs, take);
            Witness::new([base, ours, theirs], &root, &conflicts).testify()?;
        }
    }

    #[test]
    fn an_old_commit_taken_back_changes_what_it_touched_and_nothing_else(steps in steps(&[0, 1, 1, 2, 2], 14)) {
        let [old, new, _] = three_states(&steps);
        let head = edits(&new, &steps, 2);
        let (root, conflicts) = carried(&new, &head, &old, Text::Whole, OURS);
        let witness = Witness::new([&new, &head, &old], &root, &conflicts);
        witness.testify()?;
        let [was, left, now, is] = [&witness.sides[1], &witness.base, &witness.sides[0], &witness.result].map(leaves);
        let result = leaves(&witness.result);
        for key in was.keys().chain(left.keys()).chain(now.keys()).filter(|(id, path)| !witness.said.is_about(id, path)) {
            let [was, left, now, is] = [&was, &left, &now, &is].map(|leaves| leaves.get(key));
            let whole = [was, left, now].iter().any(|value| value.is_none_or(|v| v.is_array() || v.is_object()));
            if whole || !witness.result.nodes.contains_key(&key.0) {
                continue;
            }
            let has = |value| witness.has(key, value, &result);
            if [(was, left), (left, now)].iter().any(|(a, b)| a != b && a.map(meant) == b.map(meant)) {
                continue;
            }
            prop_assert!(was != left || has(now), "{:?} was not touched: {:?} became {:?}", key, now, is);
            prop_assert!(was == left || now != left || has(was), "{:?} still holds what the commit left", key);
        }
    }
}
