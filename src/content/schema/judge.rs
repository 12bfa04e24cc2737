//! Whether props satisfy a schema.
//!
//! Stored list items carry a `key` that no schema lists, and most judged props are good. So two validators
//! are compiled: one from the schema as it is, and one from a copy in which list items may have a `key`,
//! which says yes without touching the props. Only when that says no, or where a schema uses keywords
//! that such a copy might misjudge, the props are copied without their keys and judged in full. What is
//! accepted is therefore always exactly what the published schema accepts on props without keys.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::keywords::Place;
use super::wording::clipped;
use super::{PropProblem, SchemaProblem, explain, item_key};

/// How large one compiled regular expression may be, in bytes: judging costs text times this at worst.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

const PATTERN_RULE: &str = ": only linear regular expressions are taken, without look-around and back-references, \
    and none that swells when compiled (instead of \\p{L}{1,60} take \\p{L}+ and a maxLength)";

pub(in crate::content) struct Judge {
    schema: Value,
    bare: Validator,
    keyed: Keyed,
}

/// How props with keys are judged without copying them.
enum Keyed {
    /// No list has items that a schema speaks of.
    AsBare,
    /// By the copy of the schema that lets items have a key.
    Apart(Box<Validator>),
    /// Not at all.
    Unsure,
}

impl Judge {
    /// Compiles a schema that has no references.
    ///
    /// # Errors
    /// What the validator cannot work with: above all a regular expression that is not linear or too large.
    pub(in crate::content) fn new(schema: &Value) -> Result<Self, SchemaProblem> {
        let bare = compiled(schema)?;
        let keyed = match item_key::allowed(schema, Place::Field) {
            None => Keyed::Unsure,
            Some(same) if same == *schema => Keyed::AsBare,
            Some(copy) => Keyed::Apart(Box::new(compiled(&copy)?)),
        };
        Ok(Self { schema: schema.clone(), bare, keyed })
    }

    /// Whether the props are surely good.
    pub(in crate::content) fn passes(&self, props: &Value) -> bool {
        match &self.keyed {
            Keyed::AsBare => self.bare.is_valid(props),
            Keyed::Apart(keyed) => keyed.is_valid(props),
            Keyed::Unsure => false,
        }
    }

    /// All that is wrong with the props; nothing, if they are good after all.
    pub(in crate::content) fn problems(&self, type_name: &str, props: &Value) -> Vec<PropProblem> {
        let props = item_key::removed(props);
        explain::problems(type_name, &self.schema, self.bare.iter_errors(&props))
    }
}

fn compiled(schema: &Value) -> Result<Validator, SchemaProblem> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(false)
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
        .offline()
        .build(schema)
        .map_err(|error| {
            let mut message = clipped(&error.to_string());
            if error.kind().keyword() == "format" {
                message.push_str(PATTERN_RULE);
            }
            SchemaProblem::new(error.instance_path().as_str(), message)
        })
}

#[cfg(test)]
mod tests {
    use jsonschema::Validator;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::item_key::removed;
    use crate::content::schema::{BlockType, PropCode, builtin, builtins};

    /// The value with a key in every object that stands in a list.
    fn with_keys(value: &Value) -> Value {
        let mut value = value.clone();
        let mut keys = 0;
        fn walk(value: &mut Value, keys: &mut usize) {
            match value {
                Value::Array(list) => {
                    for item in list {
                        walk(item, keys);
                        if let Value::Object(fields) = item {
                            *keys += 1;
                            fields.insert("key".to_owned(), json!(format!("k{keys}")));
                        }
                    }
                }
                Value::Object(map) => map.values_mut().for_each(|value| walk(value, keys)),
                _ => {}
            }
        }
        walk(&mut value, &mut keys);
        value
    }

    fn custom(properties: Value) -> BlockType {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
        BlockType::custom("Notice", &schema).unwrap()
    }

    #[test]
    fn items_with_keys_are_judged_without_being_copied() {
        for block_type in builtins() {
            let stored = with_keys(block_type.example().unwrap());
            assert!(block_type.judge.passes(&stored), "{}", block_type.name());
            assert_eq!(block_type.check(&stored), Ok(()), "{}", block_type.name());
        }
    }

