//! A plain, slow model of a state and of carry, to hold against the real one. It looks at everything, always.

mod carry;
mod runs;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::content::change::{BLOCKS, Node, PAGES};
use crate::content::document::Root;
use crate::content::json::{Map, Value, escape};
use crate::content::links::{to_pages, to_slugs};
use crate::content::schema::Shape;

pub use carry::{Plain, carry};

pub type Id = String;
pub type Container = (Id, String);
pub const SITE: &str = "site";

/// A node: its fields, and where it lies.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainNode {
    pub fields: Value,
    pub container: Option<Container>,
}

/// Nodes by id, ordered children by container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub nodes: BTreeMap<Id, PlainNode>,
    pub kids: BTreeMap<Container, Vec<Id>>,
    /// The slug of every page.
    pub slugs: BTreeMap<Id, String>,
}

impl State {
    pub fn children(&self, key: &Container) -> Vec<Id> {
        self.kids.get(key).cloned().unwrap_or_default()
    }

    pub fn container(&self, id: &str) -> Option<&Container> {
        self.nodes.get(id)?.container.as_ref()
    }

    pub fn fields(&self, id: &str) -> Option<&Value> {
        self.nodes.get(id).map(|node| &node.fields)
    }

    fn add(&mut self, id: &str, fields: Value, container: Option<Container>) {
        self.kids.entry(container.clone().unwrap_or_default()).or_default().push(id.to_owned());
        self.nodes.insert(id.to_owned(), PlainNode { fields, container });
    }
}

/// The three states, every link as the page it means, every keyed list that can be opened as items.
pub fn states(roots: [&Root; 3]) -> [State; 3] {
    let mut states = roots.map(|root| marked(root, roots));
    let blocks: BTreeSet<Id> =
        states.iter().flat_map(|s| s.nodes.keys().cloned()).filter(|id| id.starts_with("blk_")).collect();
    for id in blocks {
        let props = [0, 1, 2].map(|i| states[i].fields(&id).map(|fields| fields["props"].clone()));
        let there = [0, 1, 2].map(|i| props[i].is_some());
        let opened = open(&mut states, &id, &id, "", props, there);
        for (state, props) in states.iter_mut().zip(opened) {
            if let Some(node) = state.nodes.get_mut(&id) {
                node.fields["props"] = props.unwrap();
            }
        }
    }
    states
}

/// One state, links as they are written.
pub fn unmarked(root: &Root) -> State {
    read(root, &BTreeMap::new())
}

/// One state, every link as the page it means.
pub fn marked(root: &Root, [base, ours, theirs]: [&Root; 3]) -> State {
    // A page this state has not is known by its slug in the base, else in theirs, else in ours.
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    let elsewhere: BTreeMap<_, _> = [ours, theirs, base].into_iter().flat_map(Root::stubs).collect();
    let elsewhere = elsewhere.into_iter().filter(|(id, _)| root.stub(id).is_none());
    for (id, stub) in elsewhere.chain(root.stubs()) {
        pages.insert(stub.slug.to_string(), id.to_string());
    }
    read(root, &pages)
}

fn read(root: &Root, pages: &BTreeMap<String, String>) -> State {
    let mut state = State::default();
    let mark =
        |shape: &Shape, value: &mut Value| _ = to_pages(shape, value, &|slug| pages.get(slug).cloned());
    let mut config = (*root.config).clone();
    if let Some(Value::Object(labels)) = config.get_mut("navLabels") {
        let marked = |(slug, label)| {
            let mut slug = Value::String(slug);
            mark(&Shape::Link, &mut slug);
            (slug.as_str().unwrap().to_owned(), label)
        };
        *labels = std::mem::take(labels).into_iter().map(marked).collect::<Map<_, _>>();
    }
    mark(&Shape::List(Box::new(Shape::Link)), &mut config["navGroups"]["Main"]);
    let redirect = |(from, to): (&std::sync::Arc<str>, &std::sync::Arc<Value>)| {
        let mut to = (**to).clone();
        mark(&Shape::Link, &mut to["to"]);
        (from.to_string(), to)
    };
    let redirects: Map<String, Value> = root.redirects.iter().map(redirect).collect();
    state.add(SITE, json!({"config": config, "redirects": redirects}), None);
    state.kids.clear();
    for id in &root.order {
        let page = root.page(id).unwrap().unwrap();
        let mut meta = (*page.meta).clone();
        if let Some(canonical) = meta.get_mut("canonical") {
            mark(&Shape::Link, canonical);
        }
        let fields = json!({"slug": &*page.slug, "title": &*page.title, "meta": meta});
        state.add(id.as_str(), fields, Some((SITE.into(), PAGES.into())));
        state.slugs.insert(id.to_string(), page.slug.to_string());
        let value = page.to_value();
        add_blocks(&mut state, &value["blocks"], (id.to_string(), BLOCKS.into()), root, &mark);
    }
    state
}

fn add_blocks(
    state: &mut State,
    blocks: &Value,
    at: Container,
    root: &Root,
    mark: &dyn Fn(&Shape, &mut Value),
) {
    for block in blocks.as_array().unwrap() {
        let id = block["id"].as_str().unwrap();
        let mut props = block["props"].clone();
        mark(root.types.get(block["type"].as_str().unwrap()).unwrap().shape(), &mut props);
        state.add(id, json!({"type": block["type"], "props": props}), Some(at.clone()));
        for (slot, children) in block["slots"].as_object().into_iter().flatten() {
            add_blocks(state, children, (id.to_owned(), slot.clone()), root, mark);
        }
    }
}

