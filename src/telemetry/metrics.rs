//! What an operator watches, in the text form of Prometheus. Every name stands here and nowhere else.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use metrics::{
    Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets for times, seconds.
const SECONDS: [f64; 14] =
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 10.0];

/// Upper bounds of the buckets for how many batches one append holds.
const BATCHES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// How a process stands at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vitals {
    /// Sites that are open.
    pub open_sites: usize,
    /// Bytes of page bodies in memory, and as many as there may be.
    pub state_bytes: (usize, usize),
    /// Batches that wait for a writer, over all sites.
    pub waiting_batches: usize,
    /// Event streams and other followers.
    pub followers: usize,
    /// How many entries the slowest of them is behind.
    pub follower_lag: u64,
}

/// From here on things are counted. A second call changes nothing.
pub fn start() {
    RECORDER.get_or_init(|| {
        let seconds = ["osier_http_request_seconds", "osier_append_seconds"];
        let mut builder = PrometheusBuilder::new();
        for name in seconds {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.into()), &SECONDS).ok()?;
        }
        let batches = Matcher::Full("osier_append_batches".into());
        let recorder = builder.set_buckets_for_metric(batches, &BATCHES).ok()?.build_recorder();
        let handle = recorder.handle();
        // Refused where the process has another recorder, which then has the figures.
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        Some(handle)
    });
}

/// All figures; nothing where they are not counted here.
#[must_use]
pub fn render(vitals: &Vitals) -> String {
    let Some(Some(handle)) = RECORDER.get() else { return String::new() };
    #[allow(clippy::cast_precision_loss, reason = "figures to look at")]
    for (name, value) in [
        ("osier_open_sites", vitals.open_sites as f64),
        ("osier_state_bytes", vitals.state_bytes.0 as f64),
        ("osier_state_limit_bytes", vitals.state_bytes.1 as f64),
        ("osier_waiting_batches", vitals.waiting_batches as f64),
        ("osier_followers", vitals.followers as f64),
        ("osier_follower_lag_entries", vitals.follower_lag as f64),
    ] {
        gauge!(name).set(value);
    }
    if let Some(bytes) = resident_bytes() {
        gauge!("osier_resident_bytes").set(bytes);
    }
    handle.run_upkeep();
    handle.render()
}

fn describe() {
    describe_gauge!("osier_open_sites", "Sites that are open in this process");
    describe_gauge!("osier_state_bytes", Unit::Bytes, "Page bodies that writers keep in memory");
    describe_gauge!("osier_state_limit_bytes", Unit::Bytes, "How many bytes of page bodies may be kept");
    describe_gauge!("osier_waiting_batches", "Batches that wait for a site's writer");
    describe_gauge!("osier_followers", "Event streams and other followers of a log");
    describe_gauge!("osier_follower_lag_entries", "How many entries the slowest follower is behind");
    describe_gauge!("osier_resident_bytes", Unit::Bytes, "Memory of the process");
    describe_counter!("osier_commits_total", "Commits that this process wrote");
    describe_counter!("osier_folded_total", "Entries of other processes that were folded");
    describe_counter!("osier_appends_lost_total", "Appends whose place another process had taken");
    describe_counter!("osier_appends_doubtful_total", "Appends whose outcome was never learnt");
    describe_counter!("osier_store_errors_total", "Appends that the store refused");
    describe_counter!("osier_checkpoints_failed_total", "Checkpoints that could not be written");
    describe_histogram!("osier_append_batches", "Batches in one append");
    describe_histogram!("osier_append_seconds", Unit::Seconds, "From sending an append to its being durable");
    describe_histogram!("osier_http_request_seconds", Unit::Seconds, "From a request's head to its answer's");
}

/// As Linux has it; elsewhere none.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// Measures how long something takes.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// An append is durable: how many batches and commits it had, how long it took.
pub fn appended(batches: usize, commits: u64, since: &Stopwatch) {
    #[allow(clippy::cast_precision_loss, reason = "at most 256")]
    histogram!("osier_append_batches").record(batches as f64);
    histogram!("osier_append_seconds").record(since.seconds());
    counter!("osier_commits_total").increment(commits);
}

/// Entries of other processes were folded.
pub fn folded(entries: usize) {
    counter!("osier_folded_total").increment(entries as u64);
}

/// An append lost its place.
pub fn lost() {
    counter!("osier_appends_lost_total").increment(1);
}

/// The outcome of an append was never learnt.
pub fn doubtful() {
    counter!("osier_appends_doubtful_total").increment(1);
}

/// The store refused an append.
pub fn store_error() {
    counter!("osier_store_errors_total").increment(1);
}

/// A checkpoint could not be written.
pub fn checkpoint_failed() {
    counter!("osier_checkpoints_failed_total").increment(1);
}

/// A request was answered: by which route, with which status.
pub fn answered(route: &str, method: &str, status: u16, since: &Stopwatch) {
    let class = match status {
        200..=299 => 0,
        300..=399 => 1,
        400..=499 => 2,
        _ => 3,
    };
    // Callers may name methods as they like; a series for each would be memory for each.
    let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
    series_of(route).get(class, method, route).record(since.seconds());
}

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// The series of one route, each made when it is first counted. Looking one up by its labels would cost a read more than
/// counting it.
#[derive(Default)]
struct Series([[OnceLock<Histogram>; METHODS.len()]; CLASSES.len()]);

impl Series {
    fn get(&self, class: usize, method: usize, route: &str) -> &Histogram {
        self.0[class][method].get_or_init(|| {
            let labels = [
                ("route", route.to_owned()),
                ("method", METHODS[method].to_owned()),
                ("status", CLASSES[class].to_owned()),
            ];
            histogram!("osier_http_request_seconds", &labels)
        })
    }
}

/// The series of a route: there are as many routes as the router has.
fn series_of(route: &str) -> Arc<Series> {
    static ROUTES: LazyLock<RwLock<HashMap<String, Arc<Series>>>> = LazyLock::new(RwLock::default);
    let known = ROUTES.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
    known.unwrap_or_else(|| {
        let mut routes = ROUTES.write().unwrap_or_else(PoisonError::into_inner);
        routes.entry(route.to_owned()).or_default().clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_with_its_name_and_help() {
        start();
        appended(3, 2, &Stopwatch::start());
        answered("/ops", "POST", 422, &Stopwatch::start());
        for method in ["BREW", "BREW2"] {
            answered("none", method, 405, &Stopwatch::start());
        }
        let text = render(&Vitals { open_sites: 7, ..Vitals::default() });
        for line in [
            "osier_open_sites 7",
            "osier_append_batches_bucket{le=\"4\"} 1",
            "osier_commits_total 2",
            "# HELP osier_commits_total Commits that this process wrote",
            "osier_http_request_seconds_count{route=\"/ops\",method=\"POST\",status=\"4xx\"} 1",
            "osier_http_request_seconds_count{route=\"none\",method=\"other\",status=\"4xx\"} 2",
        ] {
            assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
        }
    }
}
