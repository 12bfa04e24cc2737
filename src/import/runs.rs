//! A body becomes the blocks of a page: what has a block of its own, and between them runs of
//! Markdown as the author wrote it.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, Tag};
use serde_json::{Value, json};

use super::block::{LONG, Source, block, split_long};
use super::body::{Body, Definition, Piece};
use super::html::OpenElements;
use super::links::References;
use super::report::Notes;

/// How many pieces an HTML element may reach over; without a bound, many that are never closed would
/// each be looked for to the end.
const FARTHEST: usize = 500;

/// A stretch of the page.
enum Part {
    /// Blocks of their own, and the source they stand for.
    Made(Vec<Value>, Range<usize>),
    /// Markdown that stays Markdown: pieces of the source.
    Run(Vec<Range<usize>>),
}

impl Part {
    fn holds(&self, offset: usize) -> bool {
        match self {
            Self::Made(_, span) => span.contains(&offset),
            Self::Run(spans) => spans.iter().any(|span| span.contains(&offset)),
        }
    }
}

/// The blocks of a body. A heading at its top that says the page's title again is left out.
pub(super) fn blocks(source: &Source<'_, '_>, title: &str, notes: &mut Notes<'_>) -> Vec<Value> {
    let mut pieces = keep_elements_whole(source, source.body.pieces());
    note_leftovers(source, &pieces, notes);
    if pieces.first().is_some_and(|first| is_title(source, first, title)) {
        let heading = pieces.remove(0);
        notes.title_heading(heading.span.start, title);
        source.note_anchor(heading.events.start, notes);
    }
    let mut parts: Vec<Part> = Vec::new();
    for piece in &pieces {
        match (source.convert(piece, notes), parts.last_mut()) {
            (Some(blocks), _) => parts.push(Part::Made(blocks, piece.span.clone())),
            (None, Some(Part::Run(spans))) => spans.push(piece.span.clone()),
            (None, _) => parts.push(Part::Run(vec![piece.span.clone()])),
        }
    }
    bring_footnotes_home(source, &pieces, &mut parts, notes);
    let uses = source.body.uses();
    note_unused_definitions(source, &uses, &parts, notes);
    let mut blocks = Vec::new();
    for part in parts {
        match part {
            Part::Made(made, _) => blocks.extend(made),
            Part::Run(spans) => blocks.extend(rich_text(source, &uses, &spans, notes)),
        }
    }
    blocks
}

fn is_title(source: &Source<'_, '_>, piece: &Piece, title: &str) -> bool {
    let inner = piece.events.start + 1..piece.events.end - 1;
    matches!(source.body.events[piece.events.start].0, Event::Start(Tag::Heading { .. }))
        && source.line(inner).split_whitespace().eq(title.split_whitespace())
}

/// HTML that leaves an element open is one piece with all that follows up to its end: apart they
/// would be two halves of nothing.
fn keep_elements_whole(source: &Source<'_, '_>, pieces: Vec<Piece>) -> Vec<Piece> {
    let mut whole: Vec<Piece> = Vec::new();
    let mut rest = pieces.as_slice();
    while let Some(first) = rest.first() {
        let len = element_len(source, rest);
        let last = &rest[len - 1];
        whole.push(Piece {
            events: first.events.start..last.events.end,
            span: first.span.start..last.span.end,
        });
        rest = &rest[len..];
    }
    whole
}

/// How many pieces it takes to close what the first one opens; one if nothing closes it.
fn element_len(source: &Source<'_, '_>, pieces: &[Piece]) -> usize {
    if !matches!(source.body.events[pieces[0].events.start].0, Event::Start(Tag::HtmlBlock)) {
        return 1;
    }
    let mut open = OpenElements::default();
    let mut enough = None;
    for (index, piece) in pieces.iter().take(FARTHEST).enumerate() {
        for (event, range) in &source.body.events[piece.events.clone()] {
            if matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_)) {
                open.read(&source.body.text[range.clone()]);
            }
        }
        if open.is_empty() {
            return index + 1;
        }
        enough = enough.or(open.is_balanced().then_some(index + 1));
    }
    enough.unwrap_or(1)
}

