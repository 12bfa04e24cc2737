//! A schema with each `$ref` replaced by what it names, so that nothing downstream follows references.
//!
//! What a reference can blow up is bounded here: loops are refused, and depth, branches, patterns and size
//! are counted in the expanded schema.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::SchemaProblem;
use super::custom::MAX_DEPTH;
use super::keywords::{Holds, Place, holds};
use super::pointer;

/// How many branches `allOf`, `anyOf` and `oneOf` may have together.
const MAX_BRANCHES: usize = 256;
/// How many regular expressions there may be.
const MAX_PATTERNS: usize = 32;
/// How large the expanded schema may be: one for each value, and one for each byte of text.
const MAX_WEIGHT: usize = 256 * 1024;

/// Keywords that say who a schema is, not what it demands; a copy is nobody.
const IDENTITY: [&str; 4] = ["$schema", "$id", "$anchor", "$comment"];
/// Keywords that demand nothing: beside a `$ref` they speak in place of the target's own.
const ANNOTATIONS: [&str; 5] = ["title", "description", "default", "examples", "x-osier"];

/// The schema without references.
///
/// # Errors
/// A reference to nothing, to no schema or to itself, or a bound exceeded.
pub(super) fn expand(root: &Value) -> Result<Value, SchemaProblem> {
    Expansion { root, trail: Vec::new(), branches: 0, patterns: 0, weight: 0 }.schema(root, "", 1)
}

struct Expansion<'a> {
    root: &'a Value,
    /// The pointers being followed, outermost first.
    trail: Vec<String>,
    branches: usize,
    patterns: usize,
    weight: usize,
}

impl<'a> Expansion<'a> {
    fn schema(&mut self, schema: &'a Value, at: &str, depth: usize) -> Result<Value, SchemaProblem> {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(verdict) => return Ok(Value::Bool(*verdict)),
            _ => return Err(SchemaProblem::new(at, "is not a schema")),
        };
        if depth > MAX_DEPTH {
            let message = format!("is more than {MAX_DEPTH} levels deep, counted through references");
            return Err(SchemaProblem::new(at, message));
        }
        let mut out = Map::new();
        for (keyword, value) in keywords {
            if keyword == "$ref" || IDENTITY.contains(&keyword.as_str()) {
                continue;
            }
            if let Some(value) = self.keyword(keyword, value, &pointer::child(at, keyword), depth)? {
                out.insert(keyword.clone(), value);
            }
        }
        match keywords.get("$ref") {
            None => Ok(Value::Object(out)),
            Some(reference) => self.refer(out, reference, at, depth),
        }
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &'a Value,
        at: &str,
        depth: usize,
    ) -> Result<Option<Value>, SchemaProblem> {
        self.count(keyword, value, at)?;
        Ok(Some(match (holds(keyword), value) {
            (Some((_, Place::Apart)), _) => return Ok(None),
            (Some((Holds::One, _)), schema) => self.schema(schema, at, depth + 1)?,
            (Some((Holds::Listed, _)), Value::Array(list)) => {
                let each = |(index, schema): (usize, &'a Value)| {
                    self.schema(schema, &pointer::child(at, &index.to_string()), depth + 2)
                };
                Value::Array(list.iter().enumerate().map(each).collect::<Result<_, _>>()?)
            }
            (Some((Holds::Named, _)), Value::Object(map)) => {
                let each = |(name, schema): (&'a String, &'a Value)| {
                    Ok((name.clone(), self.schema(schema, &pointer::child(at, name), depth + 2)?))
                };
                Value::Object(map.iter().map(each).collect::<Result<_, _>>()?)
            }
            (Some((Holds::Listed | Holds::Named, _)), _) => {
                return Err(SchemaProblem::new(at, format!("is not what '{keyword}' holds")));
            }
            (None, value) => value.clone(),
        }))
    }

    /// Adds what a keyword weighs; schemas within it are weighed in their turn.
    fn count(&mut self, keyword: &str, value: &Value, at: &str) -> Result<(), SchemaProblem> {
        self.weight += 1 + keyword.len();
        match (keyword, value) {
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => self.branches += branches.len(),
            ("pattern", _) => self.patterns += 1,
            ("patternProperties", Value::Object(patterns)) => self.patterns += patterns.len(),
            _ => {}
        }
        self.weight += match (holds(keyword), value) {
            (None, value) => weight(value),
            (Some(_), Value::Object(map)) => map.keys().map(|name| 1 + name.len()).sum(),
            (Some(_), _) => 0,
        };
        let bounds = [
            (self.branches, MAX_BRANCHES, "branches of allOf, anyOf and oneOf"),
            (self.patterns, MAX_PATTERNS, "regular expressions"),
            (self.weight, MAX_WEIGHT, "bytes once its references are replaced by what they name"),
        ];
        match bounds.iter().find(|(have, most, _)| have > most) {
            None => Ok(()),
            Some((_, most, what)) => {
                Err(SchemaProblem::new(at, format!("makes the schema too large: at most {most} {what}")))
            }
        }
    }

    /// `beside` together with what `reference` names.
    fn refer(
        &mut self,
        mut beside: Map<String, Value>,
        reference: &Value,
        at: &str,
        depth: usize,
    ) -> Result<Value, SchemaProblem> {
        let at = pointer::child(at, "$ref");
        let (name, target) = self.resolve(reference, &at)?;
        if self.trail.contains(&name) {
            return Err(SchemaProblem::new(&at, "leads back to itself"));
        }
        self.trail.push(name.clone());
        let target = self.schema(target, &name, depth)?;
        self.trail.pop();
        match target {
            Value::Object(mut target) if beside.keys().all(|key| ANNOTATIONS.contains(&key.as_str())) => {
                target.append(&mut beside);
                Ok(Value::Object(target))
            }
            target => {
                self.branches += 1;
                match beside.entry("allOf").or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(all) => all.push(target),
                    _ => return Err(SchemaProblem::new(&at, "stands beside an 'allOf' that is no list")),
                }
                Ok(Value::Object(beside))
            }
        }
    }

    fn resolve(&self, reference: &Value, at: &str) -> Result<(String, &'a Value), SchemaProblem> {
        let name = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let name = name.and_then(|name| percent_decode_str(name).decode_utf8().ok());
        let Some(name) = name.filter(|name| name.is_empty() || name.starts_with('/')) else {
            return Err(SchemaProblem::new(
                at,
                "must be a JSON Pointer into this schema, such as #/$defs/link",
            ));
        };
        match self.root.pointer(&name) {
            Some(target) => Ok((name.into_owned(), target)),
            None => Err(SchemaProblem::new(at, "names nothing in this schema")),
        }
    }
}

