//! Where a destination stands in Markdown source. A parser says what a link leads to, but not where.
//!
//! Nothing is taken on trust: a place counts only if the text there reads as what the parser read.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser};

use crate::content::links::{Found, target};

/// The internal link whose destination follows the `(` or `:` that ends at `from`, if the parser's `dest` is one.
pub(super) fn locate(text: &str, from: usize, dest: &str) -> Option<Found> {
    let target = target(dest)?;
    let range = extent(text, separator_end(text, from))?;
    let raw = &text[range.clone()];
    if decoded(raw) != dest {
        return None;
    }
    let end = range.start + source_len(raw, target.path.end)?;
    Some(Found { slug: target.slug, path: range.start..end })
}

/// What the source text of a destination means: escapes and entities resolved.
pub(super) fn decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['\\', '&']) {
        return Cow::Borrowed(raw);
    }
    Pieces(raw).map(|(_, meaning)| meaning).collect::<String>().into()
}

/// Whether a destination that follows the `(` or `:` ending at `from` could begin with a `/`.
pub(super) fn may_be_internal(text: &str, from: usize) -> bool {
    let rest = &text.as_bytes()[separator_end(text, from)..];
    let rest = rest.strip_prefix(b"<").unwrap_or(rest);
    matches!(rest.first(), Some(b'/' | b'\\' | b'&'))
}

/// Past white space, and past the `>` of block quotes where the line was broken.
pub(super) fn separator_end(text: &str, from: usize) -> usize {
    let mut broken = text[..from].ends_with(['\n', '\r']);
    let skipped = text.as_bytes()[from..].iter().take_while(|byte| match byte {
        b' ' | b'\t' | 0x0b | 0x0c => true,
        b'\n' | b'\r' => {
            broken = true;
            true
        }
        b'>' => broken,
        _ => false,
    });
    from + skipped.count()
}

/// The source of the destination that begins at `start`, without the brackets of `<…>`.
fn extent(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let pointed = bytes.get(start) == Some(&b'<');
    let start = if pointed { start + 1 } else { start };
    let (mut at, mut depth) = (start, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 1,
            b'>' if pointed => return Some(start..at),
            b'\n' | b'\r' | b'<' if pointed => return None,
            _ if pointed => {}
            0..=b' ' => break,
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    (!pointed && depth == 0).then_some(start..at)
}

/// How many bytes of source mean the first `len` bytes of the destination.
fn source_len(raw: &str, len: usize) -> Option<usize> {
    if !raw.contains(['\\', '&']) {
        return (len <= raw.len()).then_some(len);
    }
    let (mut source, mut meant) = (0, 0);
    for (piece, meaning) in Pieces(raw) {
        if meant >= len {
            break;
        }
        source += piece.len();
        meant += meaning.len();
    }
    (meant == len).then_some(source)
}

/// Source text cut into characters, escapes and entities, each with what it means.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.0.chars().next()?;
        let second = self.0[first.len_utf8()..].chars().next();
        let (len, meaning) = match (first, second) {
            ('\\', Some(c)) if c.is_ascii_punctuation() => (2, Cow::Borrowed(&self.0[1..2])),
            ('&', Some(_)) => match entity(self.0) {
                Some((len, meaning)) => (len, Cow::Owned(meaning)),
                None => (1, Cow::Borrowed("&")),
            },
            _ => (first.len_utf8(), Cow::Borrowed(&self.0[..first.len_utf8()])),
        };
        let (piece, rest) = self.0.split_at(len);
        self.0 = rest;
        Some((piece, meaning))
    }
}

/// The entity that `text` begins with: its length and what it means. The table of names is the parser's.
fn entity(text: &str) -> Option<(usize, String)> {
    let name = text[1..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    let source = text.get(..name + 2).filter(|source| source.ends_with(';'))?;
    let meaning: String = Parser::new(source)
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.into_string()),
            _ => None,
        })
        .collect();
    (meaning != source).then_some((source.len(), meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_entities_are_read_as_the_parser_reads_them() {
        for raw in [
            "/a",
            "\\/a",
            "/a\\(b\\)",
            "/a\\b",
            "&#47;a",
            "&sol;a&amp;b",
            "/a&b",
            "/a&nosuch;b",
            "/a&amp",
            "/é&eacute;&#xe9;",
            "/a\\&amp;b",
        ] {
            let source = format!("[x](<{raw}>)");
            let read = Parser::new(&source).find_map(|event| match event {
                Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
                _ => None,
            });
            assert_eq!(Some(decoded(raw).into_owned()), read, "{raw}");
        }
    }

    #[test]
    fn the_path_ends_before_the_query_also_behind_escapes() {
        for (text, path) in [
            ("(/a\\-b?c)", "/a\\-b"),
            ("(\\/a\\?c)", "\\/a"),
            ("(/a&#63;c)", "/a"),
            ("(</a&amp;b#c>)", "/a&amp;b"),
        ] {
            let raw = extent(text, 1).expect(text);
            let found = locate(text, 1, &decoded(&text[raw])).expect(text);
            assert_eq!(&text[found.path], path);
        }
    }

    #[test]
    fn a_place_that_reads_otherwise_does_not_count() {
        assert_eq!(locate("[x](/ab)", 4, "/a"), None);
        assert_eq!(locate("[x](/a", 4, "/a").map(|found| found.path), Some(4..6));
        assert_eq!(locate("[x](</a", 4, "/a"), None);
    }
}
