//! What a site's own type must keep to, so that no schema can hang, swell or reach out of the server.

use std::fmt;

use serde_json::Value;

use super::explain::of_schema;
use super::keywords::{Place, subschemas};
use super::wording::shown;
use super::{BlockType, builtin, expand, item_key, metadata, pointer};

/// How many bytes a schema may have as compact JSON.
const MAX_BYTES: usize = 64 * 1024;
/// How deep objects and lists may nest in it, the schema itself being the first level.
pub(super) const MAX_DEPTH: usize = 12;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords that lead out of the document or to a place known only while judging.
const FORBIDDEN: [(&str, &str); 6] = [
    ("$dynamicRef", "use a '$ref' to a place in this schema"),
    ("$dynamicAnchor", "use a '$ref' to a place in this schema"),
    ("$recursiveRef", "use a '$ref' to a place in this schema"),
    ("$recursiveAnchor", "use a '$ref' to a place in this schema"),
    ("$vocabulary", "it is for meta-schemas"),
    ("dependencies", "use 'dependentRequired' or 'dependentSchemas'"),
];

/// What is wrong with a schema, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// JSON Pointer into the schema; empty for the whole.
    pub pointer: String,
    /// What must change.
    pub message: String,
}

impl SchemaProblem {
    pub(super) fn new(pointer: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), message: message.into() }
    }
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the schema" } else { &self.pointer };
        write!(f, "{place}: {}", self.message)
    }
}

impl From<SchemaProblem> for Vec<SchemaProblem> {
    fn from(problem: SchemaProblem) -> Self {
        vec![problem]
    }
}

/// The name is one, and free.
pub(in crate::content) fn check_name(name: &str) -> Result<(), Vec<SchemaProblem>> {
    let mut letters = name.chars();
    let well_formed = letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric())
        && name.len() <= 64;
    if !well_formed {
        let message = format!(
            "{} is not a type name: a capital, then at most 63 letters and digits",
            shown(&Value::from(name))
        );
        return Err(SchemaProblem::new("", message).into());
    }
    if builtin::is_builtin(name) {
        return Err(SchemaProblem::new("", format!("{name} is a built-in type; choose another name")).into());
    }
    Ok(())
}

/// The schema keeps to every rule; returned without its references.
pub(super) fn check_schema(schema: &Value) -> Result<Value, Vec<SchemaProblem>> {
    check_size(schema)?;
    let mut problems = Vec::new();
    check_root(schema, &mut problems);
    check_keywords(schema, "", &mut problems);
    let dialect = jsonschema::draft202012::meta::validator();
    problems.extend(
        dialect
            .iter_errors(schema)
            .map(|error| SchemaProblem::new(error.instance_path().as_str(), of_schema(&error))),
    );
    if !problems.is_empty() {
        return Err(problems);
    }
    let expanded = expand::expand(schema)?;
    item_key::check(&expanded, "", Place::Field, &mut problems);
    metadata::check(schema, &mut problems);
    if problems.is_empty() { Ok(expanded) } else { Err(problems) }
}

/// The example, if there is one, is accepted by the schema it explains.
pub(super) fn check_example(block_type: &BlockType) -> Result<(), Vec<SchemaProblem>> {
    let Some(example) = block_type.example() else { return Ok(()) };
    let unfit = |problem: super::PropProblem| {
        SchemaProblem::new(&format!("/x-osier/example{}", problem.pointer), problem.message)
    };
    block_type.check(example).map_err(|problems| problems.into_iter().map(unfit).collect())
}

fn check_size(schema: &Value) -> Result<(), SchemaProblem> {
    if !within_depth(schema, MAX_DEPTH) {
        return Err(SchemaProblem::new("", format!("is more than {MAX_DEPTH} levels deep")));
    }
    let bytes = schema.to_string().len();
    if bytes > MAX_BYTES {
        return Err(SchemaProblem::new("", format!("has {bytes} bytes, of at most {MAX_BYTES}")));
    }
    Ok(())
}