    #[test]
    fn a_key_is_the_systems_in_items_and_an_unknown_prop_elsewhere() {
        let stats = builtin("Stats").unwrap();
        let item = json!({"value": "11", "label": "kinds", "key": "k1"});
        assert_eq!(stats.check(&json!({"stats": [item]})), Ok(()));
        let problems = stats.check(&json!({"stats": [item], "key": "k2"})).unwrap_err();
        assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/key", PropCode::UnknownProp));
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn a_key_that_is_no_text_is_refused() {
        let problems =
            builtin("List").unwrap().check(&json!({"items": [{"text": "a", "key": 7}]})).unwrap_err();
        assert_eq!(problems[0].pointer, "/items/0/key");
    }

    #[test]
    fn keys_do_not_hide_what_is_wrong_with_an_item() {
        let faq = builtin("FAQAccordion").unwrap();
        let problems =
            faq.check(&json!({"items": [{"key": "k1", "q": "Why?", "answer": "So."}]})).unwrap_err();
        let mut places: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        places.sort_unstable();
        assert_eq!(places, ["/items/0/a", "/items/0/answer"]);
    }

    #[test]
    fn keywords_that_could_see_a_key_do_not() {
        let text = json!({"type": "string"});
        let closed = json!({"type": "object", "additionalProperties": false, "properties": {"a": text}});
        let list = |item: Value| custom(json!({"rows": {"type": "array", "items": item}}));
        let row = |fields: Value| json!({"rows": [fields]});

        let few = list(json!({"maxProperties": 1, "minProperties": 1}));
        assert_eq!(few.check(&row(json!({"a": "x", "key": "k"}))), Ok(()));
        assert!(few.check(&row(json!({"key": "k"}))).is_err());

        let named = list(json!({"propertyNames": {"pattern": "^a$"}}));
        assert_eq!(named.check(&row(json!({"a": "x", "key": "k"}))), Ok(()));

        let numbers = list(json!({"patternProperties": {".": {"type": "number"}}}));
        assert_eq!(numbers.check(&row(json!({"a": 1, "key": "k"}))), Ok(()));

        let other = list(json!({"not": closed}));
        assert!(other.check(&row(json!({"a": "x", "key": "k"}))).is_err());

        let exact = list(json!({"const": {"a": "x"}}));
        assert_eq!(exact.check(&row(json!({"a": "x", "key": "k"}))), Ok(()));

        let unique = custom(json!({"rows": {"type": "array", "uniqueItems": true, "items": closed}}));
        assert!(unique.check(&json!({"rows": [{"a": "x", "key": "k1"}, {"a": "x", "key": "k2"}]})).is_err());

        let either = list(json!({"oneOf": [closed, {"type": "string"}]}));
        assert_eq!(either.check(&row(json!({"a": "x", "key": "k"}))), Ok(()));
    }

    #[test]
    fn a_format_is_a_word_for_readers_and_refuses_nothing() {
        let button = builtin("Button").unwrap();
        assert_eq!(button.check(&json!({"label": "Go", "href": "not a {uri}"})), Ok(()));
    }

    /// Replaces the node that is `steps` into the value, or adds a field there.
    fn damage(value: &mut Value, steps: &mut usize, name: &str, with: &Value) {
        if *steps == 0 {
            if let Value::Object(map) = value {
                map.insert(name.to_owned(), with.clone());
            } else {
                *value = with.clone();
            }
        }
        *steps = steps.wrapping_sub(1);
        match value {
            Value::Array(list) => list.iter_mut().for_each(|value| damage(value, steps, name, with)),
            Value::Object(map) => map.values_mut().for_each(|value| damage(value, steps, name, with)),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_the_published_schema_accepts_without_keys(
            which in 0..28_usize,
            mut steps in 0..24_usize,
            name in prop::sample::select(vec!["key", "title", "text", "items", "x"]),
            with in prop::sample::select(vec![
                json!("a"), json!(""), json!(3), json!(null), json!([]), json!({}), json!(["a"]), json!([{"key": "k"}]),
            ]),
        ) {
            let block_type = builtins().nth(which).unwrap();
            let mut props = with_keys(block_type.example().unwrap());
            damage(&mut props, &mut steps, name, &with);
            let published: Validator = jsonschema::draft202012::new(block_type.schema()).unwrap();
            prop_assert_eq!(
                block_type.check(&props).is_ok(),
                published.is_valid(&removed(&props)),
                "{} {}", block_type.name(), props
            );
        }
    }
}
