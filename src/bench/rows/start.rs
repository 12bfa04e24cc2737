//! How soon a server answers, and what it holds in memory.

use std::time::Instant;

use crate::bench::bed::{Bed, Kind};
use crate::bench::broken::{Broken, Result};
use crate::bench::figure::{Bar, Figure, median};
use crate::bench::plant::{Plan, SMALL};
use crate::bench::process::Server;
use crate::bench::run::Ground;
use crate::bench::site::get;
use crate::bench::turn::ms;
use crate::bench::wire::{Line, Ready, Request};

/// A store in which there is a token and a site without a page.
const EMPTY: Plan = Plan { pages: 0, commits: 0, ..SMALL };

/// From the start of the process to the first answer, on the large site and on an empty store.
pub(super) async fn start(ground: &mut Ground) -> Result<Vec<Figure>> {
    let (large, planted) = ground.large().await?;
    let (empty, token) = empty(ground).await?;
    let page = get(&planted.token, ground.large_plan.pages / 2, None);
    let nothing = Request::new("get", "GET", "/sites", &token, "");
    // Once for nothing: the disk is to be warm.
    timed(ground, &large, &page).await?;
    let mut times = [Vec::new(), Vec::new()];
    for repetition in 0..ground.repeat {
        for (at, bed, request) in [(0, &large, &page), (1, &empty, &nothing)] {
            let took_ms = timed(ground, bed, request).await?;
            ground.keep("start", ["large site", "empty store"][at], repetition, &took_ms);
            times[at].push(took_ms);
        }
    }
    let over: Vec<f64> = times[0].iter().zip(&times[1]).map(|(large, empty)| large - empty).collect();
    let words = |at: usize| ms(median(&times[at]).unwrap_or_default() * 1000.0);
    let what = format!(
        "start to first get_page, {} pages, {} commits",
        ground.large_plan.pages, ground.large_plan.commits
    );
    Ok(vec![
        Figure::new("start", what, &over, " ms", Bar::AtMost(200.0))
            .sides(words(0), format!("empty store {}", words(1))),
    ])
}

async fn timed(ground: &Ground, bed: &Bed, request: &Request) -> Result<f64> {
    let since = Instant::now();
    let mut server = ground.spawn(&["serve", "--database", &bed.url])?;
    let status = server.ready(request).await?;
    let took_ms = since.elapsed().as_secs_f64() * 1000.0;
    server.stop().await?;
    if status == 200 { Ok(took_ms) } else { Err(Broken(format!("the first answer is {status}"))) }
}

/// Resident memory, idle and with the large site.
pub(super) async fn memory(ground: &mut Ground) -> Result<Vec<Figure>> {
    let (empty, token) = empty(ground).await?;
    let mut idle = ground.spawn(&["serve", "--database", &empty.url])?;
    idle.ready(&Request::new("get", "GET", "/sites", &token, "")).await?;
    let idle_mb = megabytes(&idle);
    drop(idle);

    let (large, planted) = ground.large().await?;
    let server = ground.serve(&large, &planted.token).await?;
    let open_mb = megabytes(&server);
    let mut json_mb = 0.0;
    let mut line = Line::to(&server.addr).await?;
    for page in 0..ground.large_plan.pages {
        let mut request = Ready::of(&get(&planted.token, page, None));
        json_mb += line.ask(request.numbered(0)).await?.body.len() as f64 / 1_048_576.0;
    }
    let read_mb = megabytes(&server);
    server.stop().await?;
    ground.keep(
        "memory",
        "MB: idle, open, every page read, JSON of pages",
        0,
        &[idle_mb, open_mb, read_mb, json_mb],
    );
    let large = |what: &str, mb: f64| {
        let what = format!("memory with {} pages, {what}", ground.large_plan.pages);
        Figure::new("memory", what, &[mb / json_mb], "×", Bar::AtMost(1.5))
            .sides(format!("{mb:.1} MB"), format!("JSON of the pages {json_mb:.1} MB"))
            .noted(format!("{:.2}× beyond the idle server", (mb - idle_mb) / json_mb))
    };
    Ok(vec![
        Figure::new("memory", "memory idle", &[idle_mb], " MB", Bar::AtMost(40.0))
            .sides(format!("{idle_mb:.1} MB"), ""),
        large("the site open", open_mb),
        large("every page read once", read_mb),
    ])
}

async fn empty(ground: &mut Ground) -> Result<(Bed, String)> {
    let (bed, planted) = ground.planted(Kind::Sqlite, EMPTY).await?;
    Ok((bed, planted.token))
}

fn megabytes(server: &Server) -> f64 {
    server.resident_kb() as f64 / 1024.0
}
