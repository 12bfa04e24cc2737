//! What one side removed and the other still has: judged once, at the topmost removed node, with all below it.

use std::collections::BTreeSet;

use super::super::super::change::Node;
use super::super::conflict::Kind;
use super::super::forest::Own;
use super::super::three::{State, Three};
use super::Merge;

/// What the keeper has below a removed root.
#[derive(Default)]
struct Ruin {
    /// Nodes of old that the remover removed.
    stayed: Vec<Node>,
    /// Nodes that the keeper added.
    came: Vec<Node>,
    /// Nodes that the keeper moved in, and that live on elsewhere on the remover's side.
    moved_in: Vec<Node>,
}

impl Merge<'_> {
    pub(super) fn removals(&mut self) {
        for keeper in State::SIDES {
            let remover = keeper.across();
            let base = &self.forests.base;
            let gone: BTreeSet<&Node> =
                base.nodes.keys().filter(|node| !self.forests[remover].has(node)).collect();
            let topmost =
                |node: &&&Node| base.container(node).is_none_or(|(parent, _)| !gone.contains(parent));
            let roots = gone.iter().filter(topmost).filter(|node| self.forests[keeper].has(node));
            for root in roots.copied().cloned().collect::<Vec<_>>() {
                let mut ruin = Ruin::default();
                self.walk(&root, &gone, keeper, &mut ruin);
                self.judge_removal(&root, keeper, ruin);
            }
        }
    }

    fn judge_removal(&mut self, root: &Node, keeper: State, ruin: Ruin) {
        let Ruin { stayed, came, moved_in } = ruin;
        let changed = stayed.iter().any(|node| self.changed(node, keeper));
        let mut kept = false;
        if changed || !came.is_empty() || !moved_in.is_empty() {
            let kind = if changed { Kind::RemovedVsChanged } else { Kind::RemovedVsMovedInto };
            let values = Three::of(|state| self.scope.told(state, root));
            let nodes = [&stayed, &came, &moved_in].into_iter().flatten().cloned().collect();
            kept = self.conflict(kind, nodes, None, values) == keeper;
        }
        if !kept {
            self.out.extend(stayed.into_iter().chain(came));
        }
        let placer = if kept { keeper } else { keeper.across() };
        self.forced.extend(moved_in.into_iter().map(|node| (node, placer)));
    }

    fn walk(&self, node: &Node, gone: &BTreeSet<&Node>, keeper: State, ruin: &mut Ruin) {
        let forest = &self.forests[keeper];
        if self.forests[keeper.across()].has(node) {
            // The remover moved it out, or has it elsewhere.
            if !self.forests.base.has(node) || self.moved[keeper].contains(node) {
                ruin.moved_in.push(node.clone());
            }
            return;
        }
        if gone.contains(node) { &mut ruin.stayed } else { &mut ruin.came }.push(node.clone());
        let slots = forest.get(node).into_iter().flat_map(|entry| entry.slots.values());
        slots.flatten().for_each(|child| self.walk(child, gone, keeper, ruin));
    }

    fn changed(&self, node: &Node, side: State) -> bool {
        let own = |state: State| self.forests[state].get(node).map(|entry| &entry.own);
        let same = match (own(State::Base), own(side)) {
            (Some(Own::Fields(a)), Some(Own::Fields(b))) => {
                a == b || self.addresses.meant(a.clone()) == self.addresses.meant(b.clone())
            }
            (a, b) => a == b,
        };
        !same || self.moved[side].contains(node)
    }
}
