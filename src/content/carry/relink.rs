//! Links elsewhere that follow a page to its address.

use std::collections::{BTreeMap, BTreeSet};

use super::super::change::Step;
use super::super::document::{Page, Root};
use super::super::draft::Draft;
use super::super::id::PageId;
use super::super::json::{Map, Value};
use super::super::links::rewrite;
use super::super::problem::Lowered;
use super::super::schema::Shape;

/// Where addresses lead now.
pub(super) struct Relink(pub(super) BTreeMap<Step, Step>);

impl Relink {
    /// Leads the links on all pages but those that `done` knows.
    ///
    /// # Errors
    /// `Missing` with all pages that are not loaded.
    pub(super) fn pages(
        &self,
        draft: &mut Draft<'_>,
        ours: &Root,
        done: impl Fn(&PageId) -> bool,
    ) -> Lowered<()> {
        let linking = self.0.keys().flat_map(|slug| ours.linking_to(slug));
        let pages: BTreeSet<&PageId> = linking.filter(|page| !done(page)).collect();
        draft.need(pages.iter().copied())?;
        pages.into_iter().try_for_each(|id| {
            let page = draft.page(id)?.clone();
            self.page(draft, &page)
        })
    }

    fn page(&self, draft: &mut Draft<'_>, page: &Page) -> Lowered<()> {
        let linking =
            |slugs: &Self, links_to: &dyn Fn(&str) -> bool| slugs.0.keys().any(|slug| links_to(slug));
        for block in page.blocks().filter(|block| linking(self, &|slug| block.links_to(slug))) {
            let kind = draft.root().types.get(&block.kind).cloned();
            if let Some(props) = kind.and_then(|kind| self.led(kind.shape(), &block.value())) {
                draft.write_props(&page.id, &block.id, &props)?;
            }
        }
        if let Some(canonical) = page.meta.get("canonical").and_then(|href| self.led(&Shape::Link, href)) {
            let mut meta = (*page.meta).clone();
            meta["canonical"] = canonical;
            draft.set_page(&page.id, "meta", Some(&meta))?;
        }
        Ok(())
    }

    /// Leads the site's navigation and redirects. A redirect away from an address that a page has now ends.
    ///
    /// # Errors
    /// As the draft's verbs.
    pub(super) fn site(&self, draft: &mut Draft<'_>) -> Lowered<()> {
        for slug in self.0.values() {
            draft.set_site(&["redirects", slug], None)?;
        }
        for (from, redirect) in draft.root().redirects.clone() {
            if let Some(to) = redirect.get("to").and_then(|to| self.led(&Shape::Link, to)) {
                let mut redirect = (*redirect).clone();
                redirect["to"] = to;
                draft.set_site(&["redirects", &from], Some(&redirect))?;
            }
        }
        let config = draft.root().config.clone();
        let label = |(slug, label): (&String, &Value)| match self.led(&Shape::Link, &slug.as_str().into()) {
            Some(Value::String(slug)) => (slug, label.clone()),
            _ => (slug.clone(), label.clone()),
        };
        let group = |(label, slugs): (&String, &Value)| {
            let led = self.led(&Shape::List(Box::new(Shape::Link)), slugs);
            (label.clone(), led.unwrap_or_else(|| slugs.clone()))
        };
        if let Some(labels) = config.get("navLabels").and_then(Value::as_object) {
            let labels: Map<String, Value> = labels.iter().map(label).collect();
            draft.set_site(&["config", "navLabels"], Some(&Value::Object(labels)))?;
        }
        if let Some(groups) = config.get("navGroups").and_then(Value::as_object) {
            let groups: Map<String, Value> = groups.iter().map(group).collect();
            draft.set_site(&["config", "navGroups"], Some(&Value::Object(groups)))?;
        }
        Ok(())
    }

    /// The value with its links led; nothing where there is none to lead.
    fn led(&self, shape: &Shape, value: &Value) -> Option<Value> {
        let mut value = value.clone();
        let mut lead = |slug: &str| self.0.get(slug).map(|to| to.to_string());
        rewrite(shape, &mut value, &mut lead).then_some(value)
    }
}