fn check_root(schema: &Value, problems: &mut Vec<SchemaProblem>) {
    let mut demand = |holds: bool, pointer: &str, message: &str| {
        if !holds {
            problems.push(SchemaProblem::new(pointer, message));
        }
    };
    demand(schema["type"] == "object", "/type", "must be \"object\": props are an object");
    demand(
        schema["additionalProperties"] == false,
        "/additionalProperties",
        "must be false, so that a misspelt prop is refused",
    );
    let dialect = schema.get("$schema").is_none_or(|named| {
        named.as_str().is_some_and(|uri| uri.strip_suffix('#').unwrap_or(uri) == DIALECT)
    });
    demand(dialect, "/$schema", "must be https://json-schema.org/draft/2020-12/schema, or absent");
    let pinned = schema.pointer("/x-osier/pinned") == Some(&Value::Bool(true));
    demand(!pinned, "/x-osier/pinned", "is for SiteHeader and Footer");
}

/// No keyword leads out of the document, in parts that nothing refers to neither.
fn check_keywords(schema: &Value, at: &str, problems: &mut Vec<SchemaProblem>) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, instead) in FORBIDDEN {
        if keywords.contains_key(keyword) {
            let message = format!("is not taken: {instead}");
            problems.push(SchemaProblem::new(&pointer::child(at, keyword), message));
        }
    }
    if let Some(Value::String(reference)) = keywords.get("$ref")
        && !(reference == "#" || reference.starts_with("#/"))
    {
        let message = "must stay in this schema: a JSON Pointer such as #/$defs/link";
        problems.push(SchemaProblem::new(&pointer::child(at, "$ref"), message));
    }
    for identity in ["$id", "$schema"] {
        if !at.is_empty() && keywords.contains_key(identity) {
            let message = "is for the root: a part of a schema is not a document of its own";
            problems.push(SchemaProblem::new(&pointer::child(at, identity), message));
        }
    }
    for sub in subschemas(keywords, at) {
        check_keywords(sub.schema, &sub.pointer, problems);
    }
}

