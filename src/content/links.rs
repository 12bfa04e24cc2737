//! Internal links: which page a uri-reference or a Markdown text names, and how it is made to name another.
//!
//! Everything here is by slug and pure; which slugs are pages, the caller knows.

mod destination;
mod markdown;
mod pages;

pub use markdown::{Found, in_markdown, markdown_options, rewrite_markdown};
pub use pages::{to_pages, to_slugs};

use std::fmt::Write;
use std::ops::Range;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::schema::Shape;
use super::slug;

/// What an internal uri-reference names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The normalised slug; no page need have it.
    pub slug: String,
    /// Where the path part stands in the reference, in bytes; a query and a fragment come after it.
    pub path: Range<usize>,
}

/// The page that a uri-reference names; none if it leads elsewhere or its path can be no page's slug.
///
/// The path is read as a server reads it (percent-decoded UTF-8) and normalised, so `/Caf%C3%A9/?x#y` names
/// `/café`. References begin with exactly one `/`; what is relative (`a`, `#a`, `?a`) names no page.
pub fn target(href: &str) -> Option<Target> {
    if !href.starts_with('/') || href.starts_with("//") || href.starts_with("/\\") {
        return None;
    }
    let end = href.find(['?', '#']).unwrap_or(href.len());
    let path = percent_decode_str(&href[..end]).decode_utf8().ok()?;
    Some(Target { slug: slug::normalise(&path).ok()?, path: 0..end })
}

/// Leads links elsewhere: where `f` answers a slug with another one, the path part of the link becomes that.
///
/// Queries, fragments and everything around a link stay byte for byte. Values that do not have the shape they
/// should have are passed over. Gives whether anything changed.
pub fn rewrite(shape: &Shape, props: &mut Value, f: &mut dyn FnMut(&str) -> Option<String>) -> bool {
    edit(shape, props, &mut |link| link.led_by(f))
}

/// The slugs that props link to, sorted and without repeats.
pub fn outgoing(shape: &Shape, props: &Value) -> Vec<String> {
    let mut slugs = Vec::new();
    collect(shape, props, &mut slugs);
    slugs.sort_unstable();
    slugs.dedup();
    slugs
}

/// How a path is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// The whole value is a uri-reference.
    Plain,
    /// A destination in a Markdown text.
    Markdown,
}

/// A link as met on the way through props: the page it names and the source text of its path.
struct Link<'a> {
    slug: &'a str,
    path: &'a str,
    notation: Notation,
}

impl Link<'_> {
    /// The new source text of the path, if `f` leads the link to another slug.
    fn led_by(&self, f: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
        let slug = f(self.slug).filter(|slug| slug != self.slug)?;
        Some(written(&slug, self.notation))
    }
}

