//! The internal links of Markdown texts.
//!
//! A link is an inline link or a reference definition. The destinations of images are none, nor is anything in
//! code, in raw HTML or in prose, nor an autolink.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, OffsetIter, Options, Parser, Tag, TagEnd};

use super::{Link, Notation, destination};

/// An internal link of a Markdown text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The normalised slug that the link names; no page need have it.
    pub slug: String,
    /// Where the path part of the destination stands in the source, in bytes.
    pub path: Range<usize>,
}

/// How Markdown is read in Osier: CommonMark with tables, footnotes and strikethrough.
///
/// Whatever renders Markdown must read it so too, or it would show links that a rename leaves behind.
pub fn markdown_options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH
}

/// Every internal link of a Markdown text, in the order of the source.
///
/// A reference definition counts whether or not it is used, unless only images use it.
pub fn in_markdown(text: &str) -> Vec<Found> {
    if !may_have_links(text) {
        return Vec::new();
    }
    let mut reader =
        Reader { text, open: Vec::new(), found: Vec::new(), linked: HashSet::new(), shown: HashSet::new() };
    let mut events = Parser::new_ext(text, markdown_options()).into_offset_iter();
    while let Some((event, range)) = events.next() {
        reader.read(&events, event, range);
    }
    reader.read_definitions(&events);
    reader.found.sort_unstable_by_key(|found| found.path.start);
    reader.found
}

/// Leads the links of a Markdown text elsewhere: where `f` answers a slug with another one, the path becomes that.
///
/// None if nothing changed.
pub fn rewrite_markdown(text: &str, f: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
    edit(text, &mut |link| link.led_by(f))
}

/// The text with the paths for which `f` gives a new source text replaced; none if that changes nothing.
pub(super) fn edit(text: &str, f: &mut dyn FnMut(&Link<'_>) -> Option<String>) -> Option<String> {
    let (mut edited, mut copied) = (String::new(), 0);
    for Found { slug, path } in in_markdown(text) {
        let source = &text[path.clone()];
        let new = f(&Link { slug: &slug, path: source, notation: Notation::Markdown });
        if let Some(new) = new.filter(|new| new != source) {
            edited.push_str(&text[copied..path.start]);
            edited.push_str(&new);
            copied = path.end;
        }
    }
    if copied == 0 {
        return None;
    }
    edited.push_str(&text[copied..]);
    Some(edited)
}

/// A cheap look for what an internal link cannot do without, since most texts have none and need no parsing.
fn may_have_links(text: &str) -> bool {
    text.match_indices(']').any(|(at, _)| {
        matches!(text.as_bytes().get(at + 1), Some(b'(' | b':')) && destination::may_be_internal(text, at + 2)
    })
}

/// A link whose end the parser has not told yet.
struct Open<'a> {
    /// What it leads to; none if a definition says that.
    inline: Option<CowStr<'a>>,
    /// Where the label as read so far ends.
    label_end: usize,
}

struct Reader<'a> {
    text: &'a str,
    open: Vec<Open<'a>>,
    found: Vec<Found>,
    /// Where the definitions that links use begin.
    linked: HashSet<usize>,
    /// Where the definitions that images use begin.
    shown: HashSet<usize>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, events: &OffsetIter<'a>, event: Event<'a>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, id, .. }) => {
                let inline = (link_type == LinkType::Inline).then_some(dest_url);
                self.linked.extend(used_definition(events, link_type, &id));
                self.open.push(Open { inline, label_end: range.start + 1 });
            }
            Event::End(TagEnd::Link) => {
                let closed = self.open.pop();
                self.found.extend(closed.and_then(|link| inline_link(self.text, link)));
                self.grow_label(range.end);
            }
            Event::Start(Tag::Image { link_type, id, .. }) => {
                self.shown.extend(used_definition(events, link_type, &id));
                self.grow_label(range.end);
            }
            _ => self.grow_label(range.end),
        }
    }

    /// What stands in a label belongs to it, brackets and all.
    fn grow_label(&mut self, end: usize) {
        if let Some(link) = self.open.last_mut() {
            link.label_end = link.label_end.max(end);
        }
    }

    fn read_definitions(&mut self, events: &OffsetIter<'a>) {
        for (_, definition) in events.reference_definitions().iter() {
            let start = definition.span.start;
            if self.linked.contains(&start) || !self.shown.contains(&start) {
                let from = definition_label_end(self.text, start);
                self.found
                    .extend(from.and_then(|from| destination::locate(self.text, from, &definition.dest)));
            }
        }
    }
}

/// Where the definition begins that a link or an image of this type leads to.
fn used_definition(events: &OffsetIter<'_>, link_type: LinkType, id: &str) -> Option<usize> {
    match link_type {
        LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => {
            events.reference_definitions().get(id).map(|definition| definition.span.start)
        }
        LinkType::Inline | LinkType::Autolink | LinkType::Email | LinkType::WikiLink { .. } => None,
        LinkType::ReferenceUnknown | LinkType::CollapsedUnknown | LinkType::ShortcutUnknown => None,
    }
}

