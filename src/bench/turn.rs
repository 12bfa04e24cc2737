//! Contenders measured in turn: each repetition measures all of them, beginning with another one each time, so that what
//! the machine does meanwhile falls on all alike. Ratios are made within a repetition, and the median of them is the
//! figure.

use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

use super::broken::Result;
use super::figure::{median, number};
use super::load::{Latency, Spec};
use super::peer;
use super::process::{self, Server};
use super::run::Ground;
use super::wire::Request;

/// Something to measure, by a name that the raw figures carry.
pub(super) struct Contender<'a> {
    pub(super) name: String,
    pub(super) work: Work<'a>,
}

/// What is done to measure it.
pub(super) enum Work<'a> {
    /// So many clients load a server with these requests.
    Load { server: &'a Server, clients: usize, requests: Vec<Request>, once: bool },
    /// So many clients of pgbench on this database.
    Pgbench { url: String, clients: usize },
    /// Bare commits to this SQLite file.
    Commits { file: PathBuf },
}

impl<'a> Contender<'a> {
    /// Clients that send these requests again and again.
    pub(super) fn load(name: &str, server: &'a Server, clients: usize, requests: Vec<Request>) -> Self {
        Contender { name: name.to_owned(), work: Work::Load { server, clients, requests, once: false } }
    }

    /// Clients that send each of these requests once.
    pub(super) fn once(name: &str, server: &'a Server, clients: usize, requests: Vec<Request>) -> Self {
        Contender { name: name.to_owned(), work: Work::Load { server, clients, requests, once: true } }
    }
}

/// What one measurement gave.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sample {
    pub(super) rate: f64,
    /// By group of requests.
    pub(super) latency: Vec<(String, Latency)>,
    pub(super) failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    /// Processor time a request: of the server, of the load generator, of all else on the machine (a database).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu_us: Option<(f64, f64, f64)>,
}

impl Sample {
    /// Of the first group: most have but one.
    pub(super) fn latency(&self) -> Option<&Latency> {
        self.latency.first().map(|(_, latency)| latency)
    }

    pub(super) fn p50(&self) -> f64 {
        self.latency().map_or(f64::NAN, |latency| f64::from(latency.p50_us))
    }

    pub(super) fn p99(&self) -> f64 {
        self.latency().map_or(f64::NAN, |latency| f64::from(latency.p99_us))
    }

    pub(super) fn of_group(&self, group: &str) -> Option<&Latency> {
        self.latency.iter().find(|(name, _)| name == group).map(|(_, latency)| latency)
    }
}

/// The samples of contenders, by contender and repetition.
pub(super) struct Turns(pub(super) Vec<Vec<Sample>>);

impl Turns {
    /// Puts later repetitions of the same contenders behind these.
    pub(super) fn join(&mut self, later: Turns) {
        for (ours, theirs) in self.0.iter_mut().zip(later.0) {
            ours.extend(theirs);
        }
    }

    /// One value of a contender, over the repetitions.
    pub(super) fn values(&self, contender: usize, value: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.0[contender].iter().map(value).collect()
    }

    /// The ratio of one contender to another, within each repetition.
    pub(super) fn ratios(&self, one: usize, to: usize, value: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let pairs = self.0[one].iter().zip(&self.0[to]);
        pairs.map(|(one, to)| value(one) / value(to)).collect()
    }

    /// The median rate in words.
    pub(super) fn rate(&self, contender: usize) -> String {
        let rate = median(&self.values(contender, |sample| sample.rate)).unwrap_or_default();
        format!("{}/s", number(rate))
    }

    /// The median p50 in words.
    pub(super) fn p50(&self, contender: usize) -> String {
        ms(median(&self.values(contender, Sample::p50)).unwrap_or_default())
    }

