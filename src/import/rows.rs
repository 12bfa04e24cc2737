//! Lists and tables: blocks made of many lines of inline Markdown.

use std::ops::Range;

use pulldown_cmark::{Alignment, Event, Tag};
use serde_json::{Value, json};

use super::block::{LONG, Source, block, fits};
use super::report::Notes;

/// The most items or rows a block takes.
const MOST: usize = 2_000;

/// A flat list that begins at one and has one paragraph an item.
pub(super) fn list(source: &Source<'_, '_>, inner: Range<usize>, start: Option<u64>) -> Option<Value> {
    if start.is_some_and(|start| start != 1) {
        return None;
    }
    let mut items = Vec::new();
    for item in children(source, &inner) {
        let text = item_text(source, item)?;
        items.push(json!({ "text": text }));
    }
    let fits = !items.is_empty() && items.len() <= MOST;
    fits.then(|| block("List", json!({ "ordered": start.is_some(), "items": items })))
}

fn item_text(source: &Source<'_, '_>, item: Range<usize>) -> Option<String> {
    let events = &source.body.events[item.clone()];
    let text = match events.first()?.0 {
        Event::Start(Tag::Paragraph) if source.body.end_of(item.start) + 1 == item.end => {
            item.start + 1..item.end - 1
        }
        _ => item,
    };
    let flat = source.body.events[text.clone()].iter().all(|(event, _)| is_flat(event));
    fits(source.line(text), LONG).filter(|text| flat && !text.is_empty())
}

/// Whether one line of inline Markdown can say it. A footnote's text would be in another block.
fn is_flat(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => matches!(
            tag,
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
        ),
        Event::Text(_) | Event::Code(_) | Event::InlineHtml(_) | Event::SoftBreak | Event::End(_) => true,
        Event::FootnoteReference(_)
        | Event::HardBreak
        | Event::Html(_)
        | Event::InlineMath(_)
        | Event::DisplayMath(_)
        | Event::Rule
        | Event::TaskListMarker(_) => false,
    }
}

/// A table with a head and rows. Its alignment is not kept, and that is noted.
pub(super) fn table(
    source: &Source<'_, '_>,
    inner: Range<usize>,
    alignments: &[Alignment],
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let mut lines = children(source, &inner).map(|row| cells(source, row));
    let headers = lines.next()??;
    let rows: Vec<Vec<String>> = lines.collect::<Option<_>>()?;
    if headers.is_empty() || rows.is_empty() || headers.len().max(rows.len()) > MOST {
        return None;
    }
    if alignments.iter().any(|alignment| *alignment != Alignment::None) {
        notes.at(source.body.events[inner.start].1.start, "table: alignment of its columns");
    }
    Some(block("Table", json!({ "headers": headers, "rows": rows })))
}

/// The cells of a row; nothing if the row has more of them than the head.
fn cells(source: &Source<'_, '_>, row: Range<usize>) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut end = None;
    for cell in children(source, &row) {
        if !source.body.events[cell.clone()].iter().all(|(event, _)| is_flat(event)) {
            return None;
        }
        end = Some(source.body.events[cell.start - 1].1.end);
        // Outside of a table a pipe needs no escape, and inside code the escape would show.
        cells.push(fits(source.line(cell).replace("\\|", "|"), LONG)?);
    }
    let whole = &source.body.events[row.start - 1].1;
    let over = source.body.text.get(end?..whole.end).unwrap_or_default();
    over.trim_matches(|c: char| c.is_whitespace() || c == '|').is_empty().then_some(cells)
}

/// What the children of a list, table or row hold: the events within each.
fn children(source: &Source<'_, '_>, inner: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let (mut at, end) = (inner.start, inner.end);
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let first = at;
        let last = source.body.end_of(first);
        at = last + 1;
        Some(first + 1..last)
    })
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::imported;
    use super::*;

    fn only(text: &str) -> Value {
        let (mut blocks, _) = imported(text);
        assert_eq!(blocks.len(), 1, "{blocks:?}");
        blocks.remove(0)
    }

    fn verbatim(text: &str) {
        assert_eq!(only(text), block("RichText", json!({ "body": text })));
    }

    #[test]
    fn a_flat_list_is_a_list_of_lines() {
        let items = json!([{ "text": "a *b* c" }, { "text": "[d](/e)" }, { "text": r"\[f]" }]);
        let expected = block("List", json!({ "ordered": false, "items": items }));
        assert_eq!(only("* a *b*\n  c\n* [d][r]\n* \\[f]\n\n[r]: /e\n"), expected);
        assert_eq!(only("* a *b*\nc\n\n* [d][r]\n\n* \\[f]\n\n[r]: /e\n"), expected);
        assert_eq!(only("1) a\n1) b\n")["props"]["ordered"], true);
    }

    #[test]
    fn a_list_that_is_more_than_lines_stays_markdown() {
        for text in [
            "- a\n  - b",
            "- a\n\n  b",
            "- [ ] a\n- [x] b",
            "2. a\n3. b",
            "- a\n-",
            "- a  \n  b",
            "- # a",
            "  - a\n\n    ```\n    code\n    ```\n  - b",
        ] {
            verbatim(text);
        }
        verbatim(vec!["- a"; MOST + 1].join("\n").as_str());
    }

    #[test]
    fn a_footnote_in_a_list_keeps_the_list_with_its_footnote() {
        verbatim("- a[^1]\n- b\n\n[^1]: note");
    }

    #[test]
    fn a_table_has_cells_of_inline_markdown() {
        let text = "| A | *B* |\n|---|---|\n| `x\\|y` | [d][r] |\n| only |\n\n[r]: /e";
        let rows = json!([["`x|y`", "[d](/e)"], ["only", ""]]);
        assert_eq!(only(text), block("Table", json!({ "headers": ["A", "*B*"], "rows": rows })));
    }

    #[test]
    fn the_alignment_of_a_table_is_noted_once() {
        let (blocks, notes) = imported("text\n\n|A|B|\n|:-|-:|\n|a|b|");
        assert_eq!(blocks[1]["type"], "Table");
        assert_eq!(notes, ["3: table: alignment of its columns"]);
    }

    #[test]
    fn a_table_that_would_lose_something_stays_markdown() {
        verbatim("|A|\n|-|\n|a|b|");
        verbatim("|A|\n|-|");
        verbatim(&["|a", "|-", "|b"].map(|cell| cell.repeat(MOST + 1)).join("\n"));
    }
}
