//! The door: bytes to values, and the ways into values.

use osier::content::json::{Value, canonical, escape, lookup, parse, parse_pointer, pointer, unfit};

/// Canonical JSON of canonical JSON is itself, and what can't be kept is named by a place that is there.
pub fn target(bytes: &[u8]) {
    let Ok(value) = parse(bytes) else { return };
    let text = canonical(&value);
    let mut place = String::new();
    if unfit(&value, &mut place).is_some() {
        assert!(value.pointer(&place).is_some(), "no place {place:?} in {text}");
        return;
    }
    let again = parse(text.as_bytes()).unwrap();
    assert_eq!(again, value);
    assert_eq!(canonical(&again), text);
    assert!(text.len() <= bytes.len() * 6 + 16, "a number or an escape grew without bound");
}

/// Steps as a pointer are the same steps again, and lead where plain JSON Pointers lead.
pub fn pointers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (path, value) = text.split_once('\n').unwrap_or((&text, "{}"));
    let Some(steps) = parse_pointer(path) else {
        assert!(!path.is_empty() && !path.starts_with('/'));
        return;
    };
    assert_eq!(parse_pointer(&pointer(&steps)).unwrap(), steps);
    let unescaped = steps.iter().all(|step| !escape(step).contains('~'));
    assert!(!unescaped || path.contains('~') || pointer(&steps) == path);
    let Ok(value) = parse(value.as_bytes()) else { return };
    let through_lists = steps.iter().scan(&value, |at, step| {
        let list = at.is_array();
        *at = lookup(at, &[step]).unwrap_or(&Value::Null);
        Some(list)
    });
    if !through_lists.collect::<Vec<_>>().contains(&true) {
        assert_eq!(lookup(&value, &steps), value.pointer(&pointer(&steps)));
    }
}
