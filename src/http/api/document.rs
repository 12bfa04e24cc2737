//! OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1), written from the operations.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{Group, Operation, Told};
use crate::error::Kind;
use crate::http::problem::Document;

const SCHEMAS: &str = "/components/schemas";

const TEXT: &str = "\
A site is pages made of schema-checked blocks. Everything that changes it is an op, sent to `POST /ops`; every op lands in one durable log, from which \
come undo and redo, any version of any page, restore, and who changed what.\n\n\
Every list answers `{items, nextCursor?}` to `limit` (50, at most 500) and `cursor`. Reads take `branch` or `ref` (`main`, `main@42`) and `minVersion`; \
they carry an `ETag` and honour `If-None-Match`. Errors are problem documents (RFC 9457), each explained at its `type`.\n\n\
`Authorization: Bearer osr_…`; scopes are `read < write < review < merge < publish < admin`, each with those before it.";

/// The whole description.
pub(in crate::http) fn document(operations: &[Operation]) -> Value {
    let settings =
        || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut inputs = settings().for_deserialize().into_generator();
    let mut outputs = settings().for_serialize().into_generator();
    let problem = outputs.subschema_for::<Document<'_>>();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let described = of_operation(operation, &mut inputs, &mut outputs, problem.as_value());
        let path = paths.entry(operation.template()).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    let mut schemas = outputs.take_definitions(true);
    schemas.extend(inputs.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Osier",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": env!("CARGO_PKG_DESCRIPTION"),
            "description": TEXT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": Group::ALL.map(|group| json!({"name": group.name(), "description": group.text()})),
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of `osier token create`, in the header `Authorization` and nowhere else.",
            }},
        },
    })
}

/// One operation; `problem` is the schema of its failures.
fn of_operation(
    operation: &Operation,
    inputs: &mut SchemaGenerator,
    outputs: &mut SchemaGenerator,
    problem: &Value,
) -> Value {
    let about = operation.about;
    let mut told = Told::nothing(inputs, outputs);
    for name in parameters_of(&operation.template()) {
        told.parameter("path", name, true, path_parameter(name).to_value());
    }
    (operation.tell)(&mut told);
    told.may_fail(&(about.refusals)());
    let mut answers: Map<String, Value> =
        told.answers.into_iter().map(|(status, answer)| (status.to_owned(), answer)).collect();
    for (status, kinds) in by_status(told.refusals) {
        answers.insert(status.to_string(), refusal(&kinds, problem));
    }
    let mut described = json!({
        "operationId": about.id,
        "tags": [about.group.name()],
        "summary": about.title,
        "description": about.text,
        "parameters": told.parameters,
        "responses": answers,
        "x-example": about.address,
    });
    if let Some(body) = told.body {
        described["requestBody"] = body;
        if let Ok(example) = serde_json::from_str::<Value>(about.body) {
            described["requestBody"]["content"]["application/json"]["example"] = example;
        }
    }
    match about.scope {
        Some(scope) => described["security"] = json!([{"token": [scope.as_str()]}]),
        None => described["security"] = json!([]),
    }
    described
}

fn by_status(kinds: Vec<Kind>) -> BTreeMap<u16, Vec<Kind>> {
    let mut sorted: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        let same = sorted.entry(kind.status).or_default();
        if !same.contains(&kind) {
            same.push(kind);
        }
    }
    sorted
}

fn refusal(kinds: &[Kind], problem: &Value) -> Value {
    let codes: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.code)).collect();
    json!({
        "description": codes.join(", "),
        "content": {"application/problem+json": {"schema": problem}},
        "x-codes": kinds.iter().map(|kind| kind.code).collect::<Vec<_>>(),
    })
}

/// The names in the braces of a path.
fn parameters_of(template: &str) -> Vec<&str> {
    template.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

fn path_parameter(name: &str) -> schemars::Schema {
    match name {
        "site" => json_schema!({"type": "string", "description": "The site's id.", "examples": ["demo"]}),
        "page" => json_schema!({
            "type": "string",
            "description": "The page's id, or its slug, URL-encoded: `%2Fpricing`.",
            "examples": ["/"],
        }),
        "version" => json_schema!({
            "type": "integer", "minimum": 1, "description": "The commit's version.", "examples": [1],
        }),
        "type" => {
            json_schema!({"type": "string", "description": "The name of the block type.", "examples": ["Hero"]})
        }
        "code" => {
            json_schema!({"type": "string", "description": "A code, its underscores as dashes.", "examples": ["page-not-found"]})
        }
        _ => json_schema!({"type": "string"}),
    }
}
