//! Paths into values. A step is an object's name or, in a list of keyed items, an item's key: never an index.

use serde_json::Value;

/// One step of a JSON Pointer (RFC 6901) with `~` and `/` escaped.
#[must_use]
pub fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Steps as a JSON Pointer.
#[must_use]
pub fn pointer<S: AsRef<str>>(steps: &[S]) -> String {
    steps.iter().fold(String::new(), |mut out, step| {
        out.push('/');
        out.push_str(&escape(step.as_ref()));
        out
    })
}

/// The steps of a JSON Pointer; `None` where it is none.
#[must_use]
pub fn parse_pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let steps = text.strip_prefix('/')?.split('/');
    Some(steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

/// The value at a path: names of objects, keys of keyed lists.
#[must_use]
pub fn lookup<'a, S: AsRef<str>>(value: &'a Value, path: &[S]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(step.as_ref()),
        Value::Array(items) => items.iter().find(|item| key_of(item) == Some(step.as_ref())),
        _ => None,
    })
}

/// The key of a list item.
pub(in crate::content) fn key_of(item: &Value) -> Option<&str> {
    item.as_object()?.get("key")?.as_str()
}

/// As `lookup`, to change what is there.
pub(in crate::content) fn lookup_mut<'a, S: AsRef<str>>(
    value: &'a mut Value,
    path: &[S],
) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get_mut(step.as_ref()),
        Value::Array(items) => items.iter_mut().find(|item| key_of(item) == Some(step.as_ref())),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_goes_through_names_and_keys() {
        let value = json!({"items": [{"key": "k1", "q": "a"}, {"key": "k2", "sub": [{"key": "x", "t": 1}]}]});
        assert_eq!(lookup(&value, &["items", "k2", "sub", "x", "t"]), Some(&json!(1)));
        assert_eq!(lookup(&value, &["items", "0"]), None);
    }

    #[test]
    fn a_pointer_round_trips_through_its_steps() {
        let steps = ["a/b", "c~d", ""];
        assert_eq!(parse_pointer(&pointer(&steps)).unwrap(), steps);
        assert_eq!(parse_pointer("a"), None);
    }
}