/// A footnote all of whose references stand in one run moves to the end of that run, where a
/// reader of the block finds it. Others stay where they are and are noted.
fn bring_footnotes_home(
    source: &Source<'_, '_>,
    pieces: &[Piece],
    parts: &mut Vec<Part>,
    notes: &mut Notes<'_>,
) {
    let footnotes = footnotes(source, pieces);
    let references = footnote_references(source);
    for (label, span) in &footnotes {
        let mut from =
            references.iter().filter(|(it, at)| it == label && !span.contains(at)).map(|(_, at)| *at);
        let Some(home) = from.next().and_then(|first| parts.iter().position(|part| part.holds(first))) else {
            continue;
        };
        let Some(away) = parts.iter().position(|part| part.holds(span.start)) else { continue };
        if away != home && from.all(|at| parts[home].holds(at)) {
            move_span(parts, away, home, span);
        }
    }
    parts.retain(|part| !matches!(part, Part::Run(spans) if spans.is_empty()));
    for (label, at) in references {
        let Some((_, span)) = footnotes.iter().find(|(it, _)| *it == label) else { continue };
        if !parts.iter().any(|part| part.holds(at) && part.holds(span.start)) {
            notes.at(at, format!("footnote `[^{label}]`: its text is in another block"));
        }
    }
}

/// The footnotes of the top level: label and source.
fn footnotes(source: &Source<'_, '_>, pieces: &[Piece]) -> Vec<(String, Range<usize>)> {
    let footnote = |piece: &Piece| match &source.body.events[piece.events.start].0 {
        Event::Start(Tag::FootnoteDefinition(label)) => Some((label.to_lowercase(), piece.span.clone())),
        _ => None,
    };
    pieces.iter().filter_map(footnote).collect()
}

/// Where footnotes are referred to: label and place.
fn footnote_references(source: &Source<'_, '_>) -> Vec<(String, usize)> {
    let reference = |(event, range): &(Event<'_>, Range<usize>)| match event {
        Event::FootnoteReference(label) => Some((label.to_lowercase(), range.start)),
        _ => None,
    };
    source.body.events.iter().filter_map(reference).collect()
}

fn move_span(parts: &mut [Part], away: usize, home: usize, span: &Range<usize>) {
    if !matches!(parts[home], Part::Run(_)) {
        return;
    }
    if let Part::Run(spans) = &mut parts[away] {
        spans.retain(|it| it != span);
    }
    if let Part::Run(spans) = &mut parts[home] {
        spans.push(span.clone());
    }
}

/// One RichText for a run; more if it is too long for one.
fn rich_text(
    source: &Source<'_, '_>,
    uses: &[(usize, &Definition)],
    spans: &[Range<usize>],
    notes: &mut Notes<'_>,
) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut rest = spans;
    while !rest.is_empty() {
        let mut len = 0;
        let fitting = rest.iter().take_while(|span| {
            len += span.len() + 2;
            len <= LONG
        });
        let (run, after) = rest.split_at(fitting.count().max(1));
        let definitions = definitions_for(source, uses, run);
        let text = run_text(source, run);
        for part in split_long(text.trim_end(), run[0].start, notes) {
            blocks.push(block("RichText", json!({ "body": with_definitions(part, &definitions) })));
        }
        rest = after;
    }
    blocks
}

/// A text with its definitions below it, or above it where something in the text would hide them:
/// a fence left open, or another definition of the label inside a quote.
fn with_definitions(text: String, definitions: &[String]) -> String {
    if definitions.is_empty() {
        return text;
    }
    let list = definitions.join("\n");
    let below = format!("{text}\n\n{list}");
    let read = Body::parse(&below).definitions.iter().filter(|it| it.span.start > text.len()).count();
    if read == definitions.len() { below } else { format!("{list}\n\n{text}") }
}

