//! What is wrong with props, in words that say what would be right.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ErrorIterator, JsonType, ValidationError};
use serde_json::Value;

use super::nearest;
use super::pointer::{child, readable};
use super::wording::{clipped, listed, quoted, shown};

/// How many problems are told at once.
const MOST_PROBLEMS: usize = 1000;

/// What kind of problem it is; the wire's codes have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropCode {
    /// The type has no such prop, or the item no such field.
    UnknownProp,
    /// The value is not one the schema takes.
    SchemaViolation,
}

/// One problem with props.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropProblem {
    /// JSON Pointer into the props; what is missing is named by the place where it belongs.
    pub pointer: String,
    /// The kind.
    pub code: PropCode,
    /// A sentence for whoever sent the props.
    pub message: String,
}

impl PropProblem {
    fn violation(pointer: String, message: String) -> Self {
        Self { pointer, code: PropCode::SchemaViolation, message }
    }
}

/// The problems behind a validator's errors; `schema` is what it was compiled from.
pub(super) fn problems(type_name: &str, schema: &Value, errors: ErrorIterator<'_>) -> Vec<PropProblem> {
    let errors: Vec<_> = errors.take(MOST_PROBLEMS).collect();
    let mistyped: BTreeSet<&str> = errors
        .iter()
        .filter(|error| matches!(error.kind(), ValidationErrorKind::Type { .. }))
        .map(|error| error.instance_path().as_str())
        .collect();
    errors
        .iter()
        .filter(|error| {
            // Of a value of the wrong type there is nothing more to say.
            matches!(error.kind(), ValidationErrorKind::Type { .. })
                || !mistyped.contains(error.instance_path().as_str())
        })
        .flat_map(|error| explain(type_name, schema, error))
        .collect()
}

fn explain(type_name: &str, schema: &Value, error: &ValidationError<'_>) -> Vec<PropProblem> {
    let at = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_names(schema, error);
            // A name with a NUL has its own problem.
            let names = unexpected.iter().filter(|name| !name.contains('\0'));
            names.map(|name| unknown(type_name, at, name, &known)).collect()
        }
        ValidationErrorKind::Required { property } => {
            let place = child(at, property.as_str().unwrap_or_default());
            let message = format!("{} is required", quoted(&readable(&place)));
            vec![PropProblem::violation(place, message)]
        }
        kind => {
            let message = format!("{} {}", quoted(&readable(at)), demand(kind, error));
            vec![PropProblem::violation(at.to_owned(), message)]
        }
    }
}

fn unknown(type_name: &str, at: &str, name: &str, known: &[&str]) -> PropProblem {
    let (owner, names) = match at {
        "" => (format!("a prop of {type_name}"), "Props"),
        at => (format!("a field of {} in {type_name}", quoted(&readable(at))), "Fields"),
    };
    let mut message = format!("{} is not {owner}", quoted(name));
    match nearest(name, known.iter().copied()) {
        Some(near) => message.push_str(&format!("; did you mean {}?", quoted(near))),
        None => message.push('.'),
    }
    if !known.is_empty() {
        message.push_str(&format!(" {names}: {}", listed(known.iter().map(|&name| name.to_owned()))));
    }
    PropProblem { pointer: child(at, name), code: PropCode::UnknownProp, message }
}

/// The names that the schema behind an error lists: what is required first.
fn known_names<'a>(schema: &'a Value, error: &ValidationError<'_>) -> Vec<&'a str> {
    let keyword = error.schema_path().as_str();
    let owner = keyword.rfind('/').and_then(|end| schema.pointer(&keyword[..end]));
    let properties = owner.and_then(|owner| owner["properties"].as_object());
    let required = |name: &str| {
        owner
            .and_then(|owner| owner["required"].as_array())
            .is_some_and(|all| all.iter().any(|each| each == name))
    };
    let mut names: Vec<&str> =
        properties.into_iter().flat_map(|map| map.keys()).map(String::as_str).collect();
    names.sort_by_key(|name| !required(name));
    names
}

/// An error of a schema itself, or of its metadata, as the end of a sentence that begins with its place.
pub(super) fn of_schema(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::AnyOf { .. } if error.instance_path().as_str().ends_with("/type") => {
            let types = ["string", "integer", "number", "boolean", "array", "object", "null"];
            let types = listed(types.map(|name| shown(&Value::from(name))));
            format!("must be one of {types}, or a list of them, not {}", shown(error.instance()))
        }
        kind => demand(kind, error),
    }
}

/// What the value must be, as the end of a sentence that begins with its name.
fn demand(kind: &ValidationErrorKind, error: &ValidationError<'_>) -> String {
    let value = error.instance();
    match kind {
        ValidationErrorKind::Type { kind } => format!("must be {}, not {}", type_words(kind), shown(value)),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().into_iter().flatten().map(literal);
            format!("must be one of {}, not {}", listed(options), shown(value))
        }
        ValidationErrorKind::Constant { expected_value } => format!("must be {}", literal(expected_value)),
        ValidationErrorKind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => {
            let length = value.as_str().map_or(0, |text| text.chars().count());
            format!("must have at most {limit} characters, not {length}")
        }
        ValidationErrorKind::MinItems { limit: 1 } => "needs at least one item".to_owned(),
        ValidationErrorKind::MinItems { limit } => format!("needs at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => {
            format!("must have at most {limit} items, not {}", value.as_array().map_or(0, Vec::len))
        }
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        ValidationErrorKind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        ValidationErrorKind::Pattern { pattern } => {
            format!("must match {}, which {} does not", clipped(pattern), shown(value))
        }
        ValidationErrorKind::UniqueItems => "must not have the same item twice".to_owned(),
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            "takes several forms, and this is none of them".to_owned()
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "takes several forms, and this is more than one of them".to_owned()
        }
        ValidationErrorKind::FalseSchema => "is not taken".to_owned(),
        // The rarer keywords of a site's own types: the validator's words, without the value.
        _ => clipped(&error.masked_with("it").to_string()),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        value => shown(value),
    }
}

