//! The door: bytes to values. What can't be kept exactly is refused here or named by `unfit`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep a body may nest.
pub const MAX_DEPTH: usize = 64;

/// The largest integer that every reader of JSON keeps exactly: 2⁵³−1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why bytes are not JSON that can be taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NotJson(pub String);

/// Reads a body. Integral numbers become integers (`1.0` and `1` are one value, RFC 8785).
/// A lone surrogate, which no string can hold, becomes NUL, which `unfit` refuses at its place.
///
/// # Errors
/// No JSON; nested deeper than 64 levels; a name twice in one object.
pub fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    let bytes = without_lone_surrogates(bytes);
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value = Level(0).deserialize(&mut reader).map_err(|e| NotJson(e.to_string()))?;
    reader.end().map_err(|e| NotJson(e.to_string()))?;
    Ok(value)
}

/// The first place in a value that can't be kept, as a JSON Pointer below `at`, and why.
#[must_use]
pub fn unfit(value: &Value, at: &mut String) -> Option<String> {
    let below = |step: &str, at: &mut String, value: &Value| {
        let len = at.len();
        at.push('/');
        at.push_str(&super::escape(step));
        let found = unfit(value, at);
        if found.is_none() {
            at.truncate(len);
        }
        found
    };
    match value {
        Value::String(text) if text.contains('\0') => Some("contains a NUL or a lone surrogate".into()),
        Value::Number(n) if n.as_f64().is_some_and(|n| n.fract() == 0.0 && n.abs() > MAX_INTEGER as f64) => {
            Some(
                "is an integer beyond ±(2⁵³−1), which readers of JSON can't keep exactly: send it as text"
                    .into(),
            )
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| below(&i.to_string(), at, item)),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            if name.contains('\0') {
                return Some("has a name that contains a NUL or a lone surrogate".into());
            }
            below(name, at, value)
        }),
        _ => None,
    }
}

/// Rewrites `\uD800`…`\uDFFF` escapes that have no partner to `\u0000`, of the same length.
fn without_lone_surrogates(bytes: &[u8]) -> Cow<'_, [u8]> {
    let unit = |at: usize| -> Option<u16> {
        let text = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
    };
    let mut out = Cow::Borrowed(bytes);
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] != b'\\' {
            i += 1;
            continue;
        }
        match unit(i) {
            Some(0xD800..=0xDBFF) if matches!(unit(i + 6), Some(0xDC00..=0xDFFF)) => i += 12,
            Some(0xD800..=0xDFFF) => {
                out.to_mut()[i..i + 6].copy_from_slice(b"\\u0000");
                i += 6;
            }
            _ => i += 2,
        }
    }
    out
}

/// Reads one value at a depth.
struct Level(usize);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Level {
    fn below<E: Error>(&self) -> Result<Level, E> {
        if self.0 >= MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Level(self.0 + 1))
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        if v.fract() == 0.0 && v.abs() <= MAX_INTEGER as f64 {
            // Exact: an integral float within ±2⁵³.
            return Ok(Value::Number((v as i64).into()));
        }
        Number::from_f64(v).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.below()?)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key_seed(Name)? {
            let value = map.next_value_seed(self.below()?)?;
            if fields.contains_key(&name) {
                return Err(A::Error::custom(format!("the name {name:?} stands twice in one object")));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integral_numbers_are_integers() {
        assert_eq!(parse(b"[1.0, -0.0, 1e3, 0.5]").unwrap(), json!([1, 0, 1000, 0.5]));
    }

    #[test]
    fn sixty_four_levels_are_read_and_sixty_five_are_refused() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(64).as_bytes()).is_ok());
        assert!(parse(nested(65).as_bytes()).unwrap_err().0.contains("64 levels"));
        assert!(parse(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_name_twice_is_refused() {
        assert!(parse(br#"{"a":1,"a":2}"#).unwrap_err().0.contains("twice"));
    }

    #[test]
    fn what_cannot_be_kept_is_named_with_its_place() {
        for (body, place) in [
            (r#"{"a":["x","\ud800"]}"#, "/a/1"),
            (r#"{"a":{"b":"\u0000"}}"#, "/a/b"),
            (r#"{"a":12345678901234567890}"#, "/a"),
            (r#"{"a":9007199254740992}"#, "/a"),
            (r#"{"a":"\udc00\ud800 end"}"#, "/a"),
        ] {
            let value = parse(body.as_bytes()).unwrap();
            let mut at = String::new();
            assert!(unfit(&value, &mut at).is_some(), "{body}");
            assert_eq!(at, place, "{body}");
        }
    }

    #[test]
    fn pairs_of_surrogates_and_escaped_backslashes_are_left_alone() {
        assert_eq!(parse(br#"["\ud83d\ude00", "\\ud800"]"#).unwrap(), json!(["😀", "\\ud800"]));
        let mut at = String::new();
        assert_eq!(unfit(&json!({"a": [9_007_199_254_740_991_i64, 0.1, "ok"]}), &mut at), None);
        assert_eq!(at, "");
    }
}
