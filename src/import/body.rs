//! A body read once: its events with their places in the source, and its link definitions.
//!
//! Blocks are cut out of the source by these places. Nothing is written anew from events, so what
//! the author typed stays as it was typed.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

/// What the events of one top-level block are, and the source they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Indexes of its events.
    pub(super) events: Range<usize>,
    /// Offsets in the source, from the beginning of its first line.
    pub(super) span: Range<usize>,
}

/// A link definition (`[label]: destination "title"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) label: String,
    pub(super) span: Range<usize>,
}

/// A parsed body.
pub(super) struct Body<'a> {
    pub(super) text: &'a str,
    pub(super) events: Vec<(Event<'a>, Range<usize>)>,
    /// In the order of the source.
    pub(super) definitions: Vec<Definition>,
    /// For the event of a reference link or picture: where its definition begins.
    references: HashMap<usize, usize>,
}

impl<'a> Body<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM;
        let mut parser = Parser::new_ext(text, options).into_offset_iter();
        let mut events = Vec::new();
        let mut references = HashMap::new();
        let mut labels = EmptyLabels::default();
        while let Some((event, mut range)) = parser.next() {
            range.end += labels.missing_after(&event, text, range.end);
            if let Some(label) = reference(&event)
                && let Some(definition) = parser.reference_definitions().get(label)
            {
                references.insert(events.len(), definition.span.start);
            }
            events.push((event, range));
        }
        let known = parser.reference_definitions().iter();
        let mut definitions: Vec<Definition> =
            known.map(|(label, it)| Definition { label: label.to_owned(), span: it.span.clone() }).collect();
        definitions.sort_by_key(|definition| definition.span.start);
        Self { text, events, definitions, references }
    }

    /// The definition a reference link or picture uses.
    pub(super) fn definition_of(&self, event: usize) -> Option<&Definition> {
        let start = self.references.get(&event)?;
        let index = self.definitions.binary_search_by_key(start, |it| it.span.start).ok()?;
        self.definitions.get(index)
    }

    /// The places that use a definition, in order.
    pub(super) fn uses(&self) -> Vec<(usize, &Definition)> {
        let place = |&event: &usize| Some((self.events[event].1.start, self.definition_of(event)?));
        let mut uses: Vec<_> = self.references.keys().filter_map(place).collect();
        uses.sort_by_key(|(at, _)| *at);
        uses
    }

    /// The top-level blocks, in order.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < self.events.len() {
            let end = self.end_of(at);
            let mut span = self.whole_lines(at..end + 1);
            if matches!(self.events[at].0, Event::Start(Tag::Paragraph)) {
                let above = pieces.last().map_or(0, |piece: &Piece| piece.span.end);
                span.start = self.with_definitions_above(span.start, above);
            }
            pieces.push(Piece { events: at..end + 1, span });
            at = end + 1;
        }
        pieces
    }

    /// The event that ends what the event at `start` begins; itself, if that is all there is.
    pub(super) fn end_of(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        for (index, (event, _)) in self.events.iter().enumerate().skip(start) {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return index;
            }
        }
        self.events.len() - 1
    }

    /// The source of a run of inline events; nothing if there are none.
    pub(super) fn inline_span(&self, events: Range<usize>) -> Option<Range<usize>> {
        let events = &self.events[events];
        let (_, first) = events.first()?;
        let end = events.iter().map(|(_, range)| range.end).max()?;
        // An escaped character is an event without its backslash.
        let escaped = first.start > 0 && self.text.as_bytes()[first.start - 1] == b'\\';
        Some(first.start - usize::from(escaped)..end)
    }

    /// The text a reader sees of a run of inline events.
    pub(super) fn plain_text(&self, events: Range<usize>) -> String {
        let mut text = String::new();
        for (event, _) in &self.events[events] {
            match event {
                Event::Text(it) | Event::Code(it) => text.push_str(it),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where a paragraph begins when the definitions right above it, but not before `above`, are
    /// counted in. They are part of it: without them, a line such as `3. text` would begin a list.
    fn with_definitions_above(&self, paragraph: usize, above: usize) -> usize {
        let gap = self.text.get(above..paragraph).unwrap_or_default();
        let lines = gap.split_inclusive('\n').rev().take_while(|line| !line.trim().is_empty());
        paragraph - lines.map(str::len).sum::<usize>()
    }

    /// The source of a block without the line break at its end and with the indentation before it:
    /// without that, the first item of an indented list would no longer stand in line with the others.
    fn whole_lines(&self, events: Range<usize>) -> Range<usize> {
        let range = &self.events[events.start].1;
        let line = self.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let start = if self.text[line..range.start].trim().is_empty() { line } else { range.start };
        let end = self.events[events].iter().map(|event| self.content_end(event)).max().unwrap_or(range.end);
        start..start + self.text[start..end].trim_end_matches('\n').len()
    }

    /// How far an event reaches. The parser may count definitions below a list or a footnote into
    /// it; so those reach as far as what they hold, and that is their first line if nothing else.
    fn content_end(&self, (event, range): &(Event<'_>, Range<usize>)) -> usize {
        match event {
            Event::Start(Tag::List(_) | Tag::Item | Tag::FootnoteDefinition(_)) => {
                let first_line = self.text[range.clone()].lines().next().unwrap_or_default();
                range.start + first_line.len()
            }
            Event::End(TagEnd::List(_) | TagEnd::Item | TagEnd::FootnoteDefinition) => range.start,
            _ => range.end,
        }
    }
}

/// The parser ends a link such as `[text][]` before its empty label; a cut made there would lose it.
#[derive(Default)]
struct EmptyLabels {
    /// For every link or picture that is open, the length of what is missing at its end.
    missing: Vec<usize>,
}

impl EmptyLabels {
    /// How much further than `end` an event reaches.
    fn missing_after(&mut self, event: &Event<'_>, text: &str, end: usize) -> usize {
        match event {
            Event::Start(Tag::Link { link_type, .. } | Tag::Image { link_type, .. }) => {
                let is_cut = *link_type == LinkType::Collapsed && text[end..].starts_with("[]");
                let missing = if is_cut { "[]".len() } else { 0 };
                self.missing.push(missing);
                missing
            }
            Event::End(TagEnd::Link | TagEnd::Image) => self.missing.pop().unwrap_or_default(),
            _ => 0,
        }
    }
}

fn reference<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    match event {
        Event::Start(Tag::Link { link_type, id, .. } | Tag::Image { link_type, id, .. }) => match link_type {
            LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => Some(id),
            LinkType::Inline
            | LinkType::Autolink
            | LinkType::Email
            | LinkType::ReferenceUnknown
            | LinkType::CollapsedUnknown
            | LinkType::ShortcutUnknown
            | LinkType::WikiLink { .. } => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_blocks_of_the_top_level_from_the_beginning_of_their_lines() {
        let body = Body::parse("para\n\n  - a\n  - b\n\n***\n\n> q\n");
        let cut: Vec<&str> = body.pieces().into_iter().map(|it| &body.text[it.span]).collect();
        assert_eq!(cut, ["para", "  - a\n  - b", "***", "> q"]);
    }

    #[test]
    fn a_reference_finds_its_definition_whatever_its_case() {
        let body = Body::parse("[a][One] and [ONE]\n\n[one]: /x 'T'\n");
        let used: Vec<&str> = body.uses().into_iter().map(|(_, it)| &body.text[it.span.clone()]).collect();
        assert_eq!(used, ["[one]: /x 'T'", "[one]: /x 'T'"]);
    }

    #[test]
    fn a_definition_right_above_a_paragraph_is_part_of_it() {
        let body = Body::parse("[a]: /x\n\n[b]: /y\n[c]: /z\n3. text\n");
        let cut: Vec<&str> = body.pieces().into_iter().map(|it| &body.text[it.span]).collect();
        assert_eq!(cut, ["[b]: /y\n[c]: /z\n3. text"]);
    }

    #[test]
    fn an_empty_label_belongs_to_its_link() {
        let body = Body::parse("*[a][]* ![a][]\n\n[a]: /x");
        let links = body.events.iter().filter(|(event, _)| reference(event).is_some());
        let cut: Vec<&str> = links.map(|(_, range)| &body.text[range.clone()]).collect();
        assert_eq!(cut, ["[a][]", "![a][]"]);
    }

    #[test]
    fn an_escape_at_the_beginning_belongs_to_the_inline_source() {
        let body = Body::parse(r"# \# not a mark \#");
        assert_eq!(
            body.inline_span(1..body.events.len() - 1).map(|it| &body.text[it]),
            Some(r"\# not a mark \#")
        );
    }
}
