//! JSON Schemas in words and tables.

use maud::{Markup, html};
use serde_json::Value;

use crate::http::html::prose;

/// Where a type is explained.
pub(super) fn anchor(name: &str) -> String {
    format!("#type-{name}")
}

/// What a value is, in a few words, types linked.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return html! { a href=(anchor(name)) { (name) } };
    }
    for one_of in ["oneOf", "anyOf"] {
        if let Some(all) = schema[one_of].as_array() {
            return alternatives(all);
        }
    }
    if let Some(value) = schema.get("const") {
        return html! { code { (value.to_string()) } };
    }
    if let Some(values) = schema["enum"].as_array() {
        return html! { @for (at, value) in values.iter().enumerate() { @if at > 0 { " | " } code { (value.to_string()) } } };
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => html! { "list of " (kind(&schema["items"])) },
        Value::String(name) if name == "object" && schema["additionalProperties"].is_object() => {
            html! { "object of " (kind(&schema["additionalProperties"])) }
        }
        Value::String(name) => html! { (name) (bounds(schema)) },
        Value::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            if names.contains(&"array") {
                return html! { "list of " (kind(&schema["items"])) " or null" };
            }
            html! { (names.join(" or ")) (bounds(schema)) }
        }
        _ => html! { "any" },
    }
}

fn alternatives(all: &[Value]) -> Markup {
    html! { @for (at, one) in all.iter().enumerate() {
        @if at > 0 { " or " }
        @if one["type"] == "null" { "null" } @else { (kind(one)) }
    } }
}

fn bounds(schema: &Value) -> String {
    let number = |name: &str| schema[name].as_u64();
    match (number("minimum"), number("maximum"), schema["format"].as_str()) {
        (Some(least), Some(most), _) if most < 1 << 32 => format!(", {least} to {most}"),
        (_, _, Some("date-time")) => ", RFC 3339".to_owned(),
        _ => String::new(),
    }
}

/// The description of a schema or parameter.
pub(super) fn text_of(schema: &Value) -> Markup {
    prose(schema["description"].as_str().unwrap_or_default())
}

/// The fields of an object, those first that must be there, or what else there is to say of a type.
pub(super) fn fields(schema: &Value) -> Markup {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let must = required.iter().map(|name| (*name, true));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let may = properties.map(|(name, _)| (name.as_str(), false)).filter(|(name, _)| !required.contains(name));
    let all: Vec<(&str, bool)> = must.chain(may).collect();
    html! {
        @if !all.is_empty() {
            table { @for (name, is_required) in all { (row(name, &schema["properties"][name], is_required)) } }
        }
        @for one in schema["allOf"].as_array().into_iter().flatten() { (fields(one)) }
        @let one_of = schema.get("oneOf").or_else(|| schema.get("anyOf"));
        @if let Some(all) = one_of.and_then(Value::as_array) { (variants(all)) }
        @if schema["enum"].is_array() { p { (kind(schema)) } }
    }
}

fn row(name: &str, field: &Value, is_required: bool) -> Markup {
    html! { tr {
        td { code { (name) } @if is_required { span.must { "required" } } }
        td.type { (kind(field)) }
        td { (text_of(field)) }
    } }
}

fn variants(all: &[Value]) -> Markup {
    html! {
        p.soft { "One of:" }
        table { @for one in all { tr {
            td.type { @if one["properties"].is_object() { "object" } @else { (kind(one)) } }
            td { (text_of(one)) @if one["properties"].is_object() { (fields(one)) } }
        } } }
    }
}