fn run_text(source: &Source<'_, '_>, spans: &[Range<usize>]) -> String {
    let mut text = String::new();
    let mut end = None;
    for span in spans {
        if let Some(end) = end {
            let gap = source.body.text.get(end..span.start).filter(|gap| gap.trim().is_empty());
            text.push_str(gap.filter(|gap| gap.contains('\n')).unwrap_or("\n\n"));
        }
        text.push_str(&source.links.slice(source.body.text, span.clone(), References::Kept));
        end = Some(span.end);
    }
    text
}

/// The link definitions a run uses and does not hold.
fn definitions_for(
    source: &Source<'_, '_>,
    uses: &[(usize, &Definition)],
    spans: &[Range<usize>],
) -> Vec<String> {
    let holds = |offset: usize| spans.iter().any(|span| span.contains(&offset));
    let within = |span: &Range<usize>| {
        let from = uses.partition_point(|(at, _)| *at < span.start);
        let to = uses.partition_point(|(at, _)| *at < span.end);
        uses[from..to].iter().map(|(_, definition)| *definition)
    };
    let mut used: Vec<&Definition> = spans.iter().flat_map(within).collect();
    used.sort_by_key(|definition| definition.span.start);
    used.dedup();
    used.retain(|definition| !holds(definition.span.start));
    used.into_iter().map(|definition| source.links.definition(source.body, definition)).collect()
}

fn note_unused_definitions(
    source: &Source<'_, '_>,
    uses: &[(usize, &Definition)],
    parts: &[Part],
    notes: &mut Notes<'_>,
) {
    let used: HashSet<usize> = uses.iter().map(|(_, definition)| definition.span.start).collect();
    let unused = source.body.definitions.iter().filter(|definition| !used.contains(&definition.span.start));
    for Definition { label, span } in unused {
        if !parts.iter().any(|part| matches!(part, Part::Run(_)) && part.holds(span.start)) {
            notes.at(span.start, format!("link definition `[{label}]`, which nothing uses: left out"));
        }
    }
}

/// Notes the text between blocks that is no definition in force: a label that is defined again.
fn note_leftovers(source: &Source<'_, '_>, pieces: &[Piece], notes: &mut Notes<'_>) {
    let definitions = source.body.definitions.iter().map(|definition| &definition.span);
    let mut taken: Vec<&Range<usize>> = pieces.iter().map(|piece| &piece.span).chain(definitions).collect();
    taken.sort_by_key(|range| range.start);
    let mut at = 0;
    let end = source.body.text.len();
    for next in taken.into_iter().chain([&(end..end)]) {
        let gap = source.body.text.get(at..next.start).unwrap_or_default();
        let text = gap.trim();
        if !text.is_empty() {
            let offset = at + gap.len() - gap.trim_start().len();
            notes.at(offset, format!("`{text}`: defined before, left out"));
        }
        at = at.max(next.end);
    }
}

#[cfg(test)]
pub(in crate::import) mod tests {
    use super::super::links::Links;
    use super::super::report::Report;
    use super::super::site::Site;
    use super::*;

    /// The blocks of a body on a site without other pages, and what was noted, line by line.
    pub(in crate::import) fn imported(text: &str) -> (Vec<Value>, Vec<String>) {
        let mut report = Report::default();
        let body = Body::parse(text);
        let mut notes = Notes::new(&mut report, "a.md", text, 1);
        let links = Links::follow(&body, &Site::new(None, &[]), "a.md", &mut notes);
        let blocks = blocks(&Source { body: &body, links: &links }, "The title", &mut notes);
        report.sort();
        (blocks, report.unmapped.into_iter().map(|it| format!("{}: {}", it.line, it.what)).collect())
    }

    fn rich(body: &str) -> Value {
        json!({ "type": "RichText", "props": { "body": body } })
    }

    fn heading(text: &str) -> Value {
        json!({ "type": "Heading", "props": { "text": text, "level": 2 } })
    }

    #[test]
    fn paragraphs_between_other_blocks_are_one_rich_text_as_they_were_written() {
        let (blocks, notes) = imported("One *a*  \nb\n\n\nTwo &amp; <b>c</b>\n\n## H\nThree\n");
        assert_eq!(blocks, [rich("One *a*  \nb\n\n\nTwo &amp; <b>c</b>"), heading("H"), rich("Three")]);
        assert!(notes.is_empty());
    }

