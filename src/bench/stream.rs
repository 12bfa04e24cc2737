//! Listeners on the stream of events.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::broken::{Broken, Result};
use super::process::Server;
use super::wire::{Line, Ready, Request};

/// So long an op may take to reach everybody before the wait is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Streams that are open.
pub(super) struct Listeners {
    tasks: JoinSet<()>,
    /// How many ops they are to have seen; each tells when it has.
    wanted: watch::Sender<u64>,
    seen: mpsc::UnboundedReceiver<Instant>,
    count: usize,
}

impl Listeners {
    /// Opens so many streams; none where the server has no such thing.
    pub(super) async fn open(server: &Server, request: &Request, count: usize) -> Result<Option<Listeners>> {
        let (wanted, _) = watch::channel(0);
        let (tell, seen) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let mut line = Line::to(&server.addr).await?;
            let mut ready = Ready::of(request);
            let answer = line.open(ready.numbered(0)).await?;
            if answer.status == 404 {
                return Ok(None);
            }
            if answer.status != 200 || !answer.head.to_ascii_lowercase().contains("text/event-stream") {
                return Err(Broken(format!("the stream of events answers {}", answer.status)));
            }
            tasks.spawn(listen(line, wanted.subscribe(), tell.clone()));
        }
        Ok(Some(Listeners { tasks, wanted, seen, count }))
    }

    /// Sends an op and waits until all have an event behind it: how long after the op was sent.
    pub(super) async fn reach(&mut self, op: impl Future<Output = Result<Vec<u8>>>) -> Result<Duration> {
        while self.seen.try_recv().is_ok() {}
        self.wanted.send_modify(|wanted| *wanted += 1);
        // Each listener has seen that it is asked anew before the event can come.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let since = Instant::now();
        op.await?;
        let mut last = since;
        for reached in 0..self.count {
            match tokio::time::timeout(PATIENCE, self.seen.recv()).await {
                Ok(Some(at)) => last = last.max(at),
                _ => return Err(Broken(format!("an op reached {reached} of {} streams", self.count))),
            }
        }
        Ok(last - since)
    }

    /// How many are still open.
    pub(super) fn alive(&mut self) -> usize {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.len()
    }
}

/// Reads events until the stream ends; tells of the first one behind each question.
async fn listen(mut line: Line, mut wanted: watch::Receiver<u64>, tell: mpsc::UnboundedSender<Instant>) {
    let mut asked = false;
    loop {
        tokio::select! {
            changed = wanted.changed() => match changed {
                Ok(()) => asked = true,
                Err(_) => return,
            },
            came = line.next() => match came {
                // A comment is a heartbeat; an event has an id.
                Ok(bytes) if asked && bytes.windows(3).any(|three| three == b"id:") => {
                    asked = false;
                    let _ = tell.send(Instant::now());
                }
                Ok(_) => {}
                Err(_) => return,
            },
        }
    }
}
