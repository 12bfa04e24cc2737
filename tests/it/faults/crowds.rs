//! Callers that take more than their share (R11): the others are served, memory is bounded, refusals are quick.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::client::{self, Ending};
use super::load::Load;
use super::run::{Run, ms};
use super::stage::{Door, Stage, twins};
use super::verdict::judge;
use crate::harness::{SITE, heading};

/// What a server may grow by, in KB, whatever a crowd does: bodies in hand weigh 64 MB, and some four times that when read.
const BOUND_KB: u64 = 400_000;

async fn on_sqlite(folder: &TempDir, more: &[&'static str]) -> Stage {
    // The crowd is this process.
    let _ = osier::app::connections_that_fit(12_000);
    let database = format!("sqlite:{}", folder.path().join("osier.db").display());
    Stage::set(database, folder.path(), more).await
}

/// The slowest of so many writes in a row by a caller that asks for nothing special.
async fn slowest_write(door: &Door, writes: usize) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..writes {
        let ops = twins(0).map(|page| heading(&page, &format!("bystander {number}")));
        let request = door.request(Method::POST, "/ops").json(&json!({"site": SITE, "ops": ops}));
        let (ending, took) = client::send(request).await;
        assert!(matches!(ending, Ending::Done(_)), "a bystander: {ending:?}");
        slowest = slowest.max(took);
    }
    slowest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_never_read_their_answers_harm_nobody_and_are_parted_with() {
    let folder = TempDir::new().unwrap();
    let stage = on_sqlite(&folder, &[]).await;
    let mut run = Run::begin("R11, slow readers");
    let page = stage.door.make_large_page(8).await;
    let (addr, request) = stage.door.plain_get(&page);
    let alone = slowest_write(&stage.door, 50).await;
    let (before_kb, _) = stage.server(0).memory_kb();

    let readers = run.times(300, 3_000);
    let mut crowd = Vec::new();
    for _ in 0..readers {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut reader = socket.connect(addr.parse().unwrap()).await.unwrap();
        reader.write_all(request.repeat(10).as_bytes()).await.unwrap();
        crowd.push(reader);
    }
    let beside = slowest_write(&stage.door, 50).await;
    let (_, most_kb) = stage.server(0).memory_kb();
    assert!(most_kb - before_kb < BOUND_KB, "{before_kb} KB became {most_kb}");
    assert!(beside < Duration::from_secs(3), "beside slow readers a write took {beside:?}");

    // The limit is 30 s: the long form waits for it.
    if run.is_long() {
        tokio::time::sleep(Duration::from_secs(33)).await;
        let ended = join_all(crowd.iter_mut().map(|reader| rest(reader, Duration::from_secs(5)))).await;
        assert!(ended.iter().all(Option::is_some), "some readers that take nothing are still served");
    }
    run.figure("readers", readers);
    run.figure("slowest_write_alone_ms", ms(alone));
    run.figure("slowest_write_beside_ms", ms(beside));
    run.figure("memory_before_kb", before_kb);
    run.figure("memory_most_kb", most_kb);
    run.end();
}

/// What came until the server ended the connection; none where it does not within some seconds.
async fn rest(reader: &mut TcpStream, patience: Duration) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let read = tokio::time::timeout(patience, reader.read_to_end(&mut all)).await.is_ok();
    read.then_some(all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_send_one_byte_after_the_other_harm_nobody_and_are_parted_with() {
    let folder = TempDir::new().unwrap();
    let stage = on_sqlite(&folder, &[]).await;
    let mut run = Run::begin("R11, slowloris");
    let (addr, _) = stage.door.plain_get("/");
    let alone = slowest_write(&stage.door, 50).await;
    let crowd = run.times(200, 5_000);
    let mut loris = JoinSet::new();
    for _ in 0..crowd {
        loris.spawn(drip(addr.clone()));
    }
    let beside = slowest_write(&stage.door, 200).await;
    assert!(beside < Duration::from_secs(3), "beside slow senders a write took {beside:?}");
    let lives = loris.join_all().await;
    let (shortest, longest) = (lives.iter().min().unwrap(), lives.iter().max().unwrap());
    assert!(
        *shortest > Duration::from_secs(8) && *longest < Duration::from_secs(16),
        "{shortest:?} {longest:?}"
    );
    run.figure("senders", crowd);
    run.figure("slowest_write_alone_ms", ms(alone));
    run.figure("slowest_write_beside_ms", ms(beside));
    run.figure("parted_after_ms_min", ms(*shortest));
    run.figure("parted_after_ms_max", ms(*longest));
    run.end();
}

/// Sends the head of a request so slowly that it never ends; how long the server bore with it.
async fn drip(addr: String) -> Duration {
    let mut connection = TcpStream::connect(addr).await.unwrap();
    let began = Instant::now();
    let (mut from, mut to) = connection.split();
    let dripping = async {
        for byte in b"GET / HTTP/1.1\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'a')) {
            if to.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! { () = dripping => {} _ = from.read_to_end(&mut answer) => {} }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_too_many_writers_are_told_quickly_and_nothing_is_lost() {
    let folder = TempDir::new().unwrap();
    let stage = on_sqlite(&folder, &[]).await;
    let mut run = Run::begin("R11, overload");
    let (before_kb, _) = stage.server(0).memory_kb();
    let writers = u64::from(run.times(1_500, 10_000));
    let mut load = Load::start(writers, &stage.door, folder.path(), &run);
    load.until(|tally| tally.refused.get("429 rate_limited").is_some_and(|told| *told > 200)).await;
    load.more(1_000).await;
    let left = load.finish().await;
    let (after_kb, most_kb) = stage.server(0).memory_kb();
    assert!(most_kb - before_kb < BOUND_KB, "{before_kb} KB became {most_kb}");
    let slowest_refusal = left.tally.slowest_refusal;
    assert!(slowest_refusal < Duration::from_secs(12), "a refusal took {slowest_refusal:?}");
    judge(&stage.door, &left, &mut run).await;
    run.figure("writers", writers);
    run.figure("slowest_refusal_ms", ms(slowest_refusal));
    run.figure("memory_before_kb", before_kb);
    run.figure("memory_most_kb", most_kb);
    run.figure("memory_after_kb", after_kb);
    run.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_do_not_end_take_no_more_than_their_share() {
    let folder = TempDir::new().unwrap();
    let stage = on_sqlite(&folder, &[]).await;
    let mut run = Run::begin("R11, bodies that do not end");
    let (before_kb, _) = stage.server(0).memory_kb();
    let (addr, head) = stage.door.plain_get("/ops");
    let head = head
        .replace("GET", "POST")
        .replace("\r\n\r\n", "\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n");
    let crowd = run.times(200, 2_000);
    let mut sends = join_all((0..crowd).map(|_| all_but_the_end(&addr, &head))).await;
    let refused = sends.iter().filter(|(answer, _)| answer.starts_with("HTTP/1.1 429")).count();
    let (_, most_kb) = stage.server(0).memory_kb();
    assert!(
        refused > 0 && sends.iter().all(|(answer, _)| answer.is_empty() || answer.contains("retry-after: 1"))
    );
    assert!(most_kb - before_kb < BOUND_KB, "{before_kb} KB became {most_kb}");

    // The limit is 30 s: the long form waits for it.
    if run.is_long() {
        for (_, connection) in sends.iter_mut().filter(|(answer, _)| answer.is_empty()) {
            let told = rest(connection, Duration::from_secs(35)).await.expect("it waits for ever");
            let told = String::from_utf8_lossy(&told);
            assert!(told.starts_with("HTTP/1.1 408") && told.contains("request_timeout"), "{told}");
        }
    }

    // Reads, and whatever needs no body, are none the worse; and the shares come back.
    stage.door.get(&format!("/sites/{SITE}/pages")).await;
    drop(sends);
    let mut load = Load::start(4, &stage.door, folder.path(), &run);
    let well_again = load.more(8).await;
    let left = load.finish().await;
    judge(&stage.door, &left, &mut run).await;
    run.figure("senders", crowd);
    run.figure("told_at_once", refused);
    run.figure("well_again_ms", ms(well_again));
    run.figure("memory_before_kb", before_kb);
    run.figure("memory_most_kb", most_kb);
    run.end();
}

/// Sends a body of a megabyte but for its last byte; what was answered within a second, and the connection.
async fn all_but_the_end(addr: &str, head: &str) -> (String, TcpStream) {
    let mut connection = TcpStream::connect(addr).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    let body = vec![b' '; (1 << 20) - 1];
    let mut answer = vec![0; 4_096];
    let read = {
        let (mut from, mut to) = connection.split();
        let sending = async {
            // A server that has answered takes no more of it.
            let _ = to.write_all(&body).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            0
        };
        tokio::select! { read = from.read(&mut answer) => read.unwrap_or(0), nothing = sending => nothing }
    };
    (String::from_utf8_lossy(&answer[..read]).into_owned(), connection)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_beyond_the_cap_is_told_and_finds_a_place_when_another_ends() {
    let folder = TempDir::new().unwrap();
    let stage = on_sqlite(&folder, &["--max-connections", "20"]).await;
    let (addr, request) = stage.door.plain_get(&format!("/sites/{SITE}"));
    let ask = async || {
        let mut connection = TcpStream::connect(&addr).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let read = connection.read(&mut answer).await.unwrap();
        (String::from_utf8_lossy(&answer[..read]).into_owned(), connection)
    };
    let mut open = Vec::new();
    let told = loop {
        let (answer, connection) = ask().await;
        if !answer.starts_with("HTTP/1.1 200") {
            break answer;
        }
        open.push(connection);
        assert!(open.len() <= 20);
    };
    // One place may be the client's that made the site.
    assert!(open.len() >= 19, "{}", open.len());
    for part in
        ["HTTP/1.1 503", "retry-after: 1", "connection: close", "application/problem+json", "overloaded"]
    {
        assert!(told.contains(part), "{part} is missing: {told}");
    }
    open.clear();
    let began = Instant::now();
    while !ask().await.0.starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < Duration::from_secs(5), "no place is free again");
    }
}
