//! The tags in a piece of HTML: just enough to find addresses and to see what is left open.

use std::ops::Range;

/// Elements that hold nothing and are never closed.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Elements whose end may be left out.
const OPTIONAL_END: [&str; 12] =
    ["p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "colgroup"];
/// Elements whose content is not HTML.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];

/// One tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// The element, in lower case.
    pub(super) name: String,
    pub(super) kind: TagKind,
    pub(super) attributes: Attributes,
}

/// Quoted attributes: the name in lower case, and where the value is.
type Attributes = Vec<(String, Range<usize>)>;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum TagKind {
    Open,
    Close,
    /// It holds nothing: a void element, or one closed where it is opened.
    Empty,
}

/// The tags of `text`, in order; comments, declarations and scripts have none.
pub(super) fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        let rest = &text[start..];
        at = if rest.starts_with("<!--") {
            after(text, start + 4, "-->")
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            after(text, start, ">")
        } else if let Some((tag, end)) = tag(text, start) {
            let end = if tag.kind == TagKind::Open && RAW.contains(&tag.name.as_str()) {
                raw_end(text, end, &tag.name)
            } else {
                end
            };
            tags.push(tag);
            end
        } else {
            start + 1
        };
    }
    tags
}

fn after(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |found| from + found + end.len())
}

/// Where the content of a raw element ends: at its closing tag.
fn raw_end(text: &str, from: usize, name: &str) -> usize {
    let closing = format!("</{name}");
    let closes =
        |at: &usize| text.get(*at..at + closing.len()).is_some_and(|it| it.eq_ignore_ascii_case(&closing));
    text[from..].match_indices("</").map(|(at, _)| from + at).find(closes).unwrap_or(text.len())
}

/// The tag that begins at the `<` at `start`, and where it ends.
fn tag(text: &str, start: usize) -> Option<(Tag, usize)> {
    let bytes = text.as_bytes();
    let closing = bytes.get(start + 1) == Some(&b'/');
    let name_start = start + 1 + usize::from(closing);
    let name_end = name_start + text[name_start..].find([' ', '\t', '\n', '/', '>'])?;
    let name = text[name_start..name_end].to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ':';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(plain) {
        return None;
    }
    let (attributes, end) = attributes(text, name_end)?;
    let kind = if closing {
        TagKind::Close
    } else if bytes[end - 2] == b'/' || VOID.contains(&name.as_str()) {
        TagKind::Empty
    } else {
        TagKind::Open
    };
    Some((Tag { name, kind, attributes }, end))
}

/// The quoted attributes from `at` to the `>`, and where that ends.
fn attributes(text: &str, mut at: usize) -> Option<(Attributes, usize)> {
    let bytes = text.as_bytes();
    let mut attributes = Vec::new();
    let mut word = at..at;
    loop {
        match *bytes.get(at)? {
            b'>' => return Some((attributes, at + 1)),
            quote @ (b'"' | b'\'') => {
                let end = at + 1 + text[at + 1..].find(char::from(quote))?;
                let name = text[word.clone()]
                    .trim_end()
                    .strip_suffix('=')
                    .map(|name| name.trim().to_ascii_lowercase());
                attributes.extend(name.map(|name| (name, at + 1..end)));
                at = end + 1;
                word = at..at;
            }
            b'<' => return None,
            byte if byte.is_ascii_whitespace() => {
                at += text[at..].len() - text[at..].trim_ascii_start().len();
                // A name is the last word before `=`; spaces around `=` belong to it.
                let name_goes_on = text[word.clone()].ends_with('=') || bytes.get(at) == Some(&b'=');
                word = if name_goes_on { word.start..word.end } else { at..at };
            }
            _ => {
                at += 1;
                word = if word.is_empty() { at - 1..at } else { word.start..at };
            }
        }
    }
}

/// Elements that are open at the end of what has been read.
#[derive(Default)]
pub(super) struct OpenElements(Vec<String>);

impl OpenElements {
    /// Reads on.
    pub(super) fn read(&mut self, text: &str) {
        for tag in tags(text) {
            match tag.kind {
                TagKind::Open => self.0.push(tag.name),
                TagKind::Empty => {}
                TagKind::Close => {
                    if let Some(opened) = self.0.iter().rposition(|name| *name == tag.name) {
                        self.0.truncate(opened);
                    }
                }
            }
        }
    }

    /// Whether everything is closed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is closed that must be.
    pub(super) fn is_balanced(&self) -> bool {
        self.0.iter().all(|name| OPTIONAL_END.contains(&name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, &str)> {
        let tags = tags(text);
        let attributes = tags.into_iter().flat_map(|tag| tag.attributes);
        attributes.map(|(name, range)| (name, &text[range])).collect()
    }

    #[test]
    fn quoted_attributes_are_found_in_tags_only() {
        let html = "<a class='x' HREF = \"/a>b\" data-n=5 title=\"t\">href=\"/no\"</a><br/><a\nhref='/c'>";
        let named = |name: &str, value| (name.to_owned(), value);
        assert_eq!(
            values(html),
            [named("class", "x"), named("href", "/a>b"), named("title", "t"), named("href", "/c")]
        );
    }

    #[test]
    fn comments_scripts_and_prose_have_no_tags() {
        assert!(tags("<!-- <a href='/a'> --> 1 < 2 <3 <?x <b> ?").is_empty());
        let names: Vec<String> =
            tags("<script>let a = '<b>';</SCRIPT><i>").into_iter().map(|tag| tag.name).collect();
        assert_eq!(names, ["script", "script", "i"]);
    }

    #[test]
    fn an_unclosed_tag_ends_nothing_and_panics_nowhere() {
        for text in ["<", "</", "<a", "<a href='", "<a href=\"x", "<ü>", "<a ü='1'", "<!--", "<a /"] {
            assert!(tags(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn elements_stay_open_until_they_are_closed() {
        let mut open = OpenElements::default();
        open.read("<details open><summary>S</summary><p>one<br>");
        assert!(!open.is_balanced());
        open.read("</details>");
        assert!(open.is_balanced());
        open.read("</div><li>");
        assert!(open.is_balanced() && !open.is_empty());
    }
}
