//! What is written from the code: `docs/OPS.md`. It fails where the file has drifted; `OSIER_WRITE=1` writes it anew.

use std::fmt::Write;
use std::path::Path;

use osier::content::ops::catalogue;
use osier::content::problem::Code;
use osier::error::kind_of;
use serde_json::{Value, json};

const HEAD: &str = "\
# Ops

Everything that changes a site is an op. Ops go to `POST /ops` in a batch of 1 to 500, are applied in order, each seeing what those
before it did, and land as one commit, one version and one undo step, or not at all.

```
POST /ops
{ \"site\": \"demo\", \"branch\": \"main\",     either may be left out where there is only one
  \"ops\": [ {\"op\": \"add_block\", …}, … ],
  \"expectedVersion\": 41,                  the branch must be at it
  \"ifMatch\": { \"/pricing\": \"<hash>\" },   these pages must be unchanged
  \"idempotencyKey\": \"…\",                 or the header Idempotency-Key: the same again gets the first answer
  \"dryRun\": false,                        judge and answer, store nothing
  \"summary\": \"Translate the prices\" }     a line for the history
```

`page` is a page's id or slug, `block` a block's id. A position is at most one of `after`, `before` (a sibling) and `index`
(counted from 0, as the list stands afterwards); none is the end. `tempId` on an op that creates declares a handle; `\"$tmp:<handle>\"` in a later op of
the batch stands for the new id. `undo`, `redo` and `restore_version` stand alone in their batch.

An op that would change nothing is taken, says `\"changed\": false`, and makes no commit.

The answer's `version` is the branch's with the batch. A dry run answers the version that the batch would make, where the branch is not yet: it is no
`expectedVersion` to send next.

";

const REFUSALS: &str = "\
# Refusals

Every problem of a batch is told at once, each with the op's index, a pointer into it, a code, and what would be right. What can only be
judged once something else is right waits for that: a place on a page that is not there, the props of a block whose type is not known.

A refusal of `expectedVersion` or `ifMatch` is `version_conflict` (409), with `currentVersion` and `commits`: those since the expected version, or the
newest that touched the page; twenty of them at most. A snapshot is what one publish put out, kept under an id of its own.

| code | status | |
|---|---|---|
";

#[test]
fn the_reference_of_ops_is_what_the_code_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPS.md");
    let wanted = reference();
    if std::env::var_os("OSIER_WRITE").is_some() {
        std::fs::write(&file, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == wanted, "docs/OPS.md has drifted: run the tests once with OSIER_WRITE=1");
}

fn reference() -> String {
    let mut out = String::from(HEAD);
    for (name, schema) in catalogue() {
        let schema = schema.to_value();
        let description = one_line(schema["description"].as_str().unwrap());
        write!(out, "## {name}\n\n{description}\n\n| field | type | |\n|---|---|---|\n").unwrap();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            let mark = if required.contains(&field.as_str()) { "*" } else { "" };
            let text = one_line(of["description"].as_str().unwrap_or_default()).replace('|', "\\|");
            writeln!(out, "| `{field}`{mark} | {} | {text} |", kind(of, &schema)).unwrap();
        }
        out.push('\n');
    }
    out.push_str(REFUSALS);
    for code in Code::ALL {
        let kind = kind_of(*code);
        writeln!(out, "| `{}` | {} | {} |", kind.code, kind.status, kind.title).unwrap();
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The type of a field, in words; `root`: the schema that its references lead into.
fn kind(of: &Value, root: &Value) -> String {
    if let Some(reference) = of["$ref"].as_str() {
        let there = root.pointer(reference.trim_start_matches('#'));
        return kind(there.unwrap_or_else(|| panic!("{reference} leads nowhere")), root);
    }
    if let Some(value) = of.get("const") {
        return format!("`{value}`");
    }
    if let Some(values) = of["enum"].as_array() {
        return either(values.iter().filter(|value| !value.is_null()).map(|value| format!("`{value}`")));
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(forms) = of[union].as_array() {
            return either(forms.iter().filter(|form| form["type"] != "null").map(|form| kind(form, root)));
        }
    }
    let named = |name: &str| match (name, of.get("items")) {
        ("array", Some(items)) => format!("list of {}", several(&kind(items, root))),
        ("array", None) => "list".to_owned(),
        (name, _) => name.to_owned(),
    };
    match &of["type"] {
        Value::Array(types) => {
            either(types.iter().filter_map(Value::as_str).filter(|n| *n != "null").map(named))
        }
        Value::String(name) => named(name),
        _ => "any".to_owned(),
    }
}

/// Each of some types once.
fn either(types: impl Iterator<Item = String>) -> String {
    let mut once: Vec<String> = Vec::new();
    types.for_each(|name| {
        if !once.contains(&name) {
            once.push(name)
        }
    });
    once.join(" or ")
}

fn several(name: &str) -> String {
    match name {
        "any" => "anything".to_owned(),
        name if name.chars().all(char::is_alphabetic) => format!("{name}s"),
        name => name.to_owned(),
    }
}

#[test]
fn a_type_is_told_truly() {
    let root = json!({"$defs": {
        "Me": {"oneOf": [{"const": "me", "type": "string"}]},
        "Step": {"oneOf": [{"type": "object"}, {"type": "object"}]},
        "Steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}},
    }});
    for (of, wanted) in [
        (json!({"type": "string"}), "string"),
        (json!({"type": ["integer", "null"]}), "integer"),
        (json!({"anyOf": [{"$ref": "#/$defs/Me"}, {"type": "null"}]}), "`\"me\"`"),
        (json!({"anyOf": [{"$ref": "#/$defs/Steps"}, {"type": "null"}]}), "list of objects"),
        (json!({"type": ["array", "null"], "items": {"type": "string"}}), "list of strings"),
        (json!({"type": "string", "enum": ["a", "b"]}), "`\"a\"` or `\"b\"`"),
        (json!({"description": "whatever"}), "any"),
    ] {
        assert_eq!(kind(&of, &root), wanted, "{of}");
    }
}
