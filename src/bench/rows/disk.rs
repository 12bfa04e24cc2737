//! What the log takes on disk, against what was sent.

use super::read::real;
use crate::bench::broken::Result;
use crate::bench::figure::{Bar, Figure};
use crate::bench::plant::Plan;
use crate::bench::run::Ground;

/// The real site, with and without ops on its headings: indexes and checkpoints included.
pub(super) async fn disk(ground: &mut Ground) -> Result<Vec<Figure>> {
    let commits = if ground.quick { 2_000 } else { 50_000 };
    let mut figures = Vec::new();
    for kind in ground.beds.kinds() {
        let plan = real(ground);
        let (bed, pages) = ground.planted(kind, plan).await?;
        let without = bed.bytes().await?;
        bed.remove(&ground.beds).await?;
        let (bed, all) = ground.planted(kind, Plan { commits, ..plan }).await?;
        let with = bed.bytes().await?;
        bed.remove(&ground.beds).await?;
        let sizes = [
            (format!("{} pages of 20 blocks", plan.pages), without, pages.bytes),
            (
                format!("{commits} ops on their headings"),
                with.saturating_sub(without),
                all.bytes - pages.bytes,
            ),
            ("both".to_owned(), with, all.bytes),
        ];
        for (what, kept, sent) in sizes {
            ground.keep(&format!("disk {}", kind.name()), &what, 0, &[kept, sent]);
            let ratio = kept as f64 / sent as f64;
            figures.push(
                Figure::new(
                    "disk",
                    format!("disk for {what}, {}", kind.name()),
                    &[ratio],
                    "×",
                    Bar::AtMost(3.0),
                )
                .sides(mega(kept), format!("request bodies {}", mega(sent))),
            );
        }
    }
    Ok(figures)
}

fn mega(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1_048_576.0)
}
