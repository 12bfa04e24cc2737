//! The last chapters: every op, and every other type that crosses the wire.

use maud::{Markup, html};
use serde_json::Value;

use super::shape::{fields, text_of};
use crate::http::html::prose;

/// The types of ops, in the order of the catalogue.
pub(super) fn ops(document: &Value) -> Vec<String> {
    let all = document["components"]["schemas"]["Op"]["oneOf"].as_array();
    let name = |one: &Value| Some(one["$ref"].as_str()?.rsplit('/').next()?.to_owned());
    all.into_iter().flatten().filter_map(name).collect()
}

/// All others, by name.
pub(super) fn others(document: &Value) -> Vec<String> {
    let ops = ops(document);
    let all = document["components"]["schemas"].as_object().into_iter().flatten();
    let mut names: Vec<_> =
        all.map(|(name, _)| name.clone()).filter(|name| name != "Op" && !ops.contains(name)).collect();
    names.sort();
    names
}

/// An op's name on the wire.
pub(super) fn op_name<'a>(document: &'a Value, kind: &'a str) -> &'a str {
    document["components"]["schemas"][kind]["properties"]["op"]["const"].as_str().unwrap_or(kind)
}

pub(super) fn chapter(document: &Value) -> Markup {
    let schemas = &document["components"]["schemas"];
    html! {
        h2 id="type-Op" { "Ops" }
        (prose("`page` is a page's id or slug, `block` a block's id. A position is at most one of `after`, `before` (a sibling) and `index` (counted from 0, as the list stands afterwards); none is the end. \
                `tempId` on an op that creates declares a handle; `\"$tmp:<handle>\"` in a later op of the batch stands for the new id."))
        @for name in ops(document) { (described(op_name(document, &name), &name, &schemas[&name])) }
        h2 id="types" { "Types" }
        @for name in others(document) { (described(&name, &name, &schemas[&name])) }
    }
}

fn described(title: &str, name: &str, schema: &Value) -> Markup {
    html! {
        h3 id={ "type-" (name) } { (title) }
        (text_of(schema))
        (fields(schema))
    }
}
