//! SIGTERM under load (R3): what is under way is finished, nothing acknowledged is lost, and the end comes soon.

use std::time::Duration;

use reqwest::Method;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::load::Load;
use super::run::Run;
use super::stage::Stage;
use super::verdict::judge;
use crate::harness::Server;

/// The longest a server may take to end.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_on_sqlite_finishes_what_is_under_way() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("osier.db").display());
    stopped_again_and_again(Run::begin("R3, server stopped, SQLite"), database, &folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_on_postgres_finishes_what_is_under_way() {
    let Some((database, _)) = Server::postgres_database().await else { return };
    let folder = TempDir::new().unwrap();
    stopped_again_and_again(Run::begin("R3, server stopped, PostgreSQL"), database, &folder).await;
}

async fn stopped_again_and_again(mut run: Run, database: String, folder: &TempDir) {
    let mut stage = Stage::set(database, folder.path(), &[]).await;
    let cycles = run.times(3, 100);
    let mut chance = run.chance(0);
    let mut load = Load::start(64, &stage.door, folder.path(), &run);
    let mut ends = Vec::new();
    for _ in 0..cycles {
        load.more(64).await;
        tokio::time::sleep(chance.millis(0, 250)).await;
        let server = stage.take(0);
        server.terminate();
        let (status, took) = server.ended().await;
        assert!(status.success() && took < SOON, "{status} after {took:?}");
        ends.push(took);
        stage.start(0).await;
    }
    load.more(64).await;
    let left = load.finish().await;
    assert_eq!(left.tally.torn, 0, "an answer broke off after its head");
    judge(&stage.door, &left, &mut run).await;
    run.figure("cycles", cycles);
    run.times_taken("ended_after", ends);
    run.times_taken("ready_again", stage.restarts());
    run.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_read_slowly_is_whole_when_the_server_is_stopped_meanwhile() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}", folder.path().join("osier.db").display());
    let mut stage = Stage::set(database, folder.path(), &[]).await;
    let page = stage.door.make_large_page(8).await;
    let whole = stage.door.request(Method::GET, &page).send().await.unwrap().bytes().await.unwrap();

    // A small window, so that most of the answer is still the server's when it is stopped.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let (addr, request) = stage.door.plain_get(&page);
    let mut reader: TcpStream = socket.connect(addr.parse().unwrap()).await.unwrap();
    reader.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1_000];
    reader.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));

    let server = stage.take(0);
    server.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    reader.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&whole), "{} bytes of {}", answer.len(), whole.len());
    let (status, took) = server.ended().await;
    assert!(status.success() && took < SOON, "{status} after {took:?}");
}