/// Opens the lists of one value; `way` is where it stands, as a pointer from its block.
fn open(
    states: &mut [State; 3],
    block: &str,
    holder: &str,
    way: &str,
    values: [Option<Value>; 3],
    there: [bool; 3],
) -> [Option<Value>; 3] {
    let all =
        |is: &dyn Fn(&Value) -> bool| (0..3).all(|i| !there[i] || values[i].as_ref().map_or(i == 0, is));
    let keys = |value: &Value| -> Option<Vec<String>> {
        let keys: Option<Vec<String>> =
            value.as_array()?.iter().map(|item| Some(item.get("key")?.as_str()?.to_owned())).collect();
        keys.filter(|keys| keys.iter().collect::<BTreeSet<_>>().len() == keys.len())
    };
    let mut result = values.clone();
    if all(&|value| value.is_object()) {
        let names: BTreeSet<String> =
            values.iter().flatten().filter_map(Value::as_object).flat_map(|o| o.keys().cloned()).collect();
        for name in names {
            let inner = [0, 1, 2].map(|i| values[i].as_ref().and_then(|value| value.get(&name).cloned()));
            let opened = open(states, block, holder, &format!("{way}/{}", escape(&name)), inner, there);
            for (value, inner) in result.iter_mut().zip(opened) {
                if let (Some(Value::Object(fields)), Some(inner)) = (value, inner) {
                    fields.insert(name.clone(), inner);
                }
            }
        }
    } else if all(&|value| keys(value).is_some())
        && values.iter().flatten().any(|v| keys(v).is_some_and(|k| !k.is_empty()))
    {
        let every: BTreeSet<String> = values.iter().flatten().filter_map(keys).flatten().collect();
        let container = (holder.to_owned(), way.to_owned());
        for i in 0..3 {
            let listed = values[i].as_ref().and_then(keys).unwrap_or_default();
            states[i]
                .kids
                .insert(container.clone(), listed.iter().map(|key| format!("{block}{way}/{key}")).collect());
            result[i] = result[i].as_ref().map(|_| json!([]));
        }
        for key in every {
            let id = format!("{block}{way}/{key}");
            let item = |i: usize| {
                values[i].as_ref()?.as_array()?.iter().find(|item| item["key"] == key.as_str()).cloned()
            };
            let items = [item(0), item(1), item(2)];
            let there = [0, 1, 2].map(|i| items[i].is_some());
            let opened = open(states, block, &id, &format!("{way}/{key}"), items, there);
            for (state, fields) in states.iter_mut().zip(opened) {
                if let Some(fields) = fields {
                    state.nodes.insert(id.clone(), PlainNode { fields, container: Some(container.clone()) });
                }
            }
        }
    }
    result
}

/// Links become slugs again: the final slug of the page; of a page that is gone, the one it had.
pub fn with_slugs(result: &mut State, sides: &[State; 3]) {
    let finals: BTreeMap<Id, String> = result
        .nodes
        .iter()
        .filter(|(id, _)| id.starts_with("pg_"))
        .map(|(id, node)| (id.clone(), node.fields["slug"].as_str().unwrap().to_owned()))
        .collect();
    let slug = |id: &str| {
        let known = std::iter::once(&finals)
            .chain(sides.iter().map(|side| &side.slugs))
            .find_map(|slugs| slugs.get(id));
        known.unwrap().clone()
    };
    for node in result.nodes.values_mut() {
        to_slugs(&mut node.fields, &slug);
        if let Some(Value::Object(labels)) =
            node.fields.get_mut("config").and_then(|config| config.get_mut("navLabels"))
        {
            let named = |(name, label)| {
                let mut name = Value::String(name);
                to_slugs(&mut name, &slug);
                (name.as_str().unwrap().to_owned(), label)
            };
            *labels = std::mem::take(labels).into_iter().map(named).collect::<Map<_, _>>();
        }
    }
    result.slugs = finals;
}

/// The whole state as one value, as `documents::whole` writes a root.
pub fn whole(state: &State) -> Value {
    let site = &state.nodes[SITE].fields;
    let pages: Vec<Value> =
        state.children(&(SITE.into(), PAGES.into())).iter().map(|page| written(state, page)).collect();
    json!({"config": site["config"], "redirects": site["redirects"], "assets": {}, "pages": pages})
}

fn written(state: &State, id: &str) -> Value {
    let mut value = state.nodes[id].fields.clone();
    if id.starts_with("pg_") {
        value["blocks"] = json!([]);
    }
    if !id.contains('/') {
        value["id"] = json!(id);
    }
    for ((_, slot), children) in
        state.kids.iter().filter(|((parent, _), children)| parent == id && !children.is_empty())
    {
        let children: Vec<Value> = children.iter().map(|child| written(state, child)).collect();
        if slot.starts_with('/') {
            let inside = match id.split_once('/') {
                Some((_, way)) => slot[way.len() + 1..].to_owned(),
                None => format!("/props{slot}"),
            };
            *value.pointer_mut(&inside).unwrap() = children.into();
        } else if slot == BLOCKS {
            value["blocks"] = children.into();
        } else {
            value["slots"][slot] = children.into();
        }
    }
    value
}

/// A node by the name that conflicts give it.
pub fn name(node: &Node) -> Id {
    node.to_string()
}
