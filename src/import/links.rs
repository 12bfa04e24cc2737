//! Links between pages: what they lead to, and what has to change in the source so that they lead
//! to the imported pages.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag};

use super::address::{as_link_text, has_scheme, in_markdown, split_suffix};
use super::body::{Body, Definition};
use super::html::{self, TagKind};
use super::report::Notes;
use super::site::{Site, Target};

/// How links by reference are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum References {
    /// As they are; the definitions have to stand in the same text.
    Kept,
    /// With their destination, for text that can hold no definitions.
    Inlined,
}

/// The changes to a body's source.
#[derive(Default)]
pub(super) struct Links {
    destinations: Vec<Edit>,
    inlined: Vec<Edit>,
    /// The new address of a link, by its event.
    rewritten: HashMap<usize, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    range: Range<usize>,
    text: String,
}

impl Links {
    /// Follows every link of a body written in `file`, counts it, and notes those that lead nowhere.
    pub(super) fn follow(body: &Body<'_>, site: &Site, file: &str, notes: &mut Notes<'_>) -> Self {
        let mut walk = Walk { body, site, file, notes, links: Self::default() };
        for (index, (event, range)) in body.events.iter().enumerate() {
            match event {
                Event::Start(Tag::Link { link_type, dest_url, .. }) => walk.link(index, *link_type, dest_url),
                Event::Start(Tag::Image { dest_url, .. }) => walk.picture(dest_url, range.start),
                Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => walk.html(range.clone()),
                _ => {}
            }
        }
        let mut links = walk.links;
        links.destinations.sort_by_key(|edit| edit.range.start);
        links.destinations.dedup();
        links.inlined = links.inline_references(body);
        links
    }

    /// A part of the source with the changes made.
    pub(super) fn slice(&self, text: &str, range: Range<usize>, references: References) -> String {
        let mut edits: Vec<&Edit> = within(&self.destinations, &range).collect();
        if references == References::Inlined {
            edits.extend(within(&self.inlined, &range));
            edits.sort_by_key(|edit| edit.range.start);
        }
        let mut slice = String::with_capacity(range.len());
        let mut at = range.start;
        for edit in edits {
            slice.push_str(&text[at..edit.range.start]);
            slice.push_str(&edit.text);
            at = edit.range.end;
        }
        slice.push_str(&text[at..range.end]);
        slice
    }

    /// A definition on one line.
    pub(super) fn definition(&self, body: &Body<'_>, definition: &Definition) -> String {
        one_line(&self.slice(body.text, definition.span.clone(), References::Kept))
    }

    /// Where the link at an event leads now, if that changed.
    pub(super) fn rewritten(&self, event: usize) -> Option<&str> {
        self.rewritten.get(&event).map(String::as_str)
    }

    fn inline_references(&self, body: &Body<'_>) -> Vec<Edit> {
        let inline = |(index, (event, range)): (usize, &(Event<'_>, Range<usize>))| {
            let definition = body.definition_of(index)?;
            let text_end = text_end(body, index)?;
            let range = match event {
                Event::Start(Tag::Link { link_type, .. } | Tag::Image { link_type, .. }) => match link_type {
                    LinkType::Shortcut => text_end + 1..text_end + 1,
                    _ => text_end + 1..range.end,
                },
                _ => return None,
            };
            let span =
                definition.span.start + label_len(&body.text[definition.span.clone()])?..definition.span.end;
            let destination = one_line(&self.slice(body.text, span, References::Kept));
            Some(Edit { range, text: format!("({destination})") })
        };
        let mut edits: Vec<Edit> = body.events.iter().enumerate().filter_map(inline).collect();
        edits.sort_by_key(|edit| edit.range.start);
        edits
    }
}

fn within<'e>(edits: &'e [Edit], range: &Range<usize>) -> impl Iterator<Item = &'e Edit> {
    let from = edits.partition_point(|edit| edit.range.start < range.start);
    let end = range.end;
    edits[from..].iter().take_while(move |edit| edit.range.end <= end)
}

struct Walk<'w, 'a, 'n> {
    body: &'w Body<'a>,
    site: &'w Site,
    file: &'w str,
    notes: &'w mut Notes<'n>,
    links: Links,
}

