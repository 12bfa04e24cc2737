//! The head of a file: TOML between `+++` lines or YAML between `---` lines.

use serde_json::{Map, Value};

use super::address::is_uri_reference;

/// The keys that are understood and leave no text behind; every other key is page meta or reported.
const UNDERSTOOD: [&str; 6] = ["title", "slug", "path", "aliases", "draft", "noindex"];

/// The longest description, in characters, and the longest address that page meta takes.
const LONGEST_DESCRIPTION: usize = 1_000;
const LONGEST_ADDRESS: usize = 4_096;

/// A file cut in two: what its head says, and the body below.
#[derive(Debug, PartialEq)]
pub(super) struct Split<'a> {
    pub(super) head: Head<'a>,
    pub(super) body: &'a str,
    /// The line of the file the body begins on, from 1.
    pub(super) body_line: usize,
}

/// What stands above the body.
#[derive(Debug, PartialEq)]
pub(super) enum Head<'a> {
    /// No front matter.
    None,
    /// Front matter that was read.
    Read { values: Map<String, Value>, text: &'a str },
    /// Front matter that its own language refuses; the text must not be lost.
    Unreadable { language: &'static str, text: &'a str, why: String },
}

/// Cuts the front matter off a file.
pub(super) fn split(file: &str) -> Split<'_> {
    let whole = Split { head: Head::None, body: file, body_line: 1 };
    let Some((fence, rest)) = file.split_once('\n') else { return whole };
    let yaml = match fence.trim_end() {
        "+++" => false,
        "---" => true,
        _ => return whole,
    };
    let Some((text, body)) = close(rest, if yaml { &["---", "..."] } else { &["+++"] }) else {
        return whole;
    };
    let read = if yaml { read_yaml(text) } else { read_toml(text).map(Some) };
    let head = match read {
        Ok(Some(values)) => Head::Read { values, text },
        // Prose between two thematic breaks is YAML too, but it isn't front matter.
        Ok(None) => return whole,
        Err(why) => Head::Unreadable { language: if yaml { "yaml" } else { "toml" }, text, why },
    };
    Split { head, body, body_line: 3 + text.matches('\n').count() }
}

/// The text up to a line that is one of `fences`, and what follows that line.
fn close<'a>(rest: &'a str, fences: &[&str]) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if fences.contains(&line.trim_end()) {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

fn read_toml(text: &str) -> Result<Map<String, Value>, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    Ok(table.into_iter().map(|(key, value)| (key, json_of_toml(value))).collect())
}

fn json_of_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of_toml).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, json_of_toml(value))).collect())
        }
    }
}

fn read_yaml(text: &str) -> Result<Option<Map<String, Value>>, String> {
    use serde_norway::Value as Yaml;
    match serde_norway::from_str::<Yaml>(text).map_err(|error| error.to_string())? {
        Yaml::Null => Ok(Some(Map::new())),
        Yaml::Mapping(mapping) => {
            let named = |key: Yaml| match key {
                Yaml::String(text) => text,
                other => serde_json::to_string(&other).unwrap_or_else(|_| "?".to_owned()),
            };
            let json = |value: Yaml| serde_json::to_value(value).unwrap_or(Value::Null);
            Ok(Some(mapping.into_iter().map(|(key, value)| (named(key), json(value))).collect()))
        }
        Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) | Yaml::Sequence(_) | Yaml::Tagged(_) => Ok(None),
    }
}

