//! The order of siblings. Those that nobody moved are anchors; between two anchors come ours' nodes, then theirs', and
//! what both put there once.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::super::change::Node;
use super::super::super::sequence::unmoved;
use super::super::conflict::Kind;
use super::super::forest::Container;
use super::super::three::{State, Three};
use super::{Merge, Placed};

impl<'a> Merge<'a> {
    /// The members of a container, in order.
    pub(super) fn order(
        &mut self,
        key: &Container,
        members: &[&Node],
        homes: &BTreeMap<Node, &'a Container>,
    ) -> Vec<Node> {
        let forests = self.forests;
        let lists = Three::of(|state| forests[state].children(key));
        let untouched = members.iter().all(|node| !self.placed.contains_key(*node));
        if lists.ours == lists.theirs
            && lists.base == lists.ours
            && untouched
            && members.len() == lists.base.len()
        {
            return lists.ours.to_vec();
        }
        let is_member = |node: &&Node| homes.get(*node).is_some_and(|home| *home == key);
        let anchors: Vec<&Node> =
            lists.base.iter().filter(is_member).filter(|node| !self.placed.contains_key(*node)).collect();
        let fixed: HashSet<&Node> = anchors.iter().copied().collect();
        let gap = Three::of(|state| gaps(lists[state].iter(), &fixed));
        for node in members {
            if self.placed.get(*node) == Some(&Placed::Both) && gap.ours.get(node) != gap.theirs.get(node) {
                let taken = self.place_conflict(node, Kind::Moved);
                self.placed.insert((*node).clone(), Placed::By(taken));
            }
        }
        let mut runs = Three::of(|_| vec![Vec::new(); anchors.len() + 1]);
        for side in State::SIDES {
            let mine = |node: &&Node| match self.placed.get(*node) {
                Some(Placed::By(placer)) => *placer == side,
                Some(Placed::Both) => true,
                None => false,
            };
            for node in lists[side].iter().filter(is_member).filter(mine) {
                runs[side][gap[side][node]].push(node);
            }
        }
        let mut result = Vec::with_capacity(members.len());
        let Three { ours, theirs, .. } = runs;
        for (at, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
            result.extend(at.checked_sub(1).map(|left| anchors[left].clone()));
            self.interleave(ours, theirs, &mut result);
        }
        result
    }

    /// What the sides put between two anchors. Nodes of both split the runs.
    fn interleave(&mut self, mut ours: Vec<&Node>, mut theirs: Vec<&Node>, result: &mut Vec<Node>) {
        let common = unmoved(&ours, &theirs);
        let splits: HashSet<&Node> = common.iter().copied().collect();
        let in_theirs: HashSet<&Node> = theirs.iter().copied().collect();
        for node in ours.iter().filter(|node| in_theirs.contains(*node) && !splits.contains(*node)) {
            let taken = self.place_conflict(node, Kind::Moved);
            self.placed.insert((*node).clone(), Placed::By(taken));
        }
        ours.retain(|node| self.placed.get(*node) != Some(&Placed::By(State::Theirs)));
        theirs.retain(|node| self.placed.get(*node) != Some(&Placed::By(State::Ours)));
        let (mut ours, mut theirs) = (ours.into_iter(), theirs.into_iter());
        for split in common.into_iter().map(Some).chain([None]) {
            result.extend(ours.by_ref().take_while(|node| Some(*node) != split).cloned());
            result.extend(theirs.by_ref().take_while(|node| Some(*node) != split).cloned());
            result.extend(split.cloned());
        }
    }
}

/// For each node, how many anchors come before it.
fn gaps<'n>(nodes: impl Iterator<Item = &'n Node>, anchors: &HashSet<&Node>) -> HashMap<&'n Node, usize> {
    let mut passed = 0;
    nodes
        .map(|node| {
            let gap = (node, passed);
            passed += usize::from(anchors.contains(node));
            gap
        })
        .collect()
}
