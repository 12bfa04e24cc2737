//! The slug of a page: the path it is served at, in the one form in which paths are compared.
//!
//! Whether a slug is free is not decided here.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters that a normalised slug may have.
pub const MAX_CHARS: usize = 1024;

/// What is allowed beside the letters, marks and digits of any script.
const PUNCTUATION: &str = "-_.~!$&'()*+,;=:@/";

/// Why a text is no slug, and what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SlugProblem {
    /// A sentence for the caller.
    pub message: String,
}

/// The slug that `raw` stands for: lower case, NFC, without a trailing slash; `/` is the home page.
///
/// Normalising a slug again gives the same slug.
///
/// # Errors
/// What cannot be mended without guessing: no leading `/`, an empty, `.` or `..` segment, a character that
/// has no place in a slug, more than [`MAX_CHARS`] characters.
pub fn normalise(raw: &str) -> Result<String, SlugProblem> {
    if !raw.starts_with('/') {
        let hint = suggested(raw).map_or_else(String::new, |slug| format!(": `{slug}`, not `{raw}`"));
        return problem(format!("a slug begins with `/`{hint}"));
    }
    let folded: String = raw.nfc().collect::<String>().to_lowercase().nfc().collect();
    if folded.contains("//") {
        return problem("a slug has no empty segment: write one `/` where `//` stands".into());
    }
    let slug = match folded.strip_suffix('/') {
        Some(rest) if !rest.is_empty() => rest,
        _ => &folded,
    };
    if let Some(bad) = slug.chars().find(|c| !is_allowed(*c)) {
        return problem(refusal(bad));
    }
    if let Some(dots) = slug.split('/').find(|segment| matches!(*segment, "." | "..")) {
        return problem(format!("a slug has no segment `{dots}`: write out the path that is meant"));
    }
    let chars = slug.chars().count();
    if chars > MAX_CHARS {
        return problem(format!("a slug has at most {MAX_CHARS} characters; this one has {chars}"));
    }
    Ok(slug.to_owned())
}

/// Whether a character may stand in a slug as it is.
pub(super) fn is_allowed(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || PUNCTUATION.contains(c);
    }
    (c.is_alphanumeric() || is_combining_mark(c)) && !is_invisible(c)
}

/// Letters and marks that show nothing, so that two slugs could look alike and differ.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn refusal(bad: char) -> String {
    let code = u32::from(bad);
    match bad {
        '%' => "a slug is not percent-encoded: write the letter itself, such as `é` for `%C3%A9`".into(),
        '?' | '#' => {
            format!("a slug ends before `{bad}`: a query or a fragment belongs to a link, not to a page")
        }
        '\\' => "a slug has no `\\`: write `/` between segments".into(),
        c if c.is_whitespace() => {
            format!("a slug has no white space (U+{code:04X}): write `-` between words")
        }
        c if c.is_control() => format!("a slug has no control characters: leave out U+{code:04X}"),
        c if c.is_ascii_punctuation() => format!("a slug has no `{c}`: use letters, digits, `-` and `/`"),
        _ => format!("a slug has letters, marks and digits, but not U+{code:04X}: leave it out"),
    }
}

/// What a text without a leading `/` may have meant: a slug that is taken.
fn suggested(raw: &str) -> Option<String> {
    let words: Vec<&str> = raw.split_whitespace().collect();
    let dashed = words.join("-");
    normalise(&format!("/{}", dashed.trim_matches('/'))).ok().filter(|slug| slug != "/")
}

fn problem(message: String) -> Result<String, SlugProblem> {
    Err(SlugProblem { message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(raw: &str) -> String {
        normalise(raw).expect_err(raw).message
    }

    #[test]
    fn case_composition_and_a_trailing_slash_are_normalised() {
        for (raw, slug) in [
            ("/", "/"),
            ("/Pricing", "/pricing"),
            ("/pricing/", "/pricing"),
            ("/Cafe\u{301}", "/café"),
            ("/ÜBER-UNS/Team", "/über-uns/team"),
            ("/料金", "/料金"),
            ("/हिन्दी", "/हिन्दी"),
            ("/\u{212a}elvin", "/kelvin"),
            ("/.well-known/a.b..c", "/.well-known/a.b..c"),
            ("/-_.~!$&'()*+,;=:@", "/-_.~!$&'()*+,;=:@"),
        ] {
            assert_eq!(normalise(raw).as_deref(), Ok(slug), "{raw}");
        }
    }

    #[test]
    fn what_is_suggested_for_a_slug_without_its_slash_is_taken() {
        for (raw, slug) in [
            ("pricing", Some("/pricing")),
            ("karte und so", Some("/karte-und-so")),
            (" Über uns/Team/ ", Some("/über-uns/team")),
            ("100%", None),
            ("a?b", None),
            ("", None),
        ] {
            let message = refused(raw);
            let told = message.split('`').nth(3);
            assert_eq!(told, slug, "{message}");
            assert!(slug.is_none_or(|slug| normalise(slug).as_deref() == Ok(slug)));
        }
    }

    #[test]
    fn what_would_need_guessing_is_refused() {
        let long = format!("/{}", "é".repeat(MAX_CHARS));
        for raw in [
            "",
            "pricing",
            " /a",
            "//",
            "//a",
            "/a//",
            "/a//b",
            "/.",
            "/..",
            "/a/./b",
            "/a/../b",
            "/a/..",
            "/a/../",
            "/%2e%2e/a",
            "/a%20b",
            "/a b",
            "/a\u{a0}b",
            "/a\tb",
            "/a\0",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a<b",
            "/a>b",
            "/a\"b",
            "/a`b",
            "/a^b",
            "/a{b",
            "/a|b",
            "/a}b",
            "/a[b]",
            "/a\u{200b}b",
            "/a\u{200d}b",
            "/a\u{202e}b",
            "/a\u{2066}b",
            "/a\u{feff}",
            "/a\u{3164}",
            "/a\u{fe0f}",
            "/a\u{7f}",
            "/a\u{85}",
            "/a\u{1fef}b",
            "/😀",
            &long,
        ] {
            refused(raw);
        }
        assert!(normalise(&long[..long.len() - 2]).is_ok());
    }

    #[test]
    fn a_refusal_says_what_would_be_right() {
        assert_eq!(refused("pricing"), "a slug begins with `/`: `/pricing`, not `pricing`");
        assert!(refused("/a b").contains("write `-` between words"));
        assert!(refused("/a\0b").contains("U+0000"));
        assert!(refused("/a/../b").contains("`..`"));
    }

    #[test]
    fn every_single_letter_is_stable_once_normalised() {
        for c in '\u{80}'..=char::MAX {
            if let Ok(slug) = normalise(&format!("/{c}x")) {
                assert_eq!(normalise(&slug).as_ref(), Ok(&slug), "U+{:04X}", u32::from(c));
            }
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(raw in "/([a-zA-ZÀ-žΑ-ωЀ-яƀ-ʯᾀ-ῼ\u{300}-\u{36f}İſKΣ./-]|\\PC){0,12}") {
            if let Ok(slug) = normalise(&raw) {
                prop_assert_eq!(normalise(&slug), Ok(slug.clone()));
                prop_assert!(slug.starts_with('/') && (slug == "/" || !slug.ends_with('/')));
            }
        }

        #[test]
        fn equivalent_spellings_are_one_slug(raw in "/[a-zA-ZÀ-žΑ-ώ\u{300}-\u{304}\u{323}]{0,8}") {
            let (composed, apart): (String, String) = (raw.nfc().collect(), raw.nfd().collect());
            prop_assert_eq!(normalise(&composed), normalise(&apart));
        }
    }
}
