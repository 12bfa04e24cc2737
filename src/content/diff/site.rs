//! The site's own content in two states.

use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use super::super::change::{Node, Step};
use super::super::document::Root;
use super::super::json::Value;
use super::{AssetDiff, FieldDiff, RedirectDiff, Status, TypeDiff, fields};

pub(super) fn config(from: &Root, to: &Root) -> Vec<FieldDiff> {
    if Arc::ptr_eq(&from.config, &to.config) {
        return Vec::new();
    }
    let mut found = fields::of_object(&Node::Site, "config", &from.config, &to.config);
    for field in &mut found {
        field.path = field.path.strip_prefix("/config").unwrap_or_default().to_owned();
    }
    found
}

pub(super) fn redirects(from: &Root, to: &Root) -> Vec<RedirectDiff> {
    let entry = |(from, status, before, after)| RedirectDiff { from, status, before, after };
    table(&from.redirects, &to.redirects).map(entry).collect()
}

pub(super) fn assets(from: &Root, to: &Root) -> Vec<AssetDiff> {
    let entry = |(hash, status, before, after)| AssetDiff { hash, status, before, after };
    table(&from.assets, &to.assets).map(entry).collect()
}

pub(super) fn types(from: &Root, to: &Root) -> Vec<TypeDiff> {
    let mut names: Vec<&Step> = from.types.custom().chain(to.types.custom()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let entry = |name: &Step| {
        let status = match (from.types.registered(name), to.types.registered(name)) {
            (Some(before), Some(after)) if before.value == after.value => return None,
            (Some(_), Some(_)) => Status::Modified,
            (Some(_), None) => Status::Removed,
            (None, _) => Status::Added,
        };
        Some(TypeDiff { name: name.clone(), status })
    };
    names.into_iter().filter_map(entry).collect()
}

type Entry = (Step, Status, Option<Value>, Option<Value>);

fn table<'a>(
    from: &'a OrdMap<Step, Arc<Value>>,
    to: &'a OrdMap<Step, Arc<Value>>,
) -> impl Iterator<Item = Entry> + 'a {
    let value = |value: &Arc<Value>| Some((**value).clone());
    from.diff(to).map(move |item| match item {
        DiffItem::Add(name, after) => (name.clone(), Status::Added, None, value(after)),
        DiffItem::Remove(name, before) => (name.clone(), Status::Removed, value(before), None),
        DiffItem::Update { old: (name, before), new: (_, after) } => {
            (name.clone(), Status::Modified, value(before), value(after))
        }
    })
}
