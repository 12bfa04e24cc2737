//! The rows of the speed table, one file per kind below. Each measures, and answers the figures it came to.

mod disk;
mod durable;
mod fair;
mod growth;
mod read;
mod start;
mod streams;
mod undo;

use super::broken::{Broken, Result};
use super::figure::Figure;
use super::run::Ground;

/// A row, or several that are measured together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// As `--only` names it.
    pub(super) name: &'static str,
    /// What is measured.
    pub(super) title: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Ops,
    One,
    Growth,
    Page,
    Past,
    Undo,
    Start,
    Memory,
    Disk,
    Fair,
    Streams,
    Clients,
    Sizes,
}

const fn row(name: &'static str, title: &'static str, kind: Kind) -> Row {
    Row { name, title, kind }
}

/// In the order in which they are measured.
const ROWS: [Row; 13] = [
    row("ops", "durable ops over HTTP, 64 and 256 clients", Kind::Ops),
    row("one", "one durable op, 1 client", Kind::One),
    row("growth", "op on a long page, on the large site, with a long history", Kind::Growth),
    row("page", "get_page, 64 clients", Kind::Page),
    row("past", "page as it was at any version", Kind::Past),
    row("undo", "undo", Kind::Undo),
    row("start", "start to first get_page", Kind::Start),
    row("memory", "memory idle, and with the large site", Kind::Memory),
    row("disk", "log on disk", Kind::Disk),
    row("fair", "a second server on the same site", Kind::Fair),
    row("streams", "live event streams", Kind::Streams),
    row("clients", "rate against clients (plot)", Kind::Clients),
    row("sizes", "rate against page, site and history (plot)", Kind::Sizes),
];

/// The rows that are asked for; all, where none is named.
///
/// # Errors
/// A name that is none: the line lists them all.
pub(super) fn chosen(only: &[String]) -> Result<Vec<&'static Row>> {
    if let Some(wrong) = only.iter().find(|name| ROWS.iter().all(|row| row.name != **name)) {
        let all: Vec<String> = ROWS.iter().map(|row| format!("{} ({})", row.name, row.title)).collect();
        return Err(Broken(format!("'{wrong}' is no row; there are: {}", all.join(", "))));
    }
    Ok(ROWS.iter().filter(|row| only.is_empty() || only.iter().any(|name| name == row.name)).collect())
}

/// Measures a row.
pub(super) async fn measure(row: &Row, ground: &mut Ground) -> Result<Vec<Figure>> {
    match row.kind {
        Kind::Ops => durable::ops(ground).await,
        Kind::One => durable::one(ground).await,
        Kind::Growth => growth::growth(ground).await,
        Kind::Page => read::page(ground).await,
        Kind::Past => read::past(ground).await,
        Kind::Undo => undo::undo(ground).await,
        Kind::Start => start::start(ground).await,
        Kind::Memory => start::memory(ground).await,
        Kind::Disk => disk::disk(ground).await,
        Kind::Fair => fair::fair(ground).await,
        Kind::Streams => streams::streams(ground).await,
        Kind::Clients => durable::clients(ground).await,
        Kind::Sizes => growth::sizes(ground).await,
    }
}

/// Rows of the table whose feature is not there: a figure is never made up.
pub(super) fn not_built() -> Vec<Figure> {
    let rows = [
        ("get_page on a branch ten deep", "get_page on main, ≥ 0.9×"),
        ("create branch", "the same at 100, 10,000 and 100,000 pages, flat within 1.2×"),
        ("diff and merge of 100 changed pages a side, large site", "git diff, git merge, ≥ 10×"),
        ("stdio get_page; HTTP MCP get_page", "get_page over HTTP, ≤ +0.2 ms; ≥ 0.5×"),
        ("warm full-page screenshot", "playwright-core, ≤ 1×"),
    ];
    rows.into_iter().map(|(what, against)| Figure::absent("–", what, against, "not built yet")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_exist_is_refused_with_those_that_do() {
        let refused = chosen(&["pgae".to_owned()]).unwrap_err().0;
        assert!(refused.contains("'pgae'") && refused.contains("page (get_page"), "{refused}");
        assert_eq!(chosen(&["page".to_owned(), "ops".to_owned()]).unwrap().len(), 2);
        assert_eq!(chosen(&[]).unwrap().len(), ROWS.len());
    }
}
