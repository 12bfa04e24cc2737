//! The site's config, by `schemas/site-config.json`.

use std::sync::LazyLock;

use super::draft::{fit, merge_patch};
use super::json::{Map, Value};
use super::problem::{Code, Halt, Lowered, Problem};
use super::schema::Judge;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schemas/site-config.json")).unwrap_or_default()
});

static JUDGE: LazyLock<Option<Judge>> = LazyLock::new(|| Judge::new(&SCHEMA).ok());

/// How many locales a sentence lists.
const SHOWN: usize = 20;

/// The schema as published.
#[must_use]
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// The config that a merge patch makes of another. Only the keys that the patch names are judged.
///
/// # Errors
/// Every problem, at its place below `pointer`.
pub fn patched(config: &Value, patch: &Map<String, Value>, pointer: &str) -> Lowered<Value> {
    let patch = Value::Object(patch.clone());
    fit(&patch, pointer)?;
    let mut config = config.clone();
    merge_patch(&mut config, &patch);
    let named = |(name, _): &(&String, &Value)| patch.get(name.as_str()).is_some();
    let fields = config.as_object().into_iter().flatten();
    let written: Map<String, Value> =
        fields.filter(named).map(|(name, value)| (name.clone(), value.clone())).collect();
    judge(&Value::Object(written), pointer)?;
    among_locales(&config, &patch, pointer)?;
    Ok(config)
}

/// The default locale is one of the locales, where a patch speaks of either.
fn among_locales(config: &Value, patch: &Value, pointer: &str) -> Result<(), Problem> {
    let Some(field) = ["defaultLocale", "locales"].into_iter().find(|field| patch.get(field).is_some())
    else {
        return Ok(());
    };
    let (Some(default), Some(locales)) =
        (config.get("defaultLocale"), config.get("locales").and_then(Value::as_array))
    else {
        return Ok(());
    };
    if locales.contains(default) {
        return Ok(());
    }
    let there: Vec<String> = locales.iter().take(SHOWN).map(Value::to_string).collect();
    let message = format!(
        "`defaultLocale` is {default}, which is not among `locales`: {}; send both",
        there.join(", ")
    );
    Err(Problem::new(Code::SchemaViolation, format!("{pointer}/{field}"), message))
}

fn judge(config: &Value, pointer: &str) -> Lowered<()> {
    let judge = JUDGE.as_ref();
    let judge = judge.ok_or_else(|| Halt::Broken("schemas/site-config.json does not compile".into()))?;
    let problems = judge.problems("the site's config", config);
    if problems.is_empty() {
        return Ok(());
    }
    Err(Halt::Refused(problems.iter().map(|problem| Problem::below(pointer, problem)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(config: Value) -> Vec<String> {
        match judge(&config, "") {
            Ok(()) => Vec::new(),
            Err(Halt::Refused(problems)) => problems.into_iter().map(|problem| problem.pointer).collect(),
            Err(halt) => panic!("{halt:?}"),
        }
    }

    #[test]
    fn everything_a_site_may_say_is_taken() {
        let config = json!({
            "name": "Osier", "description": "Baskets", "logo": "/assets/logo.svg", "purpose": "Sell baskets",
            "tone": "calm", "constraints": ["No exclamation marks"],
            "navLabels": {"/": "Home", "/über-uns": "About"}, "navGroups": {"Main": ["/", "https://a.example"]},
            "themeOverrides": {"--brand": "#0a7", "--gap_2": "calc(1rem + 2px)"},
            "locales": ["en", "pt-BR", "zh-Hant-TW"], "defaultLocale": "en", "previewUrl": "http://localhost:4321",
            "pageMeta": {"author": {"type": "string"}, "order": {"type": "number"}, "draft": {"type": "boolean"}},
        });
        assert_eq!(places(config), Vec::<String>::new());
    }

    #[test]
    fn what_could_break_a_page_or_a_style_sheet_is_refused_at_its_place() {
        for (config, place) in [
            (json!({"themeOverrides": {"color": "red"}}), "/themeOverrides"),
            (json!({"themeOverrides": {"--a": "red; } body { display: none"}}), "/themeOverrides/--a"),
            (json!({"themeOverrides": {"--a": "</style>"}}), "/themeOverrides/--a"),
            (json!({"navLabels": {"about": "About"}}), "/navLabels"),
            (json!({"locales": ["english please"]}), "/locales/0"),
            (json!({"locales": ["en", "en"]}), "/locales"),
            (json!({"previewUrl": "javascript:alert(1)"}), "/previewUrl"),
            (json!({"pageMeta": {"a": {"type": "object"}}}), "/pageMeta/a/type"),
            (json!({"name": "a".repeat(1001)}), "/name"),
        ] {
            let found = places(config);
            assert!(found[0].starts_with(place), "{found:?} for {place}");
        }
    }
}
