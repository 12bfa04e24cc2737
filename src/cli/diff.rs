//! `osier diff`

use clap::Args;
use serde_json::{Value, json};

use super::{Stop, output, with_existing};
use crate::config::Settings;
use crate::service::Principal;

/// Longest value that is shown whole, in characters; all of them are in the JSON.
const SHOWN: usize = 48;

/// Signs that are shown before the first one that differs.
const LEAD_IN: usize = 12;

/// Show what is different between two versions of a site
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier diff --site demo --from main@3
  osier diff --site demo --from main@3 --to main@5 --json

A page, a block or a field came (+), went (-), changed (~) or only lies elsewhere (>). Long values
are cut short; the JSON has all of them. A difference is no error: the exit code is 0.

With --json: {from, to, equal, summary: {pagesAdded, blocksModified, fields, …}, pages: [{id, slug,
status, meta: [{path, before?, after?, kind}], blocks: [{id, type, status, fields}]}], config,
redirects, assets, blockTypes}")]
pub(super) struct Diff {
    /// The site's id
    #[arg(long, value_name = "ID")]
    site: String,
    /// The state to start from: main@VERSION
    #[arg(long, value_name = "REF")]
    from: String,
    /// The state it leads to
    #[arg(long, value_name = "REF", default_value = "main")]
    to: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let Diff { site, from, to, json } = self;
        let found = with_existing(settings, async |service| {
            let found = service.diff(&Principal::operator(), &site, (&from, &to), None).await?;
            serde_json::to_value(found).map_err(|e| Stop::Found(format!("the differences as JSON: {e}")))
        });
        let found = found.await?;
        if json { output::say_json(&found) } else { output::say(&told(&from, &to, &json!(found))) }
    }
}

/// The differences, a line each.
fn told(from: &str, to: &str, found: &Value) -> String {
    if found["equal"] == true {
        return format!("{from} and {to} are the same\n");
    }
    let mut lines = Lines::default();
    for page in items(found, "pages") {
        lines.page(page);
    }
    for field in items(found, "config") {
        lines.field(0, "site config ", field);
    }
    for (name, kind) in [("redirects", "redirect"), ("assets", "asset"), ("blockTypes", "block type")] {
        for entry in items(found, name) {
            lines.entry(kind, entry);
        }
    }
    lines.0
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, depth: usize, line: &str) {
        self.0.push_str(&"  ".repeat(depth));
        self.0.push_str(&output::plain(line));
        self.0.push('\n');
    }

    fn page(&mut self, page: &Value) {
        let slug = output::field(page, "slug");
        let slug = match output::field(page, "fromSlug") {
            from if from.is_empty() => slug,
            from => format!("{from} → {slug}"),
        };
        self.add(0, &format!("{} page {slug}", mark(page)));
        if !is_modified(page) {
            return;
        }
        for field in items(page, "meta") {
            self.field(1, "", field);
        }
        for block in items(page, "blocks") {
            let named =
                format!("{} {} {}", mark(block), output::field(block, "type"), output::field(block, "id"));
            self.add(1, &named);
            // Of a block that came or went the fields are all it has: its line says enough.
            for field in items(block, "fields").iter().filter(|_| is_modified(block)) {
                self.field(2, "", field);
            }
        }
    }

    fn field(&mut self, depth: usize, of: &str, field: &Value) {
        let path = output::field(field, "path");
        let line = match (field.get("before"), field.get("after")) {
            (Some(before), Some(after)) => {
                let (before, after) = (before.to_string(), after.to_string());
                let same = same_beginning(&before, &after);
                format!("~ {of}{path}: {} → {}", cut(&before, same), cut(&after, same))
            }
            (None, Some(after)) => format!("+ {of}{path}: {}", short(after)),
            (before, None) => format!("- {of}{path}: {}", before.map(short).unwrap_or_default()),
        };
        self.add(depth, &line);
    }

    /// A redirect, an asset or a block type, by whichever name it goes.
    fn entry(&mut self, kind: &str, entry: &Value) {
        let name = ["from", "hash", "type"].map(|name| output::field(entry, name)).concat();
        let leads = entry.get("after").map(|after| format!(": {}", short(after))).unwrap_or_default();
        self.add(0, &format!("{} {kind} {name}{leads}", mark(entry)));
    }
}

fn is_modified(of: &Value) -> bool {
    of["status"] == "modified"
}

/// What became of it, as one sign.
fn mark(of: &Value) -> &'static str {
    match of["status"].as_str() {
        Some("added") => "+",
        Some("removed") => "-",
        Some("moved") => ">",
        _ => "~",
    }
}

/// A value on one line, cut where it is long.
fn short(value: &Value) -> String {
    cut(&value.to_string(), 0)
}

/// How many signs of two texts need not be shown: those they begin with alike, but for a few that tell where one is.
fn same_beginning(before: &str, after: &str) -> usize {
    if before.chars().count().max(after.chars().count()) <= SHOWN {
        return 0;
    }
    let same = before.chars().zip(after.chars()).take_while(|(before, after)| before == after).count();
    if same > 2 * LEAD_IN { same - LEAD_IN } else { 0 }
}

/// A text from a sign on, as much of it as is shown.
fn cut(text: &str, from: usize) -> String {
    let begin = if from > 0 { "…" } else { "" };
    let shown: String = text.chars().skip(from).take(SHOWN).collect();
    let end = if text.chars().count() > from + SHOWN { "…" } else { "" };
    format!("{begin}{shown}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_a_line_each() {
        let hero = json!({"id": "blk_hero", "type": "Hero", "status": "modified", "fields": [
            {"path": "/heading", "before": "Willow", "after": "x".repeat(60)}, {"path": "/kicker", "before": "New"},
        ]});
        let found = json!({
            "equal": false,
            "pages": [
                {"slug": "/home", "fromSlug": "/start", "status": "modified",
                 "meta": [{"path": "/title", "before": "Start", "after": "Home"}],
                 "blocks": [hero, {"id": "blk_t", "type": "Text", "status": "added", "fields": [{"path": "/text"}]}]},
                {"slug": "/new", "status": "added", "meta": [{"path": "/title", "after": "New"}], "blocks": []},
            ],
            "config": [{"path": "/name", "after": "Osier"}],
            "redirects": [{"from": "/start", "status": "added", "after": "/home"}],
            "assets": [], "blockTypes": [{"type": "Offer", "status": "removed"}],
        });
        let cut = format!("\"{}…", "x".repeat(SHOWN - 1));
        let expected = format!(
            "~ page /start → /home\n  ~ /title: \"Start\" → \"Home\"\n  ~ Hero blk_hero\n    ~ /heading: \"Willow\" → {cut}\n    \
             - /kicker: \"New\"\n  + Text blk_t\n+ page /new\n+ site config /name: \"Osier\"\n+ redirect /start: \"/home\"\n\
             - block type Offer\n"
        );
        assert_eq!(told("main@1", "main", &found), expected);
    }

    #[test]
    fn of_long_texts_the_part_that_differs_is_shown() {
        let long = |end: &str| format!("{} {end}", "Willow wants wet feet. ".repeat(5));
        let mut lines = Lines::default();
        lines.field(0, "", &json!({"path": "/body", "before": long("Cut it."), "after": long("Leave it.")}));
        assert_eq!(lines.0, "~ /body: … wet feet.  Cut it.\" → … wet feet.  Leave it.\"\n");
    }

    #[test]
    fn two_equal_states_are_called_so() {
        let found = json!({"equal": true, "pages": []});
        assert_eq!(told("main@1", "main", &found), "main@1 and main are the same\n");
    }
}
