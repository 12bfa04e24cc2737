//! Pages for people: one frame, one style, no script, nothing from elsewhere.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{Parser, html::push_html};

use super::api::{Answered, Html};
use super::reply::{Reply, send};
use crate::service::Ready;

/// Where the style lies.
pub(super) const STYLE_PATH: &str = "/docs/style.css";

const STYLE: &str = include_str!("html/style.css");

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// What the pages may do: be read, in our style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A page, made for this caller.
pub(super) fn page(request: &HeaderMap, title: &str, body: &Markup) -> Reply<Html> {
    sent(request, Ready::of(whole(title, None, body)))
}

/// A page as text, with what stands beside it.
pub(super) fn whole(title: &str, beside: Option<&Markup>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Osier" }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                header { a href="/docs" { "Osier" } span { (env!("CARGO_PKG_VERSION")) } }
                div.frame {
                    @if let Some(beside) = beside { nav { (beside) } }
                    main { (body) }
                }
            }
        }
    };
    page.into_string()
}

/// A page that stands ready.
pub(super) fn sent(request: &HeaderMap, page: Ready) -> Reply<Html> {
    let mut response = send(request, page.bytes, &page.etag, HTML)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(Answered::new(response))
}

/// `GET /docs/style.css`
pub(super) async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, STYLE)
}

/// `GET /`: who comes by the address alone is led to where everything is described.
pub(super) async fn entrance() -> Redirect {
    Redirect::to("/docs")
}

/// Our own Markdown as HTML.
pub(super) fn prose(markdown: &str) -> Markup {
    let mut out = String::new();
    push_html(&mut out, Parser::new(markdown));
    PreEscaped(out)
}
