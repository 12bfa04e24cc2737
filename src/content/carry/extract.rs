//! The three forests of a carry: what differs opened into fields and list items, links marked.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::change::Node;
use super::super::id::BlockId;
use super::super::json::Value;
use super::super::schema::Shape;
use super::addresses::Addresses;
use super::forest::{Forest, Own};
use super::items;
use super::scope::Scope;
use super::site;
use super::three::{State, Three};

/// Makes the forests.
pub(super) fn forests(scope: &Scope<'_>, addresses: &Addresses<'_>) -> Three<Forest> {
    let mut forests = Three::of(|state| Forest::of(&scope.bodies[state], &scope.order[state]));
    let mut blocks = differing_blocks(&forests);
    blocks.extend(linking_blocks(scope, addresses));
    for block in &blocks {
        let fields = Three::of(|state| fields_of(block, state, &forests[state], scope, addresses));
        items::open(&mut forests, block, fields);
    }
    let mut fields = site::fields(scope.roots, addresses);
    for state in State::ALL {
        mark_canonicals(state, &mut forests[state], addresses);
        forests[state].give_site(std::mem::take(&mut fields[state]));
    }
    forests
}

/// The blocks that are not the same, their children aside, wherever they are.
fn differing_blocks(forests: &Three<Forest>) -> BTreeSet<BlockId> {
    let mut differing = BTreeSet::new();
    for [one, other] in
        [[State::Base, State::Ours], [State::Base, State::Theirs], [State::Ours, State::Theirs]]
    {
        for (node, entry) in &forests[one].nodes {
            if let Node::Block(id) = node
                && forests[other].get(node).is_some_and(|there| there.own != entry.own)
            {
                differing.insert(id.clone());
            }
        }
    }
    differing
}

/// The blocks with a link to a page whose address is not settled.
fn linking_blocks(scope: &Scope<'_>, addresses: &Addresses<'_>) -> BTreeSet<BlockId> {
    let mut linking = BTreeSet::new();
    for state in State::ALL {
        let root = scope.roots[state];
        let named =
            addresses.slugs(state).flat_map(|slug| root.linking_to(slug).map(move |page| (slug, page)));
        for (slug, page) in named {
            let body = scope.bodies[state].get(page).into_iter();
            let blocks = body.flat_map(|body| body.blocks()).filter(|block| block.links_to(slug));
            linking.extend(blocks.map(|block| block.id.clone()));
        }
    }
    linking
}

/// A block's own fields, with the links to unsettled pages marked.
fn fields_of(
    id: &BlockId,
    state: State,
    forest: &Forest,
    scope: &Scope<'_>,
    addresses: &Addresses<'_>,
) -> Option<Value> {
    let Own::Block(block) = &forest.get(&Node::Block(id.clone()))?.own else { return None };
    let mut props = block.value();
    if !addresses.are_settled()
        && let Some(block_type) = scope.roots[state].types.get(&block.kind)
    {
        addresses.mark(state, block_type.shape(), &mut props);
    }
    Some(json!({ "type": &*block.kind, "props": props }))
}

fn mark_canonicals(state: State, forest: &mut Forest, addresses: &Addresses<'_>) {
    for entry in forest.nodes.values_mut().filter(|_| !addresses.are_settled()) {
        if let Own::Fields(fields) = &mut entry.own
            && let Some(canonical) = fields.get_mut("meta").and_then(|meta| meta.get_mut("canonical"))
        {
            addresses.mark(state, &Shape::Link, canonical);
        }
    }
}