fn within_depth(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(list) => levels > 0 && list.iter().all(|value| within_depth(value, levels - 1)),
        Value::Object(map) => levels > 0 && map.values().all(|value| within_depth(value, levels - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{BlockType, MAX_BYTES};

    fn object(properties: Value) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": properties})
    }

    fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
        schema[keyword] = value;
        schema
    }

    fn accepted(schema: &Value) -> BlockType {
        BlockType::custom("Notice", schema).unwrap()
    }

    /// Where a schema is refused, and with which words; the places must be all there are.
    fn refused(schema: &Value) -> Vec<(String, String)> {
        let problems = BlockType::custom("Notice", schema).unwrap_err();
        problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
    }

    fn assert_refused(schema: &Value, pointer: &str, words: &str) {
        let problems = refused(schema);
        assert!(
            problems.iter().any(|(at, message)| at == pointer && message.contains(words)),
            "{pointer} {words}: {problems:?}"
        );
    }

    #[test]
    fn an_object_without_other_props_is_all_that_is_demanded() {
        let notice = accepted(&json!({"type": "object", "additionalProperties": false}));
        assert_eq!((notice.name(), notice.is_builtin(), notice.pinned()), ("Notice", false, false));
        assert_eq!(notice.check(&json!({})), Ok(()));
        assert!(notice.check(&json!({"a": 1})).is_err());
        assert_eq!((notice.example(), notice.slots().len()), (None, 0));
    }

    #[test]
    fn an_open_schema_is_refused() {
        assert_refused(&json!({"type": "object"}), "/additionalProperties", "must be false");
        assert_refused(&json!({"additionalProperties": false}), "/type", "must be \"object\"");
        assert_refused(&json!({"type": ["object"], "additionalProperties": false}), "/type", "must be");
        assert_refused(&json!(true), "/type", "must be");
        assert_refused(&json!([]), "/type", "must be");
    }

    #[test]
    fn what_is_no_schema_of_the_draft_is_refused_at_its_place() {
        let words = r#"must be one of "string", "integer", "number", "boolean", "array", "object", "null", or a list of them, not "text""#;
        assert_refused(&object(json!({"a": {"type": "text"}})), "/properties/a/type", words);
        assert_refused(&object(json!({"a": {"minLength": -1}})), "/properties/a/minLength", "");
        assert_refused(&object(json!({"a": 5})), "/properties/a", "");
        let older = with(object(json!({})), "$schema", json!("http://json-schema.org/draft-07/schema#"));
        assert_refused(&older, "/$schema", "2020-12");
    }

    #[test]
    fn a_name_is_a_capital_and_letters_or_digits_and_not_taken() {
        let schema = object(json!({}));
        for name in
            ["", "notice", "Not ice", "Not-ice", "Ünder", "1Notice", "Hero", "Footer", &"N".repeat(65)]
        {
            assert!(BlockType::custom(name, &schema).is_err(), "{name}");
        }
        for name in ["N", "Notice2", "HERO", &"N".repeat(64)] {
            assert!(BlockType::custom(name, &schema).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_schema_may_be_twelve_levels_deep_and_no_deeper() {
        let deep = |levels: usize| {
            let nested = (4..levels).fold(json!({}), |inner, _| json!([inner]));
            with(object(json!({})), "x-osier", json!({"example": {"a": nested}}))
        };
        let too_deep =
            |levels| refused(&deep(levels)).iter().any(|(_, message)| message.contains("levels deep"));
        assert!(!too_deep(12));
        assert!(too_deep(13));
        assert!(too_deep(60));
    }

    #[test]
    fn a_schema_may_have_64_kilobytes_and_no_more() {
        let sized = |bytes: usize| {
            let empty = with(object(json!({})), "description", json!(""));
            with(object(json!({})), "description", json!("x".repeat(bytes - empty.to_string().len())))
        };
        accepted(&sized(MAX_BYTES));
        assert_refused(&sized(MAX_BYTES + 1), "", "bytes");
        assert_refused(&sized(65 * 1024), "", "bytes");
    }

    #[test]
    fn a_reference_out_of_the_document_is_refused_even_where_nothing_leads() {
        for reference in [
            "https://example.com/a.json",
            "file:///etc/passwd",
            "other.json#/a",
            "/etc/passwd",
            "#anchor",
            "",
            "json-schema:///",
            "https://json-schema.org/draft/2020-12/schema",
        ] {
            let link = json!({"$ref": reference});
            assert_refused(&object(json!({"a": link})), "/properties/a/$ref", "must stay");
            assert_refused(
                &with(object(json!({})), "$defs", json!({"a": link})),
                "/$defs/a/$ref",
                "must stay",
            );
            let within = with(object(json!({})), "definitions", json!({"a": {"items": link}}));
            assert_refused(&within, "/definitions/a/items/$ref", "must stay");
        }
    }

    #[test]
    fn keywords_that_move_the_ground_are_refused() {
        let inner = |keyword: &str, value: Value| object(json!({"a": {keyword: value}}));
        assert_refused(&inner("$dynamicRef", json!("#a")), "/properties/a/$dynamicRef", "$ref");
        assert_refused(&inner("$dynamicAnchor", json!("a")), "/properties/a/$dynamicAnchor", "$ref");
        assert_refused(&inner("$recursiveRef", json!("#")), "/properties/a/$recursiveRef", "$ref");
        assert_refused(&inner("$id", json!("https://example.com/b")), "/properties/a/$id", "root");
        assert_refused(&inner("$schema", json!("https://example.com/b")), "/properties/a/$schema", "root");
        let older = json!({"b": {"$ref": "https://example.com/b"}});
        assert_refused(&inner("dependencies", older), "/properties/a/dependencies", "dependentSchemas");
    }

    #[test]
    fn the_root_may_say_who_it_is_and_is_never_looked_for_there() {
        let named =
            with(object(json!({"a": {"$ref": "#/$defs/a"}})), "$id", json!("https://example.com/n.json"));
        let named = with(named, "$schema", json!("https://json-schema.org/draft/2020-12/schema"));
        let notice = accepted(&with(named.clone(), "$defs", json!({"a": {"type": "string"}})));
        assert!(notice.check(&json!({"a": 1})).is_err());
        assert_eq!(notice.schema()["$id"], named["$id"]);
    }

    #[test]
    fn a_regular_expression_that_is_not_linear_or_too_large_is_refused() {
        for pattern in ["^(?=a)b", "(?<!a)b", r"(a)\1", "((((\\w{60}){60}){60}){60})", "(", "[z-a]"] {
            let text = json!({"type": "string", "pattern": pattern});
            assert_refused(&object(json!({"a": text})), "/properties/a/pattern", "");
            assert!(
                BlockType::custom("Notice", &object(json!({"a": {"patternProperties": {pattern: {}}}})))
                    .is_err()
            );
        }
        let many: Map<String, Value> = (0..33).map(|i| (format!("p{i}"), json!({"pattern": "a"}))).collect();
        assert!(refused(&object(Value::Object(many)))[0].1.contains("regular expressions"));
    }

    #[test]
    fn an_expression_that_would_backtrack_for_years_answers_at_once() {
        let notice = accepted(&object(json!({"a": {"type": "string", "pattern": "^(a+)+$"}})));
        assert!(notice.check(&json!({"a": "a".repeat(50_000) + "!"})).is_err());
        let slug = json!({"type": "string", "pattern": r"^[\p{L}\p{N}][\p{L}\p{N} _-]*$"});
        assert_eq!(accepted(&object(json!({"a": slug}))).check(&json!({"a": "Körbe 7"})), Ok(()));
    }

    #[test]
    fn metadata_is_optional_but_valid_if_present() {
        let noted = |metadata: Value| with(object(json!({})), "x-osier", metadata);
        accepted(&noted(json!({"label": "Notice", "slots": {"main": {"accepts": ["*", "!Card"]}}})));
        assert_refused(&noted(json!({"lable": "Notice"})), "/x-osier", "lable");
        assert_refused(&noted(json!({"pinned": true})), "/x-osier/pinned", "SiteHeader");
        assert_refused(
            &noted(json!({"slots": {"main": {"accepts": ["card"]}}})),
            "/x-osier/slots/main/accepts/0",
            "",
        );
        let prop = |metadata: Value| object(json!({"a": {"type": "string", "x-osier": metadata}}));
        accepted(&prop(json!({"widget": "markdown", "translatable": true})));
        let wrong = prop(json!({"widget": "wysiwyg"}));
        assert_refused(&wrong, "/properties/a/x-osier/widget", r#"must be one of "text", "multiline", "#);
        assert_refused(&prop(json!({"slots": {}})), "/properties/a/x-osier", "slots");
    }

    #[test]
    fn an_example_must_be_what_it_is_an_example_of() {
        let schema = object(json!({"size": {"type": "integer", "maximum": 4}}));
        let noted = |example: Value| with(schema.clone(), "x-osier", json!({"example": example}));
        assert_eq!(accepted(&noted(json!({"size": 3}))).example(), Some(&json!({"size": 3})));
        assert_refused(&noted(json!({"size": 5})), "/x-osier/example/size", "at most 4");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let schema = json!({"properties": {"a": {"$ref": "https://example.com"}, "b": {"type": "text"}}});
        let places: Vec<_> = refused(&schema).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(places, ["/type", "/additionalProperties", "/properties/a/$ref", "/properties/b/type"]);
    }
}
