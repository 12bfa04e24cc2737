//! The site's own fields in a carry: config, redirects, assets and block types, of each only what differs.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use super::super::change::{Node, Step};
use super::super::document::Root;
use super::super::json::{Map, Value};
use super::super::links::target;
use super::super::schema::Shape;
use super::addresses::Addresses;
use super::conflict::{Conflict, Kind};
use super::forest::{Forest, Own};
use super::three::{State, Three};

/// Makes an object of each state: `config` whole, of the tables the entries that matter, links marked.
pub(super) fn fields(roots: Three<&Root>, addresses: &Addresses<'_>) -> Three<Value> {
    let types = differing_types(roots.base, roots.theirs);
    let assets = differing(&roots.base.assets, &roots.theirs.assets);
    let redirects = redirects(roots, addresses);
    let config = config_matters(roots, addresses);
    Three::of(|state| {
        let root = roots[state];
        let mut fields = Map::new();
        if config {
            let mut config = (*root.config).clone();
            addresses.mark_config(state, &mut config);
            fields.insert("config".into(), config);
        }
        let redirect = |from: &Step| {
            let mut redirect = (**root.redirects.get(from)?).clone();
            if let Some(to) = redirect.get_mut("to") {
                addresses.mark(state, &Shape::Link, to);
            }
            Some(redirect)
        };
        fields.extend(table("redirects", &redirects, redirect));
        fields.extend(table("assets", &assets, |hash| Some((**root.assets.get(hash)?).clone())));
        let registered = |name: &Step| Some(root.types.registered(name)?.value.clone());
        fields.extend(table("blockTypes", &types, registered));
        Value::Object(fields)
    })
}

/// Whether the value at a path of the site is one that half of one and half of another would make no sense of.
pub(super) fn is_one_value<S: AsRef<str>>(path: &[S]) -> bool {
    matches!(path, [table, _] if matches!(table.as_ref(), "redirects" | "blockTypes"))
}

/// Finds redirects of the result that lead in a circle, and leaves what ours has in their place. A circle that a side
/// had of its own is no conflict.
pub(super) fn break_cycles(merged: &mut Forest, ours: &Forest, roots: Three<&Root>) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let Some(Own::Fields(fields)) = merged.nodes.get_mut(&Node::Site).map(|site| &mut site.own) else {
        return conflicts;
    };
    let Some(Value::Object(redirects)) = fields.get_mut("redirects") else { return conflicts };
    let judged = match ours.get(&Node::Site).map(|site| &site.own) {
        Some(Own::Fields(fields)) => fields["redirects"].as_object().cloned().unwrap_or_default(),
        _ => Map::new(),
    };
    let kept = |from: &str| roots.ours.redirects.get(from).map(|kept| (**kept).clone());
    let new = |(from, to): (&String, &Value)| (kept(from).as_ref() != Some(to)).then(|| from.clone());
    for from in redirects.iter().filter_map(new).collect::<Vec<_>>() {
        // One that ours had and the result has not was taken away; any other is as ours has it.
        let lead = |from: &str| match redirects.get(from) {
            Some(redirect) => Some(redirect.clone()),
            None => kept(from).filter(|_| !judged.contains_key(from)),
        };
        let theirs = |from: &str| roots.theirs.redirects.get(from).map(|kept| (**kept).clone());
        if !is_circle(&from, lead) || is_circle(&from, theirs) {
            continue;
        }
        let value = |state: State| roots[state].redirects.get(&*from).map(|kept| (**kept).clone());
        let path = vec!["redirects".into(), from.as_str().into()];
        let values = Three::of(value);
        conflicts.push(Conflict::new(Kind::RedirectCycle, vec![Node::Site], Some(path), None, values));
        match kept(&from) {
            Some(redirect) => redirects.insert(from, redirect),
            None => redirects.remove(&from),
        };
    }
    conflicts
}

/// Whether redirects lead from an address back to it.
fn is_circle(from: &str, lead: impl Fn(&str) -> Option<Value>) -> bool {
    let next = |from: &str| Some(target(lead(from)?.get("to")?.as_str()?)?.slug);
    let mut seen = BTreeSet::new();
    let mut at = next(from);
    while let Some(slug) = at {
        if slug == from {
            return true;
        }
        at = next(&slug);
        if !seen.insert(slug) {
            return false;
        }
    }
    false
}

fn table(
    name: &str,
    names: &BTreeSet<Step>,
    get: impl Fn(&Step) -> Option<Value>,
) -> Option<(String, Value)> {
    let entries = || names.iter().filter_map(|name| Some((name.to_string(), get(name)?))).collect();
    (!names.is_empty()).then(|| (name.to_owned(), Value::Object(entries())))
}

fn config_matters(roots: Three<&Root>, addresses: &Addresses<'_>) -> bool {
    let navigates =
        |root: &&Root| ["navLabels", "navGroups"].iter().any(|name| root.config.get(name).is_some());
    roots.base.config != roots.theirs.config
        || !addresses.are_settled() && roots.each().into_iter().any(navigates)
}

/// The redirects that are not the same in base and theirs, and those to unsettled pages.
fn redirects(roots: Three<&Root>, addresses: &Addresses<'_>) -> BTreeSet<Step> {
    let mut found = differing(&roots.base.redirects, &roots.theirs.redirects);
    if addresses.are_settled() {
        return found;
    }
    for state in State::ALL {
        let leads = |redirect: &Value| {
            redirect.get("to").and_then(Value::as_str).is_some_and(|to| addresses.leads(state, to))
        };
        let led = roots[state].redirects.iter().filter(|(_, redirect)| leads(redirect));
        found.extend(led.map(|(from, _)| from.clone()));
    }
    found
}

fn differing(a: &OrdMap<Step, Arc<Value>>, b: &OrdMap<Step, Arc<Value>>) -> BTreeSet<Step> {
    let name = |item: DiffItem<'_, '_, Step, Arc<Value>>| match item {
        DiffItem::Add(name, _) | DiffItem::Remove(name, _) | DiffItem::Update { old: (name, _), .. } => {
            name.clone()
        }
    };
    a.diff(b).map(name).collect()
}

/// The site's own types that are not the same in two states.
pub(super) fn differing_types(a: &Root, b: &Root) -> BTreeSet<Step> {
    let names = a.types.custom().chain(b.types.custom()).map(|(name, _)| name);
    let differs = |name: &&Step| match (a.types.registered(name), b.types.registered(name)) {
        (Some(a), Some(b)) => !Arc::ptr_eq(a, b) && a.value != b.value,
        (a, b) => a.is_some() != b.is_some(),
    };
    names.filter(differs).cloned().collect()
}
