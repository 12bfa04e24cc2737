//! What commands print: text or JSON on stdout, remarks on stderr.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::Stop;

/// Prints to stdout. A reader who has gone (`osier history | head`) has read enough.
pub(super) fn say(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Stop::Missing(format!("stdout: {e}"))),
        _ => Ok(()),
    }
}

/// Writes lines that somebody keeps. One who goes before the end has not all of them, which a script that keeps them
/// must notice (`set -o pipefail`) and a person who asked for a few lines knows.
pub(super) fn write(lines: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    let written = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
    written.map_err(|e| match e.kind() {
        io::ErrorKind::BrokenPipe => Stop::CutShort,
        _ => Stop::Missing(format!("stdout: {e}")),
    })
}

/// Says something on stderr. Nobody may be there to hear it.
pub(super) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a value as indented JSON.
pub(super) fn say_json(value: &impl Serialize) -> Result<(), Stop> {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Stop::Found(format!("the answer as JSON: {e}")))?;
    say(&format!("{}\n", escaped(&text)))
}

/// JSON whose texts steer no terminal: what would is written as an escape, which means the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for sign in json.chars() {
        match sign {
            '\n' => out.push(sign),
            _ if steers(sign) => {
                out.extend(sign.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")))
            }
            _ => out.push(sign),
        }
    }
    out
}

/// Whether a terminal does something else with a sign than show it: controls, and what turns the direction of text.
fn steers(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A field of a JSON object as people read it; nothing where it is missing.
pub(super) fn field(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            items.collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// Text of anybody's on one line, without what would steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|sign| if steers(sign) { '\u{fffd}' } else { sign }).collect()
}

/// Rows in columns as wide as they need, the last one as it comes.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// A table whose first line names its columns, in a pipe too, so that a line means the same wherever it is read.
pub(super) fn listed(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let names = columns.iter().map(|name| name.to_uppercase()).collect();
    table(&[vec![names], rows].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".to_owned(), "bee".to_owned()], vec!["çç".to_owned(), String::new()]];
        assert_eq!(table(&rows), "a   bee\nçç\n");
    }

    #[test]
    fn a_list_names_its_columns_even_where_it_is_empty() {
        assert_eq!(
            listed(&["id", "name"], vec![vec!["demo".into(), "Demo".into()]]),
            "ID    NAME
demo  Demo
"
        );
        assert_eq!(
            listed(&["id", "name"], Vec::new()),
            "ID  NAME
"
        );
    }

    #[test]
    fn what_somebody_wrote_steers_no_terminal() {
        let rows = [vec!["\u{1b}[2Ja\nb\u{9b}31m".to_owned()]];
        assert_eq!(table(&rows), "\u{fffd}[2Ja\u{fffd}b\u{fffd}31m\n");
    }

    #[test]
    fn a_field_reads_as_people_write_it() {
        let value = json!({"name": "ci", "scopes": ["read", "write"], "agent": false, "expiresAt": null});
        assert_eq!(
            ["name", "scopes", "agent", "expiresAt", "none"].map(|name| field(&value, name)),
            ["ci", "read, write", "false", "", ""]
        );
    }
}
