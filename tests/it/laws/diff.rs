//! What a diff tells, applied to the state it leads from, is the state it leads to.

use std::collections::BTreeMap;

use osier::content::document::{Block, Root, site_hash};
use osier::content::json::parse_pointer;
use osier::service::Principal;
use serde_json::{Value, json};

use super::house::House;
use super::on_each_store_holds;
use crate::world::{Step, blocks, pages};

on_each_store_holds! {
    a_diff_applied_to_the_state_it_leads_from_is_the_state_it_leads_to: 24 histories of 20 steps;
}

/// Between any two versions, forth and back. A diff does not tell the title and meta of a page that came, nor the place of a
/// page or an item among those that stayed: that much is taken from the state itself.
async fn a_diff_applied_to_the_state_it_leads_from_is_the_state_it_leads_to(
    house: &mut House,
    steps: &[Step],
) {
    let mut roots = vec![house.told.root.clone()];
    for step in steps {
        let before = house.told.root.version;
        let _ = house.step(*step).await;
        if house.told.root.version > before {
            roots.push(house.told.root.clone());
        }
    }
    for (_, a, b, _) in steps.iter().take(8) {
        let [from, to] = [a, b].map(|n| &roots[usize::from(*n) % roots.len()]);
        let (one, other) = (format!("main@{}", from.version), format!("main@{}", to.version));
        let told = house.service.diff(&Principal::operator(), &house.site.id, (&one, &other), None).await;
        let told = serde_json::to_value(told.unwrap()).unwrap();
        let (mut state, wanted) = (State::of(from), State::of(to));
        state.apply(&told, to);
        assert_eq!(state, wanted, "from {one} to {other}: {told:#}");
        assert_eq!(told["equal"] == true, site_hash(from) == site_hash(to));
    }
}

/// What a diff speaks of. Lists of blocks by their parent and slot; the items of keyed lists in the order of their keys.
#[derive(Debug, PartialEq)]
struct State {
    pages: Vec<String>,
    fields: BTreeMap<String, Value>,
    blocks: BTreeMap<String, (String, Value)>,
    lists: BTreeMap<(String, String), Vec<String>>,
    config: Value,
    redirects: BTreeMap<String, Value>,
}

impl State {
    fn of(root: &Root) -> State {
        let mut lists = BTreeMap::new();
        let mut fields = BTreeMap::new();
        for id in pages(root) {
            let page = root.page(&id).unwrap().unwrap();
            lists.insert((id.to_string(), "blocks".to_owned()), named(page.children(None)));
            for block in page.blocks() {
                for (slot, ids) in &block.slots {
                    lists.insert((block.id.to_string(), slot.to_string()), named(ids));
                }
            }
            fields.insert(
                id.to_string(),
                json!({"slug": &*page.slug, "title": &*page.title, "meta": &*page.meta}),
            );
        }
        let block =
            |(_, block): (_, Block)| (block.id.to_string(), (block.kind.to_string(), by_key(block.value())));
        lists.retain(|_, ids| !ids.is_empty());
        State {
            pages: named(pages(root)),
            fields,
            blocks: blocks(root).into_iter().map(block).collect(),
            lists,
            config: (*root.config).clone(),
            redirects: root
                .redirects
                .iter()
                .map(|(from, kept)| (from.to_string(), (**kept).clone()))
                .collect(),
        }
    }

    fn apply(&mut self, told: &Value, to: &Root) {
        each(&told["config"], |field| set(&mut self.config, field));
        each(&told["redirects"], |redirect| {
            let from = text(&redirect["from"]);
            match redirect.get("after") {
                Some(after) => _ = self.redirects.insert(from, after.clone()),
                None => _ = self.redirects.remove(&from),
            }
        });
        // First all that leaves its place, then all that comes to one, from the left.
        let mut coming: BTreeMap<(String, String), BTreeMap<usize, String>> = BTreeMap::new();
        each(&told["pages"], |page| each(&page["blocks"], |block| self.leave(block)));
        each(&told["pages"], |page| {
            self.page(page, to);
            each(&page["blocks"], |block| self.block(block, &mut coming));
        });
        for (list, ids) in coming {
            let list = self.lists.entry(list).or_default();
            ids.into_iter().for_each(|(index, id)| list.insert(index, id));
        }
        self.lists.retain(|_, ids| !ids.is_empty());
    }

