//! Internal links by page id, as states are compared: a renamed page is still the page that a link means.
//!
//! The path of a link becomes a marker, which no document can hold, for NUL is refused everywhere:
//!
//! ```text
//! marker    =  NUL id NUL notation source NUL
//! notation  =  "="  the value is a uri-reference  |  "("  a destination in Markdown
//! source    =  nothing, where the path is written as Osier writes the slug
//!           |  the path as it stands, where it is written otherwise (`/Caf%C3%A9/` for `/café`)
//! ```
//!
//! So two links written as Osier writes them are equal exactly if they mean the same page. On the way back a
//! path that was kept returns as it was while its page has the slug it names, and else gives way to the new slug.
//! A marker has no white space, so a merge of texts by their words never tears one.

use serde_json::Value;

use super::{Link, Notation, destination, edit, target, written};
use crate::content::schema::Shape;

const NUL: char = '\0';

/// Turns the internal links of props into markers of the pages they mean; `page_of` gives a slug's page id.
///
/// A link to no page stays as it is. Gives whether anything changed.
pub fn to_pages(shape: &Shape, props: &mut Value, page_of: &dyn Fn(&str) -> Option<String>) -> bool {
    edit(shape, props, &mut |link| page_of(link.slug).map(|id| marker(&id, link)))
}

/// Turns every marker in every string of a value back into a path; `slug_of` gives a page id's slug.
///
/// With the slugs of [`to_pages`] the value is again what it was, byte for byte. Gives whether anything changed.
pub fn to_slugs(value: &mut Value, slug_of: &dyn Fn(&str) -> String) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => match resolved(text, slug_of) {
            Some(new) => {
                *text = new;
                true
            }
            None => false,
        },
        Value::Array(elements) => {
            elements.iter_mut().fold(false, |changed, element| to_slugs(element, slug_of) | changed)
        }
        Value::Object(fields) => {
            fields.values_mut().fold(false, |changed, field| to_slugs(field, slug_of) | changed)
        }
    }
}

fn marker(id: &str, link: &Link<'_>) -> String {
    let notation = match link.notation {
        Notation::Plain => '=',
        Notation::Markdown => '(',
    };
    let source = if link.path == written(link.slug, link.notation) { "" } else { link.path };
    format!("{NUL}{id}{NUL}{notation}{source}{NUL}")
}

/// The text with its markers resolved; none if it has none.
fn resolved(text: &str, slug_of: &dyn Fn(&str) -> String) -> Option<String> {
    let (mut out, mut rest, mut changed) = (String::new(), text, false);
    while let Some(start) = rest.find(NUL) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (path, len) = match Marker::read(rest) {
            Some((marker, len)) => (marker.path(slug_of), len),
            None => (NUL.to_string(), 1),
        };
        changed |= len > 1;
        out.push_str(&path);
        rest = &rest[len..];
    }
    out.push_str(rest);
    changed.then_some(out)
}

struct Marker<'a> {
    id: &'a str,
    notation: Notation,
    source: &'a str,
}

impl<'a> Marker<'a> {
    /// The marker that `text` begins with, and its length.
    fn read(text: &'a str) -> Option<(Self, usize)> {
        let mut parts = text.strip_prefix(NUL)?.split(NUL);
        let (id, tail, _closed) = (parts.next()?, parts.next()?, parts.next()?);
        let (notation, source) = if let Some(source) = tail.strip_prefix('=') {
            (Notation::Plain, source)
        } else {
            (Notation::Markdown, tail.strip_prefix('(')?)
        };
        Some((Self { id, notation, source }, id.len() + tail.len() + 3))
    }