fn inline_link(text: &str, link: Open<'_>) -> Option<Found> {
    let dest = link.inline?;
    let label_end = destination::separator_end(text, link.label_end);
    text[label_end..].starts_with("](").then(|| destination::locate(text, label_end + 2, &dest))?
}

/// Past the `[label]:` of the definition that begins at `start`.
fn definition_label_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while *bytes.get(at)? != b']' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (bytes.get(at + 1) == Some(&b':')).then_some(at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slugs found in a text.
    fn slugs(text: &str) -> Vec<String> {
        in_markdown(text).into_iter().map(|found| found.slug).collect()
    }

    fn a_to_b(text: &str) -> String {
        rewrite_markdown(text, &mut |slug| (slug == "/a").then(|| "/b".to_owned()))
            .unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn links_and_definitions_are_rewritten_however_they_are_written() {
        for (text, after) in [
            ("[x](/a)", "[x](/b)"),
            ("[](/a)", "[](/b)"),
            ("[x](  /a  'see /a (or /a)'  )", "[x](  /b  'see /a (or /a)'  )"),
            ("[x](</a> \"/a\")", "[x](</b> \"/a\")"),
            ("[x](/a?q=/a#/a)", "[x](/b?q=/a#/a)"),
            ("[x](/A/)", "[x](/b)"),
            ("[x](%2Fa) [x](/%61)", "[x](%2Fa) [x](/b)"),
            ("[x](\\/a) [x](&sol;a) [x](&#47;a?b)", "[x](/b) [x](/b) [x](/b?b)"),
            ("[](/a)](/a) [[/a](/a)](/a)", "[](/b)](/a) [[/a](/b)](/a)"),
            ("[a [b](/a)", "[a [b](/b)"),
            ("[\\](/a)](/a)", "[\\](/a)](/b)"),
            ("[`](/a)`](/a)", "[`](/a)`](/b)"),
            ("[*](/a)*](/a)", "[*](/b)*](/a)"),
            ("[**x** ](/a)", "[**x** ](/b)"),
            ("[x <b title='](/a)'> y](/a)", "[x <b title='](/a)'> y](/b)"),
            ("[![x](/a)](/a)", "[![x](/a)](/b)"),
            ("![x [y](/a)](/a)", "![x [y](/b)](/a)"),
            ("[x\ny](\n/a\n)", "[x\ny](\n/b\n)"),
            ("> [x\n> y](\n> /a\n> )", "> [x\n> y](\n> /b\n> )"),
            ("> [x\n>  ](/a)", "> [x\n>  ](/b)"),
            ("[x](/a)\r\n\r\n* [y](/a)\r\n", "[x](/b)\r\n\r\n* [y](/b)\r\n"),
            ("| h |\n|---|\n| [x](/a) | \n| ~~[y](/a)~~ |", "| h |\n|---|\n| [x](/b) | \n| ~~[y](/b)~~ |"),
            ("x[^1]\n\n[^1]: see [x](/a)", "x[^1]\n\n[^1]: see [x](/b)"),
            ("[x]\n\n[x]: /a '/a'", "[x]\n\n[x]: /b '/a'"),
            ("[unused /a]: </a>", "[unused /a]: </b>"),
            ("[x\\]: /a]:\n  /a", "[x\\]: /a]:\n  /b"),
            ("> * [x]:\n>   /a\n>\n> [x]", "> * [x]:\n>   /b\n>\n> [x]"),
            ("![p] [x]\n\n[p]: /a\n[x]: /a", "![p] [x]\n\n[p]: /a\n[x]: /b"),
            ("![p] [q][P]\n\n[p]: /a", "![p] [q][P]\n\n[p]: /b"),
            ("# [é\u{a0}](/a)", "# [é\u{a0}](/b)"),
            ("[😀](/a)[&copy;](/a)[&copy](/a)", "[😀](/b)[&copy;](/b)[&copy](/b)"),
        ] {
            assert_eq!(a_to_b(text), after, "{text}");
        }
    }

    #[test]
    fn what_is_no_internal_link_is_left_alone() {
        for text in [
            "",
            "/a",
            "see /a.",
            "(/a)",
            "[x] (/a)",
            "![x](/a)",
            "![x][p]\n\n[p]: /a",
            "`[x](/a)`",
            "``` \n[x](/a)\n```",
            "    [x](/a)",
            "<a href=\"/a\">x</a>",
            "<div>\n[x](/a)\n</div>",
            "<!-- [x](/a) -->",
            "</a>",
            "<https://h.example/a>",
            "\\[x](/a)",
            "[x\\](/a)",
            "[x](/ab)",
            "[x](/a/b)",
            "[x](a)",
            "[x](//a)",
            "[x](/\\\\a)",
            "[x](https://h.example/a)",
            "[x](#/a)",
            "[x](/a b)",
            "[x](/a",
            "[^1]: /a\n\nx[^1]",
            "~~~\n[x]: /a\n~~~",
        ] {
            assert_eq!(a_to_b(text), text);
        }
    }

    #[test]
    fn slugs_that_markdown_would_misread_are_encoded() {
        for slug in ["/x(y", "/x)y", "/&amp;", "/a*b*_c_~~d~~", "/é!:@'", "/"] {
            for text in ["*[x](/a)*", "[x](</a>)", "[x]: /a", "| h |\n|---|\n| [x](/a) |"] {
                let moved = rewrite_markdown(text, &mut |_| Some(slug.to_owned())).expect(text);
                assert_eq!(slugs(&moved), [slug], "{moved}");
            }
        }
    }

    #[test]
    fn a_text_without_candidates_is_not_parsed() {
        for text in ["", "a / b", "[x](y/z)", "[x]: y /a", "[x](https://h.example/)", "[x] /a", "] (/"] {
            assert!(!may_have_links(text), "{text}");
        }
        for text in ["[x](/a)", "[x](</a>)", "[x]:  /a", "> [x](\n> /a)", "[x](&#47;a)", "[x](\\/a)"] {
            assert!(may_have_links(text), "{text}");
        }
    }

    /// Scraps that meet in every order, so that brackets, code, quotes and lists nest and break each other.
    fn soup() -> impl Strategy<Value = String> {
        const SCRAPS: &[&str] = &[
            "[",
            "]",
            "](",
            "[x](/a)",
            "](/a)",
            "](</a>)",
            "](/A/?q#h \"t\")",
            "[x]: /a",
            "[y]: </c>\n",
            "![",
            "![i](/a)",
            "[x]",
            "[y]",
            "(",
            ")",
            "<",
            ">",
            "`",
            "``",
            "```\n",
            "\n",
            "\n\n",
            "\n> ",
            "\n* ",
            "\n1. ",
            "    ",
            "| a | b |\n|---|---|\n| ",
            " | ",
            "*",
            "**",
            "_",
            "~~",
            "\\",
            "&amp;",
            "&",
            "/a",
            "/c",
            " ",
            "'",
            "\"",
            "é",
            "😀",
            "<b>",
            "</b>",
            "<div>\n",
            "<!--",
            "-->",
            "[^1]",
            "\n[^1]: ",
            "# ",
            "\r\n",
            "\t",
            "!",
            ":",
        ];
        prop::collection::vec(prop::sample::select(SCRAPS), 0..24).prop_map(|scraps| scraps.concat())
    }

    /// The internal destinations of inline links, as the parser alone has them.
    fn inline_targets(text: &str) -> usize {
        Parser::new_ext(text, markdown_options())
            .filter(|event| match event {
                Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) => {
                    super::super::target(dest_url).is_some()
                }
                _ => false,
            })
            .count()
    }

    /// The internal destinations of the definitions of a text without images.
    fn definition_targets(text: &str) -> usize {
        let parser = Parser::new_ext(text, markdown_options());
        parser.reference_definitions().iter().filter(|(_, d)| super::super::target(&d.dest).is_some()).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn every_link_that_the_parser_sees_is_found(text in soup()) {
            let text = text.replace('!', "");
            prop_assert_eq!(in_markdown(&text).len(), inline_targets(&text) + definition_targets(&text));
        }

        #[test]
        fn leading_links_to_where_they_lead_changes_nothing(text in soup()) {
            prop_assert_eq!(rewrite_markdown(&text, &mut |slug| Some(slug.to_owned())), None);
        }

        #[test]
        fn after_a_rename_no_old_link_is_left_and_nothing_else_has_changed(text in soup(), new in "/[a-z(&*_!~é)]{1,4}") {
            prop_assume!(new != "/a");
            let before = in_markdown(&text);
            let after = rewrite_markdown(&text, &mut |slug| (slug == "/a").then(|| new.clone())).unwrap_or_else(|| text.clone());
            let expected: Vec<_> = before.iter().map(|found| if found.slug == "/a" { new.clone() } else { found.slug.clone() }).collect();
            prop_assert_eq!(slugs(&after), expected);
            prop_assert_eq!(between(&after, &in_markdown(&after)), between(&text, &before));
        }
    }

    /// What stands between the paths.
    fn between<'a>(text: &'a str, links: &[Found]) -> Vec<&'a str> {
        let starts = std::iter::once(0).chain(links.iter().map(|found| found.path.end));
        let ends = links.iter().map(|found| found.path.start).chain(std::iter::once(text.len()));
        starts.zip(ends).map(|(start, end)| &text[start..end]).collect()
    }
}
