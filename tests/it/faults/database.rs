//! A database that is gone, slow or silent (R4), and one whose answer to a commit is lost on the way (R5).

use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::load::{Load, Tally};
use super::proxy::{Proxy, Way};
use super::run::{Run, ms};
use super::stage::Stage;
use super::verdict::judge;
use crate::harness::Server;

/// What a caller may have to wait for a refusal: the deadline of ten seconds, and some for a busy machine.
const DEADLINE: Duration = Duration::from_secs(13);

/// A server behind a proxy on a database of its own.
async fn behind_a_proxy() -> Option<(Stage, Proxy, TempDir)> {
    let (database, target) = Server::postgres_database().await?;
    let proxy = Proxy::to(&target).await;
    let folder = TempDir::new().unwrap();
    let stage = Stage::set(proxy.url(&database), folder.path(), &[]).await;
    Some((stage, proxy, folder))
}

/// Leaves the way as it is for some time under load, opens it, and waits until work goes on by itself.
async fn spoiled(
    run: &mut Run,
    name: &str,
    load: &mut Load,
    proxy: &Proxy,
    way: Way,
    time: Duration,
) -> Tally {
    load.more(20).await;
    load.tally();
    proxy.set(way);
    if way == Way::Closed {
        proxy.cut();
    }
    tokio::time::sleep(time).await;
    proxy.set(Way::Open);
    let well_again = load.more(1).await;
    load.more(20).await;
    let tally = load.tally();
    run.most(&format!("{name}_well_again_ms_max"), ms(well_again));
    run.most(&format!("{name}_slowest_answer_ms"), ms(tally.slowest));
    run.most(&format!("{name}_refused_most"), tally.refused.values().sum());
    assert!(tally.slowest < DEADLINE, "{name}: {tally:?}");
    assert_eq!((tally.broken, tally.torn, tally.silent), (0, 0, 0), "{name}: {tally:?}");
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_or_slow_is_told_in_time_and_nothing_is_lost() {
    let Some((stage, proxy, folder)) = behind_a_proxy().await else { return };
    let mut run = Run::begin("R4, database gone and slow");
    let cycles = run.times(1, 20);
    let mut load = Load::start(32, &stage.door, folder.path(), &run);
    for _ in 0..cycles {
        let gone = spoiled(&mut run, "gone", &mut load, &proxy, Way::Closed, Duration::from_secs(2)).await;
        assert!(gone.refused.contains_key("503 store_unavailable"), "{gone:?}");
        let slow = Way::Slow(Duration::from_millis(300));
        spoiled(&mut run, "slow", &mut load, &proxy, slow, Duration::from_secs(3)).await;
    }
    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    run.figure("cycles", cycles);
    run.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_in_the_middle_of_a_write_is_told_in_time_and_nothing_is_lost() {
    let Some((stage, proxy, folder)) = behind_a_proxy().await else { return };
    let mut run = Run::begin("R4, database silent");
    let cycles = run.times(1, 20);
    let mut load = Load::start(32, &stage.door, folder.path(), &run);
    let mut chance = run.chance(0);
    for _ in 0..cycles {
        let time = Duration::from_secs(12 + chance.next() % u64::from(cycles));
        let silent = spoiled(&mut run, "silent", &mut load, &proxy, Way::BlackHole, time).await;
        assert!(silent.refused.contains_key("503 store_unavailable"), "{silent:?}");
    }
    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    run.figure("cycles", cycles);
    run.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_applied_once_and_answered_the_same() {
    let Some((mut stage, proxy, folder)) = behind_a_proxy().await else { return };
    let mut run = Run::begin("R5, answers to commits lost");
    let losses = run.times(20, 1_000);
    let mut load = Load::start(8, &stage.door, folder.path(), &run);
    let mut well_again = Vec::new();
    for loss in 0..losses {
        load.more(1).await;
        match loss % 4 {
            // The server asks again over another connection.
            0 | 1 => proxy.lose_an_answer().await,
            // It can't for a while.
            2 => {
                proxy.lose_an_answer_and_close().await;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            // It never can: it dies without having told anybody.
            _ => {
                proxy.lose_an_answer_and_close().await;
                stage.kill(0);
                proxy.set(Way::Open);
                stage.start(0).await;
            }
        }
        let began = Instant::now();
        proxy.set(Way::Open);
        load.more(8).await;
        well_again.push(began.elapsed());
    }
    // Once longer than the server tries: callers are told that nothing is known, and ask again.
    proxy.lose_an_answer_and_close().await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    proxy.set(Way::Open);
    load.more(8).await;

    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    run.figure("answers_lost", losses + 1);
    run.times_taken("eight_more_after", well_again);
    run.end();
}
