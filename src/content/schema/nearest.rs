//! "Did you mean …?"

/// Words longer than this are no misspelling of a name.
const MAX_CHARS: usize = 64;

/// The word among `among` that `word` most likely stands for: within a third of its length in edits, letter
/// case aside; the first of equals.
pub fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > MAX_CHARS {
        return None;
    }
    let lower = word.to_lowercase();
    among
        .filter(|candidate| candidate.len() <= MAX_CHARS)
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(edits, candidate)| *edits <= word.len().max(candidate.len()).div_ceil(3))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    fn hero(word: &str) -> Option<&'static str> {
        nearest(word, ["heading", "subheading", "ctaText", "ctaHref", "imageUrl"].into_iter())
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(hero("haeding"), Some("heading"));
        assert_eq!(hero("headline"), Some("heading"));
        assert_eq!(hero("imageURL"), Some("imageUrl"));
        assert_eq!(hero("cta_href"), Some("ctaHref"));
    }

    #[test]
    fn another_word_finds_none() {
        assert_eq!(hero("price"), None);
        assert_eq!(hero(""), None);
        assert_eq!(hero(&"heading".repeat(1000)), None);
    }
}
