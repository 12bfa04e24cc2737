//! `kill -9` of servers and of the database, under load (R1, R2, R7).

use std::time::Instant;

use tempfile::TempDir;

use super::load::Load;
use super::postgres::Postgres;
use super::run::Run;
use super::stage::Stage;
use super::verdict::judge;
use super::watcher::Watcher;
use crate::harness::{SITE, Server};

/// Writers in every test here.
const WRITERS: u64 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_sqlite_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("osier.db").display());
    let run = Run::begin("R1, server killed, SQLite");
    killed_again_and_again(run, Stage::set(database, folder.path(), &[]).await, (10, 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_postgres_loses_nothing() {
    let Some((database, _)) = Server::postgres_database().await else { return };
    let folder = TempDir::new().unwrap();
    let run = Run::begin("R1, server killed, PostgreSQL");
    killed_again_and_again(run, Stage::set(database, folder.path(), &[]).await, (10, 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_sqlite_file_killed_at_random_lose_nothing() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("osier.db").display());
    let run = Run::begin("R7, one of two servers killed, SQLite");
    let mut stage = Stage::set(database, folder.path(), &[]).await;
    stage.add_server().await;
    killed_again_and_again(run, stage, (4, 50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_postgres_killed_at_random_lose_nothing() {
    let Some((database, _)) = Server::postgres_database().await else { return };
    let folder = TempDir::new().unwrap();
    let run = Run::begin("R7, one of two servers killed, PostgreSQL");
    let mut stage = Stage::set(database, folder.path(), &[]).await;
    stage.add_server().await;
    killed_again_and_again(run, stage, (4, 50)).await;
}

/// Kills one of the servers in the middle of its work, starts it again, goes on; then the log is judged.
async fn killed_again_and_again(mut run: Run, mut stage: Stage, (short, long): (u32, u32)) {
    let cycles = run.times(short, long);
    let servers = stage.servers();
    let mut chance = run.chance(0);
    let watcher = Watcher::start(&stage.door);
    let mut load = Load::start(WRITERS, &stage.door, &stage.folder, &run);
    for _ in 0..cycles {
        load.more(WRITERS).await;
        tokio::time::sleep(chance.millis(0, 250)).await;
        let victim = chance.below(servers);
        stage.kill(victim);
        stage.start(victim).await;
    }
    load.more(WRITERS).await;
    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    let history = stage.door.get(&format!("/sites/{SITE}/history?limit=1")).await;
    watcher.saw_all_up_to(history["items"][0]["seq"].as_u64().unwrap()).await;
    run.figure("cycles", cycles);
    run.times_taken("ready_again", stage.restarts());
    run.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_database_loses_nothing() {
    let Some(mut postgres) = Postgres::make().await else { return };
    let folder = TempDir::new().unwrap();
    let mut run = Run::begin("R2, PostgreSQL killed");
    let stage = Stage::set(postgres.url(), folder.path(), &[]).await;
    let cycles = run.times(3, 50);
    let mut chance = run.chance(0);
    let mut load = Load::start(WRITERS, &stage.door, &stage.folder, &run);
    let (mut database, mut server) = (Vec::new(), Vec::new());
    for _ in 0..cycles {
        load.more(WRITERS).await;
        tokio::time::sleep(chance.millis(0, 250)).await;
        postgres.kill();
        let began = Instant::now();
        postgres.start().await;
        database.push(began.elapsed());
        server.push(load.more(1).await);
    }
    load.more(WRITERS).await;
    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    run.figure("cycles", cycles);
    run.times_taken("database_accepts", database);
    run.times_taken("first_answer_after", server);
    run.end();
}
