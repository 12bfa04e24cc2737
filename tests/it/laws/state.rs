//! State follows from the log, and from nothing else.

use super::house::House;
use super::on_each_store_holds;
use crate::world::{Replayed, Step};

on_each_store_holds! {
    the_log_replayed_from_its_first_entry_is_what_is_served: 24 histories of 24 steps;
    a_checkpoint_and_what_came_since_are_what_the_whole_log_is: 8 histories of 110 steps;
    every_version_is_served_again_as_it_was_served_then: 8 histories of 20 steps;
}

/// Replay = state: pages and config byte for byte, redirects, order, block types.
async fn the_log_replayed_from_its_first_entry_is_what_is_served(house: &mut House, steps: &[Step]) {
    for step in steps {
        let _ = house.step(*step).await;
        assert_eq!(house.served("main").await, house.told.seen());
    }
    let mut replayed = Replayed::genesis(&house.site);
    replayed.follow(&house.log().await);
    assert_eq!(replayed.hash(), house.told.hash());
}

/// Checkpoint + tail = full fold. Pages get theirs by large texts, the branch gets its own when the site is closed; a
/// service that is dropped leaves none. What is started on them serves what the whole log tells, and goes on so.
async fn a_checkpoint_and_what_came_since_are_what_the_whole_log_is(house: &mut House, steps: &[Step]) {
    for (at, step) in steps.iter().enumerate() {
        let _ = house.step(*step).await;
        if step.2 % 16 == 0 || at % 80 == 79 {
            house.reopen(step.3 % 4 > 0).await;
            // A page alone, looked for in the past, loads from its own checkpoint.
            let version = u64::from(step.1) % (house.told.root.version + 1);
            let _ = house.served(&format!("main@{version}")).await;
            assert_eq!(house.served("main").await, house.told.seen());
        }
    }
    house.reopen(true).await;
    assert_eq!(house.served("main").await, house.told.seen());
}

/// Any version, in whatever order, before and after a restart.
async fn every_version_is_served_again_as_it_was_served_then(house: &mut House, steps: &[Step]) {
    house.remember().await;
    for step in steps {
        let _ = house.step(*step).await;
        house.remember().await;
    }
    for in_good_order in [true, false] {
        let versions: Vec<u64> = house.seen.keys().copied().collect();
        for (version, step) in versions.iter().rev().zip(steps.iter().cycle()) {
            let version =
                if step.1 % 2 == 0 { *version } else { versions[usize::from(step.2) % versions.len()] };
            assert_eq!(
                house.served(&format!("main@{version}")).await,
                house.seen[&version],
                "version {version}"
            );
        }
        house.reopen(in_good_order).await;
    }
}