    fn leave(&mut self, block: &Value) {
        if let Some(from) = block.get("from") {
            let list = (text(&from["parent"]), text(&from["slot"]));
            if let Some(ids) = self.lists.get_mut(&list) {
                ids.retain(|id| *id != block["id"]);
            }
        }
        if block["status"] == "removed" {
            self.blocks.remove(&text(&block["id"]));
        }
    }

    fn page(&mut self, page: &Value, to: &Root) {
        let id = text(&page["id"]);
        let place = page["to"]["index"].as_u64().map(|index| index as usize);
        match text(&page["status"]).as_str() {
            "removed" => {
                self.pages.retain(|own| *own != id);
                self.fields.remove(&id);
                return;
            }
            "added" => {
                let stub = to.stub(&id.as_str().into()).unwrap();
                let meta = &to.page(&id.as_str().into()).unwrap().unwrap().meta;
                self.fields.insert(id, json!({"slug": page["slug"], "title": &*stub.title, "meta": &**meta}));
            }
            _ => {
                let fields = self.fields.get_mut(&id).unwrap();
                assert!(page.get("fromSlug").is_none_or(|was| *was == fields["slug"]));
                fields["slug"] = page["slug"].clone();
                each(&page["meta"], |field| set(fields, field));
                assert!(place.is_none_or(|at| to.order[at].as_str() == id), "its place");
            }
        }
        self.pages = named(pages(to));
    }

    fn block(&mut self, block: &Value, coming: &mut BTreeMap<(String, String), BTreeMap<usize, String>>) {
        let id = text(&block["id"]);
        if let Some(to) = block.get("to").filter(|to| to.get("page").is_none()) {
            let index = to["index"].as_u64().unwrap() as usize;
            coming.entry((text(&to["parent"]), text(&to["slot"]))).or_default().insert(index, id.clone());
        }
        if block["status"] == "removed" {
            return;
        }
        let (kind, props) = self.blocks.entry(id).or_insert_with(|| (String::new(), json!({})));
        *kind = text(&block["type"]);
        each(&block["fields"], |field| set(props, field));
        *props = by_key(props.take());
    }
}

/// Brings one field to what it is said to be; it must be what it is said to have been.
fn set(value: &mut Value, field: &Value) {
    let path = text(&field["path"]);
    let steps = parse_pointer(&path).unwrap();
    let (last, way) = steps.split_last().unwrap();
    let holder = way.iter().fold(value, |value, step| match value {
        Value::Array(items) => items.iter_mut().find(|item| item["key"] == **step).unwrap(),
        other => other.get_mut(step).unwrap(),
    });
    match holder {
        Value::Array(items) => {
            items.retain(|item| item["key"] != **last);
            items.extend(field.get("after").cloned());
        }
        Value::Object(fields) => {
            let keyed = |value: &Value| {
                value.as_array().is_some_and(|items| items.iter().any(|item| item["key"].is_string()))
            };
            if fields.get(last).is_some_and(keyed) && field["after"][0].is_string() {
                return;
            }
            assert_eq!(
                fields.get(last).map(|value| by_key(value.clone())),
                field.get("before").map(|value| by_key(value.clone()))
            );
            fields.remove(last);
            fields.extend(field.get("after").map(|after| (last.clone(), after.clone())));
        }
        other => panic!("{path} leads into {other}"),
    }
}

/// Items of keyed lists in the order of their keys.
fn by_key(mut value: Value) -> Value {
    if let Some(items) = value.get_mut("items").and_then(Value::as_array_mut) {
        items.sort_by_key(|item| item["key"].to_string());
    }
    value
}

fn each(list: &Value, act: impl FnMut(&Value)) {
    list.as_array().unwrap().iter().for_each(act);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn named<T: ToString>(ids: impl IntoIterator<Item = T>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}
