//! One who follows the log through every kill, and comes back with the last id it had.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::stage::Door;
use crate::harness::SITE;

/// Longer than it takes to be told of the last entry.
const PATIENCE: Duration = Duration::from_secs(20);

/// The ids it was told, as they came.
type Seen = Arc<Mutex<Vec<u64>>>;

pub struct Watcher {
    seen: Seen,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Follows from the first entry on.
    pub fn start(door: &Door) -> Watcher {
        let seen = Seen::default();
        Watcher { task: tokio::spawn(watch(door.clone(), seen.clone())), seen }
    }

    /// Waits until it was told of this entry; and it must have been told of each before it, once and in order.
    pub async fn saw_all_up_to(self, seq: u64) {
        let began = Instant::now();
        while self.seen.lock().unwrap().last().is_none_or(|last| *last < seq) {
            assert!(
                began.elapsed() < PATIENCE,
                "told of {:?}, not of {seq}",
                self.seen.lock().unwrap().last()
            );
            sleep(Duration::from_millis(20)).await;
        }
        self.task.abort();
        let seen = self.seen.lock().unwrap().clone();
        assert!(seen.iter().copied().eq(1..=seq), "every entry once and in order, through every kill");
    }
}

async fn watch(door: Door, seen: Seen) {
    for turn in 0.. {
        let last = seen.lock().unwrap().last().copied();
        let path = format!("/sites/{SITE}/events?after=0");
        let Some(request) = door.knock(turn, Method::GET, &path) else {
            sleep(Duration::from_millis(5)).await;
            continue;
        };
        let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last));
        // A stream that ends, however it ends, is followed on where it stopped.
        let Ok(mut response) = request.timeout(PATIENCE * 100).send().await else { continue };
        let mut text = String::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((block, rest)) = text.split_once("\n\n") {
                assert!(!block.contains("event: resync"), "{block}");
                let told = block.lines().any(|line| line.starts_with("data: "));
                let id = block.lines().find_map(|line| line.strip_prefix("id: ")).filter(|_| told);
                seen.lock().unwrap().extend(id.map(|id| id.parse::<u64>().unwrap()));
                text = rest.to_owned();
            }
        }
    }
}
