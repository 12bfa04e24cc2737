//! The `key` of list items: the system's own field, which stands in stored props and in no schema.

use serde_json::{Map, Value, json};

use super::SchemaProblem;
use super::keywords::{Holds, Place, holds, subschemas};
use super::pointer;

/// Adds a problem wherever a schema speaks of the `key` of a list item.
pub(super) fn check(schema: &Value, at: &str, place: Place, problems: &mut Vec<SchemaProblem>) {
    let Value::Object(keywords) = schema else { return };
    if place == Place::Element {
        for keyword in ["properties", "required", "dependentRequired", "dependentSchemas"] {
            if keywords.get(keyword).is_some_and(names_key) {
                let message = "'key' is the system's own field in list items: choose another name";
                problems.push(SchemaProblem::new(&pointer::child(at, keyword), message));
            }
        }
    }
    for sub in subschemas(keywords, at) {
        let place = if sub.place == Place::Same { place } else { sub.place };
        check(sub.schema, &sub.pointer, place, problems);
    }
}

fn names_key(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.contains_key("key") || fields.values().any(|names| names.is_array() && names_key(names))
        }
        Value::Array(names) => names.iter().any(|name| name == "key"),
        _ => false,
    }
}

/// A copy in which a list item may have a text `key`, or nothing where a keyword could see the difference.
///
/// With these keywords alone, the copy accepts at most what the schema accepts on props without keys:
/// each only adds demands, so a `key` it does not expect can but make it stricter.
pub(super) fn allowed(schema: &Value, place: Place) -> Option<Value> {
    let Value::Object(keywords) = schema else { return Some(schema.clone()) };
    let mut copy = Map::new();
    for (keyword, value) in keywords {
        let value = match (keyword.as_str(), holds(keyword), value) {
            ("items", ..) => allowed(value, Place::Element)?,
            ("additionalProperties", ..) => allowed(value, Place::Field)?,
            ("properties", Some((Holds::Named, _)), Value::Object(map)) => {
                let each =
                    |(name, schema): (&String, &Value)| Some((name.clone(), allowed(schema, Place::Field)?));
                Value::Object(map.iter().map(each).collect::<Option<_>>()?)
            }
            (_, Some(_), _) => return None,
            ("uniqueItems" | "minProperties" | "maxProperties" | "dependentRequired", ..) => return None,
            (_, None, value) => value.clone(),
        };
        copy.insert(keyword.clone(), value);
    }
    if place == Place::Element && copy.contains_key("additionalProperties") {
        match copy.entry("properties").or_insert_with(|| json!({})) {
            Value::Object(properties) => properties.insert("key".to_owned(), json!({"type": "string"})),
            _ => return None,
        };
    }
    Some(Value::Object(copy))
}

/// The props with no text `key` in any object that stands in a list.
pub(super) fn removed(props: &Value) -> Value {
    match props {
        Value::Array(list) => list
            .iter()
            .map(|item| {
                let mut item = removed(item);
                if let Value::Object(fields) = &mut item
                    && fields.get("key").is_some_and(Value::is_string)
                {
                    fields.remove("key");
                }
                item
            })
            .collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), removed(value))).collect(),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::content::schema::BlockType;

    fn object(properties: Value) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": properties})
    }

    fn assert_refused(schema: &Value, pointer: &str) {
        let problems = BlockType::custom("Notice", schema).unwrap_err();
        let told =
            problems.iter().any(|each| each.pointer == pointer && each.message.contains("system's own"));
        assert!(told, "{pointer}: {problems:?}");
    }

    #[test]
    fn the_key_of_a_list_item_is_no_schemas_business() {
        let list = |item: Value| object(json!({"rows": {"type": "array", "items": item}}));
        let text = json!({"type": "string"});
        assert_refused(&list(object(json!({"key": text}))), "/properties/rows/items/properties");
        assert_refused(&list(json!({"required": ["key"]})), "/properties/rows/items/required");
        let parts = list(json!({"anyOf": [{"properties": {"key": text}}]}));
        assert_refused(&parts, "/properties/rows/items/anyOf/0/properties");
        let dependent = list(json!({"dependentRequired": {"a": ["key"]}}));
        assert_refused(&dependent, "/properties/rows/items/dependentRequired");
        let mut referred = list(json!({"$ref": "#/$defs/row"}));
        referred["$defs"] = json!({"row": object(json!({"key": text}))});
        assert_refused(&referred, "/properties/rows/items/properties");
        let tuple = object(json!({"pair": {"prefixItems": [object(json!({"key": text}))]}}));
        assert_refused(&tuple, "/properties/pair/prefixItems/0/properties");
    }

    #[test]
    fn a_prop_named_key_that_is_in_no_list_is_anyones() {
        let text = json!({"type": "string"});
        let schema = object(json!({"key": text, "music": object(json!({"key": text}))}));
        let notice = BlockType::custom("Notice", &schema).unwrap();
        assert_eq!(notice.check(&json!({"key": "a", "music": {"key": "b"}})), Ok(()));
    }
}
