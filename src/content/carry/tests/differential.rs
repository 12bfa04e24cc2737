//! Carry beside the plain model: the same states, the same conflicts.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::documents::{self, after};
use super::edits::{steps, three_states};
use super::plain::{self, Plain};
use crate::content::carry::{Conflict, Kind, Take, Text, carry};
use crate::content::change::{Node, Step};
use crate::content::document::Root;

/// A conflict as the plain model names it.
fn plainly(conflict: &Conflict) -> Plain {
    let node = &conflict.nodes[0];
    let inside = match node {
        Node::Item(_, way) => way.len() + 1,
        _ => 0,
    };
    let text = |path: &Vec<Step>| path[inside..].iter().map(ToString::to_string).collect();
    Plain {
        kind: conflict.kind,
        node: plain::name(node),
        path: conflict.path.as_ref().map(text),
        nodes: conflict.nodes.iter().map(plain::name).collect(),
    }
}

/// Takes a side by chance, but the same one in both.
fn takes_theirs(conflict: &Plain, luck: u8) -> bool {
    match luck {
        0 => false,
        1 => true,
        _ => {
            let text = format!("{:?} {} {:?}", conflict.kind, conflict.node, conflict.path);
            blake3::hash(text.as_bytes()).as_bytes()[usize::from(luck)] % 2 == 0
        }
    }
}

pub fn carried(
    base: &Root,
    ours: &Root,
    theirs: &Root,
    text: Text,
    take: &dyn Fn(&Conflict) -> Take,
) -> (Root, Vec<Conflict>) {
    let mut conflicts = Vec::new();
    let root = after(ours, |draft| conflicts = carry(draft, base, theirs, text, take).unwrap());
    (root, conflicts)
}

/// The model names every item below a removed block, carry those of the lists that differ.
fn without_items(conflicts: impl Iterator<Item = Plain>) -> BTreeSet<Plain> {
    let bare = |mut conflict: Plain| {
        conflict.nodes.retain(|node| !node.contains('/'));
        conflict
    };
    conflicts.map(bare).collect()
}

fn agree([base, ours, theirs]: &[Root; 3], text: Text, luck: u8) -> Result<(), TestCaseError> {
    let take = |conflict: &Conflict| match takes_theirs(&plainly(conflict), luck) {
        true => Take::Theirs,
        false => Take::Ours,
    };
    let (root, conflicts) = carried(base, ours, theirs, text, &take);
    if conflicts.iter().any(|conflict| conflict.kind == Kind::RedirectCycle) {
        return Ok(());
    }
    let (expected, said) =
        plain::carry(&plain::states([base, ours, theirs]), text, &|conflict| takes_theirs(conflict, luck));
    let own = conflicts.iter().filter(|conflict| conflict.kind != Kind::Schema).map(plainly);
    prop_assert_eq!(without_items(own), without_items(said.into_iter()));
    prop_assert_eq!(documents::whole(&root), plain::whole(&expected));
    Ok(())
}

proptest! {
    #![proptest_config(super::laws::cases(1200))]

    #[test]
    fn carry_does_what_the_plain_model_does(steps in steps(&[0, 1, 1, 2, 2], 16), whole in any::<bool>(), luck in 0..5u8) {
        agree(&three_states(&steps), if whole { Text::Whole } else { Text::Runs }, luck)?;
    }
}