impl Walk<'_, '_, '_> {
    fn link(&mut self, index: usize, link_type: LinkType, address: &str) {
        let range = self.body.events[index].1.clone();
        if link_type == LinkType::Email {
            return;
        }
        let Some(new) = self.address(address, range.start) else { return };
        let edit = match link_type {
            LinkType::Autolink => {
                let text = format!("[{}]({})", as_link_text(address), in_markdown(&new));
                Some(Edit { range, text })
            }
            LinkType::Inline => text_end(self.body, index)
                .and_then(|end| destination(self.body.text, end + 2..range.end, address))
                .map(|range| Edit { range, text: in_markdown(&new) }),
            _ => self.body.definition_of(index).and_then(|definition| {
                let label = label_len(&self.body.text[definition.span.clone()])?;
                let rest = definition.span.start + label..definition.span.end;
                let range = destination(self.body.text, rest, address)?;
                Some(Edit { range, text: in_markdown(&new) })
            }),
        };
        if let Some(edit) = edit {
            self.links.destinations.push(edit);
            self.links.rewritten.insert(index, new);
            self.notes.report.links.rewritten += 1;
        }
    }

    /// Counts a link; its new address if it has to change.
    fn address(&mut self, address: &str, offset: usize) -> Option<String> {
        match self.site.target(address, self.file) {
            Target::Page(new) => {
                self.notes.report.links.internal += 1;
                (new != address).then_some(new)
            }
            Target::Nowhere => {
                self.notes.report.links.broken += 1;
                self.notes.at(offset, format!("link to `{address}`, which is no page here: left as written"));
                None
            }
            Target::File => {
                self.notes
                    .at(offset, format!("relative link `{address}`, which is no page here: left as written"));
                None
            }
            Target::Elsewhere => None,
        }
    }

    fn html(&mut self, range: Range<usize>) {
        let text = &self.body.text[range.clone()];
        for tag in html::tags(text).into_iter().filter(|tag| tag.kind != TagKind::Close) {
            for (name, value) in tag.attributes {
                let address = text[value.clone()].replace("&amp;", "&");
                let at = range.start + value.start..range.start + value.end;
                match (tag.name.as_str(), name.as_str()) {
                    ("img", "src") => self.picture(&address, at.start),
                    (_, "href") => {
                        if let Some(new) = self.address(&address, at.start) {
                            let text = new.replace('&', "&amp;").replace('"', "%22").replace('\'', "%27");
                            self.links.destinations.push(Edit { range: at, text });
                            self.notes.report.links.rewritten += 1;
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Pictures keep their address. Those of the folder or its published site have no asset yet.
    fn picture(&mut self, address: &str, offset: usize) {
        let (path, _) = split_suffix(address);
        let relative = !has_scheme(path) && !path.starts_with("//");
        if relative || self.site.target(address, self.file) != Target::Elsewhere {
            self.notes.at(offset, format!("picture `{address}`: keeps its address"));
        }
    }
}

/// Where the text of the link or picture at an event ends: at its `]`.
fn text_end(body: &Body<'_>, event: usize) -> Option<usize> {
    let range = &body.events[event].1;
    let opening = if matches!(body.events[event].0, Event::Start(Tag::Image { .. })) { 2 } else { 1 };
    let inner = event + 1..body.end_of(event);
    let from = body.events[inner].last().map_or(range.start + opening, |(_, last)| last.end);
    body.text.get(from..range.end)?.find(']').map(|found| from + found)
}

/// The length of `[label]:` at the beginning of a definition.
fn label_len(definition: &str) -> Option<usize> {
    let mut escaped = false;
    let end = definition.find(|c| {
        let closes = c == ']' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    definition[end..].starts_with("]:").then_some(end + 2)
}

/// Where the destination `address` is written at the beginning of `range`, without angle brackets.
fn destination(text: &str, range: Range<usize>, address: &str) -> Option<Range<usize>> {
    let rest = text.get(range.clone())?;
    // A line break before the destination may be followed by the marks of a quote.
    let lead = |c: char| c.is_ascii_whitespace() || c == '>';
    let token = rest.trim_start_matches(lead);
    let (token, closing) = match token.strip_prefix('<') {
        Some(inner) => (inner, &['>'][..]),
        None => (token, &[' ', '\t', '\n'][..]),
    };
    let start = range.end - token.len();
    let len = if token.starts_with(address) { address.len() } else { escaped_len(token, closing)? };
    (len > 0).then_some(start..start + len)
}

/// The length of a destination that has escapes in it: to the first character that closes it.
fn escaped_len(token: &str, closing: &[char]) -> Option<usize> {
    let (mut escaped, mut depth) = (false, 0_usize);
    let end = token.find(|c: char| {
        let ends = !escaped && (closing.contains(&c) || (c == ')' && depth == 0 && closing.len() > 1));
        if !escaped {
            depth = match c {
                '(' => depth + 1,
                ')' => depth.saturating_sub(1),
                _ => depth,
            };
        }
        escaped = c == '\\' && !escaped;
        ends
    });
    end.or((closing.len() > 1).then_some(token.len()))
}

/// Text on one line: what began a new line is one space away. No line of a paragraph begins with
/// `>` unless it is the mark of the quote it stands in.
pub(super) fn one_line(text: &str) -> String {
    let bare = |line: &'_ str| {
        line.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end().to_owned()
    };
    let mut lines = text.trim().split('\n');
    let mut line = lines.next().unwrap_or_default().trim_end().to_owned();
    for next in lines.map(bare).filter(|next| !next.is_empty()) {
        line.push(' ');
        line.push_str(&next);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::report::Report;
    use super::super::site::Place;
    use super::*;

    /// The body after its links were followed, on a site with the pages `/a` (`a.md`) and `/b`
    /// (`sub/b.md`, once `/old.html`), published at `https://x.org`.
    fn follow(text: &str, references: References) -> (String, Report) {
        let aliases = ["/old.html".to_owned()];
        let places = [
            Place { file: "a.md", slug: "/a", aliases: &[] },
            Place { file: "sub/b.md", slug: "/b", aliases: &aliases },
        ];
        let site = Site::new(Some("https://x.org"), &places);
        let mut report = Report::default();
        let body = Body::parse(text);
        let links = Links::follow(&body, &site, "a.md", &mut Notes::new(&mut report, "a.md", text, 1));
        (links.slice(text, 0..text.len(), references), report)
    }

    fn rewritten(text: &str) -> String {
        follow(text, References::Kept).0
    }

    #[test]
    fn inline_links_get_the_slug_and_keep_text_title_query_and_fragment() {
        assert_eq!(
            rewritten("[*b* \\]](sub/b.md?q#f \"T\") ![x](y.png)[](<https://x.org/old.html>)"),
            "[*b* \\]](/b?q#f \"T\") ![x](y.png)[](</b>)"
        );
    }

    #[test]
    fn escapes_and_brackets_do_not_hide_the_destination() {
        assert_eq!(rewritten(r"[b](https://x.org/o\ld.html)"), r"[b](https://x.org/o\ld.html)");
        assert_eq!(rewritten(r"[b](https://x.org/old\.html) (c)"), "[b](/b) (c)");
        assert_eq!(rewritten("[b](sub/b&#46;md 'T')"), "[b](/b 'T')");
        assert_eq!(rewritten("[![i](team.png)](sub/b.md)"), "[![i](team.png)](/b)");
        assert_eq!(rewritten("> [b](\n> sub/b.md)"), "> [b](\n> /b)");
    }

    #[test]
    fn definitions_are_rewritten_once_and_counted_where_they_are_used() {
        let (text, report) = follow("[x][r], [R]\n\n[r]: <sub/b.md>\n  'T'\n", References::Kept);
        assert_eq!(text, "[x][r], [R]\n\n[r]: </b>\n  'T'\n");
        assert_eq!((report.links.internal, report.links.rewritten), (2, 2));
    }

    #[test]
    fn references_can_be_written_out() {
        let text = "[x][r], [r][], [r], ![i][r] [none]\n\n[r]: sub/b.md 'T'";
        let (inlined, _) = follow(text, References::Inlined);
        assert!(
            inlined.starts_with("[x](/b 'T'), [r](/b 'T'), [r](/b 'T'), ![i](/b 'T') [none]"),
            "{inlined}"
        );
    }

    #[test]
    fn an_autolink_becomes_a_link_with_its_address_as_text() {
        assert_eq!(rewritten("<https://x.org/old.html>"), "[https://x.org/old.html](/b)");
        assert_eq!(rewritten("<https://y.org/> <me@x.org>"), "<https://y.org/> <me@x.org>");
    }

    #[test]
    fn html_links_are_rewritten_and_code_is_not_touched() {
        assert_eq!(rewritten("<p>\n<a href='sub/b.md#x'>b</a>\n"), "<p>\n<a href='/b#x'>b</a>\n");
        assert_eq!(
            rewritten("see <a HREF=\"/old.html?a=1&amp;b\">b</a>"),
            "see <a HREF=\"/b?a=1&amp;b\">b</a>"
        );
        let code =
            "`[b](sub/b.md)` https://x.org/old.html\n\n    [b](sub/b.md)\n\n```\n<a href='sub/b.md'>\n```\n";
        assert_eq!(rewritten(code), code);
    }

    #[test]
    fn what_leads_nowhere_is_left_as_written_and_noted_with_its_line() {
        let text = "[a](a.md)\n[g](gone.md)\n\n[t](team.png) ![t](team.png) ![o](https://o.org/p.png)";
        let (same, report) = follow(text, References::Kept);
        assert_eq!(same.replace("(/a)", "(a.md)"), text);
        assert_eq!((report.links.internal, report.links.broken), (1, 1));
        let noted: Vec<(usize, &str)> =
            report.unmapped.iter().map(|it| (it.line, it.what.as_str())).collect();
        assert_eq!(
            noted,
            [
                (2, "link to `gone.md`, which is no page here: left as written"),
                (4, "relative link `team.png`, which is no page here: left as written"),
                (4, "picture `team.png`: keeps its address"),
            ]
        );
    }
}
