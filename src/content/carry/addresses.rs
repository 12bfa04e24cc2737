//! Links across a carry: compared as the pages they mean, written with the addresses those pages end up with.
//!
//! Only pages whose address is not the same everywhere matter: any other link means the same page in every state.
//! Where there are none, nothing is converted.

use std::collections::{BTreeMap, BTreeSet};

use super::super::change::{Node, Step};
use super::super::document::Root;
use super::super::id::PageId;
use super::super::json::{Map, Value};
use super::super::links::{target, to_pages, to_slugs};
use super::super::schema::Shape;
use super::forest::{Forest, Own};
use super::three::{State, Three};

/// Where a page is looked for that a state does not have.
const KNOWN: [State; 3] = [State::Base, State::Theirs, State::Ours];

/// The pages whose addresses are not settled, and what each state calls them.
pub(super) struct Addresses<'a> {
    roots: Three<&'a Root>,
    unsettled: BTreeSet<PageId>,
    names: Three<BTreeMap<Step, PageId>>,
}

impl<'a> Addresses<'a> {
    /// Compares the addresses of all pages that differ; links to the page `literal` are texts like any other.
    pub(super) fn between(roots: Three<&'a Root>, literal: Option<&PageId>) -> Self {
        let differing = roots.base.differing(roots.theirs).chain(roots.base.differing(roots.ours));
        let slug = |state: State, page: &PageId| roots[state].stub(page).map(|stub| stub.slug.clone());
        let unsettled: BTreeSet<PageId> = differing
            .filter(|page| Some(*page) != literal)
            .filter(|page| {
                let base = slug(State::Base, page);
                State::SIDES.into_iter().any(|side| slug(side, page) != base)
            })
            .cloned()
            .collect();
        // A page that a state does not have, removed or not yet made, is known by the slug it has elsewhere, unless
        // another page has that: a link that leads nowhere without it looks the same with it.
        let known_as = |state: State, page: &PageId| {
            let free = |slug: &Step| roots[state].by_slug(slug).is_none();
            slug(state, page).or_else(|| KNOWN.into_iter().find_map(|s| slug(s, page)).filter(free))
        };
        let names = Three::of(|state| {
            let named = |page: &PageId| Some((known_as(state, page)?, page.clone()));
            unsettled.iter().filter_map(named).collect()
        });
        Addresses { roots, unsettled, names }
    }

    /// No link is looked at.
    pub(super) fn settled(roots: Three<&'a Root>) -> Self {
        Addresses { roots, unsettled: BTreeSet::new(), names: Three::default() }
    }

    /// Whether no link needs a second look.
    pub(super) fn are_settled(&self) -> bool {
        self.unsettled.is_empty()
    }

    /// The slugs of a state that name an unsettled page.
    pub(super) fn slugs(&self, state: State) -> impl Iterator<Item = &Step> {
        self.names[state].keys()
    }

    /// The slugs that mean another page in theirs than in the base, though the text of a link is the same.
    fn restless(&self) -> impl Iterator<Item = &Step> {
        let names: BTreeSet<&Step> = self.names.base.keys().chain(self.names.theirs.keys()).collect();
        names.into_iter().filter(|slug| self.names.base.get(*slug) != self.names.theirs.get(*slug))
    }

    /// The pages with links that mean another page in theirs than in the base.
    pub(super) fn linking(&self) -> impl Iterator<Item = PageId> {
        let both = |slug: &Step| {
            let linking = self.roots.base.linking_to(slug).chain(self.roots.theirs.linking_to(slug));
            linking.cloned().collect::<Vec<_>>()
        };
        self.restless().flat_map(both)
    }

    /// Whether a reference of a state leads to an unsettled page.
    pub(super) fn leads(&self, state: State, href: &str) -> bool {
        !self.are_settled() && target(href).is_some_and(|to| self.names[state].contains_key(to.slug.as_str()))
    }

