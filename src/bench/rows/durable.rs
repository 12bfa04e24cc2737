//! Durable ops over HTTP: many clients and one, against the bare append and against the databases themselves.

use crate::bench::bed::{Bed, Kind};
use crate::bench::broken::Result;
use crate::bench::figure::{Bar, Figure, median};
use crate::bench::load::CURVE;
use crate::bench::peer;
use crate::bench::plant::SMALL;
use crate::bench::plot::{Plot, Scale};
use crate::bench::process::Server;
use crate::bench::run::Ground;
use crate::bench::site::headings;
use crate::bench::turn::{Contender, Sample, Turns, Work, ms};
use crate::bench::wire::Request;

/// Osier and the bare append, each on a store of its own of one kind.
struct Pair {
    osier: Server,
    bare: Server,
    own: Vec<Request>,
    theirs: Vec<Request>,
}

impl Pair {
    async fn of(ground: &mut Ground, kind: Kind) -> Result<Pair> {
        let (bed, planted) = ground.planted(kind, SMALL).await?;
        let osier = ground.serve(&bed, &planted.token).await?;
        let (bare, token) = ground.bare_append(kind).await?;
        Ok(Pair { osier, bare, own: headings(&planted.token, 1), theirs: headings(&token, 1) })
    }

    fn osier(&self, clients: usize) -> Contender<'_> {
        Contender::load(&format!("osier {clients}"), &self.osier, clients, self.own.clone())
    }

    fn bare(&self, clients: usize) -> Contender<'_> {
        Contender::load(&format!("bare append {clients}"), &self.bare, clients, self.theirs.clone())
    }
}

async fn pgbench(ground: &mut Ground, clients: usize) -> Result<(Bed, Contender<'static>)> {
    let bed = ground.beds.fresh(Kind::Postgres).await?;
    peer::prepare_pgbench(&bed.url).await?;
    let work = Work::Pgbench { url: bed.url.clone(), clients };
    Ok((bed, Contender { name: format!("pgbench {clients}"), work }))
}

/// 64 and 256 clients.
pub(super) async fn ops(ground: &mut Ground) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for kind in ground.beds.kinds() {
        let pair = Pair::of(ground, kind).await?;
        let mut contenders = vec![pair.osier(64), pair.bare(64), pair.osier(256), pair.bare(256)];
        let mut bed = None;
        if kind == Kind::Postgres {
            let (kept, contender) = pgbench(ground, 64).await?;
            (bed, _) = (Some(kept), contenders.push(contender));
        }
        let turns = ground.in_turn(&format!("ops {}", kind.name()), &contenders).await?;
        let what = |clients: usize| format!("durable ops/s, {clients} clients, {}", kind.name());
        for (clients, own) in [(64, 0), (256, 2)] {
            let ratios = turns.ratios(own, own + 1, |sample| sample.rate);
            figures.push(
                Figure::new("ops", what(clients), &ratios, "×", Bar::AtLeast(0.8))
                    .sides(turns.rate(own), format!("bare append {}", turns.rate(own + 1)))
                    .noted(format!("{}; bare: {}", turns.remark(own), turns.remark(own + 1))),
            );
        }
        if let Some(bed) = bed {
            let ratios = turns.ratios(0, 4, |sample| sample.rate);
            figures.push(
                Figure::new("ops", what(64), &ratios, "×", Bar::AtLeast(1.5))
                    .sides(turns.rate(0), format!("pgbench {}", turns.rate(4))),
            );
            bed.remove(&ground.beds).await?;
        }
        ground.plots.push(distribution(kind, &turns));
    }
    Ok(figures)
}

/// The distribution of latencies at 64 clients.
fn distribution(kind: Kind, turns: &Turns) -> Plot {
    let curve = |contender: usize| {
        let at = |place: usize| {
            let values = turns.values(contender, |sample| {
                sample.latency().map_or(f64::NAN, |latency| f64::from(latency.curve_us[place]))
            });
            median(&values).unwrap_or(f64::NAN) / 1000.0
        };
        CURVE.iter().enumerate().map(|(place, part)| (part * 100.0, at(place))).collect()
    };
    Plot {
        name: format!("latency-{}", kind.name().to_lowercase()),
        title: format!("Latency of a durable op, 64 clients, {}", kind.name()),
        x: "percentile".to_owned(),
        y: "ms".to_owned(),
        scale: Scale::Linear,
        lines: vec![("osier".to_owned(), curve(0)), ("bare append".to_owned(), curve(1))],
    }
}

/// One client.
pub(super) async fn one(ground: &mut Ground) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for kind in ground.beds.kinds() {
        let pair = Pair::of(ground, kind).await?;
        let (peer, bar, contender, bed) = match kind {
            Kind::Postgres => {
                let (bed, contender) = pgbench(ground, 1).await?;
                ("pgbench, 1 client", 2.0, contender, Some(bed))
            }
            Kind::Sqlite => {
                let work = Work::Commits { file: ground.beds.folder.join("commits.db") };
                ("one bare FULL commit", 3.0, Contender { name: "bare commit".to_owned(), work }, None)
            }
        };
        let turns = ground
            .in_turn(&format!("one {}", kind.name()), &[pair.osier(1), pair.bare(1), contender])
            .await?;
        let what = format!("p50 of one durable op, 1 client, {}", kind.name());
        for (other, name, bar) in [(1, "bare append", 1.25), (2, peer, bar)] {
            let ratios = turns.ratios(0, other, Sample::p50);
            figures.push(
                Figure::new("one", &what, &ratios, "×", Bar::AtMost(bar))
                    .sides(turns.p50(0), format!("{name} {}", turns.p50(other)))
                    .noted(format!("p99 {}", p99(&turns))),
            );
        }
        if let Some(bed) = bed {
            bed.remove(&ground.beds).await?;
        }
    }
    Ok(figures)
}

fn p99(turns: &Turns) -> String {
    ms(median(&turns.values(0, Sample::p99)).unwrap_or_default())
}

/// 1 to 256 clients, once each: for the plot.
pub(super) async fn clients(ground: &mut Ground) -> Result<Vec<Figure>> {
    let counts: &[usize] = if ground.quick { &[1, 64] } else { &[1, 4, 16, 64, 256] };
    for kind in ground.beds.kinds() {
        let pair = Pair::of(ground, kind).await?;
        let contenders: Vec<_> =
            counts.iter().flat_map(|clients| [pair.osier(*clients), pair.bare(*clients)]).collect();
        let turns = ground.turns(&format!("clients {}", kind.name()), &contenders, 0..1).await?;
        let line = |offset: usize| {
            let rates = turns.0.iter().skip(offset).step_by(2).map(|samples| samples[0].rate);
            counts.iter().map(|clients| *clients as f64).zip(rates).collect()
        };
        ground.plots.push(Plot {
            name: format!("clients-{}", kind.name().to_lowercase()),
            title: format!("Durable ops per second against clients, {}", kind.name()),
            x: "clients".to_owned(),
            y: "ops/s".to_owned(),
            scale: Scale::Logarithmic,
            lines: vec![("osier".to_owned(), line(0)), ("bare append".to_owned(), line(1))],
        });
    }
    Ok(Vec::new())
}
