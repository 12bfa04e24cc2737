//! What a run leaves: a table on the terminal, a JSON with every raw figure, plots; and the table as Markdown.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::Run;
use super::broken::{Broken, Result};
use super::figure::{Figure, number};
use super::plot::Plot;

/// Between these lines of the document stands what is generated.
const BEGIN: &str = "<!-- figures: written by `osier bench report` -->";
const END: &str = "<!-- end of figures -->";

/// Write the table of a run into docs/BENCHMARKS.md
#[derive(Args)]
pub(super) struct Report {
    /// The JSON of the run
    file: PathBuf,
    /// The document
    #[arg(long, value_name = "FILE", default_value = "docs/BENCHMARKS.md")]
    into: PathBuf,
}

impl Report {
    pub(super) fn run(self) -> Result<()> {
        let done: Value =
            serde_json::from_str(&fs::read_to_string(&self.file).map_err(Broken::at(self.file.display()))?)?;
        let text = fs::read_to_string(&self.into).map_err(Broken::at(self.into.display()))?;
        let written = between(&text, &markdown(&done)?)
            .ok_or_else(|| Broken(format!("{} has no place for figures: {BEGIN}", self.into.display())))?;
        fs::write(&self.into, written)?;
        Ok(())
    }
}

/// Writes the JSON and the plots, and prints the table or the JSON.
pub(super) fn leave(options: &Run, done: &Value, figures: &[Figure], plots: &[Plot]) -> Result<()> {
    let name = format!("{}-{}", text(done, "time"), text(done, "commit"));
    let file = options.out.join(format!("{name}.json"));
    fs::write(&file, serde_json::to_string_pretty(done)?)?;
    for plot in plots {
        fs::write(options.out.join(format!("{name}-{}.svg", plot.name)), plot.svg())?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(done)?);
        return Ok(());
    }
    println!("{}\n\n{}", heading(done), table(figures));
    println!("{}", where_to(&file, plots.len()));
    Ok(())
}

fn where_to(file: &Path, plots: usize) -> String {
    format!("Every repetition stands in {}; {plots} plots beside it.", file.display())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Under what conditions.
fn heading(done: &Value) -> String {
    let (machine, settings) = (&done["machine"], &done["settings"]);
    let noise = done["noise"].as_array().map_or(0, Vec::len);
    let quiet = if noise == 0 { "quiet" } else { "NOT QUIET: the figures are worth little" };
    format!(
        "Commit {}, {} UTC, seed {}. {} cores ({}), {} MB, Linux {}; {quiet}. {} s each, {} repetitions, medians of \
         ratios; large site {} pages, {} commits.",
        text(done, "commit"),
        text(done, "time"),
        done["seed"],
        machine["cpus"],
        text(machine, "cpu"),
        machine["memoryMb"],
        text(machine, "kernel"),
        settings["secondsEach"],
        settings["repetitions"],
        settings["largePages"],
        settings["largeCommits"],
    )
}

/// One line a figure; remarks below those they are about.
pub(super) fn table(figures: &[Figure]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let head = ["row", "what", "figure", "against", "value", "bar", "met"].map(str::to_owned);
    let rows: Vec<[String; 7]> = [head].into_iter().chain(figures.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&rows[0]);
    for (figure, row) in figures.iter().zip(&rows[1..]) {
        text += &line(row);
        if figure.value.is_some() && !figure.note.is_empty() {
            text += &format!("{:width$}  ({})\n", "", figure.note, width = widths[0]);
        }
    }
    text
}

fn cells(figure: &Figure) -> [String; 7] {
    let met = match figure.met() {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "",
    };
    let value = match (figure.value, figure.spread) {
        (None, _) => figure.note.clone(),
        (Some(_), Some((least, most))) if least < most => {
            format!("{} ({}…{})", figure.value_text(), number(least), number(most))
        }
        (Some(_), _) => figure.value_text(),
    };
    [
        figure.row.clone(),
        figure.what.clone(),
        figure.figure.clone(),
        figure.against.clone(),
        value,
        figure.bar_text(),
        met.to_owned(),
    ]
}

/// The conditions and the table as Markdown.
fn markdown(done: &Value) -> Result<String> {
    let figures: Vec<Figure> = serde_json::from_value(done["figures"].clone())?;
    let mut text = format!(
        "{}\n\n| what | figure | against | value | bar | met |\n|---|---|---|---|---|---|\n",
        heading(done)
    );
    for figure in &figures {
        let [_, what, came, against, value, bar, met] = cells(figure).map(|cell| cell.replace('|', "\\|"));
        text += &format!("| {what} | {came} | {against} | {value} | {bar} | {met} |\n");
    }
    Ok(text)
}

/// The document with other figures; none where it has no place for them.
fn between(document: &str, figures: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{figures}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figure::Bar;
    use serde_json::json;

    #[test]
    fn figures_are_replaced_and_what_stands_around_them_is_left() {
        let document = format!("# A\n{BEGIN}\nold\n{END}\nB\n");
        assert_eq!(between(&document, "new\n").unwrap(), format!("# A\n{BEGIN}\n\nnew\n\n{END}\nB\n"));
        assert_eq!(between("# A\n", "new"), None);
    }

    #[test]
    fn the_document_of_the_house_has_a_place_for_figures() {
        let document = include_str!("../../docs/BENCHMARKS.md");
        assert!(between(document, "").is_some());
    }

    #[test]
    fn a_figure_says_whether_its_bar_is_met_and_an_absent_one_why() {
        let figures = [
            Figure::new("ops", "a", &[0.9, 0.7, 0.8], "×", Bar::AtLeast(0.8)),
            Figure::new("ops", "b", &[0.7], "×", Bar::AtLeast(0.8)),
            Figure::absent("–", "c", "git", "not built yet"),
        ];
        let done = json!({"figures": figures, "machine": {}, "settings": {}});
        let text = markdown(&done).unwrap();
        assert!(text.contains("| a |  |  | 0.80× (0.70…0.90) | ≥ 0.80× | yes |"), "{text}");
        assert!(text.contains("| b |  |  | 0.70× | ≥ 0.80× | NO |"), "{text}");
        assert!(text.contains("| c |  | git | not built yet |  |  |"), "{text}");
    }
}