fn weight(value: &Value) -> usize {
    1 + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::expand;

    fn refusal(schema: &Value) -> String {
        expand(schema).unwrap_err().to_string()
    }

    #[test]
    fn a_reference_gives_way_to_what_it_names() {
        let schema = json!({
            "$id": "https://example.com/a",
            "properties": {"a": {"$ref": "#/$defs/a~1b%20c", "x-osier": {"label": "A"}}, "$ref": {"type": "null"}},
            "$defs": {"a/b c": {"type": "string", "x-osier": {"label": "Any"}}}
        });
        let plain = json!({
            "properties": {"a": {"type": "string", "x-osier": {"label": "A"}}, "$ref": {"type": "null"}}
        });
        assert_eq!(expand(&schema), Ok(plain));
    }

    #[test]
    fn demands_beside_a_reference_stay_beside_it() {
        let schema = json!({
            "items": {"$ref": "#/$defs/a", "maxLength": 3},
            "contains": {"$ref": "#/$defs/a", "allOf": [true]},
            "$defs": {"a": {"minLength": 1}}
        });
        let plain = json!({
            "items": {"maxLength": 3, "allOf": [{"minLength": 1}]},
            "contains": {"allOf": [true, {"minLength": 1}]}
        });
        assert_eq!(expand(&schema), Ok(plain));
    }

    #[test]
    fn a_reference_in_a_value_is_no_reference() {
        let schema = json!({"const": {"$ref": "#/nowhere"}, "default": {"$ref": 1}, "enum": [{"$id": "x"}]});
        assert_eq!(expand(&schema), Ok(schema.clone()));
    }

    #[test]
    fn a_loop_is_refused_however_long() {
        assert!(refusal(&json!({"$ref": "#"})).contains("leads back"));
        assert!(refusal(&json!({"properties": {"a": {"items": {"$ref": "#"}}}})).contains("leads back"));
        assert!(refusal(&json!({"items": {"$ref": "#/items"}})).contains("leads back"));
        let ring = json!({
            "not": {"$ref": "#/$defs/a"},
            "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/c"}, "c": {"$ref": "#/$defs/a"}}
        });
        assert!(refusal(&ring).contains("leads back"));
    }

    #[test]
    fn a_reference_to_nothing_or_to_no_schema_is_refused() {
        assert!(refusal(&json!({"$ref": "#/$defs/a"})).contains("names nothing"));
        assert!(
            refusal(&json!({"items": {"$ref": "#/required"}, "required": ["a"]})).contains("is not a schema")
        );
        assert!(refusal(&json!({"$ref": "#a"})).contains("JSON Pointer"));
        assert!(refusal(&json!({"$ref": "b.json"})).contains("JSON Pointer"));
        assert!(refusal(&json!({"$ref": "#/%ff"})).contains("JSON Pointer"));
    }

    /// Ten definitions, each of which holds the next several times.
    fn fan(times: usize, hold: impl Fn(Vec<Value>) -> Value) -> Value {
        let level =
            |i: usize| (format!("d{i}"), hold(vec![json!({"$ref": format!("#/$defs/d{}", i + 1)}); times]));
        let mut levels: Map<String, Value> = (0..10).map(level).collect();
        levels.insert("d10".to_owned(), json!({"description": "x".repeat(1000)}));
        json!({"$ref": "#/$defs/d0", "$defs": levels})
    }

    #[test]
    fn what_grows_through_references_is_bounded() {
        let named = |schemas: Vec<Value>| {
            let fields = schemas.into_iter().enumerate().map(|(i, schema)| (format!("f{i}"), schema));
            json!({"properties": Value::Object(fields.collect())})
        };
        assert!(refusal(&fan(10, |all| json!({"allOf": all}))).contains("levels deep"));
        assert!(refusal(&fan(10, named)).contains("levels deep"));
        let wide: Vec<Value> = (0..1000).map(|_| json!({"$ref": "#/$defs/big"})).collect();
        let big = json!({"enum": ["x".repeat(10_000)]});
        assert!(refusal(&json!({"prefixItems": wide, "$defs": {"big": big}})).contains("too large"));
    }

    #[test]
    fn branches_are_counted_together() {
        let any = |times| vec![json!({"type": "null"}); times];
        assert!(expand(&json!({"anyOf": any(128), "items": {"oneOf": any(128)}})).is_ok());
        assert!(refusal(&json!({"anyOf": any(128), "items": {"oneOf": any(129)}})).contains("branches"));
        let twice = json!({"items": {"$ref": "#/$defs/a"}, "not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"anyOf": any(129)}}});
        assert!(refusal(&twice).contains("branches"));
    }
}
