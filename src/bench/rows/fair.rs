//! A second server that writes one client's ops to a site to which the first writes at full speed.

use std::time::Duration;

use crate::bench::bed::Kind;
use crate::bench::broken::Result;
use crate::bench::delay::farther;
use crate::bench::figure::{Bar, Figure, median, number};
use crate::bench::load::Outcome;
use crate::bench::plant::SMALL;
use crate::bench::process::{self, Server};
use crate::bench::run::Ground;
use crate::bench::site::headings;
use crate::bench::turn::ms;

/// The second server on PostgreSQL is so much farther from the database.
const FARTHER: Duration = Duration::from_millis(3);

/// What is refused counts as having waited an hour.
const FOR_EVER_US: f64 = 3.6e9;

/// On SQLite a second process on the file; on PostgreSQL a second server, farther away.
pub(super) async fn fair(ground: &mut Ground) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for kind in ground.beds.kinds() {
        let (bed, planted) = ground.planted(kind, SMALL).await?;
        let first = ground.serve(&bed, &planted.token).await?;
        let (second_bed, what) = match kind {
            Kind::Sqlite => (bed.clone(), "a second process on one SQLite file"),
            Kind::Postgres => {
                (bed.at(farther(&bed.url, FARTHER).await?), "a second server 3 ms farther from PostgreSQL")
            }
        };
        let second = ground.serve(&second_bed, &planted.token).await?;
        let requests = headings(&planted.token, 1);
        let (mut ratios, mut alone_us, mut beside_us) = (Vec::new(), Vec::new(), Vec::new());
        let (mut rates, mut failed) = (Vec::new(), 0);
        for repetition in 0..ground.repeat {
            let alone = process::load(ground.spec(&second, 1, requests.clone(), false)).await?;
            let (full, beside) = both(ground, &first, &second, &requests).await?;
            for (name, outcome) in [("alone", &alone), ("first, 64 clients", &full), ("beside", &beside)] {
                ground.keep(&format!("fair {}", kind.name()), name, repetition, outcome);
            }
            let p50 = part(&alone, |latency| latency.p50_us);
            // Where one in a hundred or more is refused, that is the p99.
            let starved = beside.failed * 100 >= beside.answered;
            let p99 = if starved { FOR_EVER_US } else { part(&beside, |latency| latency.p99_us) };
            ratios.push(p99 / p50);
            alone_us.push(p50);
            beside_us.push(p99);
            rates.push((full.rate, beside.rate));
            failed += beside.failed;
        }
        let words = |values: &[f64]| ms(median(values).unwrap_or_default());
        let rate = |part: fn(&(f64, f64)) -> f64| {
            number(median(&rates.iter().map(part).collect::<Vec<_>>()).unwrap_or_default())
        };
        figures.push(
            Figure::new(
                "fair",
                format!("p99 of {what}, the other at full speed"),
                &ratios,
                "×",
                Bar::AtMost(20.0),
            )
            .sides(words(&beside_us), format!("its p50 alone {}", words(&alone_us)))
            .noted(format!(
                "{}/s beside {}/s of 64 clients, {failed} refused",
                rate(|(_, beside)| *beside),
                rate(|(full, _)| *full)
            )),
        );
    }
    Ok(figures)
}

/// The first is loaded a little earlier and a little longer than the second.
async fn both(
    ground: &mut Ground,
    first: &Server,
    second: &Server,
    requests: &[crate::bench::wire::Request],
) -> Result<(Outcome, Outcome)> {
    let mut full = ground.spec(first, 64, requests.to_vec(), false);
    full.seconds += 0.6;
    let beside = ground.spec(second, 1, requests.to_vec(), false);
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        process::load(beside).await
    };
    let (full, beside) = tokio::join!(process::load(full), later);
    Ok((full?, beside?))
}

fn part(outcome: &Outcome, value: fn(&crate::bench::load::Latency) -> u32) -> f64 {
    outcome.groups.values().next().map_or(f64::NAN, |latency| f64::from(value(latency)))
}
