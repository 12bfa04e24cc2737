//! `create_page`: a new page, with or without blocks.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::change::Node;
use super::super::draft::{Draft, NewBlock, Position};
use super::super::id::PageId;
use super::super::json::{Map, Value};
use super::super::page_meta::{judge_title, patched};
use super::super::problem::{Code, Gathered, Lowered, Problem};
use super::{Done, Lower};

/// Makes a page, with its blocks if you give them. It goes to the end of the site unless you give one of `after`,
/// `before`, `index`. A redirect from its slug is taken away: the page lives there now.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CreatePage {
    /// The address, beginning with `/`; `/` is the home page. It is normalised: lower case, no slash at the end.
    pub slug: String,
    /// The title, as people read it in lists and tabs.
    pub title: String,
    /// An id of your own; leave it out to get a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// A name of your choice: later ops of this batch say `$tmp:<name>` for the new page's id.
    #[serde(default)]
    pub temp_id: Option<String>,
    /// `title`, `description`, `ogImage`, `canonical`, `noindex`, and what the site's config adds.
    #[serde(default)]
    pub meta: Option<Map<String, Value>>,
    /// The blocks in their order. Only here a page gets its SiteHeader, first, and its Footer, last.
    #[serde(default)]
    pub blocks: Vec<NewBlock>,
    /// Right behind this page: its id or slug.
    #[serde(default)]
    pub after: Option<String>,
    /// Right before this page: its id or slug.
    #[serde(default)]
    pub before: Option<String>,
    /// At this place among the pages, counted from 0.
    #[serde(default)]
    pub index: Option<i64>,
}

impl Lower for CreatePage {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut problems = Gathered::default();
        let slug = problems.keep(draft.free_slug(&self.slug, None, "/slug"))?;
        let title = problems.keep(judge_title(&self.title, "/title"))?;
        let meta = self.meta.clone().unwrap_or_default();
        let meta = problems.keep(patched(&json!({}), &meta, &draft.root().config, "/meta"))?;
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let at = problems.keep(draft.page_position(position, None))?;
        let id = problems.keep(self.declared(draft))?;
        let pinned = problems.keep(pinned_in_place(&self.blocks))?;
        let blocks = problems.keep(draft.make_blocks(id.as_ref(), &self.blocks, "/blocks"))?;
        let judged = (slug, title, meta, at, id, pinned, blocks);
        let (Some(slug), Some(()), Some(meta), Some(at), Some(id), Some(()), Some(blocks)) = judged else {
            return Err(problems.halt());
        };
        let value = json!({
            "id": id.as_str(), "slug": slug, "title": self.title, "meta": meta, "blocks": blocks,
        });
        draft.insert(Node::Page(id.clone()), at, value)?;
        draft.set_site(&["redirects", &slug], None)?;
        Ok(Done::page(id))
    }
}

impl CreatePage {
    fn declared(&self, draft: &mut Draft) -> Lowered<PageId> {
        let id = draft.page_id(self.id.as_deref(), "/id")?;
        draft.declare_page(self.temp_id.as_deref(), &id)?;
        Ok(id)
    }
}

/// The header may stand first only and the footer last only, so there is at most one of each.
fn pinned_in_place(blocks: &[NewBlock]) -> Lowered<()> {
    let mut problems = Gathered::default();
    for (i, block) in blocks.iter().enumerate() {
        let rule = match &*block.kind {
            "SiteHeader" if i > 0 => "a page has at most one SiteHeader, and it stands first",
            "Footer" if i + 1 < blocks.len() => "a page has at most one Footer, and it stands last",
            _ => continue,
        };
        problems.keep::<()>(Err(Problem::new(Code::Pinned, format!("/blocks/{i}"), rule)))?;
    }
    problems.end()
}

#[cfg(test)]
mod tests {
    use super::super::given::{Refused, lower, page, refused, site, slugs};
    use super::*;

    #[test]
    fn given_a_slug_and_a_title_when_created_then_the_page_stands_at_the_end() {
        let after = lower(&site(), json!({"op": "create_page", "slug": "/News/", "title": " News"})).unwrap();
        assert_eq!(slugs(&after.root), ["/", "/about", "/pricing", "/news"]);
        let made = page(&after.root, "/news");
        assert_eq!((&made["title"], &made["meta"], &made["blocks"]), (&json!(" News"), &json!({}), &json!([])));
        assert_eq!(after.results[0].page.as_ref().map(PageId::as_str), made["id"].as_str());
        assert!(made["id"].as_str().unwrap().starts_with("pg_"));
    }

