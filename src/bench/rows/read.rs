//! Reading pages: as they are, and as they were.

use std::fs;

use crate::bench::bed::Kind;
use crate::bench::broken::{Broken, Result};
use crate::bench::figure::{Bar, Figure, median};
use crate::bench::plant::{Plan, SMALL};
use crate::bench::run::{Ground, ask};
use crate::bench::site::{Dice, get};
use crate::bench::turn::{Contender, Sample, Turns, ms};

/// 1,000 pages of 20 blocks.
pub(super) fn real(ground: &Ground) -> Plan {
    Plan { pages: if ground.quick { 100 } else { 1_000 }, blocks: 20, ..SMALL }
}

/// One page of the real site, against the same bytes from memory.
pub(super) async fn page(ground: &mut Ground) -> Result<Vec<Figure>> {
    let plan = real(ground);
    let (bed, planted) = ground.planted(Kind::Sqlite, plan).await?;
    let osier = ground.serve(&bed, &planted.token).await?;
    let request = get(&planted.token, plan.pages / 2, None);
    let bytes = ask(&osier, &request).await?;
    let file = ground.beds.folder.join("page.json");
    fs::write(&file, &bytes)?;
    let mut bare = ground.spawn(&["bench", "bare", "--page", &file.display().to_string()])?;
    if bare.ready(&request).await? != 200 {
        return Err(Broken("the bare handler does not answer".to_owned()));
    }
    let contenders = [
        Contender::load("osier 64", &osier, 64, vec![request.clone()]),
        Contender::load("bare handler 64", &bare, 64, vec![request.clone()]),
        Contender::load("osier 1", &osier, 1, vec![request.clone()]),
        Contender::load("bare handler 1", &bare, 1, vec![request]),
    ];
    let turns = ground.in_turn("page", &contenders).await?;
    let rate = turns.ratios(0, 1, |sample| sample.rate);
    let p50 = turns.ratios(2, 3, Sample::p50);
    Ok(vec![
        Figure::new(
            "page",
            format!("get_page/s, 64 clients, {} bytes", bytes.len()),
            &rate,
            "×",
            Bar::AtLeast(0.8),
        )
        .sides(turns.rate(0), format!("bare handler {}", turns.rate(1)))
        .noted(format!("{}; bare: {}", turns.remark(0), turns.remark(1))),
        Figure::new("page", "p50 of get_page, 1 client", &p50, "×", Bar::None)
            .sides(turns.p50(2), format!("bare handler {}", turns.p50(3))),
    ])
}

/// Pages of the large site drawn from the seed, each at a version drawn from all since they are there; one client.
pub(super) async fn past(ground: &mut Ground) -> Result<Vec<Figure>> {
    let (bed, planted) = ground.large().await?;
    let server = ground.serve(&bed, &planted.token).await?;
    let looks = if ground.quick { 100 } else { 500 };
    let (first, last) = planted.versions;
    let mut turns = Turns(vec![Vec::new(), Vec::new()]);
    for repetition in 0..ground.repeat {
        let mut dice = Dice::of(ground.seed + repetition as u64);
        let span = usize::try_from(last - first).unwrap_or(usize::MAX);
        let drawn: Vec<_> = (0..looks)
            .map(|_| (dice.below(ground.large_plan.pages), first + dice.below(span) as u64))
            .collect();
        let then = drawn.iter().map(|(page, version)| get(&planted.token, *page, Some(*version))).collect();
        let now = drawn.iter().map(|(page, _)| get(&planted.token, *page, None)).collect();
        let contenders = [Contender::once("then", &server, 1, then), Contender::once("now", &server, 1, now)];
        turns.join(ground.turns("past", &contenders, repetition..repetition + 1).await?);
    }
    server.stop().await?;
    let now = turns.values(1, Sample::p50);
    let over = |value: fn(&Sample) -> f64| -> Vec<f64> {
        turns.values(0, value).iter().zip(&now).map(|(then, now)| (then - now) / 1000.0).collect()
    };
    let what = |part: &str| format!("{part} of a page at any of {last} versions, over get_page now");
    let looked: usize = turns.0[0].iter().filter_map(Sample::latency).map(|latency| latency.count).sum();
    let p99 = ms(median(&turns.values(0, Sample::p99)).unwrap_or_default());
    Ok(vec![
        Figure::new("past", what("p50"), &over(Sample::p50), " ms", Bar::AtMost(10.0))
            .sides(turns.p50(0), format!("now {}", turns.p50(1))),
        Figure::new("past", what("p99"), &over(Sample::p99), " ms", Bar::AtMost(10.0))
            .sides(p99, format!("p50 now {}", turns.p50(1)))
            .noted(format!("{}; {looked} looks", turns.remark(0))),
    ])
}