fn type_words(kind: &TypeKind) -> String {
    let word = |kind: JsonType| match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    };
    match kind {
        TypeKind::Single(kind) => word(*kind).to_owned(),
        TypeKind::Multiple(kinds) => kinds.iter().map(word).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::content::schema::{PropCode, builtin};

    fn told(block_type: &str, props: Value) -> Vec<(String, String)> {
        let problems = builtin(block_type).unwrap().check(&props).unwrap_err();
        problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
    }

    fn told_once(block_type: &str, props: Value) -> (String, String) {
        let mut problems = told(block_type, props);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    fn pair(pointer: &str, message: &str) -> (String, String) {
        (pointer.to_owned(), message.to_owned())
    }

    #[test]
    fn an_unknown_prop_is_told_with_the_nearest_and_with_all() {
        let (pointer, message) = told_once("Hero", json!({"heading": "Osier", "subheadng": "x"}));
        assert_eq!(pointer, "/subheadng");
        assert!(
            message.starts_with(
                "'subheadng' is not a prop of Hero; did you mean 'subheading'? Props: heading, "
            ),
            "{message}"
        );
        assert!(message.ends_with(", textAlign"), "{message}");
    }

    #[test]
    fn a_prop_like_no_other_gets_no_suggestion() {
        assert_eq!(
            told_once("Divider", json!({"price": 3})),
            pair("/price", "'price' is not a prop of Divider. Props: style")
        );
    }

    #[test]
    fn an_unknown_field_of_an_item_names_the_fields_there_are() {
        assert_eq!(
            told_once("FeatureGrid", json!({"features": [{"title": "a"}, {"title": "b", "titel": "c"}]})),
            pair(
                "/features/1/titel",
                "'titel' is not a field of 'features/1' in FeatureGrid; did you mean 'title'? \
                 Fields: title, description, icon"
            )
        );
    }

    #[test]
    fn what_is_missing_is_told_at_its_place() {
        assert_eq!(told_once("Hero", json!({})), pair("/heading", "'heading' is required"));
        assert_eq!(
            told_once("FAQAccordion", json!({"items": [{"q": "Why?"}]})),
            pair("/items/0/a", "'items/0/a' is required")
        );
        assert_eq!(
            told_once("Stats", json!({"stats": []})),
            pair("/stats", "'stats' needs at least one item")
        );
        assert_eq!(told_once("Heading", json!({"text": ""})), pair("/text", "'text' must not be empty"));
    }

    #[test]
    fn a_choice_is_told_with_its_options() {
        assert_eq!(
            told_once("Banner", json!({"text": "Open", "variant": "red"})),
            pair("/variant", r#"'variant' must be one of "info", "success", "warning", not "red""#)
        );
    }

    #[test]
    fn a_number_out_of_bounds_is_told_with_the_bound() {
        let gallery = |columns: i64| json!({"columns": columns, "images": [{"imageUrl": "/a.jpg"}]});
        assert_eq!(told_once("Gallery", gallery(7)), pair("/columns", "'columns' must be at most 6"));
        assert_eq!(told_once("Gallery", gallery(0)), pair("/columns", "'columns' must be at least 1"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_told_once() {
        assert_eq!(
            told_once("Heading", json!({"text": 5})),
            pair("/text", "'text' must be text, not the number 5")
        );
        assert_eq!(
            told_once("Heading", json!({"text": "a", "level": "two"})),
            pair("/level", r#"'level' must be a whole number, not "two""#)
        );
        assert_eq!(
            told_once("Banner", json!({"text": "a", "variant": ["info"]})),
            pair("/variant", "'variant' must be text, not a list")
        );
        assert_eq!(
            told_once("Table", json!({"headers": ["a"], "rows": [["x", 5]]})),
            pair("/rows/0/1", "'rows/0/1' must be text, not the number 5")
        );
        assert_eq!(told_once("Hero", json!([])), pair("", "'props' must be an object, not a list"));
        assert_eq!(
            told_once("Heading", json!({"text": null})),
            pair("/text", "'text' must be text, not null")
        );
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let props = json!({"headline": "a", "textAlign": "top", "headingLevel": 9});
        let mut places: Vec<_> = told("Hero", props).into_iter().map(|(pointer, _)| pointer).collect();
        places.sort();
        assert_eq!(places, ["/heading", "/headingLevel", "/headline", "/textAlign"]);
    }

    #[test]
    fn a_huge_value_is_never_shown_whole() {
        let huge = "willow ".repeat(100_000);
        for props in [
            json!({"text": "a", "variant": huge}),
            json!({"text": [huge]}),
            json!({"text": huge}),
            json!({"text": "a", huge: 1}),
        ] {
            for (_, message) in told("Banner", props) {
                assert!(message.len() < 400, "{}", message.len());
            }
        }
    }

    #[test]
    fn a_pointer_is_escaped_and_a_control_character_not_printed() {
        let problems = builtin("Divider").unwrap().check(&json!({"a/b~c\u{7}": 1})).unwrap_err();
        assert_eq!(problems[0].pointer, "/a~1b~0c\u{7}");
        assert_eq!(problems[0].code, PropCode::UnknownProp);
        assert!(problems[0].message.starts_with("'a/b~c\\u{7}' is not a prop of Divider"));
    }
}