    #[test]
    fn given_blocks_and_meta_when_created_then_they_are_there_with_ids_and_keys() {
        let ops = json!([{
            "op": "create_page", "slug": "/faq", "title": "FAQ", "id": "my_faq", "tempId": "faq", "after": "/about",
            "meta": {"description": "Answers", "noindex": null},
            "blocks": [
                {"type": "SiteHeader", "props": {"siteName": "Osier"}},
                {"type": "FAQAccordion", "props": {"items": [{"q": "Why?", "a": "So."}]}, "id": "my_block"},
                {"type": "TwoColumn", "slots": {"left": [{"type": "Heading", "props": {"text": "In"}}]}},
                {"type": "Footer", "props": {}},
            ],
        }, {"op": "create_page", "slug": "/more", "title": "More", "before": "$tmp:faq"}]);
        let after = lower(&site(), ops).unwrap();
        assert_eq!(slugs(&after.root), ["/", "/about", "/more", "/faq", "/pricing"]);
        assert_eq!(after.ids["faq"], "my_faq");
        let made = page(&after.root, "/faq");
        assert_eq!(made["meta"], json!({"description": "Answers"}));
        assert_eq!(made["blocks"][1]["id"], "my_block");
        assert!(made["blocks"][1]["props"]["items"][0]["key"].is_string());
        assert_eq!(made["blocks"][2]["slots"]["left"][0]["props"]["text"], "In");
        assert!(after.root.home(&"my_block".into()).is_some());
    }

    #[test]
    fn given_several_mistakes_when_created_then_each_is_told_at_its_place() {
        let op = json!({
            "op": "create_page", "slug": "/about", "title": " ", "id": "pg_home", "index": 9,
            "meta": {"colour": "red"},
            "blocks": [
                {"type": "Hero", "props": {"headline": "x"}},
                {"type": "Heroo"},
                {"type": "SiteHeader", "props": {"siteName": "a"}},
                {"type": "Heading", "props": {"text": "a"}, "id": "blk_hero"},
            ],
        });
        assert_eq!(
            refused(&site(), op),
            [
                ("/slug", Code::SlugTaken),
                ("/title", Code::SchemaViolation),
                ("/meta/colour", Code::UnknownProp),
                ("/index", Code::InvalidPosition),
                ("/id", Code::IdTaken),
                ("/blocks/2", Code::Pinned),
                ("/blocks/0/props/headline", Code::UnknownProp),
                ("/blocks/0/props/heading", Code::SchemaViolation),
                ("/blocks/1/type", Code::UnknownBlockType),
                ("/blocks/3/id", Code::IdTaken),
            ]
            .map(|(pointer, code)| Refused::new(pointer, code))
        );
    }

    #[test]
    fn given_a_slug_that_is_none_when_created_then_it_is_refused() {
        for slug in ["news", "/a b", "/a\0", "/\u{d7ff}", ""] {
            let op = json!({"op": "create_page", "slug": slug, "title": "a"});
            assert_eq!(refused(&site(), op), [Refused::new("/slug", Code::InvalidSlug)], "{slug:?}");
        }
    }

    #[test]
    fn given_an_id_twice_in_the_op_when_created_then_it_is_refused() {
        let heading = |id: &str| json!({"type": "Heading", "props": {"text": "a"}, "id": id});
        let nested = json!({"type": "TwoColumn", "slots": {"left": [heading("a")]}});
        for (blocks, place) in [
            (json!([heading("a"), heading("a")]), "/blocks/1/id"),
            (json!([heading("a"), nested]), "/blocks/1/slots/left/0/id"),
            (json!([heading("p")]), "/blocks/0/id"),
        ] {
            let op = json!({"op": "create_page", "slug": "/x", "title": "a", "id": "p", "blocks": blocks});
            assert_eq!(refused(&site(), op), [Refused::new(place, Code::IdTaken)]);
        }
    }

    #[test]
    fn given_a_header_or_footer_out_of_place_when_created_then_it_is_pinned() {
        let header = json!({"type": "SiteHeader", "props": {"siteName": "a"}});
        let footer = json!({"type": "Footer", "props": {}});
        for (blocks, places) in [
            (json!([header, header]), vec!["/blocks/1"]),
            (json!([footer, footer]), vec!["/blocks/0"]),
            (json!([footer, header]), vec!["/blocks/0", "/blocks/1"]),
        ] {
            let op = json!({"op": "create_page", "slug": "/x", "title": "a", "blocks": blocks});
            let wanted: Vec<_> = places.iter().map(|place| Refused::new(place, Code::Pinned)).collect();
            assert_eq!(refused(&site(), op), wanted);
        }
    }

    #[test]
    fn given_a_handle_declared_before_when_created_then_it_is_refused() {
        let op = |slug: &str| json!({"op": "create_page", "slug": slug, "title": "a", "tempId": "t"});
        let ops = json!([op("/x"), op("/y")]);
        assert_eq!(refused(&site(), ops), [Refused::new("/tempId", Code::DuplicateTempId)]);
    }
}
