//! An undo, against the op it takes back.

use serde_json::json;

use crate::bench::broken::Result;
use crate::bench::figure::{Bar, Figure, median};
use crate::bench::plant::SMALL;
use crate::bench::run::Ground;
use crate::bench::site::{batch, heading, post};
use crate::bench::turn::{Contender, ms};

/// One client does and undoes in turn.
pub(super) async fn undo(ground: &mut Ground) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for kind in ground.beds.kinds() {
        let (bed, planted) = ground.planted(kind, SMALL).await?;
        let server = ground.serve(&bed, &planted.token).await?;
        let requests = vec![
            post("op", &planted.token, &heading(0)),
            post("undo", &planted.token, &batch(&json!({"op": "undo"}))),
        ];
        let contender = Contender::load("op and undo", &server, 1, requests);
        let turns = ground.in_turn(&format!("undo {}", kind.name()), &[contender]).await?;
        let p50 = |group: &str| {
            turns.values(0, |sample| {
                sample.of_group(group).map_or(f64::NAN, |latency| f64::from(latency.p50_us))
            })
        };
        let (op, undo) = (p50("op"), p50("undo"));
        let ratios: Vec<f64> = undo.iter().zip(&op).map(|(undo, op)| undo / op).collect();
        let words = |values: &[f64]| ms(median(values).unwrap_or_default());
        figures.push(
            Figure::new(
                "undo",
                format!("p50 of an undo, 1 client, {}", kind.name()),
                &ratios,
                "×",
                Bar::AtMost(1.5),
            )
            .sides(words(&undo), format!("an op {}", words(&op)))
            .noted(turns.remark(0)),
        );
    }
    Ok(figures)
}
