//! Live event streams: what each costs, and how soon an op has reached all of them.

use crate::bench::bed::Kind;
use crate::bench::broken::Result;
use crate::bench::figure::{Bar, Figure, median};
use crate::bench::plant::SMALL;
use crate::bench::run::{Ground, ask};
use crate::bench::site::{SITE, heading, post};
use crate::bench::stream::Listeners;
use crate::bench::turn::ms;
use crate::bench::wire::{Request, SLOT};

/// So many streams of one site, all of which listen while ops are sent.
pub(super) async fn streams(ground: &mut Ground) -> Result<Vec<Figure>> {
    let (bed, planted) = ground.planted(Kind::Sqlite, SMALL).await?;
    let server = ground.serve(&bed, &planted.token).await?;
    let before_kb = server.resident_kb();
    let request = Request::new("events", "GET", &format!("/sites/{SITE}/events"), &planted.token, "");
    let count = ground.streams;
    let Some(mut listeners) = Listeners::open(&server, &request, count).await? else {
        let against = "≤ 50 KB each; an op reaches all in ≤ 1 s";
        return Ok(vec![Figure::absent(
            "streams",
            format!("{count} live event streams"),
            against,
            "not built yet",
        )]);
    };
    let mut times = Vec::new();
    for repetition in 0..ground.repeat {
        // A heading that no op before it wrote.
        let body = heading(0).replace(SLOT, &format!("{:012}", repetition + 1));
        let op = post("op", &planted.token, &body);
        let took = listeners.reach(ask(&server, &op)).await?;
        let took_ms = took.as_secs_f64() * 1000.0;
        ground.keep("streams", "ms until an op reached all", repetition, &took_ms);
        times.push(took_ms);
    }
    let each_kb = server.resident_kb().saturating_sub(before_kb) as f64 / count as f64;
    ground.keep("streams", "KB each", 0, &each_kb);
    let alive = listeners.alive();
    Ok(vec![
        Figure::new(
            "streams",
            format!("memory of {count} live event streams, each"),
            &[each_kb],
            " KB",
            Bar::AtMost(50.0),
        )
        .sides(format!("{each_kb:.1} KB"), "")
        .noted(format!("{alive} still open at the end")),
        Figure::new(
            "streams",
            format!("until an op reached {count} streams"),
            &times,
            " ms",
            Bar::AtMost(1000.0),
        )
        .sides(ms(median(&times).unwrap_or_default() * 1000.0), ""),
    ])
}