    /// The median processor time of the server per request, and what was refused, for remarks.
    pub(super) fn remark(&self, contender: usize) -> String {
        let cpu = |part: fn((f64, f64, f64)) -> f64| {
            median(&self.values(contender, |sample| sample.cpu_us.map_or(f64::NAN, part)))
        };
        let failed: u64 = self.0[contender].iter().map(|sample| sample.failed).sum();
        let mut text = match (cpu(|(server, ..)| server), cpu(|(_, _, rest)| rest)) {
            (Some(server), Some(rest)) => format!("{server:.0} µs CPU, {rest:.0} elsewhere"),
            _ => String::new(),
        };
        if failed > 0 {
            text += &format!(", {failed} FAILED");
        }
        text
    }
}

/// Microseconds as milliseconds in words.
pub(super) fn ms(us: f64) -> String {
    format!("{:.2} ms", us / 1000.0)
}

impl Ground {
    /// Measures each contender in each repetition.
    pub(super) async fn in_turn(&mut self, row: &str, contenders: &[Contender<'_>]) -> Result<Turns> {
        self.turns(row, contenders, 0..self.repeat).await
    }

    /// As `in_turn`, these repetitions only.
    pub(super) async fn turns(
        &mut self,
        row: &str,
        contenders: &[Contender<'_>],
        repetitions: Range<usize>,
    ) -> Result<Turns> {
        let mut samples: Vec<Vec<Sample>> = contenders.iter().map(|_| Vec::new()).collect();
        for repetition in repetitions {
            for turn in 0..contenders.len() {
                let at = (turn + repetition) % contenders.len();
                let sample = self.measure(&contenders[at]).await?;
                self.keep(row, &contenders[at].name, repetition, &sample);
                samples[at].push(sample);
            }
        }
        Ok(Turns(samples))
    }

    /// Measures one contender once.
    pub(super) async fn measure(&mut self, contender: &Contender<'_>) -> Result<Sample> {
        let bare = match &contender.work {
            Work::Load { server, clients, requests, once } => {
                return self.load(server, *clients, requests.clone(), *once).await;
            }
            Work::Pgbench { url, clients } => {
                peer::pgbench(url, *clients, self.seconds, &self.beds.folder).await?
            }
            Work::Commits { file } => peer::commits(file.clone(), self.seconds).await?,
        };
        let latency = bare.latency.map(|latency| ("op".to_owned(), latency)).into_iter().collect();
        Ok(Sample { rate: bare.rate, latency, failed: 0, failure: None, cpu_us: None })
    }

    async fn load(
        &mut self,
        server: &Server,
        clients: usize,
        requests: Vec<Request>,
        once: bool,
    ) -> Result<Sample> {
        let spec = self.spec(server, clients, requests, once);
        let (server_before, machine_before) = (server.cpu_us(), process::machine_us());
        let outcome = process::load(spec).await?;
        let server_us = server.cpu_us().saturating_sub(server_before);
        let rest_us = process::machine_us().saturating_sub(machine_before + server_us + outcome.cpu_us);
        let each = |us: u64| us as f64 / outcome.answered.max(1) as f64;
        let cpu_us = Some((each(server_us), each(outcome.cpu_us), each(rest_us)));
        if let Some(failure) = &outcome.failure {
            self.say(&format!("  {} of {} requests failed: {failure}", outcome.failed, outcome.answered));
        }
        Ok(Sample {
            rate: outcome.rate,
            latency: outcome.groups.into_iter().collect(),
            failed: outcome.failed,
            failure: outcome.failure,
            cpu_us,
        })
    }

    /// What the load generator is to do; no two runs send the same numbers.
    pub(super) fn spec(
        &mut self,
        server: &Server,
        clients: usize,
        requests: Vec<Request>,
        once: bool,
    ) -> Spec {
        self.loads += 1;
        Spec {
            addr: server.addr.clone(),
            clients,
            warm_up_s: self.seconds.min(2.0) * 0.15,
            seconds: self.seconds,
            once,
            first: self.loads * 1_000_000_000,
            requests,
        }
    }
}
