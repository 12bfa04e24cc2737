//! Canonical bytes: the JSON Canonicalization Scheme, RFC 8785.

use serde_json::{Map, Number, Value};

/// The canonical text of a value: keys by UTF-16 code units, numbers as ECMAScript writes them, no white space.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

/// Writes the canonical text behind what `out` holds.
pub fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => write_number(n, out),
        Value::String(s) => write_string(s, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => write_object(fields, out),
    }
}

fn write_object(fields: &Map<String, Value>, out: &mut String) {
    out.push('{');
    let mut first = true;
    let mut field = |(key, value): (&String, &Value)| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        write_canonical(value, out);
    };
    // The map's own order is by bytes, which is the order by UTF-16 code units unless a character
    // beyond the basic plane meets one near its end.
    if fields.keys().all(|key| key.is_ascii()) {
        fields.iter().for_each(&mut field);
    } else {
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        sorted.into_iter().for_each(&mut field);
    }
    out.push('}');
}

fn write_number(number: &Number, out: &mut String) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = if let Some(n) = number.as_i64() {
        write!(out, "{n}")
    } else if let Some(n) = number.as_u64() {
        write!(out, "{n}")
    } else {
        out.write_str(ryu_js::Buffer::new().format_finite(number.as_f64().unwrap_or_default()))
    };
}

/// Writes a string with its quotes, escaping only what must be escaped.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (i, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0A => "\\n",
            0x0C => "\\f",
            0x0D => "\\r",
            0x00..=0x1F => "",
            _ => continue,
        };
        out.push_str(&text[from..i]);
        if short.is_empty() {
            let hex = b"0123456789abcdef";
            out.push_str("\\u00");
            out.push(char::from(hex[usize::from(byte >> 4)]));
            out.push(char::from(hex[usize::from(byte & 15)]));
        } else {
            out.push_str(short);
        }
        from = i + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_stand_in_the_order_of_utf16_code_units() {
        let value =
            json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let text = canonical(&value);
        assert_eq!(text, "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}");
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        for (given, wanted) in
            [("0.1", "0.1"), ("1e-7", "1e-7"), ("333333333.3333333", "333333333.3333333"), ("4.5", "4.5")]
        {
            let value: Value = serde_json::from_str(given).unwrap();
            assert_eq!(canonical(&value), wanted);
        }
    }

    #[test]
    fn control_characters_are_escaped_and_nothing_else() {
        assert_eq!(canonical(&json!("a\u{1}\n\"\\/é")), "\"a\\u0001\\n\\\"\\\\/é\"");
    }
}
