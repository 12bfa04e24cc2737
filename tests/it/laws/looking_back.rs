//! Undo, redo, restore and diff: ways between states that are there.

use std::sync::Arc;

use osier::store::Memory;
use serde_json::json;

use super::house::House;
use super::on_each_store_holds;
use crate::world::Step;

on_each_store_holds! {
    an_undo_of_the_newest_commit_is_the_state_before_it_and_redo_the_one_after: 24 histories of 20 steps;
    the_whole_stack_is_undone_and_redone_step_by_step: 16 histories of 20 steps;
    a_restored_version_is_that_version_hash_for_hash: 24 histories of 20 steps;
}

/// undo ∘ do = identity, redo ∘ undo = identity, hash for hash, whatever the commit did.
async fn an_undo_of_the_newest_commit_is_the_state_before_it_and_redo_the_one_after(
    house: &mut House,
    steps: &[Step],
) {
    for step in steps {
        let version = house.told.root.version;
        let before = house.told.hash();
        let Ok(answer) = house.step(*step).await else { continue };
        let kind = answer.results[0].op.clone();
        if house.told.root.version == version || kind == "undo" || kind == "redo" {
            continue;
        }
        let after = house.told.hash();
        let undone =
            house.ask("cy", json!({"ops": [{"op": "undo", "commit": answer.commit}]})).await.unwrap();
        assert_eq!(undone.results[0].undid.as_ref().map(|taken| taken.version), Some(answer.version));
        assert_eq!(house.told.hash(), before, "{kind} undone");
        house.ask("cy", json!({"ops": [{"op": "redo"}]})).await.unwrap();
        assert_eq!(house.told.hash(), after, "{kind} undone and redone");
        if step.2 % 8 == 0 {
            house.reopen(step.3 % 2 == 0).await;
        }
    }
}

/// Edits are taken back newest first down to the first batch, and brought back in turn; each state on the way is one that
/// was there, however often the service is started anew between.
async fn the_whole_stack_is_undone_and_redone_step_by_step(house: &mut House, steps: &[Step]) {
    let mut states = vec![house.told.hash()];
    for step in steps {
        let ops = house.ops(*step);
        let _ = house.ask("ana", json!({"ops": ops})).await;
        if house.hashes.len() > states.len() + 1 {
            states.push(house.told.hash());
        }
    }
    for (state, step) in states.iter().rev().skip(1).zip(steps.iter().cycle()) {
        house.ask("bo", json!({"ops": [{"op": "undo"}]})).await.unwrap();
        assert_eq!(house.told.hash(), *state);
        if step.2 % 8 == 0 {
            house.reopen(step.3 % 2 == 0).await;
        }
    }
    for state in &states[1..] {
        house.ask("cy", json!({"ops": [{"op": "redo"}]})).await.unwrap();
        assert_eq!(house.told.hash(), *state);
    }
    assert!(house.ask("cy", json!({"ops": [{"op": "redo"}]})).await.is_err(), "nothing is left to redo");
    assert_eq!(house.served("main").await, house.told.seen());
}

/// A restore of the branch is the old state, hash for hash; undone, the state before the restore.
async fn a_restored_version_is_that_version_hash_for_hash(house: &mut House, steps: &[Step]) {
    for step in steps {
        let _ = house.step(*step).await;
        if step.1 % 3 > 0 {
            continue;
        }
        let version = usize::from(step.2) % house.hashes.len();
        let before = house.told.hash();
        let answer =
            house.ask("bo", json!({"ops": [{"op": "restore_version", "version": version}]})).await.unwrap();
        assert_eq!(house.told.hash(), house.hashes[version], "restored {version}");
        if answer.changed {
            house.ask("bo", json!({"ops": [{"op": "undo"}]})).await.unwrap();
            assert_eq!(house.told.hash(), before, "the restore of {version} undone");
        }
    }
}

/// Found by the simulation: the exact inverse of the removal fitted a list that had the item again, from the restore.
#[tokio::test]
async fn an_item_that_a_restore_brought_back_is_not_brought_back_twice() {
    let mut house = House::new(Arc::new(Memory::default()), "s").await;
    let item = json!({"op": "remove_item", "page": "/a", "block": "blk_f", "list": "items", "key": "k1"});
    let removed = house.ask("ana", json!({"ops": [item]})).await.unwrap();
    house.ask("bo", json!({"ops": [{"op": "restore_version", "version": 1}]})).await.unwrap();
    let undone = house.ask("ana", json!({"ops": [{"op": "undo", "commit": removed.commit}]})).await.unwrap();
    assert!(!undone.changed, "it is back already");
    assert_eq!(house.told.hash(), house.hashes[1]);
    assert_eq!(house.served("main").await, house.told.seen());
}
