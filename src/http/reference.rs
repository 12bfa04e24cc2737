//! What the server says of its own doors: `/openapi.json` for programs, `/docs` for people. Both are written once, from the
//! list of operations.

mod introduction;
mod operation;
mod shape;
mod types;

use std::sync::LazyLock;

use axum::http::HeaderMap;
use maud::{Markup, html};
use schemars::JsonSchema;
use serde_json::Value;

use super::api::{self, About, Group, Html, Operation, Seen};
use super::html::{prose, sent, whole};
use super::query::{Asked, Nothing};
use super::reply::{Reply, ready};
use crate::service::Ready;

pub(super) const OPENAPI: About = About {
    id: "openapi",
    title: "This description, for programs",
    text: "OpenAPI 3.1, made from the types that the server reads and writes.",
    group: Group::Server,
    scope: None,
    refusals: Vec::new,
    address: "/openapi.json",
    body: "",
    answer: "",
};

pub(super) const DOCS: About = About {
    id: "docs",
    title: "This description, for people",
    text: "The page you may be reading.",
    group: Group::Server,
    scope: None,
    refusals: Vec::new,
    address: "/docs",
    body: "",
    answer: "",
};

/// Both forms, as they are sent.
struct Written {
    document: Ready,
    page: Ready,
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let operations = super::api().operations;
    let document = api::document(&operations);
    let page = render(&operations, &document);
    Written { document: Ready::of(document.to_string()), page: Ready::of(page) }
});

/// An OpenAPI document.
#[derive(JsonSchema)]
#[schemars(extend("type" = "object"))]
pub(super) struct OpenApi(#[allow(dead_code, reason = "it is served as text")] Value);

/// `GET /openapi.json`
pub(super) async fn openapi(Asked(Nothing {}): Asked<Nothing>, headers: HeaderMap) -> Reply<Seen<OpenApi>> {
    ready(&headers, WRITTEN.document.clone())
}

/// `GET /docs`
pub(super) async fn docs(Asked(Nothing {}): Asked<Nothing>, headers: HeaderMap) -> Reply<Html> {
    sent(&headers, WRITTEN.page.clone())
}

fn render(operations: &[Operation], document: &Value) -> String {
    let of = |group: Group| operations.iter().filter(move |operation| operation.about.group == group);
    let body = html! {
        (introduction::text())
        @for group in Group::ALL {
            h2 id=(group.name().to_lowercase()) { (group.name()) }
            (prose(group.text()))
            @for operation in of(group) { (operation::section(operation, document)) }
        }
        (types::chapter(document))
    };
    whole("API reference", Some(&contents(operations, document)), &body)
}

fn contents(operations: &[Operation], document: &Value) -> Markup {
    html! {
        ul { li { a href="#beginning" { "How to begin" } } li { a href="/problems" { "Errors" } } li { a href="/openapi.json" { "openapi.json" } } }
        @for group in Group::ALL {
            h2 { (group.name()) }
            ul {
                @for operation in operations.iter().filter(|operation| operation.about.group == group) {
                    li { a href={ "#" (operation.about.id) } {
                        span.method.(operation.method) { (operation.method) } " " (operation.about.title)
                    } }
                }
            }
        }
        h2.all { "Ops" }
        ul.all { @for name in types::ops(document) { li { a href=(shape::anchor(&name)) { (types::op_name(document, &name)) } } } }
        h2.all { "Types" }
        ul.all { @for name in types::others(document) { li { a href=(shape::anchor(&name)) { (name) } } } }
    }
}
