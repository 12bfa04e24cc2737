//! How a value is spoken of in a message: short, quoted, and without control characters.

use serde_json::Value;

/// How many characters of a value a message shows.
const SHOWN_CHARS: usize = 60;

/// The text, cut where it grows long.
pub(super) fn clipped(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS * 4).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// A name in single quotes.
pub(super) fn quoted(name: &str) -> String {
    let mut shown = String::from("'");
    for letter in name.chars().take(SHOWN_CHARS) {
        if letter.is_control() { shown.extend(letter.escape_unicode()) } else { shown.push(letter) }
    }
    shown.push_str(if name.chars().nth(SHOWN_CHARS).is_some() { "…'" } else { "'" });
    shown
}

/// A value as JSON; a long text is cut, a list or an object only named.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => {
            let cut: String = text.chars().take(SHOWN_CHARS).collect();
            let ellipsis = if cut.len() < text.len() { "…" } else { "" };
            Value::from(cut + ellipsis).to_string()
        }
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Words with commas between them, as many as fit in a message.
pub(super) fn listed(words: impl IntoIterator<Item = String>) -> String {
    const MOST: usize = 40;
    let mut words: Vec<String> = words.into_iter().take(MOST + 1).collect();
    if words.len() > MOST {
        words[MOST] = "…".to_owned();
    }
    words.join(", ")
}
