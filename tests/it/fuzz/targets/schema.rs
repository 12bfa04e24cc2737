//! Schemas of a site's own: registered or refused, and what they then say of props.

use osier::content::json::parse;
use osier::content::schema::BlockType;
use serde_json::{Value, json};

/// `{"schema": …, "props": …}`, or a schema alone. What is registered judges in bounded time, always the same, takes its own
/// example, and lets no prop through that can't be kept.
pub fn target(bytes: &[u8]) {
    let Ok(mut value) = parse(bytes) else { return };
    let props = value.as_object_mut().and_then(|fields| fields.remove("props"));
    let schema = match value.as_object_mut().and_then(|fields| fields.remove("schema")) {
        Some(schema) => schema,
        None => value,
    };
    let kind = match BlockType::custom("Fuzzed", &schema) {
        Ok(kind) => kind,
        Err(problems) => {
            assert!(!problems.is_empty());
            return;
        }
    };
    if let Some(example) = kind.example() {
        assert!(kind.check(example).is_ok(), "its example does not fit");
    }
    let tried = [json!({}), json!(null), json!({"text": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"})];
    for props in props.iter().chain(&tried) {
        let said = kind.check(props).is_ok();
        assert_eq!(said, kind.check(props).is_ok(), "judged the same twice");
        assert!(!said || props.is_object(), "props are an object");
    }
    let again: Value = serde_json::from_str(kind.schema_json()).unwrap();
    assert_eq!(again, *kind.schema(), "published as it is enforced");
}
