//! From paths and addresses to slugs. What a slug is, `content` says; here any path becomes one.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::content;

/// A slug has at most 1,024 characters; what is longer is cut here, with room for a number.
const LONGEST: usize = 1_000;

/// The slug a path stands for: `Notes/Rust-1.0 alpha` is `/notes/rust-1.0-alpha`.
///
/// Percent escapes are read, `.` and `..` are walked, and a run of characters a slug cannot have
/// becomes one `-`. A slug stands for itself.
pub(super) fn normalise(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut segments: Vec<String> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(normalise_segment(segment)),
        }
    }
    let slug = format!("/{}", segments.join("/"));
    match slug.char_indices().nth(LONGEST) {
        Some((end, _)) => slug[..end].trim_end_matches(['/', '-']).to_owned(),
        None => slug,
    }
}

fn normalise_segment(segment: &str) -> String {
    let mut slug = String::with_capacity(segment.len());
    let mut gap = false;
    for c in segment.nfc().collect::<String>().to_lowercase().nfc() {
        if !may_stand(c) {
            gap = true;
            continue;
        }
        if gap && !slug.is_empty() && !slug.ends_with('-') && c != '-' {
            slug.push('-');
        }
        gap = false;
        slug.push(c);
    }
    match slug.as_str() {
        "" | "." | ".." => "page".to_owned(),
        _ => slug,
    }
}

fn may_stand(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || content::slug::normalise(&format!("/a{c}")).is_ok()
}

/// Gives every wanted slug out once, in order; a second claim gets `-2`, a third `-3`.
///
/// A number is never one that another page wants as it is.
pub(super) fn unique(wanted: &[String]) -> Vec<String> {
    let claimed: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut given: HashSet<String> = HashSet::new();
    wanted
        .iter()
        .map(|slug| {
            let free = if given.contains(slug) { numbered(slug, &claimed, &given) } else { slug.clone() };
            given.insert(free.clone());
            free
        })
        .collect()
}

fn numbered(slug: &str, claimed: &HashSet<&str>, given: &HashSet<String>) -> String {
    let stem = if slug == "/" { "/index" } else { slug };
    (2_usize..)
        .map(|number| format!("{stem}-{number}"))
        .find(|free| !claimed.contains(free.as_str()) && !given.contains(free))
        .unwrap_or_else(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dots_inside_names_and_date_prefixes_stay() {
        assert_eq!(normalise("Rust-1.0-alpha"), "/rust-1.0-alpha");
        assert_eq!(normalise("2015-05-15-Rust-1.0"), "/2015-05-15-rust-1.0");
    }

    #[test]
    fn spaces_and_forbidden_characters_become_one_hyphen() {
        assert_eq!(normalise("What is  new? (part 2)"), "/what-is-new-(part-2)");
        assert_eq!(normalise("a - b"), "/a-b");
        assert_eq!(normalise("???"), "/page");
    }

    #[test]
    fn letters_of_any_script_stay_and_are_composed() {
        assert_eq!(normalise("Über/CAFE\u{301}"), "/über/café");
        assert_eq!(normalise("日本語"), "/日本語");
        assert_eq!(normalise("caf%C3%A9"), "/café");
    }

    #[test]
    fn slashes_and_dot_segments_leave_no_trace() {
        assert_eq!(normalise("//a//b/"), "/a/b");
        assert_eq!(normalise("./a/../b"), "/b");
        assert_eq!(normalise(""), "/");
    }

    #[test]
    fn a_second_claim_gets_a_number_that_nobody_else_wants() {
        let wanted = ["/a", "/a", "/a-2", "/a", "/", "/"].map(str::to_owned);
        assert_eq!(unique(&wanted), ["/a", "/a-3", "/a-2", "/a-4", "/", "/index-2"]);
    }

    proptest! {
        #[test]
        fn a_slug_is_its_own_slug(path in "\\PC{0,60}") {
            let slug = normalise(&path);
            prop_assert_eq!(normalise(&slug), slug.clone());
            prop_assert_eq!(content::slug::normalise(&slug), Ok(slug));
        }

        #[test]
        fn no_slug_is_given_out_twice(wanted in proptest::collection::vec("/[ab](-[234])?", 0..12)) {
            let given = unique(&wanted);
            prop_assert_eq!(given.iter().collect::<HashSet<_>>().len(), wanted.len());
        }
    }
}
