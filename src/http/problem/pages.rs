//! `/problems/…`: what the `type` of a problem document leads to.

use axum::http::HeaderMap;
use maud::{Markup, html};

use super::words::{self, Words};
use crate::error::{self, Failure, Kind, kinds};
use crate::http::api::{About, Group, Html};
use crate::http::html::{page, prose};
use crate::http::query::{Asked, Nothing, Place};
use crate::http::reply::Reply;

pub(in crate::http) const LIST: About = About {
    id: "list_problems",
    title: "The codes of all errors",
    text: "For people: every code with what it means.",
    group: Group::Server,
    scope: None,
    refusals: Vec::new,
    address: "/problems",
    body: "",
    answer: "",
};

pub(in crate::http) const SHOW: About = About {
    id: "get_problem",
    title: "What a code means",
    text: "For people: where the `type` of a problem document leads.",
    group: Group::Server,
    scope: None,
    refusals: || vec![error::NOT_FOUND],
    address: "/problems/version-conflict",
    body: "",
    answer: "",
};

/// `GET /problems`
pub(in crate::http) async fn list(Asked(Nothing {}): Asked<Nothing>, headers: HeaderMap) -> Reply<Html> {
    let body = html! {
        h1 { "Problems" }
        p { "Every error is a problem document (" a href="https://www.rfc-editor.org/rfc/rfc9457" { "RFC 9457" } "). Its " code { "code" } " is for programs, its " code { "detail" } " and " code { "errors" } " are for whoever mends it." }
        table {
            @for kind in kinds() {
                tr {
                    td { code { (kind.status) } }
                    td { a href=(address(&kind)) { code { (kind.code) } } }
                    td { (kind.title) }
                }
            }
        }
    };
    page(&headers, "Problems", &body)
}

/// `GET /problems/{code}`
pub(in crate::http) async fn show(
    Place(code): Place<String>,
    Asked(Nothing {}): Asked<Nothing>,
    headers: HeaderMap,
) -> Reply<Html> {
    let kind = kinds().into_iter().find(|kind| slug(kind) == code.replace('_', "-"));
    match kind.and_then(|kind| Some((kind, words::of(kind.code)?))) {
        Some((kind, words)) => page(&headers, kind.title, &explained(&kind, &words)),
        None => {
            Err(Failure::new(error::NOT_FOUND, format!("there is no problem '{code}'; /problems lists them")))
        }
    }
}

fn explained(kind: &Kind, words: &Words) -> Markup {
    html! {
        p.kicker { a href="/problems" { "Problems" } " / " (kind.status) }
        h1 { (kind.title) }
        p { code { (kind.code) } }
        h2 { "What it means" }
        (prose(words.means))
        h2 { "What to do" }
        (prose(words.mend))
    }
}

/// Where a code is explained.
pub(in crate::http) fn address(kind: &Kind) -> String {
    format!("/problems/{}", slug(kind))
}

fn slug(kind: &Kind) -> String {
    kind.code.replace('_', "-")
}
