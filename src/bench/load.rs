//! The load generator, a process of its own: so many clients, each sending its next request when its last is answered,
//! for so long. It runs on one thread, so that it can never take more than one core.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::broken::{Broken, Result};
use super::figure::share;
use super::process::cpu_us;
use super::wire::{Line, Ready, Request};

/// What to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) addr: String,
    pub(super) clients: usize,
    /// So long before anything is counted.
    pub(super) warm_up_s: f64,
    /// So long it is counted.
    pub(super) seconds: f64,
    /// Each request once, counted from the first, as many as come to their turn in five times that; else again and again.
    pub(super) once: bool,
    /// Numbers in requests begin here.
    pub(super) first: u64,
    /// A client takes every so manieth, where there are fewer than clients one of them.
    pub(super) requests: Vec<Request>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Requests answered with success in the time that was counted, per second.
    pub(super) rate: f64,
    /// All that were answered, those of the warm-up too.
    pub(super) answered: u64,
    /// Of all: refused, or broken off.
    pub(super) failed: u64,
    /// What the first of them said.
    pub(super) failure: Option<String>,
    /// This process's own work.
    pub(super) cpu_us: u64,
    /// Latencies by group.
    pub(super) groups: BTreeMap<String, Latency>,
}

/// Latencies in microseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Latency {
    pub(super) count: usize,
    pub(super) p50_us: u32,
    pub(super) p90_us: u32,
    pub(super) p99_us: u32,
    pub(super) p999_us: u32,
    pub(super) max_us: u32,
    /// At 5 %, 10 %, … 95 %, 99 %, 99.9 %, for plots.
    pub(super) curve_us: Vec<u32>,
}

/// Where the curve of latencies is read off.
pub(super) const CURVE: [f64; 21] = [
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
    0.99, 0.999,
];

impl Latency {
    /// Of every single one that was measured.
    pub(super) fn of(mut all: Vec<u32>) -> Latency {
        all.sort_unstable();
        let at = |part| share(&all, part).unwrap_or_default();
        Latency {
            count: all.len(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: all.last().copied().unwrap_or_default(),
            curve_us: CURVE.map(at).to_vec(),
        }
    }
}

/// Reads a `Spec` on stdin and prints its `Outcome`.
pub(super) async fn main() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let spec: Spec = serde_json::from_str(&text)?;
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(generate(spec))
    };
    let outcome = tokio::task::spawn_blocking(run).await.map_err(Broken::at("the load"))??;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

async fn generate(spec: Spec) -> Result<Outcome> {
    let spec = Arc::new(spec);
    // All begin when all are connected.
    let together = Arc::new(Barrier::new(spec.clients));
    let mut clients = JoinSet::new();
    for number in 0..spec.clients {
        clients.spawn(client(spec.clone(), number, together.clone()));
    }
    let mut all = Tally { latencies: vec![Vec::new(); groups(&spec.requests).len()], ..Tally::default() };
    while let Some(tally) = clients.join_next().await {
        all.add(tally.map_err(Broken::at("a client"))??);
    }
    let seconds = if spec.once { all.took.as_secs_f64() } else { spec.seconds };
    let named = groups(&spec.requests).into_iter().zip(all.latencies);
    let rate = all.in_time as f64 / seconds;
    Ok(Outcome {
        rate,
        answered: all.answered,
        failed: all.failed,
        failure: all.failure,
        cpu_us: cpu_us(std::process::id()).unwrap_or_default(),
        groups: named.map(|(name, latencies)| (name.to_owned(), Latency::of(latencies))).collect(),
    })
}

/// The names of groups, in the order in which they first come.
fn groups(requests: &[Request]) -> Vec<&str> {
    let mut names = Vec::new();
    for request in requests {
        if !names.contains(&request.group.as_str()) {
            names.push(&request.group);
        }
    }
    names
}

