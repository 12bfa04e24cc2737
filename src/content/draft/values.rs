//! Values as callers send them: merge patches, and the keys of list items.

use std::collections::{HashMap, HashSet, VecDeque};

use super::super::id::{Mint, may_be_key, new_key};
use super::super::json::{Map, Value, canonical, key_of};

/// A JSON merge patch (RFC 7396): `null` removes, objects merge, everything else replaces.
pub(in crate::content) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(name);
        } else {
            merge_patch(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Gives every list item a key. An item keeps the key it brings; one without takes the key of an equal item of the
/// list before, else of an unclaimed one at its index, else a new one.
///
/// # Errors
/// The pointer of a key that can't be one, or stands twice in its list, and why.
pub(in crate::content) fn give_keys(
    value: &mut Value,
    before: Option<&Value>,
    mint: &mut dyn Mint,
    at: &mut String,
) -> Result<(), String> {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let before = before.and_then(|before| before.get(name));
                within(at, name, |at| give_keys(value, before, mint, at))?;
            }
            Ok(())
        }
        Value::Array(items) => {
            let before = before.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            claim(items, before, mint, at)?;
            let before: HashMap<&str, &Value> =
                before.iter().filter_map(|item| Some((key_of(item)?, item))).collect();
            for (i, item) in items.iter_mut().enumerate() {
                let before = key_of(item).and_then(|key| before.get(key)).copied();
                within(at, &i.to_string(), |at| give_keys(item, before, mint, at))?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn within(
    at: &mut String,
    step: &str,
    f: impl FnOnce(&mut String) -> Result<(), String>,
) -> Result<(), String> {
    let len = at.len();
    at.push('/');
    at.push_str(&super::super::json::escape(step));
    f(at)?;
    at.truncate(len);
    Ok(())
}

fn claim(items: &mut [Value], before: &[Value], mint: &mut dyn Mint, at: &mut String) -> Result<(), String> {
    let mut claimed = brought(items, at)?;
    let keyless = items.iter_mut().enumerate().filter_map(|(i, item)| Some((i, item.as_object_mut()?)));
    let keyless: Vec<_> = keyless.filter(|(_, fields)| !fields.contains_key("key")).collect();
    if keyless.is_empty() {
        return Ok(());
    }
    let mut equal: HashMap<String, VecDeque<&str>> = HashMap::new();
    for (key, fields) in before.iter().filter_map(|old| Some((key_of(old)?, old.as_object()?))) {
        equal.entry(canonical(&plain(fields))).or_default().push_back(key);
    }
    let mut others = Vec::new();
    for (i, fields) in keyless {
        let found = equal.get_mut(&canonical(&plain(fields))).and_then(|keys| {
            std::iter::from_fn(|| keys.pop_front()).find(|key| claimed.insert((*key).to_owned()))
        });
        match found {
            Some(key) => drop(fields.insert("key".into(), key.into())),
            None => others.push((i, fields)),
        }
    }
    for (i, fields) in others {
        let same_index = before.get(i).and_then(key_of).filter(|key| claimed.insert((*key).to_owned()));
        let key = same_index.map_or_else(|| new_key(mint), String::from);
        fields.insert("key".into(), key.into());
    }
    Ok(())
}

/// The keys that items bring.
fn brought(items: &[Value], at: &mut String) -> Result<HashSet<String>, String> {
    let mut keys = HashSet::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let Some(key) = item.get("key") else { continue };
        let fault = match key.as_str() {
            Some(key) if !may_be_key(key) => "a key is 1 to 64 letters, digits, '_' or '-', and no number",
            Some(key) if keys.insert(key.to_owned()) => continue,
            Some(_) => "this key stands twice in the list",
            None => "`key` is the system's own and a text: leave it out to get one",
        };
        at.push_str(&format!("/{i}/key"));
        return Err(fault.into());
    }
    Ok(keys)
}

/// A list item without its own key and those of the items within it: what a caller would have sent.
fn plain(item: &Map<String, Value>) -> Value {
    let fields = item.iter().filter(|(name, _)| *name != "key");
    Value::Object(fields.map(|(name, value)| (name.clone(), strip_keys(value))).collect())
}

/// A value of an item's field without the keys of the items within it.
fn strip_keys(value: &Value) -> Value {
    let element = |element: &Value| element.as_object().map_or_else(|| strip_keys(element), plain);
    match value {
        Value::Array(elements) => Value::Array(elements.iter().map(element).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), strip_keys(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::id::Counting;
    use super::*;
    use serde_json::json;

    fn keyed(mut value: Value, before: &Value) -> Value {
        give_keys(&mut value, Some(before), &mut Counting::default(), &mut String::new()).unwrap();
        value
    }

    #[test]
    fn the_examples_of_rfc_7396_hold() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut value = target;
            merge_patch(&mut value, &patch);
            assert_eq!(value, result);
        }
    }

    #[test]
    fn an_item_without_a_key_takes_that_of_its_equal_then_of_its_place() {
        let before = json!({"items": [{"key": "a", "q": 1}, {"key": "b", "q": 2}]});
        let after = keyed(json!({"items": [{"q": 2}, {"q": 9}, {"q": 1}]}), &before);
        let keys: Vec<_> = after["items"].as_array().unwrap().iter().filter_map(key_of).collect();
        assert_eq!((keys[0], keys[2]), ("b", "a"));
        assert!(keys[1] != "a" && keys[1] != "b", "the item of index 1 finds 'b' claimed");
        let after = keyed(json!({"items": [{"q": 7}, {"q": 8}]}), &before);
        assert_eq!(after["items"][0]["key"], "a");
        assert_eq!(after["items"][1]["key"], "b");
    }

    #[test]
    fn a_key_twice_or_one_that_is_a_number_is_refused_at_its_place() {
        for bad in [json!({"l": [{"key": "a"}, {"key": "a"}]}), json!({"l": [{"key": "x"}, {"key": "7"}]})] {
            let (mut value, mut at) = (bad, String::new());
            assert!(give_keys(&mut value, None, &mut Counting::default(), &mut at).is_err());
            assert_eq!(at, "/l/1/key");
        }
    }

    #[test]
    fn nested_lists_keep_their_keys_through_their_items() {
        let before = json!({"links": [{"key": "a", "children": [{"key": "x", "t": 1}]}]});
        let after = keyed(json!({"links": [{"children": [{"t": 1}, {"t": 2}]}]}), &before);
        assert_eq!(after["links"][0]["key"], "a");
        assert_eq!(after["links"][0]["children"][0]["key"], "x");
    }
}