    fn path(&self, slug_of: &dyn Fn(&str) -> String) -> String {
        let slug = slug_of(self.id);
        let named = match self.notation {
            Notation::Plain => target(self.source),
            Notation::Markdown => target(&destination::decoded(self.source)),
        };
        if named.is_some_and(|named| named.slug == slug) {
            return self.source.to_owned();
        }
        written(&slug, self.notation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn page_of(slug: &str) -> Option<String> {
        matches!(slug, "/" | "/a" | "/café" | "/p(q)&r").then(|| format!("pg_{slug}"))
    }

    fn slug_of(id: &str) -> String {
        id.trim_start_matches("pg_").to_owned()
    }

    fn marked(shape: &Shape, text: &str) -> Value {
        let mut value = json!(text);
        to_pages(shape, &mut value, &page_of);
        value
    }

    fn back(mut value: Value, slug: &str) -> Value {
        to_slugs(&mut value, &|_| slug.to_owned());
        value
    }

    #[test]
    fn a_link_as_osier_writes_it_is_its_page_and_nothing_else() {
        assert_eq!(marked(&Shape::Link, "/a?x#y"), json!("\0pg_/a\0=\0?x#y"));
        assert_eq!(marked(&Shape::Link, "/p(q)&r"), json!("\0pg_/p(q)&r\0=\0"));
        assert_eq!(
            marked(&Shape::Markdown, "[x](/a) [y](/p%28q%29%26r)"),
            json!("[x](\0pg_/a\0(\0) [y](\0pg_/p(q)&r\0(\0)")
        );
        assert_eq!(marked(&Shape::Link, "/nowhere"), json!("/nowhere"));
        assert_eq!(marked(&Shape::Text, "/a"), json!("/a"));
    }

    #[test]
    fn a_renamed_page_gets_its_new_slug_in_every_spelling() {
        for href in ["/café", "/Caf%C3%A9/", "/cafe\u{301}"] {
            assert_eq!(back(marked(&Shape::Link, &format!("{href}?x")), "/tee(1)"), json!("/tee(1)?x"));
            assert_eq!(
                back(marked(&Shape::Markdown, &format!("[x]({href}#y)")), "/tee(1)"),
                json!("[x](/tee%281%29#y)")
            );
        }
    }

    #[test]
    fn a_spelling_of_its_own_is_kept_while_the_slug_is() {
        for text in ["[x](/Caf%C3%A9/)", "[x](/caf&eacute;?x)", "[x](<\\/CAFÉ>)", "[x]: /cafe\u{301}"] {
            let value = marked(&Shape::Markdown, text);
            assert_ne!(value, json!(text));
            assert_eq!(back(value, "/café"), json!(text));
        }
        assert_eq!(back(marked(&Shape::Link, "/Caf%C3%A9/#x"), "/café"), json!("/Caf%C3%A9/#x"));
    }

    #[test]
    fn markers_are_resolved_wherever_they_stand_and_other_nuls_stay() {
        let mut value = json!({"k": ["\0pg_/a\0=\0", {"t": "a\0b \0pg_/a\0(/A\0 \0"}], "n": 1, "b": null});
        assert!(to_slugs(&mut value, &slug_of));
        assert_eq!(value, json!({"k": ["/a", {"t": "a\0b /A \0"}], "n": 1, "b": null}));
        assert!(!to_slugs(&mut json!(["\0", "\0\0", "x\0\0\0", {"y": "z"}]), &slug_of));
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_text(
            href in "/([aA]|caf%C3%A9|CAFÉ|cafe\u{301}|p%28q\\)&amp;r|p\\(q\\)%26r)?/?([?]x)?(#y)?",
            around in "(\\[x\\]\\(HREF\\)|\\[x\\]: <HREF>|HREF|> \\[y\\]\\(\n> HREF 't'\\)| `z` |\n){0,5}",
        ) {
            let text = around.replace("HREF", &href);
            for (shape, text) in [(Shape::Link, &href), (Shape::Markdown, &text)] {
                let mut value = marked(&shape, text);
                to_slugs(&mut value, &slug_of);
                prop_assert_eq!(value, json!(text));
            }
        }
    }
}
