//! `rename_page`: another address or title, with every link to the page following.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::id::PageId;
use super::super::json::{Map, Value};
use super::super::links::rewrite;
use super::super::page_meta::judge_title;
use super::super::problem::{Code, Gathered, Lowered, Problem};
use super::super::schema::Shape;
use super::{Done, Lower, PageRef};

/// Gives a page another slug, another title, or both. With a new slug every internal link to the page follows: in
/// the props, texts and navigation of all pages, in canonical addresses, in the site's navigation and redirects. Who
/// comes to the old slug is redirected, unless `redirect` is false.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RenamePage {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The new address, beginning with `/`.
    #[serde(default)]
    pub slug: Option<String>,
    /// The new title.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether the old slug shall lead to the new one from now on.
    #[serde(default = "yes")]
    pub redirect: bool,
}

fn yes() -> bool {
    true
}

impl Lower for RenamePage {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        if self.slug.is_none() && self.title.is_none() {
            let message = "give `slug`, `title` or both: what the page shall be called";
            return Err(Problem::new(Code::MalformedRequest, "", message).into());
        }
        let mut problems = Gathered::default();
        let page = problems.keep(draft.find_page(&self.page, "/page"))?;
        let slug = match &self.slug {
            Some(slug) => problems.keep(draft.free_slug(slug, page.as_ref(), "/slug"))?,
            None => None,
        };
        if let Some(title) = &self.title {
            problems.keep(judge_title(title, "/title"))?;
        }
        let Some(page) = page else { return Err(problems.halt()) };
        problems.end()?;
        if let Some(slug) = slug {
            self.readdress(draft, &page, &slug)?;
        }
        if let Some(title) = &self.title {
            draft.set_page(&page, "title", Some(&title.as_str().into()))?;
        }
        Ok(Done::page(page))
    }
}

impl RenamePage {
    fn readdress(&self, draft: &mut Draft, page: &PageId, new: &str) -> Lowered<()> {
        let old = draft.slug(page)?.to_string();
        if old == new {
            return Ok(());
        }
        let others = draft.root().linking_to(&old).filter(|id| *id != page);
        draft.need(others.chain([page]))?;
        let linking = draft.linking_to(&old)?;
        draft.set_page(page, "slug", Some(&new.into()))?;
        let rename = Rename { old, new };
        for page in &linking {
            rename.follow_on_page(draft, page)?;
        }
        rename.follow_in_navigation(draft)?;
        rename.follow_in_redirects(draft)?;
        if self.redirect {
            let there = serde_json::json!({ "to": new, "status": 308 });
            draft.set_site(&["redirects", &rename.old], Some(&there))?;
        }
        Ok(())
    }
}

/// An address that became another.
struct Rename<'a> {
    old: String,
    new: &'a str,
}

