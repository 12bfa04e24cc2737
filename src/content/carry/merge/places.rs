//! Where each node lies, by the side that put it there; moves that would make a ring go back to one side.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::json;

use super::super::super::change::Node;
use super::super::super::json::Value;
use super::super::conflict::Kind;
use super::super::forest::Container;
use super::super::three::{State, Three};
use super::{Merge, Placed};

impl<'a> Merge<'a> {
    pub(super) fn places(&mut self) {
        let forests = self.forests;
        for node in self.everything() {
            let has = Three::of(|state| forests[state].has(node));
            let placed = if *node == Node::Site {
                None
            } else if let Some(side) = self.forced.get(node) {
                Some(Placed::By(*side))
            } else if !has.ours || !has.theirs {
                Some(Placed::By(if has.ours { State::Ours } else { State::Theirs }))
            } else if !has.base {
                Some(self.placed_by_both(node, Kind::BothAdded))
            } else {
                match [self.moved.ours.contains(node), self.moved.theirs.contains(node)] {
                    [true, true] => Some(self.placed_by_both(node, Kind::Moved)),
                    [true, false] => Some(Placed::By(State::Ours)),
                    [false, true] => Some(Placed::By(State::Theirs)),
                    [false, false] => None,
                }
            };
            if let Some(placed) = placed {
                self.placed.insert(node.clone(), placed);
            }
        }
    }

    fn placed_by_both(&mut self, node: &Node, kind: Kind) -> Placed {
        match self.forests.ours.container(node) == self.forests.theirs.container(node) {
            true => Placed::Both,
            false => Placed::By(self.place_conflict(node, kind)),
        }
    }

    pub(super) fn place_conflict(&mut self, node: &Node, kind: Kind) -> State {
        let place =
            |state: State| self.forests[state].place(node).and_then(|place| serde_json::to_value(place).ok());
        let values = Three::of(place);
        self.conflict(kind, vec![node.clone()], None, values)
    }

    fn container(&self, node: &Node) -> Option<&'a Container> {
        let side = match self.placed.get(node) {
            Some(Placed::By(side)) => *side,
            Some(Placed::Both) | None => State::Ours,
        };
        self.forests[side].container(node)
    }

    /// The containers of all nodes of the result.
    pub(super) fn homes(&mut self) -> BTreeMap<Node, &'a Container> {
        let everything = self.everything().into_iter();
        let mut ids: BTreeSet<Node> =
            everything.filter(|node| **node != Node::Site && !self.out.contains(node)).cloned().collect();
        loop {
            let homes: BTreeMap<Node, &Container> =
                ids.iter().filter_map(|node| Some((node.clone(), self.container(node)?))).collect();
            let held = |parent: &Node| *parent == Node::Site || homes.contains_key(parent);
            let lost: Vec<&Node> =
                homes.iter().filter(|(_, home)| !held(&home.0)).map(|(node, _)| node).collect();
            let ring = ring(&homes);
            if lost.is_empty() && ring.is_none() {
                return homes;
            }
            if let Some(ring) = ring {
                self.open_ring(ring);
            }
            // Only after a conflict that took the parent away.
            for node in lost {
                let other = match self.placed.get(node) {
                    Some(Placed::By(State::Theirs)) => State::Ours,
                    Some(Placed::By(_) | Placed::Both) | None => State::Theirs,
                };
                if self.forests[other].container(node).is_some_and(|(parent, _)| held(parent)) {
                    self.placed.insert(node.clone(), Placed::By(other));
                } else {
                    ids.remove(node);
                }
            }
        }
    }

    fn open_ring(&mut self, ring: Vec<Node>) {
        let homes = |state: State| -> Value {
            let home = |node: &Node| Some((node.to_string(), json!(self.forests[state].container(node)?)));
            Value::Object(ring.iter().filter_map(home).collect())
        };
        let values = Three::of(|state| Some(homes(state)));
        let winner = self.conflict(Kind::Cycle, ring.clone(), None, values);
        for node in ring.into_iter().filter(|node| self.forests[winner].has(node)) {
            self.placed.insert(node, Placed::By(winner));
        }
    }
}

/// A ring of nodes that lie in each other, sorted.
fn ring(homes: &BTreeMap<Node, &Container>) -> Option<Vec<Node>> {
    let mut safe: HashSet<&Node> = HashSet::with_capacity(homes.len());
    for start in homes.keys() {
        let (mut way, mut at): (Vec<&Node>, &Node) = (Vec::new(), start);
        while !safe.contains(at) {
            if let Some(entered) = way.iter().position(|node| *node == at) {
                let mut ring: Vec<Node> = way[entered..].iter().copied().cloned().collect();
                ring.sort();
                return Some(ring);
            }
            let Some((parent, _)) = homes.get(at) else { break };
            way.push(at);
            at = parent;
        }
        safe.extend(way);
    }
    None
}
