//! What an op costs where there is more: a long page, a large site, a long history, against the small site.

use crate::bench::bed::{Bed, Kind};
use crate::bench::broken::Result;
use crate::bench::figure::{Bar, Figure};
use crate::bench::plant::{Plan, Planted, SMALL};
use crate::bench::plot::{Plot, Scale};
use crate::bench::process::Server;
use crate::bench::run::Ground;
use crate::bench::site::headings;
use crate::bench::turn::{Contender, Sample, Turns};
use crate::bench::wire::Request;

/// One page of 1,000 blocks.
const LONG: Plan = Plan { pages: 1, blocks: 1000, commits: 0, seed: 0 };

/// On the large site each client has a page of its own; elsewhere all write the one heading.
const LARGE_PAGES: usize = 64;

/// A server and the ops it is sent.
struct Side {
    server: Server,
    requests: Vec<Request>,
    bed: Bed,
}

impl Side {
    async fn of(ground: &Ground, (bed, planted): (Bed, Planted), pages: usize) -> Result<Side> {
        let server = ground.serve(&bed, &planted.token).await?;
        Ok(Side { server, requests: headings(&planted.token, pages), bed })
    }

    async fn fresh(ground: &mut Ground, plan: Plan) -> Result<Side> {
        let planted = ground.planted(Kind::Sqlite, plan).await?;
        Side::of(ground, planted, 1).await
    }

    fn with(&self, name: &str, clients: usize) -> Contender<'_> {
        Contender::load(&format!("{name} {clients}"), &self.server, clients, self.requests.clone())
    }

    async fn end(self, ground: &Ground) -> Result<()> {
        drop(self.server);
        self.bed.remove(&ground.beds).await
    }
}

/// The small site and the long page are made anew for each repetition, for what is measured becomes their history.
pub(super) async fn growth(ground: &mut Ground) -> Result<Vec<Figure>> {
    let commits = if ground.quick { 2_000 } else { 100_000 };
    let large = ground.large().await?;
    let pages = LARGE_PAGES.min(ground.large_plan.pages);
    let large = Side::of(ground, large, pages).await?;
    let history = Side::fresh(ground, Plan { commits, ..SMALL }).await?;
    let mut turns = Turns((0..8).map(|_| Vec::new()).collect());
    for repetition in 0..ground.repeat {
        let small = Side::fresh(ground, SMALL).await?;
        let long = Side::fresh(ground, LONG).await?;
        let sides = [("small", &small), ("long page", &long), ("large site", &large), ("history", &history)];
        let each = |clients: usize| sides.iter().map(move |(name, side)| side.with(name, clients));
        let contenders: Vec<_> = each(64).chain(each(1)).collect();
        turns.join(ground.turns("growth", &contenders, repetition..repetition + 1).await?);
        small.end(ground).await?;
        long.end(ground).await?;
    }
    history.end(ground).await?;
    large.server.stop().await?;
    let names = [
        "a page of 1,000 blocks".to_owned(),
        format!("a site of {} pages, {} commits", ground.large_plan.pages, ground.large_plan.commits),
        format!("{commits} commits of history"),
    ];
    Ok(names.iter().enumerate().flat_map(|(at, name)| figures(&turns, name, at + 1)).collect())
}

/// Rate at 64 clients, p50 at one.
fn figures(turns: &Turns, name: &str, side: usize) -> [Figure; 2] {
    let rate = turns.ratios(side, 0, |sample| sample.rate);
    let p50 = turns.ratios(side + 4, 4, Sample::p50);
    [
        Figure::new("growth", format!("ops/s on {name}, 64 clients, SQLite"), &rate, "×", Bar::AtLeast(0.8))
            .sides(turns.rate(side), format!("small site {}", turns.rate(0)))
            .noted(format!("{}; small: {}", turns.remark(side), turns.remark(0))),
        Figure::new(
            "growth",
            format!("p50 of an op on {name}, 1 client, SQLite"),
            &p50,
            "×",
            Bar::AtMost(1.3),
        )
        .sides(turns.p50(side + 4), format!("small site {}", turns.p50(4))),
    ]
}

/// Several sizes of each, once each: for the plots.
pub(super) async fn sizes(ground: &mut Ground) -> Result<Vec<Figure>> {
    let sizes: &[usize] = if ground.quick { &[10, 100] } else { &[10, 100, 1_000, 10_000] };
    let page: fn(usize) -> Plan = |blocks| Plan { pages: 1, blocks: blocks.min(1_500), ..SMALL };
    let site: fn(usize) -> Plan = |pages| Plan { pages, blocks: 20, ..SMALL };
    let history: fn(usize) -> Plan = |commits| Plan { commits: commits * 10, ..SMALL };
    for (name, title, plan, size) in [
        ("page", "blocks on the page", page, (|plan| plan.blocks) as fn(Plan) -> usize),
        ("site", "pages of the site", site, |plan| plan.pages),
        ("history", "commits of history", history, |plan| plan.commits),
    ] {
        let (mut rates, mut p50s) = (Vec::new(), Vec::new());
        for plan in sizes.iter().map(|size| plan(*size)) {
            let side = Side::fresh(ground, plan).await?;
            let contenders = [side.with(title, 64), side.with(title, 1)];
            let turns = ground.turns(&format!("sizes {}", size(plan)), &contenders, 0..1).await?;
            rates.push((size(plan) as f64, turns.0[0][0].rate));
            p50s.push((size(plan) as f64, turns.0[1][0].p50() / 1000.0));
            side.end(ground).await?;
        }
        for (what, y, line) in [("rate", "ops/s, 64 clients", rates), ("p50", "ms, 1 client", p50s)] {
            ground.plots.push(Plot {
                name: format!("{name}-{what}"),
                title: format!("A durable op against {title}, SQLite"),
                x: title.to_owned(),
                y: y.to_owned(),
                scale: Scale::Logarithmic,
                lines: vec![("osier".to_owned(), line)],
            });
        }
    }
    Ok(Vec::new())
}