    #[test]
    fn an_empty_body_has_no_blocks() {
        for text in ["", "\n\n", "   \n"] {
            assert!(imported(text).0.is_empty());
        }
    }

    #[test]
    fn the_title_is_not_said_twice_but_only_at_the_top() {
        assert_eq!(imported("# The title\n\ntext").0, [rich("text")]);
        assert_eq!(imported("The title {#t}\n===\n\ntext").1, ["1: anchor `#t` of a heading"]);
        assert_eq!(imported("## The *title*").0, [heading("The *title*")]);
        assert_eq!(imported("text\n\n## The title").0, [rich("text"), heading("The title")]);
    }

    #[test]
    fn a_run_brings_the_definitions_it_uses_and_no_others() {
        let text = "[a]\n\n[a]: /1\n\n## H\n\n[b] and [a]\n\n[b]: /2 'T'\n[c]: /3\n[A]: /4\n";
        let (blocks, notes) = imported(text);
        let expected = [rich("[a]\n\n[a]: /1"), heading("H"), rich("[b] and [a]\n\n[a]: /1\n[b]: /2 'T'")];
        assert_eq!(blocks, expected);
        assert_eq!(
            notes[notes.len() - 2..],
            [
                "10: link definition `[c]`, which nothing uses: left out",
                "11: `[A]: /4`: defined before, left out",
            ]
        );
    }

    #[test]
    fn a_footnote_moves_to_the_only_run_that_uses_it() {
        let text = "A[^1]\n\n## H\n\nB[^2]\n\n[^1]: one\n\n    more\n\n[^2]: two\n";
        let (blocks, notes) = imported(text);
        let expected = [rich("A[^1]\n\n[^1]: one\n\n    more"), heading("H"), rich("B[^2]\n\n[^2]: two")];
        assert_eq!(blocks, expected);
        assert!(notes.is_empty());
    }

    #[test]
    fn a_footnote_of_two_blocks_stays_and_is_noted() {
        let (blocks, notes) = imported("A[^1]\n\n## H\n\nB[^1]\n\n## C[^2]\n\n[^1]: one\n\n[^2]: two\n");
        assert_eq!(blocks.last(), Some(&rich("[^1]: one\n\n[^2]: two")));
        let expected = [(1, 1), (5, 1), (7, 2)]
            .map(|(line, label)| format!("{line}: footnote `[^{label}]`: its text is in another block"));
        assert_eq!(notes, expected);
    }

    #[test]
    fn html_that_is_closed_further_down_is_one_piece_with_what_it_holds() {
        let text = "<details>\n<summary>S</summary>\n\n## In\n\n- a\n- b\n\n</details>\n\n## Out\n";
        let inside = text.split("\n\n## Out").next().unwrap();
        assert_eq!(imported(text).0, [rich(inside), heading("Out")]);
        let (blocks, _) = imported("<div>\n\n## In\n");
        assert_eq!(blocks[1], heading("In"));
        let (blocks, _) = imported("<p align=\"center\">\n\ntext\n\n</p>\n\n## Out");
        assert_eq!(blocks.len(), 2);
    }

    #[test]
    fn what_is_too_long_for_one_block_is_split_between_paragraphs() {
        let paragraph = "wörd ".repeat(20_000).trim_end().to_owned();
        let text = [paragraph.as_str(); 12].join("\n\n");
        let (blocks, _) = imported(&text);
        let bodies: Vec<&str> = blocks.iter().filter_map(|it| it["props"]["body"].as_str()).collect();
        assert!(bodies.len() > 1 && bodies.iter().all(|body| body.chars().count() <= LONG));
        assert_eq!(bodies.join("\n\n"), text);
        let (blocks, notes) = imported(&"x".repeat(LONG + 1));
        assert_eq!((blocks.len(), notes.len()), (2, 1));
    }
}
