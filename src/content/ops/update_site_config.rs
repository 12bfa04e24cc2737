//! `update_site_config`: what is true of the whole site.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::json::{Map, Value};
use super::super::problem::Lowered;
use super::super::site_config::patched;
use super::{Done, Lower};

/// Changes the site's config. `patch` is a JSON merge patch (RFC 7396) over `name`, `description`, `logo`, `purpose`,
/// `tone`, `constraints`, `navLabels` (slug to label), `navGroups` (label to slugs), `themeOverrides` (CSS variable to
/// value), `locales`, `defaultLocale`, `previewUrl`, `pageMeta`: `null` removes, objects merge, lists replace.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UpdateSiteConfig {
    /// What to change, as a JSON merge patch.
    pub patch: Map<String, Value>,
}

impl Lower for UpdateSiteConfig {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let config = patched(&draft.root().config, &self.patch, "/patch")?;
        draft.set_site(&["config"], Some(&config))?;
        Ok(Done::site())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, refused, site, told};
    use super::*;
    use serde_json::json;

    fn patch(patch: Value) -> Value {
        json!({"op": "update_site_config", "patch": patch})
    }

    #[test]
    fn given_a_patch_when_applied_then_objects_merge_and_null_removes() {
        let first = patch(json!({"name": "Osier", "tone": "calm", "navLabels": {"/": "Home", "/about": "Us"}}));
        let first = lower(&site(), first).unwrap();
        let second = patch(json!({"tone": null, "navLabels": {"/about": null, "/pricing": "Prices"}}));
        let second = lower(&first.root, second).unwrap();
        assert_eq!(*second.root.config, json!({"name": "Osier", "navLabels": {"/": "Home", "/pricing": "Prices"}}));
        assert_eq!(second.changes.len(), 3, "key by key, so that edits of two keys never conflict");
        assert_eq!(second.results[0].page, None);
    }

    #[test]
    fn given_what_is_so_already_when_patched_then_nothing_changes() {
        let named = lower(&site(), patch(json!({"name": "Osier"}))).unwrap().root;
        assert_eq!(lower(&named, patch(json!({"name": "Osier", "logo": null}))).unwrap().changed(), [false]);
    }

    #[test]
    fn given_keys_and_values_that_are_wrong_when_patched_then_each_is_told_at_its_place() {
        let op = patch(json!({"nam": "Osier", "locales": "en", "navGroups": {"Main": ["/", 7]}}));
        let mut found = refused(&site(), op);
        found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        let wanted = [
            ("/patch/locales", Code::SchemaViolation),
            ("/patch/nam", Code::UnknownProp),
            ("/patch/navGroups/Main/1", Code::SchemaViolation),
        ];
        assert_eq!(found, wanted.map(|(pointer, code)| Refused::new(pointer, code)));
        let problems = lower(&site(), patch(json!({"nam": "Osier"}))).unwrap_err();
        assert!(problems[0].message.contains("did you mean 'name'?"), "{}", problems[0].message);
    }

    #[test]
    fn given_a_default_locale_that_is_none_of_the_locales_when_patched_then_it_is_refused_with_both() {
        let both = patch(json!({"locales": ["de"], "defaultLocale": "fr"}));
        assert_eq!(refused(&site(), both.clone()), [Refused::new("/patch/defaultLocale", Code::SchemaViolation)]);
        let message = told(&site(), both);
        assert!(message.contains("\"fr\"") && message.contains("\"de\""), "{message}");
        let german = lower(&site(), patch(json!({"locales": ["de", "en"], "defaultLocale": "de"}))).unwrap().root;
        let fewer = patch(json!({"locales": ["en"]}));
        assert_eq!(refused(&german, fewer), [Refused::new("/patch/locales", Code::SchemaViolation)]);
        for taken in [json!({"locales": ["en"], "defaultLocale": "en"}), json!({"locales": null}), json!({"name": "a"})] {
            assert_eq!(lower(&german, patch(taken)).unwrap().changed(), [true]);
        }
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_patched_then_none_is_needed() {
        assert_eq!(lower(&cold(&site()), patch(json!({"name": "Osier"}))).unwrap().changed(), [true]);
    }
}
