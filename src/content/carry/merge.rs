//! The three-way merge of forests: removals first, then places, order and fields. Everything is matched by id.

mod fields;
mod order;
mod places;
mod removals;
mod slugs;

use std::collections::{BTreeMap, BTreeSet};

use super::super::change::{Node, Step};
use super::super::json::Value;
use super::Text;
use super::addresses::Addresses;
use super::conflict::{Conflict, Kind, Take};
use super::forest::{Container, Entry, Forest, Own, moved};
use super::scope::Scope;
use super::three::{State, Three};

/// Who put a node where it is. Nobody: no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placed {
    By(State),
    Both,
}

/// A merge under way.
pub(super) struct Merge<'a> {
    forests: &'a Three<Forest>,
    scope: &'a Scope<'a>,
    addresses: &'a Addresses<'a>,
    text: Text,
    take: &'a dyn Fn(&Conflict) -> Take,
    /// Of each side, what it moved.
    moved: Three<BTreeSet<Node>>,
    placed: BTreeMap<Node, Placed>,
    /// Places that were decided together with a removal.
    forced: BTreeMap<Node, State>,
    /// What is not in the result.
    out: BTreeSet<Node>,
    conflicts: Vec<Conflict>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(
        forests: &'a Three<Forest>,
        scope: &'a Scope<'a>,
        addresses: &'a Addresses<'a>,
        text: Text,
        take: &'a dyn Fn(&Conflict) -> Take,
    ) -> Self {
        Merge {
            forests,
            scope,
            addresses,
            text,
            take,
            moved: Three::of(|state| moved(&forests.base, &forests[state])),
            placed: BTreeMap::new(),
            forced: BTreeMap::new(),
            out: BTreeSet::new(),
            conflicts: Vec::new(),
        }
    }

    /// Ours with all that theirs changed; what is in conflict stays as the side that is taken has it.
    pub(super) fn run(mut self) -> (Forest, Vec<Conflict>) {
        self.removals();
        self.places();
        let homes = self.homes();
        let mut members: BTreeMap<&Container, Vec<&Node>> = BTreeMap::new();
        let mut merged = Forest::default();
        merged.nodes.insert(Node::Site, Entry::new(None, Own::Place));
        for (node, container) in &homes {
            members.entry(container).or_default().push(node);
            merged.nodes.insert(node.clone(), Entry::new(Some((*container).clone()), Own::Place));
        }
        for (container, members) in members {
            let list = self.order(container, &members, &homes);
            if let Some(parent) = merged.nodes.get_mut(&container.0).filter(|_| !list.is_empty()) {
                parent.slots.insert(container.1.clone(), list);
            }
        }
        for (node, entry) in &mut merged.nodes {
            entry.own = self.fields(node);
        }
        self.unique_slugs(&mut merged);
        (merged, self.conflicts)
    }

    /// Everything that a side has.
    fn everything(&self) -> BTreeSet<&'a Node> {
        let forests = self.forests;
        forests.ours.nodes.keys().chain(forests.theirs.nodes.keys()).collect()
    }

    /// Notes a conflict about the first of the nodes and asks which side to take.
    fn conflict(
        &mut self,
        kind: Kind,
        nodes: Vec<Node>,
        path: Option<Vec<Step>>,
        values: Three<Option<Value>>,
    ) -> State {
        let page = nodes.first().and_then(|node| self.scope.page_of(node));
        let conflict = Conflict::new(kind, nodes, path, page, values);
        let taken = match (self.take)(&conflict) {
            Take::Ours => State::Ours,
            Take::Theirs => State::Theirs,
        };
        self.conflicts.push(conflict);
        taken
    }
}
