//! What is true of every carry, over random histories of three states.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::differential::carried;
use super::documents::{changed, whole};
use super::edits::{edits, steps, three_states};
use crate::content::carry::{Conflict, Take, Text, carry, restore_branch};
use crate::content::change::{Change, invert};
use crate::content::document::{Root, Stamp, fold_page, site_hash};
use crate::content::json::{Value, key_of};

/// So many cases, the same each time, so that a failure is somebody's change. `PROPTEST_CASES=20000` looks further,
/// by chance.
pub fn cases(usually: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let rng_seed = if asked.cases > usually { asked.rng_seed } else { RngSeed::Fixed(1) };
    let cases = asked.cases.max(usually);
    ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 20_000, ..asked }
}

pub const OURS: &dyn Fn(&Conflict) -> Take = &|_| Take::Ours;
pub const THEIRS: &dyn Fn(&Conflict) -> Take = &|_| Take::Theirs;

/// The state that changes lead to, sealed.
fn applied(root: &Root, changes: &[Change]) -> Root {
    let mut root = root.clone();
    let touched = root.apply(changes).unwrap();
    root.seal(&touched, &Stamp { version: root.version + 1, at_ms: 0, who: "test".into() });
    root
}

/// Changes lead from one state to the other, page by page too, their inverse leads back, and indexes follow.
pub fn hold_to_the_laws(before: &Root, after: &Root, changes: &[Change]) {
    assert_eq!(site_hash(&applied(before, changes)), site_hash(after), "the changes are what happened");
    let back = applied(after, &invert(changes));
    assert_eq!(site_hash(&back), site_hash(before), "the inverse leads back");
    assert_eq!(back.indexes(), before.indexes(), "and the indexes follow");
    for (id, stub) in before.stubs() {
        let body = (**stub.body.as_ref().unwrap()).clone();
        let folded = fold_page(Some(body), id, changes, &after.types).unwrap();
        let now = after.stub(id).map(|stub| stub.hash);
        assert_eq!(folded.map(|page| page.hash()), now, "{id} can be folded alone");
    }
    let slugs: BTreeSet<_> = after.stubs().map(|(_, stub)| stub.slug.clone()).collect();
    assert_eq!(slugs.len(), after.order.len(), "one address, one page");
    assert!(
        after.stubs().all(|(id, stub)| after.by_slug(&stub.slug) == Some(id)),
        "addresses lead to their pages"
    );
    assert!(!whole(after).to_string().contains("\\u0000"), "a mark is left");
}

/// Carries and holds the result to the laws.
fn lawful([base, ours, theirs]: [&Root; 3], take: &dyn Fn(&Conflict) -> Take) -> (Root, Vec<Conflict>) {
    let mut conflicts = Vec::new();
    let (root, changes) = changed(ours, |draft| {
        conflicts = carry(draft, base, theirs, Text::Runs, take).unwrap();
    });
    hold_to_the_laws(ours, &root, &changes);
    (root, conflicts)
}

/// A state without the order of siblings.
fn unordered(root: &Root) -> Value {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Array(elements) => {
                let name = |element: &Value| key_of(element).or(element["id"].as_str()).map(str::to_owned);
                let mut elements: Vec<Value> = elements.into_iter().map(sorted).collect();
                if elements.iter().all(|element| name(element).is_some()) {
                    elements.sort_by_key(name);
                }
                elements.into()
            }
            Value::Object(fields) => Value::Object(fields.into_iter().map(|(k, v)| (k, sorted(v))).collect()),
            value => value,
        }
    }
    sorted(whole(root))
}

fn is_of_the_whole(conflict: &Conflict) -> bool {
    conflict.choices().is_empty()
}

/// Merges one branch and then another into a third; nothing where there is a conflict.
fn merged_in_turn(base: &Root, main: &Root, branches: [&Root; 2]) -> Option<Root> {
    branches.into_iter().try_fold(main.clone(), |main, branch| {
        let (root, conflicts) = carried(base, &main, branch, Text::Runs, OURS);
        conflicts.is_empty().then_some(root)
    })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn what_only_one_side_changed_is_as_that_side_has_it(steps in steps(&[0, 1, 1], 14)) {
        let [base, x, _] = three_states(&steps);
        for [b, o, t] in [[&base, &x, &base], [&base, &base, &x], [&base, &x, &x]] {
            let (root, conflicts) = carried(b, o, t, Text::Runs, OURS);
            prop_assert_eq!(conflicts, vec![]);
            prop_assert_eq!(whole(&root), whole(&x));
            prop_assert_eq!(site_hash(&root), site_hash(&x));
        }
    }

    #[test]
    fn the_way_from_one_state_to_another_is_exact_and_so_is_the_way_back(steps in steps(&[0, 1, 1, 2, 2], 14)) {
        let [_, a, b] = three_states(&steps);
        let (root, changes) = changed(&a, |draft| restore_branch(draft, &b).unwrap());
        prop_assert_eq!(whole(&root), whole(&b));
        prop_assert_eq!(site_hash(&root), site_hash(&b));
        prop_assert_eq!(root.indexes(), b.indexes());
        prop_assert_eq!(changes.is_empty(), site_hash(&a) == site_hash(&b));
        hold_to_the_laws(&a, &root, &changes);
    }

    #[test]
    fn every_result_is_a_sound_state_and_no_conflict_is_told_twice(steps in steps(&[0, 1, 1, 2, 2], 14)) {
        let [base, ours, theirs] = &three_states(&steps);
        for take in [OURS, THEIRS] {
            let (_, conflicts) = lawful([base, ours, theirs], take);
            let ids: BTreeSet<&String> = conflicts.iter().map(|conflict| &conflict.id).collect();
            prop_assert_eq!(ids.len(), conflicts.len());
        }
    }

    #[test]
    fn all_conflicts_to_one_side_is_the_mirror_image_of_all_to_the_other(steps in steps(&[0, 1, 1, 2, 2], 14)) {
        let [base, ours, theirs] = &three_states(&steps);
        let (one, said) = carried(base, ours, theirs, Text::Runs, OURS);
        let (other, said_back) = carried(base, theirs, ours, Text::Runs, THEIRS);
        prop_assert_eq!(said.len(), said_back.len());
        if !said.iter().chain(&said_back).any(is_of_the_whole) {
            prop_assert_eq!(unordered(&one), unordered(&other));
        }
    }

    #[test]
    fn two_branches_merged_in_either_order_are_the_same_but_for_siblings_in_a_gap(steps in steps(&[0, 1, 2, 3], 10)) {
        let [base, f, g] = three_states(&steps);
        let main = edits(&base, &steps, 3);
        let (one, other) = (merged_in_turn(&base, &main, [&f, &g]), merged_in_turn(&base, &main, [&g, &f]));
        // A removal may hide that its node was moved, so that the other order has a conflict which this one has not.
        if let (Some(one), Some(other)) = (one, other) {
            prop_assert_eq!(unordered(&one), unordered(&other));
        }
    }
}
