//! The keywords of JSON Schema 2020-12 that hold further schemas, and what those are judged against.

use serde_json::{Map, Value};

use super::pointer;

/// What a subschema is judged against, seen from the schema that holds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The same value.
    Same,
    /// An element of the list.
    Element,
    /// The value of a field, or its name.
    Field,
    /// Nothing: it waits to be referred to, or speaks of text decoded.
    Apart,
}

/// How a keyword holds its schemas.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    One,
    Listed,
    Named,
}

/// A schema within a schema.
pub(super) struct Subschema<'a> {
    pub keyword: &'a str,
    pub place: Place,
    pub pointer: String,
    pub schema: &'a Value,
}

/// How `keyword` holds schemas, if it does.
pub(super) fn holds(keyword: &str) -> Option<(Holds, Place)> {
    Some(match keyword {
        "allOf" | "anyOf" | "oneOf" => (Holds::Listed, Place::Same),
        "not" | "if" | "then" | "else" => (Holds::One, Place::Same),
        "dependentSchemas" => (Holds::Named, Place::Same),
        "items" | "contains" | "unevaluatedItems" => (Holds::One, Place::Element),
        "prefixItems" => (Holds::Listed, Place::Element),
        "properties" | "patternProperties" => (Holds::Named, Place::Field),
        "additionalProperties" | "unevaluatedProperties" | "propertyNames" => (Holds::One, Place::Field),
        "$defs" | "definitions" => (Holds::Named, Place::Apart),
        "contentSchema" => (Holds::One, Place::Apart),
        _ => return None,
    })
}

/// The schemas directly within the one at `pointer`.
pub(super) fn subschemas<'a>(schema: &'a Map<String, Value>, pointer: &str) -> Vec<Subschema<'a>> {
    let mut found = Vec::new();
    for (keyword, value) in schema {
        let Some((holds, place)) = holds(keyword) else { continue };
        let pointer = pointer::child(pointer, keyword);
        let mut add = |pointer, schema| found.push(Subschema { keyword, place, pointer, schema });
        match (holds, value) {
            (Holds::One, schema) => add(pointer, schema),
            (Holds::Listed, Value::Array(list)) => {
                for (index, schema) in list.iter().enumerate() {
                    add(pointer::child(&pointer, &index.to_string()), schema);
                }
            }
            (Holds::Named, Value::Object(map)) => {
                for (name, schema) in map {
                    add(pointer::child(&pointer, name), schema);
                }
            }
            // Not a schema: the meta-schema has words for that.
            (Holds::Listed | Holds::Named, _) => {}
        }
    }
    found
}
