//! Blame is what comparing every two neighbouring versions of a page would say.

use std::collections::BTreeMap;

use osier::content::document::{Page, Root};
use osier::content::id::PageId;
use osier::service::{At, Blame, Principal};
use serde_json::Value;

use super::house::House;
use super::on_each_store_holds;
use crate::world::{Step, pages};

on_each_store_holds! {
    a_field_is_blamed_on_the_newest_version_before_which_it_was_different: 24 histories of 30 steps;
}

/// Every page, at the newest version and at some others, before and after a restart.
async fn a_field_is_blamed_on_the_newest_version_before_which_it_was_different(
    house: &mut House,
    steps: &[Step],
) {
    let mut roots = vec![Root::new(Default::default()), house.told.root.clone()];
    for step in steps {
        let before = house.told.root.version;
        let _ = house.step(*step).await;
        if house.told.root.version > before {
            roots.push(house.told.root.clone());
        }
    }
    for (_, a, b, _) in steps.iter().take(4) {
        let version = usize::from(*a) % roots.len();
        let at = match version + 1 == roots.len() {
            true => At::default(),
            false => At { reference: Some(format!("main@{version}")), min_version: None },
        };
        for page in pages(&roots[version]) {
            let told = house.service.blame(&Principal::operator(), &house.site.id, &at, page.as_str()).await;
            check(&serde_json::from_slice(&told.unwrap().bytes).unwrap(), &page, &roots[..=version]);
        }
        if b % 2 == 0 {
            house.reopen(a % 2 == 0).await;
        }
    }
}

/// What a page is, field by field.
struct State {
    fields: BTreeMap<String, Value>,
    /// By block: its fields, the list it lies in, and its index there.
    blocks: BTreeMap<String, (BTreeMap<String, Value>, String, usize)>,
}

impl State {
    fn of(page: &Page) -> State {
        let value = page.to_value();
        let (mut fields, mut blocks) = (BTreeMap::new(), BTreeMap::new());
        for name in ["slug", "title", "meta"] {
            ends(&value[name], format!("/{name}"), false, &mut fields);
        }
        gather(&value["blocks"], "page", &mut blocks);
        State { fields, blocks }
    }
}

fn gather(list: &Value, name: &str, blocks: &mut BTreeMap<String, (BTreeMap<String, Value>, String, usize)>) {
    for (index, block) in list.as_array().unwrap().iter().enumerate() {
        let (id, mut fields) = (block["id"].as_str().unwrap(), BTreeMap::new());
        for (name, value) in block["props"].as_object().unwrap() {
            ends(value, format!("/{name}"), true, &mut fields);
        }
        blocks.insert(id.to_owned(), (fields, name.to_owned(), index));
        for (slot, children) in block["slots"].as_object().into_iter().flatten() {
            gather(children, &format!("{id} {slot}"), blocks);
        }
    }
}

/// The ends of a value's branches. Nothing in the small world must be escaped.
fn ends(value: &Value, path: String, keyed: bool, found: &mut BTreeMap<String, Value>) {
    let items = value.as_array().filter(|items| keyed && items.iter().all(|item| item["key"].is_string()));
    let children: Vec<(String, &Value)> = match (value, items) {
        (Value::Object(fields), _) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        (_, Some(items)) => {
            let of = |item: &'_ Value| item["key"].as_str().unwrap().to_owned();
            items.iter().map(|item| (of(item), item)).collect()
        }
        _ => Vec::new(),
    };
    let whole = path.clone();
    let before = found.len();
    for (name, child) in children {
        if items.is_some() {
            let mut child = child.clone();
            child.as_object_mut().unwrap().remove("key");
            ends(&child, format!("{path}/{name}"), keyed, found);
        } else {
            ends(child, format!("{path}/{name}"), keyed, found);
        }
    }
    if found.len() == before {
        found.insert(whole, value.clone());
    }
}

/// The newest of some versions, each with the one before it, of which something is true.
fn newest(count: usize, is_so: impl Fn(usize) -> bool) -> u64 {
    (1..count).rev().find(|version| is_so(*version)).unwrap() as u64
}

fn check(told: &Blame, page: &PageId, roots: &[Root]) {
    let body = |root: &Root| root.stub(page).and_then(|_| root.page(page).unwrap().cloned());
    let states: Vec<Option<State>> =
        roots.iter().map(|root| body(root).map(|page| State::of(&page))).collect();
    let now = states.last().unwrap().as_ref().unwrap();
    assert_eq!(told.page, *page);
    assert_eq!(told.version, roots.last().unwrap().stub(page).unwrap().stamp.version);
    let own = now.fields.iter().map(|(path, value)| {
        let is = |version: usize| states[version].as_ref().and_then(|state| state.fields.get(path));
        (path.clone(), newest(states.len(), |v| is(v) == Some(value) && is(v - 1) != Some(value)))
    });
    assert_eq!(told.fields, own.collect::<BTreeMap<_, _>>(), "the page's own fields");
    assert_eq!(told.blocks.len(), now.blocks.len());
    for block in &told.blocks {
        let at = |version: usize| states[version].as_ref()?.blocks.get(block.id.as_str());
        let added = newest(states.len(), |v| at(v).is_some() && at(v - 1).is_none());
        assert_eq!(block.added, added, "{}", block.id);
        let (fields, list, _) = at(states.len() - 1).unwrap();
        let wanted = fields.iter().map(|(path, value)| {
            let is = |version: usize| at(version).and_then(|(fields, ..)| fields.get(path));
            (path.clone(), newest(states.len(), |v| is(v) == Some(value) && is(v - 1) != Some(value)))
        });
        assert_eq!(block.fields, wanted.collect::<BTreeMap<_, _>>(), "{}", block.id);
        assert!(block.placed >= added && block.placed <= told.version);
        for version in block.placed..states.len() as u64 {
            assert_eq!(&at(version as usize).unwrap().1, list, "{} has not moved since", block.id);
        }
        // Of two that were both in the list since, neither was put before the other.
        for other in &told.blocks {
            let with = |version: usize| states[version].as_ref().unwrap().blocks.get(other.id.as_str());
            if with(states.len() - 1).unwrap().1 != *list {
                continue;
            }
            let index = |version: usize| (at(version).unwrap().2, with(version).unwrap().2);
            let (mine, its) = index(states.len() - 1);
            for version in block.placed.max(other.placed)..states.len() as u64 {
                let (then, its_then) = index(version as usize);
                assert_eq!(mine.cmp(&its), then.cmp(&its_then), "{} and {}", block.id, other.id);
            }
        }
    }
    let named = told.blocks.iter().flat_map(|b| b.fields.values().copied().chain([b.added, b.placed]));
    let named = named.chain(told.fields.values().copied());
    let named: std::collections::BTreeSet<u64> = named.collect();
    assert_eq!(told.commits.keys().copied().collect::<std::collections::BTreeSet<_>>(), named);
}