impl Rename<'_> {
    /// Leads the links of a value to the new slug; nothing where there is none to lead.
    fn led(&self, shape: &Shape, value: &Value) -> Option<Value> {
        let mut value = value.clone();
        let mut lead = |slug: &str| (slug == self.old).then(|| self.new.to_owned());
        rewrite(shape, &mut value, &mut lead).then_some(value)
    }

    fn follow_on_page(&self, draft: &mut Draft, id: &PageId) -> Lowered<()> {
        let page = draft.page(id)?.clone();
        for block in page.blocks().filter(|block| block.links_to(&self.old)) {
            let kind = draft.root().types.get(&block.kind).cloned();
            if let Some(props) = kind.and_then(|kind| self.led(kind.shape(), &block.value())) {
                draft.write_props(id, &block.id, &props)?;
            }
        }
        if let Some(canonical) = page.meta.get("canonical").and_then(|href| self.led(&Shape::Link, href)) {
            let mut meta = (*page.meta).clone();
            meta["canonical"] = canonical;
            draft.set_page(id, "meta", Some(&meta))?;
        }
        Ok(())
    }

    /// In the site's config: the keys of `navLabels`, the lists of `navGroups`.
    fn follow_in_navigation(&self, draft: &mut Draft) -> Lowered<()> {
        let config = draft.root().config.clone();
        if let Some(labels) = config.get("navLabels").and_then(Value::as_object) {
            draft.set_site(&["config", "navLabels"], Some(&self.labels(labels)))?;
        }
        if let Some(groups) = config.get("navGroups").and_then(Value::as_object) {
            let groups = groups.iter().map(|(label, slugs)| (label.clone(), self.group(slugs))).collect();
            draft.set_site(&["config", "navGroups"], Some(&Value::Object(groups)))?;
        }
        Ok(())
    }

    /// A label that waited under the new slug gives way to the page's own.
    fn labels(&self, labels: &Map<String, Value>) -> Value {
        let mut led = labels.clone();
        for (href, label) in labels {
            if let Some(Value::String(new)) = self.led(&Shape::Link, &href.as_str().into()) {
                led.remove(href);
                led.insert(new, label.clone());
            }
        }
        Value::Object(led)
    }

    fn group(&self, slugs: &Value) -> Value {
        self.led(&Shape::List(Box::new(Shape::Link)), slugs).unwrap_or_else(|| slugs.clone())
    }

    /// Redirects to the old slug lead on to the new one. One away from it ends: the page lives there now.
    fn follow_in_redirects(&self, draft: &mut Draft) -> Lowered<()> {
        draft.set_site(&["redirects", self.new], None)?;
        for (from, redirect) in draft.root().redirects.clone() {
            if let Some(to) = redirect.get("to").and_then(|to| self.led(&Shape::Link, to)) {
                let mut redirect = (*redirect).clone();
                redirect["to"] = to;
                draft.set_site(&["redirects", &from], Some(&redirect))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{After, Refused, cold, lower, missing, page, props, refused, site, slugs};
    use super::*;
    use crate::content::document::Root;
    use serde_json::json;

    fn redirects(root: &Root) -> Value {
        root.redirects.iter().map(|(from, redirect)| (from.to_string(), (**redirect).clone())).collect()
    }

    fn rename(root: &Root, page: &str, slug: &str) -> After {
        lower(root, json!({"op": "rename_page", "page": page, "slug": slug})).unwrap()
    }

    #[test]
    fn given_links_to_a_page_when_renamed_then_every_one_follows_and_nothing_else_changes() {
        let after = rename(&site(), "/pricing", "/Plans/").root;
        assert_eq!(slugs(&after), ["/", "/about", "/plans"]);
        assert_eq!(props(&after, "blk_header")["links"][1]["href"], "/plans");
        assert_eq!(props(&after, "blk_header")["links"][0]["href"], "/about");
        assert_eq!(props(&after, "blk_hero")["ctaHref"], "/plans?from=hero#plans");
        assert_eq!(props(&after, "blk_text")["body"], "See [prices](/plans#faq) or [us](/about).");
        assert_eq!(props(&after, "blk_card")["ctaHref"], "/plans");
        assert_eq!(props(&after, "blk_tabs")["tabs"][0]["content"], "to [the prices](</plans>)");
        assert_eq!(page(&after, "/about"), page(&site(), "/about"), "its /pricing is no link");
        assert_eq!(redirects(&after), json!({"/pricing": {"to": "/plans", "status": 308}}));
        assert_eq!(after.linking_to("/pricing").count(), 0);
    }

    #[test]
    fn given_a_page_that_links_to_itself_when_renamed_then_its_own_links_follow() {
        let after = rename(&site(), "pg_about", "/us").root;
        assert_eq!(props(&after, "blk_about")["body"], "We are [here](/us). /pricing is no link.");
        assert_eq!(props(&after, "blk_footer")["columns"][0]["links"][0]["href"], "/us");
    }

    #[test]
    fn given_a_link_made_in_the_same_batch_when_renamed_then_it_follows() {
        let ops = json!([
            {"op": "create_page", "slug": "/new", "title": "New", "blocks": [
                {"id": "blk_new", "type": "Button", "props": {"label": "Go", "href": "/pricing"}},
            ]},
            {"op": "update_props", "page": "/pricing", "block": "blk_cta", "patch": {"ctaHref": "/about"}},
            {"op": "rename_page", "page": "/pricing", "slug": "/plans"},
            {"op": "rename_page", "page": "/about", "slug": "/us"},
        ]);
        let after = lower(&site(), ops).unwrap().root;
        assert_eq!(props(&after, "blk_new")["href"], "/plans");
        assert_eq!(props(&after, "blk_cta")["ctaHref"], "/us");
    }

    #[test]
    fn given_canonicals_navigation_and_redirects_when_renamed_then_they_follow() {
        let before = lower(
            &site(),
            json!([
                {"op": "update_page_meta", "page": "/about", "patch": {"canonical": "/pricing?a#b"}},
                {"op": "update_site_config", "patch": {
                    "navLabels": {"/pricing": "Prices", "/plans": "Old plans", "/about": "Us"},
                    "navGroups": {"Main": ["/", "/pricing"], "More": ["/about"]},
                }},
                {"op": "set_redirect", "from": "/cost", "to": "/pricing?from=cost", "status": 302},
                {"op": "set_redirect", "from": "/plans", "to": "/about"},
            ]),
        );
        let after = rename(&before.unwrap().root, "/pricing", "/plans").root;
        assert_eq!(page(&after, "/about")["meta"]["canonical"], "/plans?a#b");
        assert_eq!(after.config["navLabels"], json!({"/plans": "Prices", "/about": "Us"}));
        assert_eq!(after.config["navGroups"], json!({"Main": ["/", "/plans"], "More": ["/about"]}));
        let wanted = json!({
            "/cost": {"to": "/plans?from=cost", "status": 302}, "/pricing": {"to": "/plans", "status": 308},
        });
        assert_eq!(redirects(&after), wanted, "the redirect away from the new address is gone");
    }

    #[test]
    fn given_no_redirect_wanted_when_renamed_then_there_is_none() {
        let op = json!({"op": "rename_page", "page": "/pricing", "slug": "/plans", "redirect": false});
        assert_eq!(redirects(&lower(&site(), op).unwrap().root), json!({}));
    }

    #[test]
    fn given_a_page_renamed_away_and_back_when_done_then_its_address_redirects_nowhere() {
        let there = rename(&site(), "/pricing", "/plans").root;
        let back = rename(&there, "/plans", "/pricing").root;
        assert_eq!(redirects(&back), json!({"/plans": {"to": "/pricing", "status": 308}}));
        assert_eq!(props(&back, "blk_hero")["ctaHref"], "/pricing?from=hero#plans");
    }

    #[test]
    fn given_two_pages_when_they_swap_addresses_in_a_batch_then_links_follow_each() {
        let rename = |page: &str, slug: &str| json!({"op": "rename_page", "page": page, "slug": slug});
        let ops = json!([rename("/about", "/x"), rename("/pricing", "/about"), rename("/x", "/pricing")]);
        let after = lower(&site(), ops).unwrap().root;
        assert_eq!(page(&after, "/about")["id"], "pg_pricing");
        assert_eq!(props(&after, "blk_header")["links"][0]["href"], "/pricing");
        assert_eq!(props(&after, "blk_header")["links"][1]["href"], "/about");
        assert_eq!(redirects(&after), json!({"/x": {"to": "/pricing", "status": 308}}));
    }

    #[test]
    fn given_the_home_page_when_renamed_then_the_root_leads_to_it() {
        let after = rename(&site(), "/", "/home").root;
        assert_eq!(redirects(&after), json!({"/": {"to": "/home", "status": 308}}));
    }

    #[test]
    fn given_a_title_alone_when_renamed_then_nothing_but_the_title_changes() {
        let op = json!({"op": "rename_page", "page": "/pricing", "title": "Plans"});
        let after = lower(&site(), op).unwrap();
        assert_eq!((after.changes.len(), &page(&after.root, "/pricing")["title"]), (1, &json!("Plans")));
    }

    #[test]
    fn given_the_same_slug_and_title_when_renamed_then_nothing_changes() {
        let op = json!({"op": "rename_page", "page": "/pricing", "slug": "/PRICING/", "title": "Pricing"});
        assert_eq!(lower(&site(), op).unwrap().changed(), [false]);
    }

    #[test]
    fn given_mistakes_when_renamed_then_each_is_told() {
        let op = json!({"op": "rename_page", "page": "/pricing", "slug": "/about", "title": " "});
        let wanted = [("/slug", Code::SlugTaken), ("/title", Code::SchemaViolation)];
        assert_eq!(refused(&site(), op), wanted.map(|(pointer, code)| Refused::new(pointer, code)));
        let op = json!({"op": "rename_page", "page": "/pricing", "slug": "plans"});
        assert_eq!(refused(&site(), op), [Refused::new("/slug", Code::InvalidSlug)]);
        let op = json!({"op": "rename_page", "page": "/pricing"});
        assert_eq!(refused(&site(), op), [Refused::new("", Code::MalformedRequest)]);
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_renamed_then_all_that_link_are_asked_for_at_once() {
        let mut root = cold(&site());
        let op = json!({"op": "rename_page", "page": "/about", "slug": "/us"});
        assert_eq!(missing(&root, op.clone()), ["pg_home".into(), "pg_about".into()]);
        for id in ["pg_about", "pg_home"] {
            root.load(&id.into(), site().page(&id.into()).unwrap().unwrap().clone());
        }
        assert_eq!(lower(&root, op).unwrap().changed(), [true], "no other page is needed");
    }
}