/// A key's text; numbers, dates and flags are read as they are written. Blank is nothing.
pub(super) fn text(values: &Map<String, Value>, key: &str) -> Option<String> {
    let text = match values.get(key)? {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A key's texts: one, or a list of them.
pub(super) fn texts(values: &Map<String, Value>, key: &str) -> Vec<String> {
    match values.get(key) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// What page meta can hold of the front matter.
pub(super) fn meta(values: &Map<String, Value>) -> Map<String, Value> {
    let mut meta = Map::new();
    let mut keep = |key: &str, text: Option<String>| {
        if let Some(text) = text {
            meta.insert(key.to_owned(), text.into());
        }
    };
    let description = text(values, "description");
    keep("description", description.filter(|text| text.chars().count() <= LONGEST_DESCRIPTION));
    for key in ["canonical", "ogImage"] {
        let address = text(values, key).filter(|address| is_uri_reference(address));
        keep(key, address.filter(|address| address.len() <= LONGEST_ADDRESS));
    }
    if ["draft", "noindex"].iter().any(|key| values.get(*key) == Some(&Value::Bool(true))) {
        meta.insert("noindex".to_owned(), true.into());
    }
    meta
}

/// The keys that have no place on a page, with their line in the file; those of a table by their
/// dotted names.
pub(super) fn unmapped(values: &Map<String, Value>, head: &str) -> Vec<(usize, String)> {
    let kept = meta(values);
    let mut keys = Vec::new();
    for (key, value) in values {
        let line = line_of(head, key, 0).unwrap_or(1);
        match value {
            _ if UNDERSTOOD.contains(&key.as_str()) || kept.contains_key(key) => {}
            Value::Object(table) if !table.is_empty() => keys.extend(table.keys().map(|inner| {
                let inner_line = line_of(head, inner, line - 1).unwrap_or(line);
                (inner_line, format!("{key}.{inner}"))
            })),
            _ => keys.push((line, key.clone())),
        }
    }
    keys
}

/// The line on which a file says that it is a draft: there are none here, so its page is one that search engines are told to
/// leave alone.
pub(super) fn draft(values: &Map<String, Value>, head: &str) -> Option<usize> {
    (values.get("draft") == Some(&Value::Bool(true))).then(|| line_of(head, "draft", 0).unwrap_or(1))
}

/// The file's line on which a key stands; the first `skipped` lines of the head are not looked at.
fn line_of(head: &str, key: &str, skipped: usize) -> Option<usize> {
    let begins = |line: &str| {
        let name = line.trim_start_matches(['[', ' ', '"', '\'', '\t']);
        let after = name.strip_prefix(key).map(|rest| rest.trim_start_matches(['"', '\'', ' ']));
        after.is_some_and(|rest| rest.starts_with(['=', ':', ']', '.']))
    };
    head.lines().skip(skipped).position(begins).map(|index| skipped + index + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> (Map<String, Value>, &str, usize) {
        match split(file) {
            Split { head: Head::Read { values, .. }, body, body_line } => (values, body, body_line),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn toml_and_yaml_say_the_same() {
        let toml = "+++\ntitle = \"T\"\ndate = 2020-01-02\naliases = [\"a.html\"]\n+++\nbody";
        let yaml = "---\ntitle: T\ndate: 2020-01-02\naliases: [a.html]\n---\nbody";
        assert_eq!(read(toml), read(yaml));
        assert_eq!(read(toml).1, "body");
        assert_eq!(read(toml).2, 6);
    }

    #[test]
    fn a_thematic_break_at_the_top_is_not_front_matter() {
        for file in ["---\n\nprose\n\n---\n\nmore", "---\nno end", "+++\nno end", "text\n---\n"] {
            assert_eq!(split(file), Split { head: Head::None, body: file, body_line: 1 });
        }
    }

    #[test]
    fn empty_front_matter_is_front_matter() {
        assert!(read("---\n---\nbody").0.is_empty());
        assert!(read("+++\n+++\n").0.is_empty());
    }

    #[test]
    fn what_can_not_be_read_is_kept_with_the_reason() {
        let split = split("---\ntitle: a: b\n---\nbody");
        let Head::Unreadable { language, text, why } = split.head else { panic!("{:?}", split.head) };
        assert_eq!((language, text, split.body), ("yaml", "title: a: b\n", "body"));
        assert!(!why.is_empty());
    }

    #[test]
    fn every_key_without_a_place_is_named_with_its_line() {
        let file = "+++\ntitle = \"T\"\nauthors = [\"A\"]\n[extra]\nteam = \"x\"\n+++\n";
        let Head::Read { values, text } = split(file).head else { panic!() };
        let mut keys = unmapped(&values, text);
        keys.sort();
        assert_eq!(keys, [(3, "authors".to_owned()), (5, "extra.team".to_owned())]);
    }

    #[test]
    fn a_draft_is_not_indexed() {
        assert_eq!(meta(&read("---\ndraft: true\ndescription: D\n---\n").0).len(), 2);
        assert!(meta(&read("---\ndraft: false\n---\n").0).is_empty());
    }

    #[test]
    fn a_title_that_is_a_number_is_a_title() {
        assert_eq!(text(&read("---\ntitle: 2015\n---\n").0, "title").as_deref(), Some("2015"));
    }
}