    /// Turns links in a value of a state into marks of the pages they mean.
    pub(super) fn mark(&self, state: State, shape: &Shape, value: &mut Value) {
        let page_of = |slug: &str| self.names[state].get(slug).map(PageId::to_string);
        to_pages(shape, value, &page_of);
    }

    /// The same for the site's config: the keys of `navLabels`, the lists of `navGroups`.
    pub(super) fn mark_config(&self, state: State, config: &mut Value) {
        if let Some(Value::Object(labels)) = config.get_mut("navLabels") {
            map_names(labels, |slug| self.mark(state, &Shape::Link, slug));
        }
        for group in config.get_mut("navGroups").and_then(Value::as_object_mut).into_iter().flatten() {
            self.mark(state, &Shape::List(Box::new(Shape::Link)), group.1);
        }
    }

    /// A marked value as its state has it.
    pub(super) fn shown(&self, state: State, mut value: Value) -> Value {
        if !self.are_settled() {
            let slug_of = |id: &str| {
                let page = PageId::from(id);
                let known = [state].into_iter().chain(KNOWN).find_map(|s| self.roots[s].stub(&page));
                known.map_or_else(String::new, |stub| stub.slug.to_string())
            };
            write(&mut value, &slug_of);
        }
        value
    }

    /// A marked value that differs from another only if one of their links means another page.
    pub(super) fn meant(&self, mut value: Value) -> Value {
        if !self.are_settled() {
            // No slug has a space, so no spelling of a link is kept.
            write(&mut value, &|id| format!("/ {id}"));
        }
        value
    }

    /// Turns every mark of the merged state into the final slug of its page, or the last known one. Answers the
    /// addresses of ours that lead elsewhere now.
    pub(super) fn settle(&self, merged: &mut Forest) -> BTreeMap<Step, Step> {
        if self.are_settled() {
            return BTreeMap::new();
        }
        let finals: BTreeMap<&str, Step> =
            self.unsettled.iter().map(|page| (page.as_str(), self.last_slug(page, merged))).collect();
        let slug_of = |id: &str| finals.get(id).map_or_else(String::new, |slug| slug.to_string());
        for entry in merged.nodes.values_mut() {
            if let Own::Fields(value) = &mut entry.own {
                write(value, &slug_of);
            }
        }
        let leads = |(slug, page): (&Step, &PageId)| Some((slug.clone(), finals.get(page.as_str())?.clone()));
        self.names.ours.iter().filter_map(leads).filter(|(old, new)| old != new).collect()
    }

    fn last_slug(&self, page: &PageId, merged: &Forest) -> Step {
        let node = Node::Page(page.clone());
        if let Some(Own::Fields(fields)) = merged.get(&node).map(|entry| &entry.own) {
            return fields["slug"].as_str().unwrap_or_default().into();
        }
        // Not looked at: it is as ours has it. Gone: as it was.
        let slug = |state: State| self.roots[state].stub(page).map(|stub| stub.slug.clone());
        let untouched = slug(State::Ours).filter(|_| self.untouched(page));
        untouched.or_else(|| State::ALL.into_iter().find_map(slug)).unwrap_or_else(|| "".into())
    }

    /// Whether only ours has changed a page.
    fn untouched(&self, page: &PageId) -> bool {
        self.roots.base.stub(page) == self.roots.theirs.stub(page)
    }
}

/// Turns marks into slugs, in the names of fields too.
fn write(value: &mut Value, slug_of: &dyn Fn(&str) -> String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(_) => {
            to_slugs(value, slug_of);
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| write(element, slug_of)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| write(field, slug_of));
            if fields.keys().any(|name| name.contains('\0')) {
                map_names(fields, |name| write(name, slug_of));
            }
        }
    }
}

fn map_names(fields: &mut Map<String, Value>, mut f: impl FnMut(&mut Value)) {
    let mapped = |(name, field): (String, Value)| {
        let mut name = Value::String(name);
        f(&mut name);
        (name.as_str().unwrap_or_default().to_owned(), field)
    };
    *fields = std::mem::take(fields).into_iter().map(mapped).collect();
}
