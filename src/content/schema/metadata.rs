//! The metadata under `x-osier`, judged by its own schema, `schemas/x-osier.json`.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::SchemaProblem;
use super::explain::of_schema;
use super::keywords::subschemas;
use super::pointer;

static OF_TYPES: LazyLock<Validator> = LazyLock::new(|| part("type"));
static OF_PROPERTIES: LazyLock<Validator> = LazyLock::new(|| part("property"));

/// Adds what is wrong with the metadata of a schema and of all its parts.
pub(super) fn check(schema: &Value, problems: &mut Vec<SchemaProblem>) {
    walk(schema, "", problems);
}

fn walk(schema: &Value, at: &str, problems: &mut Vec<SchemaProblem>) {
    let Value::Object(keywords) = schema else { return };
    if let Some(metadata) = keywords.get("x-osier") {
        let judge = if at.is_empty() { &OF_TYPES } else { &OF_PROPERTIES };
        problems.extend(judge.iter_errors(metadata).map(|error| {
            let place = format!("{}{}", pointer::child(at, "x-osier"), error.instance_path());
            SchemaProblem::new(&place, of_schema(&error))
        }));
    }
    for sub in subschemas(keywords, at) {
        walk(sub.schema, &sub.pointer, problems);
    }
}

fn part(name: &str) -> Validator {
    const FILE: &str = include_str!("../../../schemas/x-osier.json");
    let compiled = serde_json::from_str::<Value>(FILE).map_err(|error| error.to_string()).and_then(|file| {
        let part = json!({"$defs": file["$defs"], "$ref": format!("#/$defs/{name}")});
        jsonschema::draft202012::new(&part).map_err(|error| error.to_string())
    });
    match compiled {
        Ok(validator) => validator,
        // The file is part of the program, and a test compiles both parts.
        Err(error) => panic!("schemas/x-osier.json: {error}"),
    }
}
