//! A reader of Markdown, to see whether a page says what its file says.

use std::collections::HashMap;

use proptest::prelude::*;
use pulldown_cmark::{Event, Tag};
use serde_json::Value;

use super::body::Body;
use super::runs::tests::imported;
use crate::content::schema::builtin;

/// What a reader of some Markdown sees: its words, and where its links lead.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) words: Vec<String>,
    pub(super) links: Vec<String>,
}

impl Reading {
    pub(super) fn markdown(text: &str) -> Self {
        let mut reading = Self::default();
        reading.read(text);
        reading
    }

    pub(super) fn blocks(blocks: &[Value]) -> Self {
        let mut reading = Self::default();
        blocks.iter().for_each(|block| reading.block(block));
        reading
    }

    fn words(&mut self, text: &str) {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        self.words.extend(words.map(str::to_owned));
    }

    fn read(&mut self, text: &str) {
        for (event, _) in Body::parse(text).events {
            match event {
                Event::Text(it) | Event::Code(it) | Event::Html(it) | Event::InlineHtml(it) => {
                    self.words(&it)
                }
                Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.to_string()),
                _ => {}
            }
        }
    }

    fn block(&mut self, block: &Value) {
        let props = &block["props"];
        let texts = |key: &str| props[key].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        // Words before it keep a line from being read as the beginning of a block.
        let inline = |value: &Value| format!("| {}", text(value));
        match block["type"].as_str().unwrap() {
            "RichText" => self.read(&text(&props["body"])),
            "Heading" => self.read(&inline(&props["text"])),
            "List" => texts("items").iter().for_each(|item| self.read(&inline(&item["text"]))),
            "Table" => {
                let cells =
                    texts("rows").into_iter().flat_map(|row| row.as_array().cloned().unwrap_or_default());
                texts("headers").into_iter().chain(cells).for_each(|cell| self.read(&inline(&cell)));
            }
            "Code" => self.words(&text(&props["code"])),
            "Html" => self.words(&text(&props["html"])),
            "Quote" => self.words(&text(&props["quote"])),
            "Image" => {
                self.words(&text(&props["imageAlt"]));
                self.links.extend(props["href"].as_str().map(str::to_owned));
            }
            "Divider" => {}
            other => panic!("{other}"),
        }
    }
}

/// What `left` has and `right` has not, counting each as often as it stands there.
pub(super) fn without(left: &[String], right: &[String]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in right {
        *counts.entry(word).or_default() += 1;
    }
    let mut rest = left.to_vec();
    rest.retain(|word| match counts.get_mut(word.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    rest
}

/// What the block types say against the blocks.
pub(super) fn refusals(blocks: &[Value]) -> Vec<String> {
    let refusal = |block: &Value| {
        let kind = block["type"].as_str().unwrap();
        builtin(kind).unwrap().check(&block["props"]).err().map(|problems| format!("{kind}: {problems:?}"))
    };
    blocks.iter().filter_map(refusal).collect()
}

/// Pieces of Markdown that get in each other's way.
fn fragment() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "word",
        "*a* b",
        "# head",
        "## h {#id}",
        "under\n---",
        "- item",
        "  - nested",
        "1. one",
        "3. three",
        "- [ ] do",
        "> quote",
        "> *q*",
        "> - ql",
        "```rust\ncode\n```",
        "```",
        "    indented",
        "***",
        "| a | b |\n|---|:-:|\n| c | d |",
        "|x|\n|-|\n|y|z|",
        "[t][r] and [r][] and [r]",
        "[r]: https://r.org 'T'",
        "[s]: /s",
        "![p](p.png)",
        "[![i](i.png)](/l)",
        "![p][s]",
        "f[^1]",
        "[^1]: note",
        "[^2]: two\n\n    paragraphs",
        "g[^2] [^1]",
        "<div>",
        "</div>",
        "<b>in</b> line",
        "<!-- c",
        "-->",
        "<p>",
        "<https://a.org/b_c>",
        "\\# esc \\",
        "&amp; &#x41;",
        "`co\nde`",
        "hard  ",
        "back\\",
        "\t tab",
        "ünï 日本",
        "[u][none]",
        "[e](<a b> \"t\")",
        "~~s~~ | pipe",
        "<details>",
        "</details>",
        "a\n===",
        "* ",
        "[^1]",
        "> [r]: /other",
        "- [q]: /q",
        "",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_written_no_word_and_no_link_is_lost_and_every_block_is_good(
        parts in proptest::collection::vec((fragment(), proptest::sample::select(vec!["\n", "\n\n"])), 0..14)
    ) {
        let text: String = parts.iter().flat_map(|(text, end)| [*text, *end]).collect();
        let (blocks, _) = imported(&text);
        let (source, made) = (Reading::markdown(&text), Reading::blocks(&blocks));
        prop_assert_eq!(without(&source.words, &made.words), Vec::<String>::new(), "{} {:#?}", text, blocks);
        prop_assert_eq!(refusals(&blocks), Vec::<String>::new());
        prop_assert_eq!(without(&source.links, &made.links), Vec::<String>::new(), "{} {:#?}", text, blocks);
    }
}
