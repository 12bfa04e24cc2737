//! `update_page_meta`: what a page tells search engines and those who share it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::json::{Map, Value};
use super::super::page_meta::patched;
use super::super::problem::Lowered;
use super::{Done, Lower, PageRef};

/// Changes a page's meta. `patch` is a JSON merge patch (RFC 7396): `null` removes a key. There are `title` (without it
/// the page's own title is shown), `description`, `ogImage`, `canonical`, `noindex`, and the keys that the site's config
/// adds under `pageMeta`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UpdatePageMeta {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The keys to change, as a JSON merge patch.
    pub patch: Map<String, Value>,
}

impl Lower for UpdatePageMeta {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        let now = draft.page(&page)?.meta.clone();
        let meta = patched(&now, &self.patch, &draft.root().config, "/patch")?;
        draft.set_page(&page, "meta", Some(&meta))?;
        Ok(Done::page(page))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, missing, page, refused, site};
    use super::*;
    use serde_json::json;

    fn patch(patch: Value) -> Value {
        json!({"op": "update_page_meta", "page": "/about", "patch": patch})
    }

    #[test]
    fn given_a_patch_when_applied_then_its_keys_change_and_the_others_stay() {
        let first = lower(&site(), patch(json!({"title": "Us", "noindex": true}))).unwrap();
        let second = lower(&first.root, patch(json!({"noindex": null, "description": "Who"}))).unwrap();
        assert_eq!(page(&second.root, "/about")["meta"], json!({"title": "Us", "description": "Who"}));
        assert_eq!(second.changes.len(), 2, "key by key, so that edits of two keys never conflict");
    }

    #[test]
    fn given_what_is_so_already_when_patched_then_nothing_changes() {
        assert_eq!(lower(&site(), patch(json!({"title": null}))).unwrap().changed(), [false]);
        assert_eq!(lower(&site(), patch(json!({}))).unwrap().changed(), [false]);
    }

    #[test]
    fn given_a_canonical_address_when_set_then_the_page_links_to_it_until_it_is_taken_away() {
        let with = lower(&site(), patch(json!({"canonical": "/Pricing/?a"}))).unwrap().root;
        assert!(with.linking_to("/pricing").any(|page| page.as_str() == "pg_about"));
        let without = lower(&with, patch(json!({"canonical": null}))).unwrap().root;
        assert!(!without.linking_to("/pricing").any(|page| page.as_str() == "pg_about"));
    }

    #[test]
    fn given_keys_and_values_that_are_wrong_when_patched_then_each_is_told() {
        let wanted = [("/patch/noindex", Code::SchemaViolation), ("/patch/descripton", Code::UnknownProp)];
        let mut found = refused(&site(), patch(json!({"descripton": "a", "noindex": "no"})));
        found.sort_by_key(|refused| refused.code.as_str());
        assert_eq!(found, wanted.map(|(pointer, code)| Refused::new(pointer, code)));
    }

    #[test]
    fn given_a_key_of_the_site_when_patched_then_it_is_taken() {
        let config = json!({"op": "update_site_config", "patch": {"pageMeta": {"author": {"type": "string"}}}});
        let after = lower(&site(), json!([config, patch(json!({"author": "Ada"}))])).unwrap();
        assert_eq!(page(&after.root, "/about")["meta"], json!({"author": "Ada"}));
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_patched_then_it_is_asked_for() {
        assert_eq!(missing(&cold(&site()), patch(json!({"title": "Us"}))), ["pg_about".into()]);
    }
}
