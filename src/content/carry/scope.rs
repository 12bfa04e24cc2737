//! The pages that a carry looks at: those that differ, and those that their blocks lie on in any of the states.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::super::change::{Node, Step};
use super::super::document::{Page, Root};
use super::super::id::PageId;
use super::super::json::{Value, lookup};
use super::super::sequence::unmoved;
use super::Need;
use super::three::{State, Three};

/// The working set, with bodies.
pub(super) struct Scope<'a> {
    /// The states themselves.
    pub(super) roots: Three<&'a Root>,
    /// The bodies of the pages in it, of each state that has them.
    pub(super) bodies: Three<BTreeMap<PageId, Arc<Page>>>,
    /// The order of pages, without the ends that are alike everywhere; empty where nobody changed it.
    pub(super) order: Three<Vec<PageId>>,
}

impl<'a> Scope<'a> {
    /// Spreads from some pages to all that their blocks lie on.
    ///
    /// # Errors
    /// `Need::Pages` with every page that is known to be missing.
    pub(super) fn spread(
        roots: Three<&'a Root>,
        seeds: impl IntoIterator<Item = PageId>,
    ) -> Result<Self, Need> {
        let mut scope = Scope { roots, bodies: Three::default(), order: Three::default() };
        let mut missing = Three::<Vec<PageId>>::default();
        let mut known: BTreeSet<PageId> = seeds.into_iter().collect();
        let mut open: Vec<PageId> = known.iter().cloned().collect();
        loop {
            while let Some(page) = open.pop() {
                scope.admit(&page, &mut missing);
                open.extend(scope.neighbours(&page).into_iter().filter(|page| known.insert(page.clone())));
            }
            // A page that one side removed and the other moved is judged with all it holds.
            scope.order = order(roots, &known);
            open.extend(scope.moved_and_removed().into_iter().filter(|page| known.insert(page.clone())));
            if open.is_empty() {
                break;
            }
        }
        match missing.each().iter().all(|pages| pages.is_empty()) {
            true => Ok(scope),
            false => Err(Need::Pages { base: missing.base, ours: missing.ours, theirs: missing.theirs }),
        }
    }

    /// Whether a page is in it.
    pub(super) fn has(&self, page: &PageId) -> bool {
        State::ALL.iter().any(|state| self.bodies[*state].contains_key(page))
    }

    /// Takes the bodies of a page, or notes what is missing. Equal content need not be loaded twice, but what is
    /// changed must be there itself.
    fn admit(&mut self, page: &PageId, missing: &mut Three<Vec<PageId>>) {
        for state in State::ALL {
            let Some(stub) = self.roots[state].stub(page) else { continue };
            let asked_before: &[State] = match state {
                State::Ours => &[],
                State::Base => &[State::Ours],
                State::Theirs => &[State::Ours, State::Base],
            };
            let alike = |other: &State| self.roots[*other].stub(page).filter(|other| *other == stub);
            let lent = State::ALL.iter().filter(|_| state != State::Ours).filter_map(alike);
            match stub.body.clone().or_else(|| lent.filter_map(|stub| stub.body.clone()).next()) {
                Some(body) => {
                    self.bodies[state].insert(page.clone(), body);
                }
                None if asked_before.iter().any(|other| alike(other).is_some()) => {}
                None => missing[state].push(page.clone()),
            }
        }
    }

    /// The pages that the blocks of a page lie on in other states.
    fn neighbours(&self, page: &PageId) -> BTreeSet<PageId> {
        let mut found = BTreeSet::new();
        for state in State::ALL {
            let Some(body) = self.bodies[state].get(page) else { continue };
            for other in State::ALL.into_iter().filter(|other| *other != state) {
                let there = self.bodies[other].get(page);
                if there.is_some_and(|there| Arc::ptr_eq(there, body)) {
                    continue;
                }
                let left = body.blocks().filter(|block| there.is_none_or(|t| t.block(&block.id).is_none()));
                found.extend(left.filter_map(|block| self.roots[other].home(&block.id)).cloned());
            }
        }
        found
    }

    fn moved_and_removed(&self) -> Vec<PageId> {
        let gone: Vec<&PageId> =
            self.order.base.iter().filter(|page| self.roots.ours.stub(page).is_none()).collect();
        if gone.is_empty() {
            return Vec::new();
        }
        let stayed: BTreeSet<PageId> = unmoved(&self.order.base, &self.order.theirs).into_iter().collect();
        let in_theirs = |page: &&PageId| self.roots.theirs.stub(page).is_some();
        gone.into_iter().filter(in_theirs).filter(|page| !stayed.contains(*page)).cloned().collect()
    }

    /// The page a node lies on: ours before theirs before the base.
    pub(super) fn page_of(&self, node: &Node) -> Option<PageId> {
        match node {
            Node::Site => None,
            Node::Page(page) => Some(page.clone()),
            Node::Block(block) | Node::Item(block, _) => [State::Ours, State::Theirs, State::Base]
                .into_iter()
                .find_map(|state| self.roots[state].home(block).cloned()),
        }
    }

    /// A node as a conflict shows it, with a hash over all below it; none if the state has no such node.
    pub(super) fn told(&self, state: State, node: &Node) -> Option<Value> {
        let block = |id| {
            let page = self.roots[state].home(id)?;
            self.bodies[state].get(page)?.block(id)
        };
        match node {
            Node::Site => None,
            Node::Page(id) => {
                let stub = self.roots[state].stub(id)?;
                let hash = stub.hash.to_string();
                Some(json!({ "id": id, "slug": &*stub.slug, "title": &*stub.title, "hash": hash }))
            }
            Node::Block(id) => {
                let block = block(id)?;
                let hash = block.hash.to_string();
                Some(json!({ "id": id, "type": &*block.kind, "props": block.value(), "hash": hash }))
            }
            Node::Item(id, path) => lookup(&block(id)?.value(), path as &[Step]).cloned(),
        }
    }
}

/// The orders of pages, trimmed to what differs and one page before it; empty where it is nobody's concern.
fn order(roots: Three<&Root>, scope: &BTreeSet<PageId>) -> Three<Vec<PageId>> {
    let everywhere = |page: &PageId| roots.each().iter().all(|root| root.stub(page).is_some());
    let same = roots.base.order.ptr_eq(&roots.theirs.order) || roots.base.order == roots.theirs.order;
    if same && scope.iter().all(everywhere) {
        return Three::default();
    }
    let shortest = roots.each().map(|root| root.order.len()).into_iter().min().unwrap_or(0);
    let alike = |ids: [Option<&PageId>; 3]| ids[0] == ids[1] && ids[0] == ids[2];
    let [base, ours, theirs] = roots.each().map(|root| &root.order);
    let heads = base.iter().zip(ours.iter()).zip(theirs.iter());
    let head = heads.take_while(|((b, o), t)| alike([Some(b), Some(o), Some(t)])).count();
    let tails = base.iter().rev().zip(ours.iter().rev()).zip(theirs.iter().rev());
    let tail = tails.take_while(|((b, o), t)| alike([Some(b), Some(o), Some(t)])).count();
    let tail = tail.min(shortest - head);
    Three::of(|state| {
        let order = &roots[state].order;
        order.iter().take(order.len() - tail).skip(head.saturating_sub(1)).cloned().collect()
    })
}
