//! `duplicate_page`: a copy of a page, with new ids.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::change::Node;
use super::super::draft::{Draft, Position, with_new_ids};
use super::super::id::PageId;
use super::super::page_meta::judge_title;
use super::super::problem::{Gathered, Lowered};
use super::{Done, Lower, PageRef};

/// Copies a page with its meta and all its blocks, which get ids of their own. A canonical address is not copied, for
/// it speaks of the source. Links stay as they are. With no position the copy goes to the end of the site.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DuplicatePage {
    /// The page to copy: its id or slug.
    pub page: PageRef,
    /// The copy's address; without it the first free one of `<slug>-copy`, `<slug>-copy-2`, ….
    #[serde(default)]
    pub slug: Option<String>,
    /// The copy's title; without it the source's.
    #[serde(default)]
    pub title: Option<String>,
    /// A name of your choice: later ops of this batch say `$tmp:<name>` for the copy's id.
    #[serde(default)]
    pub temp_id: Option<String>,
    /// Right behind this page: its id or slug.
    #[serde(default)]
    pub after: Option<PageRef>,
    /// Right before this page: its id or slug.
    #[serde(default)]
    pub before: Option<PageRef>,
    /// At this place among the pages, counted from 0.
    #[serde(default)]
    pub index: Option<i64>,
}

impl Lower for DuplicatePage {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let source = draft.find_page(&self.page, "/page")?;
        let mut copy = draft.page(&source)?.to_value();
        let mut problems = Gathered::default();
        let slug = problems.keep(self.address(draft, &source))?;
        let title = self.title.as_deref().map_or(Ok(()), |title| judge_title(title, "/title"));
        let title = problems.keep(title)?;
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let at = problems.keep(draft.page_position(position, None))?;
        let id = draft.page_id(None, "")?;
        let handle = problems.keep(draft.declare_page(self.temp_id.as_deref(), &id))?;
        let (Some(slug), Some(()), Some(at), Some(())) = (slug, title, at, handle) else {
            return Err(problems.halt());
        };
        copy["id"] = id.as_str().into();
        copy["slug"] = slug.as_str().into();
        if let Some(title) = &self.title {
            copy["title"] = title.as_str().into();
        }
        if let Some(meta) = copy["meta"].as_object_mut() {
            meta.remove("canonical");
        }
        for block in copy["blocks"].as_array_mut().into_iter().flatten() {
            *block = with_new_ids(block.take(), draft.mint()).1;
        }
        draft.insert(Node::Page(id.clone()), at, copy)?;
        draft.set_site(&["redirects", &slug], None)?;
        Ok(Done::page(id))
    }
}

impl DuplicatePage {
    fn address(&self, draft: &Draft, source: &PageId) -> Lowered<String> {
        if let Some(slug) = &self.slug {
            return draft.free_slug(slug, None, "/slug");
        }
        let base = match &*draft.page(source)?.slug {
            "/" => "/copy".to_owned(),
            slug => format!("{slug}-copy"),
        };
        let numbered = (2..).map(|n| format!("{base}-{n}"));
        let mut names = std::iter::once(base.clone()).chain(numbered);
        let free = names.find(|slug| draft.root().by_slug(slug).is_none()).unwrap_or(base);
        // Still to be judged: it may have grown too long.
        draft.free_slug(&free, None, "/slug")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::json::Value;
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, missing, page, refused, site, slugs};
    use super::*;
    use serde_json::json;

    /// All ids that stand in a page.
    fn ids(value: &Value) -> Vec<String> {
        let own = value.get("id").and_then(Value::as_str).map(str::to_owned);
        let below: Vec<String> = match value {
            Value::Object(fields) => fields.values().flat_map(ids).collect(),
            Value::Array(items) => items.iter().flat_map(ids).collect(),
            _ => Vec::new(),
        };
        own.into_iter().chain(below).collect()
    }

    fn without_ids(mut value: Value) -> Value {
        match &mut value {
            Value::Object(fields) => {
                fields.remove("id");
                fields.values_mut().for_each(|field| *field = without_ids(field.take()));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| *item = without_ids(item.take())),
            _ => {}
        }
        value
    }

    #[test]
    fn given_a_page_when_duplicated_then_all_is_the_same_under_new_ids() {
        let before = site();
        let after = lower(&before, json!({"op": "duplicate_page", "page": "/"})).unwrap();
        assert_eq!(slugs(&after.root), ["/", "/about", "/pricing", "/copy"]);
        let (source, copy) = (page(&before, "/"), page(&after.root, "/copy"));
        assert!(ids(&copy).iter().all(|id| !ids(&source).contains(id)));
        assert_eq!(ids(&copy).len(), ids(&source).len());
        assert_eq!(after.results[0].page.as_ref().map(PageId::as_str), copy["id"].as_str());
        let mut wanted = without_ids(source);
        wanted["slug"] = json!("/copy");
        assert_eq!(without_ids(copy), wanted, "the title, too, and the keys of items");
    }

    #[test]
    fn given_copies_when_duplicated_then_the_first_free_address_is_taken() {
        let op = json!({"op": "duplicate_page", "page": "/pricing"});
        let after = lower(&site(), json!([op, op, op])).unwrap();
        assert_eq!(slugs(&after.root)[3..], ["/pricing-copy", "/pricing-copy-2", "/pricing-copy-3"]);
        let gone = lower(&after.root, json!({"op": "remove_page", "page": "/pricing-copy-2"})).unwrap();
        let again = lower(&gone.root, json!([op, {"op": "duplicate_page", "page": "/"}])).unwrap();
        assert_eq!(slugs(&again.root)[5..], ["/pricing-copy-2", "/copy"]);
    }

    #[test]
    fn given_a_name_and_a_place_when_duplicated_then_the_copy_has_them_and_no_canonical() {
        let ops = json!([
            {"op": "update_page_meta", "page": "/about", "patch": {"canonical": "/pricing", "title": "Us"}},
            {"op": "duplicate_page", "page": "/about", "slug": "/Us", "title": "Us", "tempId": "us", "after": "/"},
            {"op": "update_page_meta", "page": "$tmp:us", "patch": {"noindex": true}},
        ]);
        let after = lower(&site(), ops).unwrap();
        assert_eq!(slugs(&after.root), ["/", "/us", "/about", "/pricing"]);
        let copy = page(&after.root, "/us");
        assert_eq!((&copy["title"], &copy["meta"]), (&json!("Us"), &json!({"title": "Us", "noindex": true})));
        assert_eq!(copy["id"], after.ids["us"]);
    }

    #[test]
    fn given_mistakes_when_duplicated_then_each_is_told() {
        let op = |more: Value| {
            let mut op = json!({"op": "duplicate_page", "page": "/about"});
            op.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            op
        };
        assert_eq!(
            refused(&site(), op(json!({"slug": "/", "title": "", "index": -1}))),
            [("/slug", Code::SlugTaken), ("/title", Code::SchemaViolation), ("/index", Code::InvalidPosition)]
                .map(|(pointer, code)| Refused::new(pointer, code))
        );
        let op = json!({"op": "duplicate_page", "page": "/abuot"});
        assert_eq!(refused(&site(), op), [Refused::new("/page", Code::PageNotFound)]);
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_duplicated_then_it_is_asked_for() {
        let op = json!({"op": "duplicate_page", "page": "/about"});
        assert_eq!(missing(&cold(&site()), op), ["pg_about".into()]);
    }
}
