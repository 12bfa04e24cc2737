//! What clients were told, and whether the log bears it out.

use std::collections::BTreeMap;
use std::sync::Mutex;

use osier::content::commit::Body;
use osier::service::Answer;
use osier::store::Entry;
use serde_json::Value;

/// What a client knows of one thing it asked.
#[derive(Debug)]
pub enum Outcome {
    /// It was acknowledged.
    Done(Answer),
    /// It was told that nothing was written.
    Refused,
    /// It can't know.
    Unknown,
}

/// One thing that was asked, however often it was sent.
#[derive(Debug)]
pub struct Asked {
    /// Its summary, by which it is found in the log: nobody else's.
    pub mark: String,
    pub ops: Value,
    pub outcome: Outcome,
    /// Counted over all clients: when it was first sent, and when the outcome was known.
    pub from: u64,
    pub to: u64,
    /// How often the store had gone back when it was first sent, and when the outcome was known.
    pub times_back: (u64, u64),
}

#[derive(Default)]
pub struct Journal {
    asked: Mutex<Vec<Asked>>,
    clock: std::sync::atomic::AtomicU64,
}

impl Journal {
    /// The next moment.
    pub fn moment(&self) -> u64 {
        self.clock.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    }

    pub fn write(&self, asked: Asked) {
        self.asked.lock().unwrap().push(asked);
    }

    /// The store went back to an entry: what came behind it is excused.
    pub fn forget_behind(&self, seq: u64) {
        let behind = |asked: &Asked| match &asked.outcome {
            Outcome::Done(answer) => commit_seq(answer).is_some_and(|at| at > seq),
            Outcome::Refused | Outcome::Unknown => false,
        };
        self.asked.lock().unwrap().retain(|asked| !behind(asked));
    }

    /// No ack lost, nothing twice, nothing done that was refused, real-time order.
    pub fn holds(&self, log: &[Entry]) {
        let mut found: BTreeMap<String, Vec<(&Entry, Body)>> = BTreeMap::new();
        for entry in log {
            let body = Body::decode(entry.format, &entry.body).unwrap();
            found.entry(body.summary.clone()).or_default().push((entry, body));
        }
        let mut asked = self.asked.lock().unwrap();
        // What was under way while the store went back may be of either time.
        asked.retain(|asked| asked.times_back.0 == asked.times_back.1);
        let mut order = Vec::new();
        for asked in asked.iter() {
            let entries = found.get(&asked.mark).map_or(&[][..], Vec::as_slice);
            assert!(entries.len() <= 1, "done twice: {asked:?}");
            match (&asked.outcome, entries.first()) {
                (Outcome::Done(answer), Some((entry, body))) => {
                    assert_eq!(Value::from(body.ops.clone()), asked.ops, "another batch was done: {asked:?}");
                    assert_eq!(entry.version.is_some(), answer.changed, "{asked:?}");
                    assert_eq!(
                        entry.version.or(body.version),
                        Some(answer.version),
                        "another version: {asked:?}"
                    );
                    assert_eq!(
                        entry.version.map(|_| entry.commit_id()),
                        answer.commit,
                        "another commit: {asked:?}"
                    );
                    order.push((asked.from, asked.to, entry.seq));
                }
                (Outcome::Done(answer), None) => assert!(!answer.changed, "lost: {asked:?}"),
                (Outcome::Refused, Some((entry, _))) => panic!("refused, yet entry {}: {asked:?}", entry.seq),
                (Outcome::Refused, None) | (Outcome::Unknown, _) => {}
            }
        }
        in_real_time_order(order);
    }
}

/// What was acknowledged before another thing was asked stands before it.
fn in_real_time_order(mut order: Vec<(u64, u64, u64)>) {
    order.sort_by_key(|(.., seq)| *seq);
    let mut latest_start = 0;
    for (from, to, seq) in order {
        assert!(to > latest_start, "entry {seq} was acknowledged before one that stands before it was asked");
        latest_start = latest_start.max(from);
    }
}

fn commit_seq(answer: &Answer) -> Option<u64> {
    answer.commit.as_deref().and_then(osier::store::commit_seq)
}
