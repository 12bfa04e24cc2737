//! Writers that never give up: each sends a batch under a key until it has a definite answer, notes it, and goes on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::{self, Ending};
use super::journal::{Ack, Journal};
use super::run::{Chance, Run};
use super::stage::{Door, PAIRS, twins};
use crate::harness::{SITE, heading};

/// Writers at work.
pub struct Load {
    shared: Arc<Shared>,
    writers: JoinSet<()>,
}

struct Shared {
    door: Door,
    journal: Journal,
    clock: Instant,
    stop: CancellationToken,
    acks: AtomicU64,
    tally: Mutex<Tally>,
}

/// What the writers met on the way.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests that were answered `NotNow`, by status and code.
    pub refused: BTreeMap<String, u64>,
    /// Requests of which nothing became known.
    pub broken: u64,
    /// Requests whose 2xx answer broke off.
    pub torn: u64,
    /// Requests that nobody answered.
    pub silent: u64,
    /// Keys sent once more after their answer, which came again byte for byte.
    pub repeated: u64,
    /// The longest that a request took to be answered, however.
    pub slowest: Duration,
    /// The longest that a refusal took.
    pub slowest_refusal: Duration,
}

/// What the writers left behind.
pub struct Left {
    pub acks: Vec<Ack>,
    pub tally: Tally,
}

impl Load {
    pub fn start(writers: u64, door: &Door, folder: &Path, run: &Run) -> Load {
        let shared = Arc::new(Shared {
            door: door.clone(),
            journal: Journal::at(&folder.join("journal")),
            clock: Instant::now(),
            stop: CancellationToken::new(),
            acks: AtomicU64::new(0),
            tally: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for writer in 0..writers {
            tasks.spawn(write(shared.clone(), writer, run.chance(1_000 + writer)));
        }
        Load { shared, writers: tasks }
    }

    /// Waits until so many more batches are acknowledged than now, and how long that took.
    pub async fn more(&mut self, batches: u64) -> Duration {
        let shared = self.shared.clone();
        let goal = shared.acks.load(Ordering::Relaxed) + batches;
        self.wait(|| shared.acks.load(Ordering::Relaxed) >= goal).await
    }

    /// Waits until the writers have met something.
    pub async fn until(&mut self, met: impl Fn(&Tally) -> bool) {
        let shared = self.shared.clone();
        self.wait(|| met(&shared.tally.lock().unwrap())).await;
    }

    async fn wait(&mut self, is_there: impl Fn() -> bool) -> Duration {
        let began = Instant::now();
        while !is_there() {
            // A writer that failed says why.
            if let Some(ended) = self.writers.try_join_next() {
                ended.unwrap();
            }
            let tally = &self.shared.tally;
            assert!(
                began.elapsed() < Duration::from_secs(40),
                "it does not come: {:?}",
                tally.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        began.elapsed()
    }

    /// What was met up to now; begins to count anew.
    pub fn tally(&self) -> Tally {
        std::mem::take(&mut self.shared.tally.lock().unwrap())
    }

    /// Every writer brings what it has begun to its end, whatever that takes.
    pub async fn finish(mut self) -> Left {
        self.shared.stop.cancel();
        while let Some(ended) = self.writers.join_next().await {
            ended.unwrap();
        }
        let shared = Arc::into_inner(self.shared).unwrap();
        Left { acks: shared.journal.read(), tally: shared.tally.into_inner().unwrap() }
    }
}

async fn write(shared: Arc<Shared>, writer: u64, mut chance: Chance) {
    let mut number = 0;
    while !shared.stop.is_cancelled() {
        number += 1;
        let (key, pair) = (format!("w{writer}-{number}"), chance.below(PAIRS));
        let ops = twins(pair).map(|page| heading(&page, &key));
        let body = json!({"site": SITE, "idempotencyKey": key, "summary": key, "ops": ops});
        let sent_us = shared.now_us();
        let answer = shared.until_answered(&body, &mut chance).await;
        let acked_us = shared.now_us();
        let version = answer["version"].as_u64().unwrap();
        let commit = answer["commit"].as_str().unwrap().to_owned();
        shared.journal.note(&Ack { key, pair, version, commit, sent_us, acked_us }).await;
        shared.acks.fetch_add(1, Ordering::Relaxed);
        if chance.below(8) == 0 {
            let again = shared.until_answered(&body, &mut chance).await;
            assert_eq!(again, answer, "the same key gets the same answer");
            shared.tally.lock().unwrap().repeated += 1;
        }
    }
}

impl Shared {
    fn now_us(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_micros()).unwrap()
    }

    /// Sends the same under the same key, to any server, until one says what became of it.
    async fn until_answered(&self, body: &Value, chance: &mut Chance) -> Value {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < Duration::from_secs(120), "nobody answers {body}");
            if let Some(request) = self.door.knock(chance.below(1_000), Method::POST, "/ops") {
                let (ending, took) = client::send(request.json(body)).await;
                self.count(&ending, took);
                match ending {
                    Ending::Done(answer) => return answer,
                    // As `Retry-After` has it.
                    Ending::NotNow(429, _) => tokio::time::sleep(chance.millis(500, 1_500)).await,
                    _ => {}
                }
            }
            tokio::time::sleep(chance.millis(5, 40)).await;
        }
    }

    fn count(&self, ending: &Ending, took: Duration) {
        let mut tally = self.tally.lock().unwrap();
        match ending {
            Ending::Done(_) => {}
            Ending::NotNow(status, code) => {
                *tally.refused.entry(format!("{status} {code}")).or_default() += 1;
                tally.slowest_refusal = tally.slowest_refusal.max(took);
            }
            Ending::Broken => tally.broken += 1,
            Ending::Torn => tally.torn += 1,
            Ending::Silent => tally.silent += 1,
        }
        tally.slowest = tally.slowest.max(took);
    }
}
