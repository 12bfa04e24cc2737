//! Addresses as text: their parts, and how they are written in Markdown and in props.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What has a meaning of its own in a link destination of Markdown.
const MARKDOWN: &AsciiSet = &CONTROLS.add(b' ').add(b'(').add(b')').add(b'<').add(b'>').add(b'\\');
/// The same in a path, where `&` could begin a character reference.
const MARKDOWN_PATH: &AsciiSet = &MARKDOWN.add(b'&');

/// An address cut before its query or fragment: `/a?b#c` is (`/a`, `?b#c`).
pub(super) fn split_suffix(address: &str) -> (&str, &str) {
    address.split_at(address.find(['?', '#']).unwrap_or(address.len()))
}

/// Whether an address names its protocol, as `https:` and `mailto:` do.
pub(super) fn has_scheme(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// Whether RFC 3986 takes the text as a URI reference, so that a prop of that format may hold it.
pub(super) fn is_uri_reference(address: &str) -> bool {
    let bytes = address.as_bytes();
    let escape =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    let fits = |(at, byte): (usize, &u8)| match byte {
        b'%' => escape(at),
        _ => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(byte),
    };
    let (path, suffix) = split_suffix(address);
    let first_segment = path.split('/').next().unwrap_or_default();
    !address.is_empty()
        && bytes.iter().enumerate().all(fits)
        && suffix.matches('#').count() <= 1
        && (has_scheme(address) || !first_segment.contains(':'))
}

/// The address as a prop of format `uri-reference` holds it: ASCII only.
pub(super) fn in_prop(address: &str) -> String {
    utf8_percent_encode(address, CONTROLS).to_string()
}

/// The address as a link destination of Markdown; letters of other scripts stay readable.
pub(super) fn in_markdown(address: &str) -> String {
    let (path, suffix) = split_suffix(address);
    let suffix = escaped(suffix, MARKDOWN);
    // Only a semicolon could make a parameter look like a character reference.
    let suffix = if suffix.contains(';') { suffix.replace('&', "&amp;") } else { suffix };
    escaped(path, MARKDOWN_PATH) + &suffix
}

fn escaped(text: &str, ascii: &'static AsciiSet) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            escaped.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), ascii));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// An autolink's address as the text of a link.
pub(super) fn as_link_text(address: &str) -> String {
    let mut text = String::with_capacity(address.len());
    let mut before = ' ';
    let mut rest = address.chars().peekable();
    while let Some(c) = rest.next() {
        let inside_a_word =
            before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        if r"\`*[]<>".contains(c) || (c == '_' && !inside_a_word) {
            text.push('\\');
        }
        text.push(c);
        before = c;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_a_word_before_the_first_colon() {
        for address in ["https://a", "mailto:a@b", "x-y.z+1:"] {
            assert!(has_scheme(address), "{address}");
        }
        for address in ["/a:b", "a/b:c", "1a:b", ":b", "a b:c", "?q=a:b"] {
            assert!(!has_scheme(address), "{address}");
        }
    }

    #[test]
    fn only_ascii_without_spaces_is_a_uri_reference() {
        for address in ["foo.png", "/a/b?c=d#e", "https://x.org/%20", "../a(1).png"] {
            assert!(is_uri_reference(address), "{address}");
        }
        for address in ["", "a b.png", "ü.png", "100%.png", "a#b#c", "{{x}}", "1:2"] {
            assert!(!is_uri_reference(address), "{address}");
        }
    }

    #[test]
    fn a_destination_cannot_end_its_link_early() {
        assert_eq!(in_markdown("/日本?q=(a b)"), "/日本?q=%28a%20b%29");
        assert_eq!(in_markdown("/a(b)&c"), "/a%28b%29%26c");
        assert_eq!(in_markdown("/a?b=1&copy;"), "/a?b=1&amp;copy;");
        assert_eq!(in_markdown("/a?b=1&c=2"), "/a?b=1&c=2");
    }

    #[test]
    fn a_prop_gets_ascii() {
        assert!(is_uri_reference(&in_prop("/日本#a")));
        assert_eq!(in_prop("/a?b=1&c#d"), "/a?b=1&c#d");
    }

    #[test]
    fn an_address_as_text_shows_its_punctuation() {
        assert_eq!(as_link_text("https://x.org/a_b/_c_*"), r"https://x.org/a_b/\_c\_\*");
    }
}
