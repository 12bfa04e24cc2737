//! One address, one page. The second page of an address gets a provisional one until the conflict is resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::change::Node;
use super::super::super::id::PageId;
use super::super::conflict::Kind;
use super::super::forest::{Forest, Own};
use super::super::three::{State, Three};
use super::Merge;

impl Merge<'_> {
    pub(super) fn unique_slugs(&mut self, merged: &mut Forest) {
        let mut owners: BTreeMap<String, BTreeSet<PageId>> = BTreeMap::new();
        for (node, entry) in &merged.nodes {
            if let (Node::Page(page), Own::Fields(fields)) = (node, &entry.own) {
                let slug = fields["slug"].as_str().unwrap_or_default();
                owners.entry(slug.to_owned()).or_default().insert(page.clone());
            }
        }
        let roots = self.scope.roots;
        for (slug, mut pages) in owners {
            // A page that was not looked at has the address that ours gave it.
            pages.extend(roots.ours.by_slug(&slug).filter(|page| !self.scope.has(page)).cloned());
            let first = roots.ours.by_slug(&slug).filter(|page| pages.contains(*page));
            let Some(first) = first.or(pages.first()).cloned() else { continue };
            for page in pages.into_iter().filter(|page| *page != first) {
                let slug_in = |state: State| Some((*roots[state].stub(&page)?.slug).into());
                let nodes = vec![Node::Page(page.clone()), Node::Page(first.clone())];
                self.conflict(Kind::SlugTaken, nodes, Some(vec!["slug".into()]), Three::of(slug_in));
                if let Some(entry) = merged.nodes.get_mut(&Node::Page(page.clone()))
                    && let Own::Fields(fields) = &mut entry.own
                {
                    fields["slug"] = format!("{slug}~{page}").into();
                }
            }
        }
    }
}