/// A slug as it is written into a link: as it is, save what would mean something else there.
///
/// Letters of any script stay readable. In Markdown, parentheses could end a destination and `&` begin an
/// entity, so they are percent-encoded; the link names the same page.
fn written(slug: &str, notation: Notation) -> String {
    let plain = |c| match notation {
        Notation::Plain => true,
        Notation::Markdown => !matches!(c, '(' | ')' | '&'),
    };
    let mut path = String::with_capacity(slug.len());
    for c in slug.chars() {
        if slug::is_allowed(c) && plain(c) {
            path.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

/// Replaces the path of every link for which `f` gives a new source text. Gives whether anything changed.
fn edit(shape: &Shape, value: &mut Value, f: &mut dyn FnMut(&Link<'_>) -> Option<String>) -> bool {
    match (shape, value) {
        (Shape::Link, Value::String(href)) => edit_href(href, f),
        (Shape::Markdown, Value::String(text)) => match markdown::edit(text, f) {
            Some(edited) => {
                *text = edited;
                true
            }
            None => false,
        },
        (Shape::List(inner), Value::Array(elements)) => {
            elements.iter_mut().fold(false, |changed, element| edit(inner, element, f) | changed)
        }
        (Shape::Object(fields), Value::Object(values)) => {
            values.iter_mut().fold(false, |changed, (name, value)| {
                fields.get(name).is_some_and(|shape| edit(shape, value, f)) | changed
            })
        }
        (Shape::Link | Shape::Markdown | Shape::List(_) | Shape::Object(_), _) => false,
        (Shape::Image | Shape::Text | Shape::Html | Shape::Code | Shape::Other, _) => false,
    }
}

fn edit_href(href: &mut String, f: &mut dyn FnMut(&Link<'_>) -> Option<String>) -> bool {
    let Some(Target { slug, path }) = target(href) else { return false };
    let new = f(&Link { slug: &slug, path: &href[path.clone()], notation: Notation::Plain });
    match new {
        Some(new) if new != href[path.clone()] => {
            href.replace_range(path, &new);
            true
        }
        _ => false,
    }
}

fn collect(shape: &Shape, value: &Value, slugs: &mut Vec<String>) {
    match (shape, value) {
        (Shape::Link, Value::String(href)) => slugs.extend(target(href).map(|target| target.slug)),
        (Shape::Markdown, Value::String(text)) => {
            slugs.extend(in_markdown(text).into_iter().map(|found| found.slug));
        }
        (Shape::List(inner), Value::Array(elements)) => {
            elements.iter().for_each(|element| collect(inner, element, slugs));
        }
        (Shape::Object(fields), Value::Object(values)) => {
            for (name, value) in values {
                if let Some(shape) = fields.get(name) {
                    collect(shape, value, slugs);
                }
            }
        }
        (Shape::Link | Shape::Markdown | Shape::List(_) | Shape::Object(_), _) => {}
        (Shape::Image | Shape::Text | Shape::Html | Shape::Code | Shape::Other, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn slug_of(href: &str) -> Option<String> {
        target(href).map(|target| target.slug)
    }

    fn object(fields: &[(&str, Shape)]) -> Shape {
        Shape::Object(fields.iter().map(|(name, shape)| ((*name).to_owned(), shape.clone())).collect())
    }

    fn list(inner: Shape) -> Shape {
        Shape::List(Box::new(inner))
    }

    fn a_to(new: &str) -> impl FnMut(&str) -> Option<String> {
        move |slug: &str| (slug == "/a").then(|| new.to_owned())
    }

    #[test]
    fn a_reference_names_a_page_by_its_normalised_path() {
        for (href, slug, path) in [
            ("/", "/", "/"),
            ("/a", "/a", "/a"),
            ("/a/", "/a", "/a/"),
            ("/A?x=/b#c", "/a", "/A"),
            ("/a#b?c", "/a", "/a"),
            ("/#top", "/", "/"),
            ("/Caf%C3%A9/", "/café", "/Caf%C3%A9/"),
            ("/cafe\u{301}", "/café", "/cafe\u{301}"),
            ("/a%28b%29", "/a(b)", "/a%28b%29"),
        ] {
            let found = target(href).expect(href);
            assert_eq!((found.slug.as_str(), &href[found.path]), (slug, path), "{href}");
        }
    }

    #[test]
    fn what_leads_elsewhere_names_no_page() {
        for href in [
            "",
            "a",
            "a/b",
            "./a",
            "#a",
            "?a",
            "//a.example/b",
            "/\\a",
            "https://a.example/b",
            "mailto:a@b.example",
            "tel:1",
            "/%2F/a",
            "/a//b",
            "/a/../b",
            "/a%00",
            "/a%FF",
            "/50%",
            "/a b",
            " /a",
            "/a\n",
        ] {
            assert_eq!(slug_of(href), None, "{href}");
        }
    }

    #[test]
    fn links_are_led_elsewhere_wherever_the_shape_has_them() {
        let item = object(&[("href", Shape::Link), ("body", Shape::Markdown), ("note", Shape::Text)]);
        let shape = object(&[
            ("href", Shape::Link),
            ("image", Shape::Image),
            ("code", Shape::Code),
            ("html", Shape::Html),
            ("count", Shape::Other),
            ("rows", list(list(Shape::Markdown))),
            ("items", list(item)),
        ]);
        let mut props = json!({
            "href": "/a/?q=/a#a", "image": "/a", "code": "[x](/a)", "html": "<a href='/a'>", "count": 3, "more": "/a",
            "rows": [["[x](/a)", "/a"], ["[x](/ab)", 7]],
            "items": [{"key": "k", "href": "/A", "body": "see [x](</a> \"/a\")", "note": "/a"}, {"href": null}, "/a"],
        });
        let before = props.clone();
        assert_eq!(outgoing(&shape, &props), ["/a", "/ab"]);
        assert!(rewrite(&shape, &mut props, &mut a_to("/b(c)")));
        let after = json!({
            "href": "/b(c)?q=/a#a", "image": "/a", "code": "[x](/a)", "html": "<a href='/a'>", "count": 3, "more": "/a",
            "rows": [["[x](/b%28c%29)", "/a"], ["[x](/ab)", 7]],
            "items": [{"key": "k", "href": "/b(c)", "body": "see [x](</b%28c%29> \"/a\")", "note": "/a"}, {"href": null}, "/a"],
        });
        assert_eq!(props, after);
        assert_eq!(outgoing(&shape, &props), ["/ab", "/b(c)"]);
        assert!(!rewrite(&shape, &mut props, &mut a_to("/b")));
        let mut props = before.clone();
        assert!(!rewrite(&shape, &mut props, &mut |slug| Some(slug.to_owned())), "led to where it leads");
        assert_eq!(props, before);
    }

    #[test]
    fn a_longer_path_is_another_page() {
        for href in ["/ab", "/a/b", "/ab/", "/a.b", "a"] {
            let mut value = json!(href);
            assert!(!rewrite(&Shape::Link, &mut value, &mut a_to("/b")));
            assert_eq!(value, json!(href));
        }
    }
}
