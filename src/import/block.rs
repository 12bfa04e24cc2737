//! One block of Markdown becomes one block of a page, where the page has a block that says the same.
//!
//! Every function returns nothing when a block could not hold all of the source; the source then
//! goes into a RichText as it is.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag};
use serde_json::{Map, Value, json};

use super::address::{in_prop, is_uri_reference};
use super::body::{Body, Piece};
use super::links::{Links, References, one_line};
use super::report::Notes;
use super::rows;

/// The longest text a block takes that is not Markdown, in characters.
const ONE_LINE: usize = 2_000;
/// The longest quote, in characters.
const QUOTE: usize = 20_000;
/// The longest address, in characters.
const ADDRESS: usize = 4_096;
/// The longest Markdown, code or HTML, in characters; with room for the definitions it uses.
pub(super) const LONG: usize = 450_000;

/// What a block is cut from.
pub(super) struct Source<'s, 'a> {
    pub(super) body: &'s Body<'a>,
    pub(super) links: &'s Links,
}

impl Source<'_, '_> {
    /// The blocks for one piece; more than one only where the text is too long for one.
    pub(super) fn convert(&self, piece: &Piece, notes: &mut Notes<'_>) -> Option<Vec<Value>> {
        let first = piece.events.start;
        if self.body.end_of(first) + 1 != piece.events.end {
            return None;
        }
        let inner = first + 1..piece.events.end.saturating_sub(1);
        match &self.body.events[first].0 {
            Event::Rule => Some(vec![block("Divider", json!({}))]),
            Event::Start(tag) => match tag {
                Tag::Heading { level, .. } => one(self.heading(first, inner, *level, notes)),
                Tag::CodeBlock(kind) => self.code(inner, kind, piece.span.start, notes),
                Tag::Paragraph => one(self.picture(inner)),
                Tag::HtmlBlock => self.html(piece, notes),
                Tag::BlockQuote(None) => one(self.quote(inner)),
                Tag::List(start) => one(rows::list(self, inner, *start)),
                Tag::Table(alignments) => one(rows::table(self, inner, alignments, notes)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The inline source of some events on one line.
    pub(super) fn line(&self, events: Range<usize>) -> String {
        let Some(span) = self.body.inline_span(events) else { return String::new() };
        one_line(&self.links.slice(self.body.text, span, References::Inlined))
    }

    fn heading(
        &self,
        event: usize,
        inner: Range<usize>,
        level: HeadingLevel,
        notes: &mut Notes<'_>,
    ) -> Option<Value> {
        let text = fits(self.line(inner), ONE_LINE).filter(|text| !text.is_empty())?;
        self.note_anchor(event, notes);
        Some(block("Heading", json!({ "text": text, "level": level as u8 })))
    }

    /// Notes what a heading says in braces: a Heading has no place for it.
    pub(super) fn note_anchor(&self, event: usize, notes: &mut Notes<'_>) {
        let (Event::Start(Tag::Heading { id, classes, attrs, .. }), range) = &self.body.events[event] else {
            return;
        };
        if let Some(id) = id {
            notes.at(range.start, format!("anchor `#{id}` of a heading"));
        }
        if !classes.is_empty() || !attrs.is_empty() {
            notes.at(range.start, "classes or attributes of a heading");
        }
    }

    fn code(
        &self,
        inner: Range<usize>,
        kind: &CodeBlockKind<'_>,
        offset: usize,
        notes: &mut Notes<'_>,
    ) -> Option<Vec<Value>> {
        let mut code = String::new();
        for (event, _) in &self.body.events[inner] {
            if let Event::Text(text) = event {
                code.push_str(text);
            }
        }
        let code = code.strip_suffix('\n').unwrap_or(&code);
        if code.is_empty() {
            notes.at(offset, "code block without code: left out");
            return Some(Vec::new());
        }
        let mut props = Map::new();
        if let CodeBlockKind::Fenced(info) = kind {
            let info = Info::read(info);
            for (key, text) in [("language", info.language), ("filename", info.filename)] {
                if let Some(text) = text {
                    props.insert(key.to_owned(), fits(text, ONE_LINE)?.into());
                }
            }
            if let Some(rest) = info.rest {
                notes.at(offset, format!("code block: `{rest}` after its language"));
            }
        }
        let whole = |code: String| {
            let mut props = props.clone();
            props.insert("code".to_owned(), code.into());
            block("Code", Value::Object(props))
        };
        Some(split_long(code, offset, notes).into_iter().map(whole).collect())
    }

    /// A paragraph that is one picture, with or without a link around it.
    fn picture(&self, inner: Range<usize>) -> Option<Value> {
        let body = self.body;
        if inner.is_empty() || body.end_of(inner.start) + 1 != inner.end {
            return None;
        }
        let mut props = Map::new();
        match &body.events[inner.start].0 {
            Event::Start(Tag::Image { dest_url, title, .. }) => {
                let alt = body.plain_text(inner.start + 1..inner.end - 1);
                let caption = one_line(title);
                let address = fits(dest_url.to_string(), ADDRESS).filter(|address| !address.is_empty())?;
                props.insert("imageUrl".to_owned(), address.into());
                for (key, text) in [("imageAlt", fits(alt, ONE_LINE)?), ("caption", fits(caption, ONE_LINE)?)]
                {
                    if !text.is_empty() {
                        props.insert(key.to_owned(), text.into());
                    }
                }
                Some(block("Image", Value::Object(props)))
            }
            Event::Start(Tag::Link { dest_url, title, .. }) if title.is_empty() => {
                let href = self.links.rewritten(inner.start).map_or_else(|| dest_url.to_string(), in_prop);
                let mut image = match &body.events[inner.start + 1].0 {
                    Event::Start(Tag::Image { .. }) => self.picture(inner.start + 1..inner.end - 1)?,
                    _ => return None,
                };
                image["props"]["href"] = fits(href, ADDRESS).filter(|href| is_uri_reference(href))?.into();
                Some(image)
            }
            _ => None,
        }
    }

    fn html(&self, piece: &Piece, notes: &mut Notes<'_>) -> Option<Vec<Value>> {
        let html = self.links.slice(self.body.text, piece.span.clone(), References::Kept);
        let html = html.trim_end();
        let whole = |html: String| block("Html", json!({ "html": html }));
        (!html.is_empty()).then(|| split_long(html, piece.span.start, notes).into_iter().map(whole).collect())
    }

    /// A quote of plain paragraphs: text that reads the same with and without Markdown.
    fn quote(&self, inner: Range<usize>) -> Option<Value> {
        let mut quote = String::new();
        for (event, range) in &self.body.events[inner] {
            match event {
                Event::Start(Tag::Paragraph) if quote.is_empty() => {}
                Event::Start(Tag::Paragraph) => quote.push_str("\n\n"),
                Event::Text(text) => {
                    let escaped = range.start > 0 && self.body.text.as_bytes()[range.start - 1] == b'\\';
                    if escaped || self.body.text[range.clone()] != **text {
                        return None;
                    }
                    quote.push_str(text);
                }
                Event::SoftBreak => quote.push(' '),
                Event::HardBreak => quote.push('\n'),
                Event::End(_) => {}
                _ => return None,
            }
        }
        let quote = fits(quote.trim().to_owned(), QUOTE).filter(|quote| !quote.is_empty())?;
        Some(block("Quote", json!({ "quote": quote })))
    }
}

/// What a code fence says after its marks: ```` ```rust,ignore title="main.rs" ````.
#[derive(Debug, Default, PartialEq, Eq)]
struct Info {
    language: Option<String>,
    filename: Option<String>,
    rest: Option<String>,
}

impl Info {
    fn read(info: &str) -> Self {
        let (language, rest) = info.trim().split_once(char::is_whitespace).unwrap_or((info.trim(), ""));
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        for key in ["title=", "filename="] {
            let Some(at) = rest.find(key).filter(|&at| at == 0 || rest[..at].ends_with(' ')) else {
                continue;
            };
            let value = &rest[at + key.len()..];
            let (name, after) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                _ => value.split_once(' ').unwrap_or((value, "")),
            };
            let rest = format!("{} {}", rest[..at].trim(), after.trim());
            return Self { language: some(language), filename: some(name), rest: some(&rest) };
        }
        Self { language: some(language), filename: None, rest: some(rest) }
    }
}

/// A block as `create_page` takes it.
pub(super) fn block(kind: &str, props: Value) -> Value {
    json!({ "type": kind, "props": props })
}

fn one(block: Option<Value>) -> Option<Vec<Value>> {
    block.map(|block| vec![block])
}

/// The text, if it has at most `longest` characters.
pub(super) fn fits(text: String, longest: usize) -> Option<String> {
    (text.len() <= longest || text.chars().count() <= longest).then_some(text)
}

/// Cuts a text that is too long for one block: between paragraphs, else between lines, else anywhere.
pub(super) fn split_long(text: &str, offset: usize, notes: &mut Notes<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(LONG) {
        let window = &rest[..end];
        let border = ["\n\n", "\n"].iter().find_map(|border| window.rfind(border)).filter(|&at| at > 0);
        let (part, after) = rest.split_at(border.unwrap_or(end));
        parts.push(part.to_owned());
        rest = after.trim_start_matches('\n');
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest.to_owned());
    }
    if parts.len() > 1 {
        notes.at(offset, format!("text of more than {LONG} characters: split into {} blocks", parts.len()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::imported;
    use super::*;

    /// The only block of a body, as its type and props.
    fn only(text: &str) -> (String, Value) {
        let (mut blocks, _) = imported(text);
        assert_eq!(blocks.len(), 1, "{blocks:?}");
        let block = blocks.remove(0);
        (block["type"].as_str().unwrap().to_owned(), block["props"].clone())
    }

    fn is(kind: &str, props: Value) -> (String, Value) {
        (kind.to_owned(), props)
    }

    fn verbatim(text: &str) {
        assert_eq!(only(text), is("RichText", json!({ "body": text })));
    }

    #[test]
    fn headings_keep_their_inline_source_and_lose_their_marks() {
        for text in ["### A `b` [c](/d) \\# ###\n", "   ### A `b` [c](/d) \\# ##\n"] {
            assert_eq!(only(text), is("Heading", json!({ "text": "A `b` [c](/d) \\#", "level": 3 })));
        }
        assert_eq!(only("A *b\nc*\n---\n"), is("Heading", json!({ "text": "A *b c*", "level": 2 })));
        verbatim("##");
        verbatim(&format!("# {}", "long!".repeat(401)));
    }

    #[test]
    fn a_heading_s_anchor_is_noted() {
        let (blocks, notes) = imported("text\n\n# A {#here .big}\n");
        assert_eq!(blocks[1]["props"]["text"], "A");
        assert_eq!(notes, ["3: anchor `#here` of a heading", "3: classes or attributes of a heading"]);
    }

    #[test]
    fn code_keeps_every_character_and_the_whole_word_after_the_fence() {
        let code = "fn main() {\n\n    [a](b.md)  \n}";
        let fenced = format!("```rust,ignore\n{code}\n```\n");
        assert_eq!(only(&fenced), is("Code", json!({ "code": code, "language": "rust,ignore" })));
        assert_eq!(only("    a\n\n      b\n"), is("Code", json!({ "code": "a\n\n  b" })));
    }

    #[test]
    fn a_code_block_without_code_is_left_out_and_noted() {
        let (blocks, notes) = imported("```rust\n```\n\n~~~\n\n~~~\n");
        assert!(blocks.is_empty());
        assert_eq!(notes, [1, 4].map(|line| format!("{line}: code block without code: left out")));
    }

    #[test]
    fn the_name_of_a_code_file_is_read_and_the_rest_is_noted() {
        let (blocks, notes) = imported("```toml hl title=\"a b.toml\" {1}\nx\n```");
        assert_eq!(blocks[0]["props"], json!({ "code": "x", "language": "toml", "filename": "a b.toml" }));
        assert_eq!(notes, ["1: code block: `hl {1}` after its language"]);
    }

    #[test]
    fn a_paragraph_of_one_picture_is_a_picture() {
        assert_eq!(
            only("![A *b*](p.png \"C\")"),
            is("Image", json!({ "imageUrl": "p.png", "imageAlt": "A b", "caption": "C" }))
        );
        assert_eq!(
            only("[![](p.png)][r]\n\n[r]: https://x.org/"),
            is("Image", json!({ "imageUrl": "p.png", "href": "https://x.org/" }))
        );
        assert_eq!(
            only("![a][r]\n\n[r]: /p.png"),
            is("Image", json!({ "imageUrl": "/p.png", "imageAlt": "a" }))
        );
    }

    #[test]
    fn a_picture_that_a_picture_block_could_not_hold_stays_markdown() {
        for text in ["![a]()", "[![a](p.png)](/x 'T')", "[![a](p.png)](<x y>)", "![a](p) ![b](q)"] {
            verbatim(text);
        }
    }

    #[test]
    fn every_picture_of_the_folder_is_noted_with_its_line() {
        let (_, notes) = imported("![a](p.png)\n\n- ![b](q.png)\n\n<img src=\"r.png\">\n");
        assert_eq!(
            notes,
            ["p", "q", "r"]
                .iter()
                .zip([1, 3, 5])
                .map(|(name, line)| { format!("{line}: picture `{name}.png`: keeps its address") })
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_rule_is_a_divider_and_html_is_html() {
        assert_eq!(only("* * *\n"), is("Divider", json!({})));
        let html = "<div class=\"a\">\n  <b>x</b>\n</div>";
        assert_eq!(only(html), is("Html", json!({ "html": html })));
        assert_eq!(only("<!-- more -->\n"), is("Html", json!({ "html": "<!-- more -->" })));
    }

    #[test]
    fn a_quote_of_plain_text_is_a_quote_and_any_other_stays_markdown() {
        assert_eq!(only("> a\n> b\nc\n>\n> d\n"), is("Quote", json!({ "quote": "a b c\n\nd" })));
        for text in ["> a *b*", "> a\n> - b", "> [a](/b)", "> a &amp; b", r"> a \* b", "> [!NOTE]\n> a", ">"]
        {
            verbatim(text);
        }
    }
}
