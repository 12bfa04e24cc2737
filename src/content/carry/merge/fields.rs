//! Fields: per key where both sides have objects, by runs where both have lists or long texts, else whole.

use std::collections::BTreeSet;

use super::super::super::change::{Node, Step};
use super::super::super::json::{Map, Value, canonical};
use super::super::super::sequence::{is_long, merge_runs, merge_text};
use super::super::Text;
use super::super::conflict::Kind;
use super::super::forest::Own;
use super::super::site::is_one_value;
use super::super::three::{State, Three};
use super::Merge;

/// The values of one field; none where it is absent.
type Values<'v> = Three<Option<&'v Value>>;

impl Merge<'_> {
    /// What a node of the result holds.
    pub(super) fn fields(&mut self, node: &Node) -> Own {
        let forests = self.forests;
        let own = Three::of(|state| forests[state].get(node).map(|entry| &entry.own));
        match (own.base, own.ours, own.theirs) {
            (_, Some(ours), None) => ours.clone(),
            (_, None, theirs) => theirs.cloned().unwrap_or(Own::Place),
            (base, Some(ours), Some(theirs)) if ours == theirs || base == Some(theirs) => ours.clone(),
            (base, Some(ours), Some(theirs)) if base == Some(ours) => theirs.clone(),
            (Some(Own::Fields(base)), Some(Own::Fields(ours)), Some(Own::Fields(theirs))) => {
                let values = Three { base: Some(base), ours: Some(ours), theirs: Some(theirs) };
                Own::Fields(self.value(node, &mut Vec::new(), values).unwrap_or_default())
            }
            (_, Some(ours), Some(theirs)) => {
                let values = Three::of(|state| self.scope.told(state, node));
                match self.conflict(Kind::BothAdded, vec![node.clone()], None, values) {
                    State::Theirs => theirs.clone(),
                    State::Base | State::Ours => ours.clone(),
                }
            }
        }
    }

    fn value(&mut self, node: &Node, path: &mut Vec<Step>, values: Values<'_>) -> Option<Value> {
        let Three { base, ours, theirs } = values;
        if ours == theirs || base == theirs {
            return ours.cloned();
        }
        if base == ours {
            return theirs.cloned();
        }
        let merged = match (base, ours, theirs) {
            (None | Some(Value::Object(_)), Some(Value::Object(_)), Some(Value::Object(_)))
                if !(*node == Node::Site && is_one_value(path)) =>
            {
                return Some(self.object(node, path, values));
            }
            (Some(Value::Array(base)), Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
                merge_runs(base, ours, theirs).map(Value::Array)
            }
            (Some(Value::String(base)), Some(Value::String(ours)), Some(Value::String(theirs)))
                if self.text == Text::Runs && self.is_long(values) =>
            {
                merge_text(base, ours, theirs).map(Value::String)
            }
            _ => None,
        };
        if merged.is_some() {
            return merged;
        }
        let taken = self.respelt(values);
        values[taken.unwrap_or_else(|| self.value_conflict(node, path, values))].cloned()
    }

    fn object(&mut self, node: &Node, path: &mut Vec<Step>, values: Values<'_>) -> Value {
        let objects = values.each().into_iter().filter_map(|value| value.and_then(Value::as_object));
        let names: BTreeSet<&String> = objects.flat_map(Map::keys).collect();
        let mut merged = Map::new();
        for name in names {
            let fields = Three::of(|state| values[state].and_then(|value| value.get(name)));
            path.push(name.as_str().into());
            merged.extend(self.value(node, path, fields).map(|value| (name.clone(), value)));
            path.pop();
        }
        Value::Object(merged)
    }

    /// Which is taken where two of the values are the same but for how links are spelt: a rename spells those it leads anew.
    fn respelt(&self, values: Values<'_>) -> Option<State> {
        if self.addresses.are_settled() {
            return None;
        }
        let meant = Three::of(|state| values[state].map(|value| self.addresses.meant(value.clone())));
        if meant.base == meant.theirs {
            Some(State::Ours)
        } else if meant.base == meant.ours {
            Some(State::Theirs)
        } else if meant.ours == meant.theirs {
            // Either will do, but always the same.
            State::SIDES.into_iter().min_by_key(|side| values[*side].map(canonical))
        } else {
            None
        }
    }

    /// Whether one of three texts is long, as its state has it: a mark is longer than the address it stands for.
    fn is_long(&self, values: Values<'_>) -> bool {
        State::ALL.into_iter().any(|state| {
            let shown = values[state].map(|value| self.addresses.shown(state, value.clone()));
            shown.as_ref().and_then(Value::as_str).is_some_and(is_long)
        })
    }

    fn value_conflict(&mut self, node: &Node, path: &[Step], values: Values<'_>) -> State {
        let shown = Three::of(|state| values[state].map(|value| self.addresses.shown(state, value.clone())));
        let name = |step: &Step| match self.addresses.shown(State::Ours, Value::from(&**step)) {
            Value::String(name) => Step::from(name),
            _ => step.clone(),
        };
        let inside: Vec<Step> = match node {
            Node::Item(_, way) => [Step::from("props")].into_iter().chain(way.iter().cloned()).collect(),
            Node::Site | Node::Page(_) | Node::Block(_) => Vec::new(),
        };
        let path = inside.into_iter().chain(path.iter().map(name)).collect();
        self.conflict(Kind::Value, vec![node.clone()], Some(path), shown)
    }
}
