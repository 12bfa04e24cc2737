//! Pages for people: one frame, one style, no script, nothing from elsewhere.

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{Parser, html::push_html};

use super::api::{Answered, Html};

/// Where the style lies.
pub(super) const STYLE_PATH: &str = "/docs/style.css";

const STYLE: &str = include_str!("html/style.css");

/// What the pages may do: be read, in our style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A page, with what stands beside it.
pub(super) fn page(title: &str, beside: Option<&Markup>, body: &Markup) -> Answered<Html> {
    sent(whole(title, beside, body))
}

/// A page as text.
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
pub(super) fn sent(page: String) -> Answered<Html> {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Answered::new(
        ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], page).into_response(),
    )
}

/// `GET /docs/style.css`
pub(super) async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, STYLE)
}

/// Our own Markdown as HTML.
pub(super) fn prose(markdown: &str) -> Markup {
    let mut out = String::new();
    push_html(&mut out, Parser::new(markdown));
    PreEscaped(out)
}
