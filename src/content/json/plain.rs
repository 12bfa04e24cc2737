//! The deserializer's complaints in the words of JSON: who sent a value need not know what reads it.

/// How many characters of a complaint, and of a value in it, are shown.
const MOST_CHARS: usize = 300;
const SHOWN_CHARS: usize = 60;

/// A complaint as it reads behind the name of the value: `must be a list, not an object`. One that is not known stays
/// as it is.
#[must_use]
pub fn plain(complaint: &str) -> String {
    let typed = ["invalid type: ", "invalid value: ", "invalid length "];
    let typed = typed.iter().find_map(|begin| complaint.strip_prefix(begin));
    if let Some((found, wanted)) = typed.and_then(|rest| rest.rsplit_once(", expected ")) {
        return format!("must be {}, not {}", expected(wanted), given(found));
    }
    let names = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    if let Some((found, known)) = after(complaint, "unknown variant `", "`, ") {
        return format!("must be one of {}, not '{}'", quoted(&names(known)), clipped(found, SHOWN_CHARS));
    }
    if let Some((found, known)) = after(complaint, "unknown field `", "`, ") {
        let known = names(known);
        let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return format!("'{}' is not a field. Fields: {there}", clipped(found, SHOWN_CHARS));
    }
    for (begin, words) in [("missing field `", "is missing"), ("duplicate field `", "is given twice")] {
        if let Some((field, _)) = after(complaint, begin, "`") {
            return format!("'{}' {words}", clipped(field, SHOWN_CHARS));
        }
    }
    match complaint {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => "must be a whole number from 0 up".to_owned(),
        "provided string was not `true` or `false`" => "must be true or false".to_owned(),
        other => clipped(other, MOST_CHARS),
    }
}

fn after<'a>(text: &'a str, begin: &str, between: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(begin)?.split_once(between)
}

/// What was wanted.
fn expected(wanted: &str) -> &str {
    match wanted {
        "a string" | "string" | "str" => "a text",
        "a map" | "map" => "an object",
        "a sequence" | "sequence" => "a list",
        "a boolean" | "bool" => "true or false",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "f32" | "f64" => "a number",
        "string or map" => "a text or an object",
        "unit" => "null",
        wanted if wanted.starts_with("a nonzero ") => "a whole number from 1 up",
        wanted if wanted.starts_with("struct ") => "an object",
        wanted if wanted.starts_with("tuple ") && wanted.ends_with(" with 2 elements") => "a list of two",
        wanted if wanted.starts_with("tuple ") => "a list",
        wanted => wanted,
    }
}

/// What was sent.
fn given(found: &str) -> String {
    let number = |begin: &str| found.strip_prefix(begin)?.strip_suffix('`');
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit value" | "Option value" => "null".to_owned(),
        "boolean `true`" => "true".to_owned(),
        "boolean `false`" => "false".to_owned(),
        _ => match number("integer `").or_else(|| number("floating point `")) {
            Some(number) => format!("the number {number}"),
            None if found.bytes().all(|byte| byte.is_ascii_digit()) => format!("one of {found}"),
            None => {
                format!("the text {}", clipped(found.strip_prefix("string ").unwrap_or(found), SHOWN_CHARS))
            }
        },
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Way {
        Up,
        Down(String, String),
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Step {
        way: u64,
    }

    fn told<T: DeserializeOwned + std::fmt::Debug>(value: Value) -> String {
        plain(&serde_json::from_value::<T>(value).expect_err("it is refused").to_string())
    }

    #[test]
    fn types_are_told_as_json_has_them() {
        assert_eq!(told::<String>(json!({})), "must be a text, not an object");
        assert_eq!(told::<Vec<u8>>(json!("a")), "must be a list, not the text \"a\"");
        assert_eq!(told::<bool>(json!(null)), "must be true or false, not null");
        assert_eq!(told::<u64>(json!(-1)), "must be a whole number from 0 up, not the number -1");
        assert_eq!(told::<i64>(json!(1.5)), "must be a whole number, not the number 1.5");
        assert_eq!(
            told::<std::num::NonZeroU32>(json!(0)),
            "must be a whole number from 1 up, not the number 0"
        );
        assert_eq!(
            told::<std::collections::BTreeMap<String, u8>>(json!([])),
            "must be an object, not a list"
        );
        assert_eq!(told::<f64>(json!(true)), "must be a number, not true");
        assert_eq!(told::<Step>(json!(7)), "must be an object, not the number 7");
    }

    #[test]
    fn choices_and_fields_are_named_in_full() {
        assert_eq!(told::<Way>(json!("left")), "must be one of 'up', 'down', not 'left'");
        assert_eq!(told::<Way>(json!({"down": ["a"]})), "must be a list of two, not one of 1");
        assert!(matches!(serde_json::from_value::<Way>(json!("up")), Ok(Way::Up)));
        let both = serde_json::from_value::<Way>(json!({"down": ["a", "b"]}));
        assert!(matches!(both, Ok(Way::Down(a, b)) if a == "a" && b == "b"));
        assert_eq!(told::<Step>(json!({"weigh": 1})), "'weigh' is not a field. Fields: way");
        assert_eq!(told::<Step>(json!({})), "'way' is missing");
    }

    #[test]
    fn what_stands_in_a_query_is_told_too_and_nothing_is_told_at_length() {
        let parsed = |text: &str| plain(&text.parse::<u64>().unwrap_err().to_string());
        for text in ["abc", "", "1.5", "99999999999999999999"] {
            assert_eq!(parsed(text), "must be a whole number from 0 up");
        }
        assert_eq!(plain(&"yes".parse::<bool>().unwrap_err().to_string()), "must be true or false");
        assert!(told::<Step>(json!("a".repeat(10_000))).len() < 200);
        assert!(told::<Step>(json!({"a".repeat(10_000): 1})).len() < 200);
    }
}
