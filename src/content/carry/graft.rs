//! One page as another state has it, all else as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::change::{Node, PAGES};
use super::super::id::PageId;
use super::super::sequence::unmoved;
use super::forest::Forest;

/// The host with a page, and all that lay on it, as the donor has it. A block that the donor has on this page comes
/// back from wherever it is. A block that the donor has on another page goes back there, as it is, if its place is
/// still there; what the donor does not have goes.
pub(super) fn graft(host: &Forest, donor: &Forest, page: &PageId) -> Forest {
    let top = Node::Page(page.clone());
    let wanted = donor.below(&top);
    let kept: BTreeSet<&Node> = wanted.iter().collect();
    // What hangs below them comes along, wherever they are.
    let here: Vec<Node> = [&top].into_iter().chain(&wanted).flat_map(|node| host.below(node)).collect();
    let mut result = host.clone();
    take_out(&mut result, &here.iter().filter(|node| **node != top).collect());
    result.nodes.remove(&top);
    for node in &wanted {
        result.nodes.extend(donor.get(node).map(|entry| (node.clone(), entry.clone())));
    }
    let mut strangers: Vec<&Node> = here.iter().filter(|n| !kept.contains(n) && donor.has(n)).collect();
    // The parent of a stranger may be one itself, and come later.
    while let Some(at) = strangers.iter().position(|node| may_return(&result, donor, node)) {
        let node = strangers.remove(at);
        let mut back = Vec::new();
        with_below(host, node, &|node| !kept.contains(node) && !result.has(node), &mut back);
        return_stranger(&mut result, host, donor, &back);
        strangers.retain(|node| !result.has(node));
    }
    result
}

/// A node and what hangs below it, as far as it still belongs to it.
fn with_below<'f>(
    host: &'f Forest,
    node: &'f Node,
    belongs: &dyn Fn(&Node) -> bool,
    found: &mut Vec<&'f Node>,
) {
    if belongs(node) {
        found.push(node);
        let slots = host.get(node).into_iter().flat_map(|entry| entry.slots.values());
        slots.flatten().for_each(|child| with_below(host, child, belongs, found));
    }
}

fn may_return(result: &Forest, donor: &Forest, node: &Node) -> bool {
    donor.container(node).is_some_and(|(parent, _)| result.has(parent))
}

/// Puts a node back at its place in the donor, with what hangs below it in the host.
fn return_stranger(result: &mut Forest, host: &Forest, donor: &Forest, back: &[&Node]) {
    let Some((top, Some(home))) = back.first().map(|top| (*top, donor.container(top))) else { return };
    let coming: BTreeSet<&Node> = back.iter().copied().collect();
    for node in back {
        let Some(mut entry) = host.get(node).cloned() else { continue };
        for children in entry.slots.values_mut() {
            children.retain(|child| coming.contains(child));
        }
        entry.slots.retain(|_, children| !children.is_empty());
        result.nodes.insert((*node).clone(), entry);
    }
    if let Some(entry) = result.nodes.get_mut(top) {
        entry.container = Some(home.clone());
    }
    let now: HashMap<&Node, usize> =
        result.children(home).iter().enumerate().map(|(at, node)| (node, at)).collect();
    let left = donor.children(home).iter().take_while(|sibling| *sibling != top);
    let at = left.filter_map(|left| now.get(left)).last().map_or(0, |at| at + 1);
    if let Some(parent) = result.nodes.get_mut(&home.0) {
        parent.slots.entry(home.1.clone()).or_default().insert(at, top.clone());
    }
}

/// Takes nodes out, from the lists they stand in too.
fn take_out(forest: &mut Forest, going: &BTreeSet<&Node>) {
    let containers = going.iter().filter_map(|node| forest.container(node)).cloned();
    for (parent, slot) in containers.collect::<BTreeSet<_>>() {
        let Some(parent) = forest.nodes.get_mut(&parent) else { continue };
        if let Some(siblings) = parent.slots.get_mut(&slot) {
            siblings.retain(|sibling| !going.contains(sibling));
            if siblings.is_empty() {
                parent.slots.remove(&slot);
            }
        }
    }
    forest.nodes.retain(|node, _| !going.contains(node));
}

/// Puts a page among the pages of the host where it stands in the donor: right before the next page there that both
/// have in the same order. A page that stands so already stays; one the donor does not have goes.
pub(super) fn place_page(forest: &mut Forest, host: &[PageId], donor: &[PageId], page: &PageId) {
    let others = |order: &[PageId]| order.iter().filter(|id| *id != page).cloned().collect::<Vec<_>>();
    let mut order = others(host);
    let anchors: BTreeSet<PageId> = unmoved(&order, &others(donor)).into_iter().collect();
    let next = |order: &[PageId]| {
        let at = order.iter().position(|id| id == page)?;
        Some(order[at..].iter().find(|id| anchors.contains(*id)).cloned())
    };
    match (next(host), next(donor)) {
        (_, None) => {}
        (Some(here), Some(there)) if here == there => order = host.to_vec(),
        (_, Some(there)) => {
            let before = there.and_then(|there| order.iter().position(|id| *id == there));
            order.insert(before.unwrap_or(order.len()), page.clone());
        }
    }
    if let Some(site) = forest.nodes.get_mut(&Node::Site) {
        site.slots = BTreeMap::new();
        if !order.is_empty() {
            site.slots.insert(PAGES.into(), order.into_iter().map(Node::Page).collect());
        }
    }
}
