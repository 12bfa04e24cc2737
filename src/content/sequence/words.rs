//! Texts as sequences of words.

use super::runs::merge_runs;

/// The longest text that is still compared as one value, in characters.
const SHORT_CHARS: usize = 80;

/// Whether a text is compared by its words: over 80 characters, or with line breaks.
pub fn is_long(text: &str) -> bool {
    text.contains('\n') || text.chars().nth(SHORT_CHARS).is_some()
}

/// The words of a text, each with the white space after it; white space at the very start is a token of its own.
///
/// Put together they are the text again.
pub fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut start, mut spaced) = (Vec::new(), 0, true);
    for (at, c) in text.char_indices() {
        if spaced && !c.is_whitespace() && at > 0 {
            tokens.push(&text[start..at]);
            start = at;
        }
        spaced = c.is_whitespace();
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// Merges two changed copies of a text by their words; none where both changed words that touch.
pub fn merge_text(base: &str, ours: &str, theirs: &str) -> Option<String> {
    merge_runs(&tokens(base), &tokens(ours), &tokens(theirs)).map(|words| words.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_keep_the_white_space_after_them() {
        assert_eq!(tokens("one  two\n three"), ["one  ", "two\n ", "three"]);
        assert_eq!(tokens(" \nx "), [" \n", "x "]);
        assert_eq!(tokens("  "), ["  "]);
        assert_eq!(tokens("é\u{3000}ü"), ["é\u{3000}", "ü"]);
        assert!(tokens("").is_empty());
    }

    #[test]
    fn eighty_characters_are_short_and_a_line_break_is_long() {
        assert!(!is_long(&"é".repeat(80)));
        assert!(is_long(&"é".repeat(81)));
        assert!(is_long("a\nb"));
        assert!(!is_long(""));
    }

    #[test]
    fn edits_of_different_words_are_both_kept() {
        let merged =
            merge_text("The quick fox jumps here.", "The slow fox jumps here.", "The quick fox jumps there.");
        assert_eq!(merged.as_deref(), Some("The slow fox jumps there."));
        assert_eq!(merge_text("The quick fox", "The slow fox", "The red fox"), None);
    }

    proptest! {
        #[test]
        fn tokens_are_the_text_and_each_is_a_word_or_space(text in "[ab \\n\\té\u{3000}]{0,20}") {
            let tokens = tokens(&text);
            prop_assert_eq!(tokens.concat(), text.as_str());
            for (at, token) in tokens.iter().enumerate() {
                let word = token.trim_end();
                prop_assert!(!word.contains(char::is_whitespace));
                prop_assert!(!word.is_empty() || at == 0);
            }
        }
    }
}
