//! The bare servers: what any server of this kind must do, and nothing else. They are the ceiling that ours is held to.
//!
//! **Bare append** (`POST /ops`) takes the same requests over the same HTTP stack as `osier serve` (axum and hyper as
//! `app::serve` sets them up, a runtime of as many threads), compares the token's header byte for byte, reads the body with
//! the same JSON parser (`content::json`), hands it through a channel to one task that drains what waits (256 at most, as
//! the site's writer does), and appends an entry for each with its touched row, all in one statement, through the same
//! `Store::append`: same columns, same compare-and-set, rows chained by hash, fsync before the answer. The rows are copies
//! of what Osier wrote for such a request in the same store a moment before, with the number, time and version of their
//! own; the answer has as many bytes as Osier's.
//!
//! It does not: look for the token's rights, read the JSON as ops, lower, validate, keep a state, hash content, write or
//! compress a body of its own, make an answer, keep an index of recent commits, write checkpoints, or look whether
//! another server has written.
//!
//! **Bare handler** (`GET /sites/{site}/pages/{page}`) answers the bytes of a page from memory with the headers that Osier
//! sends. It does not look at the request.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use clap::Args;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::broken::{Broken, Result};
use super::site::SITE;
use crate::app::{self, Limits};
use crate::content::json;
use crate::store::{self, Append, Appended, BranchKey, Entry, Link, SiteKey, Store, Touched};

/// As many as a round of the site's writer takes.
const ROUND: usize = 256;

/// Requests that wait for the writer.
const QUEUE: usize = 1024;

/// A bare server: on the store of --database, or of a page
#[derive(Args)]
pub(super) struct Bare {
    /// Where to listen
    #[arg(long)]
    addr: String,
    /// Append to the store: this is the header `Authorization` to compare
    #[arg(long, requires = "answer_bytes")]
    authorization: Option<String>,
    /// The length of an answer to an append
    #[arg(long)]
    answer_bytes: Option<usize>,
    /// Answer this file as the page
    #[arg(long)]
    page: Option<PathBuf>,
}

impl Bare {
    pub(super) async fn run(self, database: &str) -> Result<()> {
        let mut router = Router::new();
        if let Some(path) = self.page {
            let page = Bytes::from(std::fs::read(path)?);
            router = router.route("/sites/{site}/pages/{*page}", get(show).with_state(page));
        }
        if let (Some(authorization), Some(length)) = (self.authorization, self.answer_bytes) {
            let (queue, waiting) = mpsc::channel(QUEUE);
            let log = Log::open(database).await?;
            tokio::spawn(log.write(waiting));
            let answer = Bytes::from(format!("\"{}\"", "a".repeat(length.saturating_sub(2))));
            let authorization = HeaderValue::try_from(authorization).map_err(Broken::at("the header"))?;
            let door = Arc::new(Door { authorization, answer, queue });
            router = router.route("/ops", post(append).with_state(door));
        }
        let listener = TcpListener::bind(&self.addr).await?;
        let router = router.layer(CatchPanicLayer::new());
        app::serve_router(Limits::default(), listener, router, CancellationToken::new()).await;
        Ok(())
    }
}

async fn show(State(page): State<Bytes>) -> Response {
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ETAG, HeaderValue::from_static("\"0123456789abcdef0123456789abcdef\""));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// What the handler of appends is given.
struct Door {
    authorization: HeaderValue,
    answer: Bytes,
    queue: mpsc::Sender<Waiting>,
}

/// A request that was read; the value goes with it, so that it is paid for to the end.
struct Waiting {
    _value: Value,
    done: oneshot::Sender<()>,
}

async fn append(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get(header::AUTHORIZATION) != Some(&door.authorization) {
        return status(StatusCode::UNAUTHORIZED);
    }
    let Ok(value) = json::parse(&body) else { return status(StatusCode::BAD_REQUEST) };
    let (done, appended) = oneshot::channel();
    if door.queue.send(Waiting { _value: value, done }).await.is_err() || appended.await.is_err() {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    let mut response = Response::new(Body::from(door.answer.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// The log that is appended to: where it ends, and the rows to copy.
struct Log {
    store: Arc<dyn Store>,
    site: SiteKey,
    end: Link,
    version: u64,
    entry: Entry,
    touched: Vec<Touched>,
}

impl Log {
    /// Takes the newest commit of the bench's site, which Osier wrote, for its pattern.
    async fn open(database: &str) -> Result<Log> {
        let store = store::open(database).await?;
        let nothing = || Broken("a bare append needs a store with one op of Osier's in it".to_owned());
        let site = store.site(SITE).await?.ok_or_else(nothing)?.key;
        let end = store.head(site).await?;
        let entry = store.entries(site, end.seq.saturating_sub(1), 1).await?.pop().ok_or_else(nothing)?;
        let version = entry.version.ok_or_else(nothing)?;
        let touched = store.touched(site, BranchKey::MAIN, version).await?;
        Ok(Log { store, site, end, version, entry, touched })
    }

    /// Appends for all who wait, until nobody can come any more. After a failure nobody is answered again.
    async fn write(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.recv().await {
            let mut round = vec![first];
            while round.len() < ROUND
                && let Ok(next) = waiting.try_recv()
            {
                round.push(next);
            }
            let append = self.rows(round.len());
            match self.store.append(self.site, &append).await {
                Ok(Appended::Done) => {
                    if let Some(last) = append.entries.last() {
                        self.end = Link { seq: last.seq, hash: last.hash };
                        self.version += append.entries.len() as u64;
                    }
                }
                other => {
                    eprintln!("a bare append ended with {other:?}");
                    return;
                }
            }
            for one in round {
                let _ = one.done.send(());
            }
        }
    }

    fn rows(&self, count: usize) -> Append {
        let mut entries: Vec<Entry> = Vec::with_capacity(count);
        let mut touched = Vec::with_capacity(count * self.touched.len());
        for number in 1..=count as u64 {
            let version = self.version + number;
            let seq = self.end.seq + number;
            let mut entry = Entry { seq, at_ms: now_ms(), version: Some(version), ..self.entry.clone() };
            let body = *blake3::hash(&entry.body).as_bytes();
            let before = entries.last().map_or(&self.end.hash, |before| &before.hash);
            entry.hash = entry.chain_hash(before, &body);
            entries.push(entry);
            touched.extend(self.touched.iter().map(|row| Touched { version, ..row.clone() }));
        }
        Append { after: self.end, entries, touched, relive: Vec::new(), blobs: Vec::new() }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