#[derive(Default)]
struct Tally {
    latencies: Vec<Vec<u32>>,
    answered: u64,
    in_time: u64,
    failed: u64,
    failure: Option<String>,
    took: Duration,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        for (ours, theirs) in self.latencies.iter_mut().zip(other.latencies) {
            ours.extend(theirs);
        }
        self.answered += other.answered;
        self.in_time += other.in_time;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        self.took = self.took.max(other.took);
    }

    fn fail(&mut self, why: impl FnOnce() -> String) {
        self.failed += 1;
        self.failure.get_or_insert_with(why);
    }
}

/// The requests of one client, each with the number of its group.
fn part_of(spec: &Spec, client: usize) -> Vec<(usize, Ready)> {
    let names = groups(&spec.requests);
    let ready = |request: &Request| {
        let group = names.iter().position(|name| *name == request.group).unwrap_or_default();
        (group, Ready::of(request))
    };
    if spec.once || spec.requests.len() >= spec.clients {
        return spec.requests.iter().skip(client).step_by(spec.clients).map(ready).collect();
    }
    spec.requests.iter().cycle().skip(client).take(1).map(ready).collect()
}

async fn client(spec: Arc<Spec>, number: usize, together: Arc<Barrier>) -> Result<Tally> {
    let mut own = part_of(&spec, number);
    let mut tally = Tally { latencies: vec![Vec::new(); groups(&spec.requests).len()], ..Tally::default() };
    let mut line = Line::to(&spec.addr).await.map_err(Broken::at(&spec.addr))?;
    together.wait().await;
    let begin = Instant::now();
    let from = begin + Duration::from_secs_f64(if spec.once { 0.0 } else { spec.warm_up_s });
    let until = from + Duration::from_secs_f64(spec.seconds * if spec.once { 5.0 } else { 1.0 });
    let mut next = spec.first + number as u64 * 1_000_000;
    let mut at = 0;
    while !own.is_empty() && (!spec.once || at < own.len()) {
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        let place = at % own.len();
        let (group, request) = &mut own[place];
        let answer = line.ask(request.numbered(next)).await;
        let answered = Instant::now();
        (at, next) = (at + 1, next + 1);
        match answer {
            Ok(answer) if answer.status < 300 => {
                tally.answered += 1;
                tally.in_time += u64::from(spec.once || (answered >= from && answered < until));
                // However early it was asked or late it is answered: else those that wait longest would be left out.
                if spec.once || answered >= from {
                    let took = answered.duration_since(asked).as_micros();
                    tally.latencies[*group].push(u32::try_from(took).unwrap_or(u32::MAX));
                }
            }
            Ok(answer) => tally.fail(|| {
                let body = String::from_utf8_lossy(answer.body);
                format!("{} {}", answer.status, body.chars().take(300).collect::<String>())
            }),
            Err(e) => {
                tally.fail(|| e.to_string());
                line = Line::to(&spec.addr).await.map_err(Broken::at(&spec.addr))?;
            }
        }
    }
    tally.took = begin.elapsed();
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(clients: usize, requests: usize, once: bool) -> Spec {
        let request = |n: usize| Request { group: format!("g{}", n % 2), text: n.to_string() };
        Spec {
            addr: String::new(),
            clients,
            warm_up_s: 0.0,
            seconds: 1.0,
            once,
            first: 0,
            requests: (0..requests).map(request).collect(),
        }
    }

    #[test]
    fn each_request_is_some_clients_and_where_there_are_few_clients_share_them() {
        let sizes = |spec: Spec| (0..spec.clients).map(|c| part_of(&spec, c).len()).collect::<Vec<_>>();
        assert_eq!(sizes(spec(2, 5, false)), [3, 2]);
        assert_eq!(sizes(spec(4, 2, false)), [1, 1, 1, 1]);
        assert_eq!(sizes(spec(4, 2, true)), [1, 1, 0, 0]);
    }

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let latency = Latency::of((1..=1000).rev().collect());
        assert_eq!((latency.p50_us, latency.p99_us, latency.max_us), (500, 990, 1000));
    }
}
