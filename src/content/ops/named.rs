//! An op as it is sent: its fields, and which op it is.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

/// Each op knows its name on the wire.
pub(super) trait Named {
    const NAME: &str;
}

/// The schema of an op with the field that names it.
pub(super) struct AsSent<T>(PhantomData<T>);

impl<T: Named + JsonSchema> JsonSchema for AsSent<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        let fields = schema.ensure_object();
        let mut properties = serde_json::Map::from_iter([("op".to_owned(), json!({"const": T::NAME}))]);
        if let Some(Value::Object(own)) = fields.get_mut("properties") {
            properties.append(own);
        }
        fields.insert("properties".to_owned(), Value::Object(properties));
        match fields.get_mut("required") {
            Some(Value::Array(required)) => required.insert(0, "op".into()),
            _ => {
                fields.insert("required".to_owned(), json!(["op"]));
            }
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Op, catalogue};
    use schemars::schema_for;
    use serde_json::{Value, json};

    #[test]
    fn an_op_is_told_apart_by_its_name_and_takes_its_fields_and_no_others() {
        let schema = schema_for!(Op).to_value();
        assert_eq!(schema["oneOf"].as_array().map(Vec::len), Some(catalogue().len()));
        let judge = jsonschema::validator_for(&schema).unwrap();
        let fits = |op: Value| judge.is_valid(&op);
        assert!(fits(json!({"op": "remove_page", "page": "/a"})));
        assert!(fits(json!({"op": "undo"})));
        assert!(!fits(json!({"op": "remove_page"})));
        assert!(!fits(json!({"op": "remove_pages", "page": "/a"})));
        assert!(!fits(json!({"op": "remove_page", "page": "/a", "gently": true})));
        assert!(!fits(json!({"page": "/a"})));
    }
}
