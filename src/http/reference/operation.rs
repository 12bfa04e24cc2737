//! One operation for people: what it does, what it takes, what it answers, how it fails, and a line to try.

use maud::{Markup, html};
use serde_json::Value;

use super::shape::{fields, kind, text_of};
use crate::http::api::Operation;
use crate::http::html::prose;

pub(super) fn section(operation: &Operation, document: &Value) -> Markup {
    let about = operation.about;
    let described = &document["paths"][operation.template()][operation.method];
    html! {
        h3 id=(about.id) { (about.title) }
        div.line {
            span.method.(operation.method) { (operation.method) }
            code { (operation.template()) }
            span.scope { @match about.scope { Some(scope) => { "scope " code { (scope.as_str()) } }, None => "no token" } }
        }
        (prose(about.text))
        (parameters(&described["parameters"]))
        @if let Some(body) = described.get("requestBody") {
            h4 { "Body" }
            @let schema = &body["content"]["application/json"]["schema"];
            p { (kind(schema)) }
            (fields(resolved(schema, document)))
        }
        h4 { "Answers" }
        (answers(&described["responses"]))
        (example(operation))
    }
}

/// What a reference leads to.
fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn parameters(parameters: &Value) -> Markup {
    let all = parameters.as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        @if !all.is_empty() {
            h4 { "Parameters" }
            table {
                @for parameter in all {
                    tr {
                        td {
                            code { (parameter["name"].as_str().unwrap_or_default()) }
                            @if parameter["required"] == true { span.must { "required" } }
                        }
                        td.type { (parameter["in"].as_str().unwrap_or_default()) ", " (kind(&parameter["schema"])) }
                        td { (text_of(parameter)) }
                    }
                }
            }
        }
    }
}

fn answers(responses: &Value) -> Markup {
    let good = |status: &str| status < "400";
    let all = || responses.as_object().into_iter().flatten();
    html! {
        table {
            @for (status, answer) in all().filter(|(status, _)| good(status)) {
                tr {
                    td { code { (status) } }
                    td.type { @for (media, content) in answer["content"].as_object().into_iter().flatten() {
                        @if media == "application/json" { (kind(&content["schema"])) } @else { (media) }
                    } }
                    td { (answer["description"].as_str().unwrap_or_default()) }
                }
            }
        }
        details {
            summary { "How it can fail" }
            table {
                @for (status, answer) in all().filter(|(status, _)| !good(status)) {
                    tr {
                        td { code { (status) } }
                        td.codes { @for code in answer["x-codes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                            a href={ "/problems/" (code.replace('_', "-")) } { (code) } " "
                        } }
                    }
                }
            }
        }
    }
}

/// A line to paste, and what it gave on the demo site.
fn example(operation: &Operation) -> Markup {
    let about = operation.about;
    let mut line = String::from("curl");
    if operation.method != "get" && about.body.is_empty() {
        line.push_str(&format!(" -X {}", operation.method.to_uppercase()));
    } else if operation.method == "patch" {
        line.push_str(" -X PATCH");
    }
    line.push_str(&format!(" \"$OSIER{}\"", about.address));
    if about.scope.is_some() {
        line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    }
    if !about.body.is_empty() {
        line.push_str(&format!(" \\\n  -H 'Content-Type: application/json' -d '{}'", about.body));
    }
    html! {
        h4 { "Example" }
        pre { code { (line) } }
        @if !about.answer.is_empty() { pre { code { (about.answer.trim_end()) } } }
    }
}
