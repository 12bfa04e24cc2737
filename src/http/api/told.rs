//! What the types of a handler have told of one operation.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::content::problem::Code;
use crate::error::{self, Kind, kind_of};

/// Filled by the arguments and the answer of a handler, in their order.
pub(in crate::http) struct Told<'a> {
    /// Schemas of what callers send.
    inputs: &'a mut SchemaGenerator,
    /// Schemas of what they get.
    outputs: &'a mut SchemaGenerator,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) answers: Vec<(&'static str, Value)>,
    pub(super) refusals: Vec<Kind>,
}

impl<'a> Told<'a> {
    pub(super) fn nothing(inputs: &'a mut SchemaGenerator, outputs: &'a mut SchemaGenerator) -> Self {
        // What the front says, and the edge, whatever is asked.
        let refusals = vec![
            kind_of(Code::MalformedRequest),
            error::HOST_REFUSED,
            error::ORIGIN_REFUSED,
            error::RATE_LIMITED,
            error::INTERNAL,
            error::OVERLOADED,
        ];
        Told { inputs, outputs, parameters: Vec::new(), body: None, answers: Vec::new(), refusals }
    }

    /// The fields of a query, each a parameter.
    pub(in crate::http) fn query<T: JsonSchema>(&mut self) {
        let schema = T::json_schema(self.inputs);
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required = required.iter().any(|required| required == name);
            self.parameter("query", name, is_required, field.clone());
        }
    }

    /// A header that is read.
    pub(in crate::http) fn header(&mut self, name: &str, text: &str) {
        self.parameter("header", name, false, json!({"type": "string", "description": text}));
    }

    pub(super) fn parameter(&mut self, place: &str, name: &str, required: bool, mut schema: Value) {
        let mut parameter = json!({"name": name, "in": place, "required": required});
        if let Value::Object(fields) = &mut schema {
            without_null(fields);
            if let Some(text) = fields.remove("description") {
                parameter["description"] = text;
            }
        }
        parameter["schema"] = schema;
        self.parameters.push(parameter);
    }

    /// A JSON body.
    pub(in crate::http) fn takes<T: JsonSchema>(&mut self) {
        let schema = self.inputs.subschema_for::<T>();
        self.body = Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}));
    }

    /// A type that is sent within something else: it is described, and goes by this name.
    pub(super) fn sends<T: JsonSchema>(&mut self) -> Cow<'static, str> {
        self.outputs.subschema_for::<T>();
        T::schema_name()
    }

    /// An answer with a JSON body.
    pub(super) fn answers_json<T: JsonSchema>(&mut self, status: &'static str, text: &str, headers: Value) {
        let schema = self.outputs.subschema_for::<T>();
        self.answers_with(status, text, headers, ("application/json", &schema));
    }

    pub(super) fn answers_with(
        &mut self,
        status: &'static str,
        text: &str,
        headers: Value,
        (kind, schema): (&str, &Schema),
    ) {
        let content = json!({kind: {"schema": schema}});
        self.answers.push((status, json!({"description": text, "headers": headers, "content": content})));
    }

    pub(super) fn answers_empty(&mut self, status: &'static str, text: &str, headers: Value) {
        self.answers.push((status, json!({"description": text, "headers": headers})));
    }

    /// A way to fail.
    pub(in crate::http) fn may_fail(&mut self, kinds: &[Kind]) {
        self.refusals.extend_from_slice(kinds);
    }
}

/// A query has no null: what may be left out is not sent.
fn without_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".into(), only);
        }
    }
    fields.remove("default");
}
