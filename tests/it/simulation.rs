//! Writers, crashes and restarts in simulated time: some servers on one unreliable store, clients that keep a journal, and
//! one who cuts, kills and starts anew. All of it follows from a seed.
//!
//! `docs/TESTING.md` says what is checked, how to run more seeds and how to replay one.

mod client;
mod journal;
mod nemesis;
mod store;
mod town;

use std::time::Duration;

use nemesis::Plan;
use store::Faults;
use town::Town;

const STORM: Faults = Faults { no_read: 25, no_write: 12, lost_answer: 10, late_write: 12, delay_ms: 40 };
const SLOW: Faults = Faults { no_read: 0, no_write: 0, lost_answer: 0, late_write: 0, delay_ms: 30 };

#[test]
fn one_server_that_crashes_loses_nothing_it_acknowledged() {
    each_seed("one_server", |seed| Plan { servers: 1, kills: true, faults: SLOW, ..Plan::calm(seed) });
}

#[test]
fn a_store_that_loses_answers_and_refuses_is_told_from_one_that_did_not_write() {
    each_seed("a_store_that_loses", |seed| Plan {
        servers: 1,
        faults: STORM,
        gone: true,
        ..Plan::calm(seed)
    });
}

#[test]
fn several_servers_on_one_slow_store_are_one_writer() {
    each_seed("several_servers_on", |seed| Plan {
        servers: 2 + seed as usize % 2,
        faults: SLOW,
        ..Plan::calm(seed)
    });
}

#[test]
fn several_servers_that_crash_on_a_bad_store_lose_nothing_and_do_nothing_twice() {
    each_seed("that_crash_on_a_bad", |seed| Plan {
        servers: 2 + seed as usize % 2,
        kills: true,
        faults: STORM,
        gone: seed % 3 == 0,
        ..Plan::calm(seed)
    });
}

#[test]
fn a_store_that_goes_back_in_time_is_followed_back() {
    each_seed("goes_back", |seed| Plan {
        servers: 1 + seed as usize % 2,
        faults: SLOW,
        rewinds: true,
        ..Plan::calm(seed)
    });
}

#[test]
fn a_seed_is_the_same_history_each_time() {
    let plan = || Plan { servers: 3, kills: true, faults: STORM, gone: true, ..Plan::calm(11) };
    assert_eq!(run(plan()), run(plan()));
}

/// Runs a scenario with many seeds: `OSIER_SEEDS` of them (else 40), or the one that `OSIER_SEED` names.
fn each_seed(scenario: &str, plan: impl Fn(u64) -> Plan) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("OSIER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("OSIER_SEEDS").unwrap_or(40),
    };
    for seed in seeds {
        let plan = plan(seed);
        let ended = std::panic::catch_unwind(|| run(plan));
        if let Err(panic) = ended {
            eprintln!("seed {seed} failed; again:\n    OSIER_SEED={seed} cargo test --test it {scenario}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// One history: the servers and clients live through it, then it is quiet, and all is looked at. Answers the hash of the
/// log's end.
fn run(plan: Plan) -> [u8; 32] {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let end = runtime.block_on(async {
        let town = Town::new(&plan).await;
        town.disk.set(plan.faults);
        let clients: Vec<_> =
            (0..plan.clients).map(|n| tokio::spawn(client::live(town.clone(), n, plan.asks))).collect();
        let nemesis = tokio::spawn(nemesis::live(town.clone(), plan));
        for client in clients {
            client.await.unwrap();
        }
        nemesis.abort();
        assert!(nemesis.await.is_err_and(|ended| ended.is_cancelled()), "the one who makes it hard stumbled");
        town.disk.set(Faults::default());
        town.disk.is_gone_for(Duration::ZERO);
        // The longest wait that a writer allows itself, and a look at the log.
        tokio::time::sleep(Duration::from_secs(10)).await;
        town.look_at_all().await;
        town.follow().link.hash
    });
    runtime.shutdown_background();
    end
}
