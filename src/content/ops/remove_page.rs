//! `remove_page`: a page goes, with all its blocks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::{Code, Lowered, Problem};
use super::{Done, Lower, PageRef};

/// Removes a page with all its blocks. Links to it stay and lead nowhere; undo brings the page back in its place. The
/// home page, `/`, can't be removed: rename it first.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemovePage {
    /// The page: its id or slug.
    pub page: PageRef,
}

impl Lower for RemovePage {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        if &*draft.slug(&page)? == "/" {
            let message = "'/' is the home page, which a site keeps: rename it first, or replace its blocks";
            return Err(Problem::new(Code::HomePage, "/page", message).into());
        }
        draft.remove_page(&page)?;
        Ok(Done::page(page))
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{Refused, cold, lower, missing, props, refused, site, slugs};
    use super::*;
    use serde_json::json;

    #[test]
    fn given_a_page_when_removed_then_it_and_its_blocks_are_gone_and_links_to_it_stay() {
        let after = lower(&site(), json!({"op": "remove_page", "page": "/pricing"})).unwrap().root;
        assert_eq!(slugs(&after), ["/", "/about"]);
        assert!(after.home(&"blk_faq".into()).is_none() && after.by_slug("/pricing").is_none());
        assert_eq!(props(&after, "blk_card")["ctaHref"], "/pricing");
    }

    #[test]
    fn given_the_home_page_when_removed_then_it_is_refused_until_it_is_renamed() {
        let remove = json!({"op": "remove_page", "page": "pg_home"});
        assert_eq!(refused(&site(), remove.clone()), [Refused::new("/page", Code::HomePage)]);
        let ops = json!([{"op": "rename_page", "page": "/", "slug": "/home"}, remove]);
        assert_eq!(slugs(&lower(&site(), ops).unwrap().root), ["/about", "/pricing"]);
    }

    #[test]
    fn given_a_page_renamed_in_the_batch_when_removed_then_both_its_addresses_are_free() {
        let ops = json!([
            {"op": "rename_page", "page": "/about", "slug": "/us", "redirect": false},
            {"op": "remove_page", "page": "/us"},
            {"op": "create_page", "slug": "/about", "title": "New"},
            {"op": "create_page", "slug": "/us", "title": "New", "id": "pg_about2"},
        ]);
        let after = lower(&site(), ops).unwrap();
        assert_eq!(slugs(&after.root), ["/", "/pricing", "/about", "/us"]);
    }

    #[test]
    fn given_a_page_that_is_not_there_when_removed_then_it_is_refused() {
        let op = json!({"op": "remove_page", "page": "/nowhere"});
        assert_eq!(refused(&site(), op), [Refused::new("/page", Code::PageNotFound)]);
    }

    #[test]
    fn given_a_page_of_this_batch_when_removed_then_its_handle_stands_for_nothing_more() {
        let ops = json!([
            {"op": "create_page", "slug": "/new", "title": "New", "tempId": "new"},
            {"op": "remove_page", "page": "$tmp:new"},
            {"op": "rename_page", "page": "$tmp:new", "title": "Newer"},
        ]);
        assert_eq!(refused(&site(), ops), [Refused::new("/page", Code::PageNotFound)]);
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_removed_then_it_is_asked_for() {
        let op = json!({"op": "remove_page", "page": "/about"});
        assert_eq!(missing(&cold(&site()), op), ["pg_about".into()]);
    }
}
