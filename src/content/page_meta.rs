//! What a page says of itself: its title, and its meta by `schemas/page-meta.json` and the site's own further keys.

use std::sync::LazyLock;

use serde_json::json;

use super::draft::{fit, merge_patch};
use super::json::{Map, Value};
use super::problem::{Code, Halt, Lowered, Problem};
use super::schema::Judge;

/// The most characters of a title.
const MAX_TITLE: usize = 1000;

/// The most characters of a text that a site's config adds to the meta of its pages.
const MAX_TEXT: usize = 10_000;

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../schemas/page-meta.json")).unwrap_or_default());

static JUDGE: LazyLock<Option<Judge>> = LazyLock::new(|| Judge::new(&SCHEMA).ok());

/// The schema as published: a site's config adds further keys.
#[must_use]
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// Judges a page's title.
///
/// # Errors
/// `schema_violation`: nothing but white space, or too long, or a text that can't be kept.
pub(in crate::content) fn judge_title(title: &str, pointer: &str) -> Result<(), Problem> {
    fit(&Value::from(title), pointer)?;
    let chars = title.chars().count();
    let message = match chars {
        _ if title.trim().is_empty() => "a page's title has at least one character".to_owned(),
        0..=MAX_TITLE => return Ok(()),
        _ => format!("a page's title has at most {MAX_TITLE} characters, not {chars}"),
    };
    Err(Problem::new(Code::SchemaViolation, pointer, message))
}

/// The meta that a merge patch makes of another. Only what the patch gives is judged: a key that was good when it
/// was written stays, whatever the site's config has come to say since.
///
/// # Errors
/// Every problem of the patch, at its place below `pointer`.
pub(in crate::content) fn patched(
    meta: &Value,
    patch: &Map<String, Value>,
    config: &Value,
    pointer: &str,
) -> Lowered<Value> {
    let patch = Value::Object(patch.clone());
    fit(&patch, pointer)?;
    let mut given = json!({});
    merge_patch(&mut given, &patch);
    judge(&given, config, pointer)?;
    let mut meta = meta.clone();
    merge_patch(&mut meta, &patch);
    Ok(meta)
}

fn judge(meta: &Value, config: &Value, pointer: &str) -> Lowered<()> {
    let further = config.get("pageMeta").and_then(Value::as_object).filter(|further| !further.is_empty());
    let own = further.map(with_further).and_then(|schema| Judge::new(&schema).ok());
    let judge = own.as_ref().or(JUDGE.as_ref());
    let judge = judge.ok_or_else(|| Halt::Broken("schemas/page-meta.json does not compile".into()))?;
    let problems = judge.problems("a page's meta", meta);
    if problems.is_empty() {
        return Ok(());
    }
    Err(Halt::Refused(problems.iter().map(|problem| Problem::below(pointer, problem)).collect()))
}

/// The schema with the keys that a site's config adds; none of Osier's own is redefined.
fn with_further(further: &Map<String, Value>) -> Value {
    let mut schema = SCHEMA.clone();
    for (name, rule) in further {
        let known = schema["properties"].get(name).is_some();
        if let (false, Some(kind)) = (known, rule.get("type")) {
            schema["properties"][name] = json!({ "type": kind, "maxLength": MAX_TEXT });
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(patch: Value, config: Value) -> Vec<(String, Code)> {
        let Value::Object(patch) = patch else { panic!("a patch is an object") };
        match patched(&json!({}), &patch, &config, "/patch") {
            Ok(_) => Vec::new(),
            Err(Halt::Refused(problems)) => problems.into_iter().map(|p| (p.pointer, p.code)).collect(),
            Err(halt) => panic!("{halt:?}"),
        }
    }

    #[test]
    fn the_known_keys_are_taken_within_their_bounds() {
        let meta = json!({"title": "a", "description": "b", "ogImage": "/a.png", "canonical": "/b", "noindex": true});
        assert_eq!(codes(meta, json!({})), []);
        for (patch, pointer) in [
            (json!({"title": 1}), "/patch/title"),
            (json!({"title": "a".repeat(1001)}), "/patch/title"),
            (json!({"canonical": "a".repeat(4097)}), "/patch/canonical"),
            (json!({"noindex": "yes"}), "/patch/noindex"),
            (json!({"description": "a\0"}), "/patch/description"),
        ] {
            assert_eq!(codes(patch, json!({})), [(pointer.to_owned(), Code::SchemaViolation)]);
        }
    }

    #[test]
    fn another_key_needs_the_site_to_know_it() {
        let unknown = [("/patch/author".to_owned(), Code::UnknownProp)];
        assert_eq!(codes(json!({"author": "Ada"}), json!({})), unknown);
        let config = json!({"pageMeta": {"author": {"type": "string"}, "order": {"type": "number"}}});
        assert_eq!(codes(json!({"author": "Ada", "order": 2.5}), config.clone()), []);
        let wrong = [("/patch/author".to_owned(), Code::SchemaViolation)];
        assert_eq!(codes(json!({"author": 7}), config.clone()), wrong);
        assert_eq!(codes(json!({"autor": "Ada"}), config)[0].1, Code::UnknownProp);
    }

    #[test]
    fn a_key_the_site_no_longer_knows_can_be_kept_and_taken_away() {
        let patch = |patch: Value| {
            let Value::Object(patch) = patch else { panic!("a patch is an object") };
            patched(&json!({"author": "Ada"}), &patch, &json!({}), "/patch")
        };
        assert_eq!(patch(json!({"title": "a"})), Ok(json!({"author": "Ada", "title": "a"})));
        assert_eq!(patch(json!({"author": null})), Ok(json!({})));
    }

    #[test]
    fn a_title_is_a_text_that_shows_something() {
        assert_eq!(judge_title("Pricing", "/title"), Ok(()));
        assert_eq!(judge_title(&"é".repeat(1000), "/title"), Ok(()));
        for bad in ["", " \n", "a\0b", &"é".repeat(1001)] {
            assert_eq!(judge_title(bad, "/title").map_err(|p| p.code), Err(Code::SchemaViolation));
        }
    }
}
