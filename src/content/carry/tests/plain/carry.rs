//! The plain carry, rule by rule.

use std::collections::{BTreeMap, BTreeSet};

use super::runs::{gaps, merge_runs, tokens, unmoved};
use super::{Container, Id, PlainNode, SITE, State, with_slugs};
use crate::content::carry::{Kind, Text};
use crate::content::change::PAGES;
use crate::content::json::{Map, Value};
use crate::content::links::to_slugs;

/// A conflict: kind, node, path, all nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plain {
    pub kind: Kind,
    pub node: Id,
    pub path: Option<Vec<String>>,
    pub nodes: BTreeSet<Id>,
}

const OURS: usize = 1;
const THEIRS: usize = 2;

/// Brings what `states[2]` changed since `states[0]` onto `states[1]`. `take` answers whether theirs is taken.
pub fn carry(states: &[State; 3], text: Text, take: &dyn Fn(&Plain) -> bool) -> (State, Vec<Plain>) {
    let mut carry = Carry {
        s: states,
        text,
        take,
        conflicts: vec![],
        out: BTreeSet::new(),
        placed: BTreeMap::new(),
        forced: BTreeMap::new(),
    };
    let mut merged = carry.run();
    with_slugs(&mut merged, states);
    (merged, carry.conflicts)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    None,
    Side(usize),
    Both,
}

struct Carry<'a> {
    s: &'a [State; 3],
    text: Text,
    take: &'a dyn Fn(&Plain) -> bool,
    conflicts: Vec<Plain>,
    out: BTreeSet<Id>,
    placed: BTreeMap<Id, By>,
    forced: BTreeMap<Id, usize>,
}

impl Carry<'_> {
    fn conflict(&mut self, kind: Kind, node: &str, path: Option<Vec<String>>, nodes: Vec<Id>) -> usize {
        let nodes = if nodes.is_empty() { [node.to_owned()].into() } else { nodes.into_iter().collect() };
        let conflict = Plain { kind, node: node.to_owned(), path, nodes };
        let taken = if (self.take)(&conflict) { THEIRS } else { OURS };
        self.conflicts.push(conflict);
        taken
    }

    fn has(&self, side: usize, id: &str) -> bool {
        self.s[side].nodes.contains_key(id)
    }

    fn moved(&self, side: usize, id: &str) -> bool {
        let (Some(x), Some(y)) = (self.s[0].container(id), self.s[side].container(id)) else { return false };
        x != y || !unmoved(&self.s[0].children(x), &self.s[side].children(y)).iter().any(|other| other == id)
    }

    fn either(&self) -> BTreeSet<Id> {
        self.s[OURS].nodes.keys().chain(self.s[THEIRS].nodes.keys()).cloned().collect()
    }

    fn run(&mut self) -> State {
        self.removals();
        self.places();
        let ids = self.either().into_iter().filter(|id| id != SITE && !self.out.contains(id)).collect();
        let homes = self.acyclic(ids);
        let mut merged = State::default();
        merged.nodes.insert(SITE.into(), PlainNode { fields: Value::Null, container: None });
        for (id, home) in &homes {
            merged.nodes.insert(id.clone(), PlainNode { fields: Value::Null, container: Some(home.clone()) });
        }
        for key in homes.values().collect::<BTreeSet<_>>() {
            let members: Vec<Id> =
                homes.iter().filter(|(_, home)| *home == key).map(|(id, _)| id.clone()).collect();
            merged.kids.insert(key.clone(), self.order(key, &members));
        }
        for id in merged.nodes.keys().cloned().collect::<Vec<_>>() {
            let fields = self.fields(&id);
            merged.nodes.get_mut(&id).unwrap().fields = fields;
        }
        self.unique_slugs(&mut merged);
        merged
    }

    fn removals(&mut self) {
        for (keeper, remover) in [(OURS, THEIRS), (THEIRS, OURS)] {
            let gone: BTreeSet<Id> =
                self.s[0].nodes.keys().filter(|id| !self.has(remover, id)).cloned().collect();
            for root in &gone {
                let parent = &self.s[0].container(root).unwrap().0;
                if gone.contains(parent) || !self.has(keeper, root) {
                    continue;
                }
                let (mut stayed, mut came, mut moved_in) = (vec![], vec![], vec![]);
                self.walk(root, &gone, keeper, remover, &mut [&mut stayed, &mut came, &mut moved_in]);
                let meant = |i: usize, id: &Id| self.s[i].fields(id).map(|fields| self.meant(fields));
                let changed =
                    stayed.iter().any(|id| meant(0, id) != meant(keeper, id) || self.moved(keeper, id));
                let mut kept = false;
                if changed || !came.is_empty() || !moved_in.is_empty() {
                    let kind = if changed { Kind::RemovedVsChanged } else { Kind::RemovedVsMovedInto };
                    kept =
                        self.conflict(kind, root, None, [&stayed[..], &came, &moved_in].concat()) == keeper;
                }
                if !kept {
                    self.out.extend(stayed.into_iter().chain(came));
                }
                self.forced.extend(moved_in.into_iter().map(|id| (id, if kept { keeper } else { remover })));
            }
        }
    }

    fn walk(
        &self,
        id: &Id,
        gone: &BTreeSet<Id>,
        keeper: usize,
        remover: usize,
        found: &mut [&mut Vec<Id>; 3],
    ) {
        if self.has(remover, id) {
            if !self.has(0, id) || self.moved(keeper, id) {
                found[2].push(id.clone());
            }
            return;
        }
        found[usize::from(!gone.contains(id))].push(id.clone());
        for (_, children) in self.s[keeper].kids.iter().filter(|((parent, _), _)| parent == id) {
            children.iter().for_each(|child| self.walk(child, gone, keeper, remover, found));
        }
    }

    fn places(&mut self) {
        for id in self.either() {
            let placed = if id == SITE {
                By::None
            } else if let Some(side) = self.forced.get(&id) {
                By::Side(*side)
            } else if !self.has(OURS, &id) || !self.has(THEIRS, &id) {
                By::Side(if self.has(OURS, &id) { OURS } else { THEIRS })
            } else if !self.has(0, &id) {
                self.both(&id, Kind::BothAdded)
            } else {
                match (self.moved(OURS, &id), self.moved(THEIRS, &id)) {
                    (true, true) => self.both(&id, Kind::Moved),
                    (true, false) => By::Side(OURS),
                    (false, true) => By::Side(THEIRS),
                    (false, false) => By::None,
                }
            };
            self.placed.insert(id, placed);
        }
    }

    fn both(&mut self, id: &str, kind: Kind) -> By {
        match self.s[OURS].container(id) == self.s[THEIRS].container(id) {
            true => By::Both,
            false => By::Side(self.conflict(kind, id, None, vec![])),
        }
    }

    fn acyclic(&mut self, mut ids: BTreeSet<Id>) -> BTreeMap<Id, Container> {
        loop {
            let side = |id: &Id| if self.placed[id] == By::Side(THEIRS) { THEIRS } else { OURS };
            let homes: BTreeMap<Id, Container> =
                ids.iter().map(|id| (id.clone(), self.s[side(id)].container(id).unwrap().clone())).collect();
            let lost: Vec<Id> = ids
                .iter()
                .filter(|id| homes[*id].0 != SITE && !homes.contains_key(&homes[*id].0))
                .cloned()
                .collect();
            let ring = ids.iter().find_map(|id| ring(id, &homes));
            if lost.is_empty() && ring.is_none() {
                return homes;
            }
            if let Some(ring) = ring {
                let winner = self.conflict(Kind::Cycle, &ring[0], None, ring.clone());
                for id in ring.into_iter().filter(|id| self.s[winner].nodes.contains_key(id)) {
                    self.placed.insert(id, By::Side(winner));
                }
            }
            for id in lost {
                let other = if self.placed[&id] == By::Side(THEIRS) { OURS } else { THEIRS };
                let parent = self.s[other].container(&id).map(|home| &home.0);
                if parent.is_some_and(|parent| parent == SITE || homes.contains_key(parent)) {
                    self.placed.insert(id, By::Side(other));
                } else {
                    ids.remove(&id);
                }
            }
        }
    }

    fn order(&mut self, key: &Container, members: &[Id]) -> Vec<Id> {
        let lists = [0, 1, 2].map(|i| self.s[i].children(key));
        let anchors: Vec<Id> = lists[0]
            .iter()
            .filter(|id| members.contains(id) && self.placed[*id] == By::None)
            .cloned()
            .collect();
        let gap = [0, 1, 2].map(|i| gaps(&lists[i], &anchors));
        for id in members {
            if self.placed[id] == By::Both && gap[OURS][id] != gap[THEIRS][id] {
                let taken = self.conflict(Kind::Moved, id, None, vec![]);
                self.placed.insert(id.clone(), By::Side(taken));
            }
        }
        let mut result = vec![];
        for g in 0..=anchors.len() {
            result.extend(g.checked_sub(1).map(|left| anchors[left].clone()));
            let here = |side: usize| -> Vec<Id> {
                let placed = |id: &Id| self.placed[id] == By::Both || self.placed[id] == By::Side(side);
                let mine = |id: &&Id| members.contains(id) && placed(id) && gap[side][*id] == g;
                lists[side].iter().filter(mine).cloned().collect()
            };
            let (mut first, mut second) = (here(OURS), here(THEIRS));
            let common = unmoved(&first, &second);
            for id in &first {
                if second.contains(id) && !common.contains(id) {
                    let taken = self.conflict(Kind::Moved, id, None, vec![]);
                    self.placed.insert(id.clone(), By::Side(taken));
                }
            }
            first.retain(|id| self.placed[id] != By::Side(THEIRS));
            second.retain(|id| self.placed[id] != By::Side(OURS));
            let (run_first, run_second) = (gaps(&first, &common), gaps(&second, &common));
            for h in 0..=common.len() {
                result.extend(h.checked_sub(1).map(|left| common[left].clone()));
                result.extend(first.iter().filter(|id| !common.contains(id) && run_first[*id] == h).cloned());
                result
                    .extend(second.iter().filter(|id| !common.contains(id) && run_second[*id] == h).cloned());
            }
        }
        result
    }

    fn fields(&mut self, id: &str) -> Value {
        let [b, o, t] = [0, 1, 2].map(|i| self.s[i].fields(id).cloned());
        match (b, o, t) {
            (_, Some(one), None) | (_, None, Some(one)) => one,
            (None, Some(o), Some(t)) if o == t => o,
            (None, Some(o), Some(t)) => {
                if self.conflict(Kind::BothAdded, id, None, vec![]) == THEIRS {
                    t
                } else {
                    o
                }
            }
            (b, o, t) => self.value(id, &[], b.as_ref(), o.as_ref(), t.as_ref()).unwrap(),
        }
    }

    fn value(
        &mut self,
        id: &str,
        path: &[String],
        b: Option<&Value>,
        o: Option<&Value>,
        t: Option<&Value>,
    ) -> Option<Value> {
        if o == t || b == t {
            return o.cloned();
        }
        if b == o {
            return t.cloned();
        }
        let one_value = id == SITE && path.len() == 2 && path[0] == "redirects";
        match (b, o, t) {
            (None | Some(Value::Object(_)), Some(Value::Object(x)), Some(Value::Object(y))) if !one_value => {
                let under = b.and_then(Value::as_object).cloned().unwrap_or_default();
                let keys: BTreeSet<&String> = under.keys().chain(x.keys()).chain(y.keys()).collect();
                let mut merged = Map::new();
                for key in keys {
                    let path = [path, std::slice::from_ref(key)].concat();
                    let part = self.value(id, &path, under.get(key), x.get(key), y.get(key));
                    merged.extend(part.map(|part| (key.clone(), part)));
                }
                return Some(Value::Object(merged));
            }
            (Some(Value::Array(b)), Some(Value::Array(o)), Some(Value::Array(t))) => {
                if let Some(merged) = merge_runs(b, o, t) {
                    return Some(merged.into());
                }
            }
            (Some(Value::String(x)), Some(Value::String(y)), Some(Value::String(z)))
                if self.text == Text::Runs =>
            {
                let long = |(i, text): (usize, &String)| {
                    let shown = self.shown(i, text);
                    shown.chars().count() > 80 || shown.contains('\n')
                };
                if [x, y, z].into_iter().enumerate().any(long)
                    && let Some(merged) = merge_runs(&tokens(x), &tokens(y), &tokens(z))
                {
                    return Some(merged.concat().into());
                }
            }
            _ => {}
        }
        let [x, y, z] = [b, o, t].map(|value| value.map(|value| self.meant(value)));
        if x == z || y == x || y == z {
            let least = if o.map(ToString::to_string) <= t.map(ToString::to_string) { o } else { t };
            return if x == z {
                o
            } else if y == x {
                t
            } else {
                least
            }
            .cloned();
        }
        let path = path.iter().map(|step| self.shown(OURS, step)).collect();
        if self.conflict(Kind::Value, id, Some(path), vec![]) == THEIRS { t.cloned() } else { o.cloned() }
    }

    /// A text with its links as a state has them.
    fn shown(&self, state: usize, text: &str) -> String {
        let mut value = Value::from(text);
        let slug = |id: &str| {
            [state, 0, THEIRS, OURS].iter().find_map(|s| self.s[*s].slugs.get(id)).unwrap().clone()
        };
        to_slugs(&mut value, &slug);
        value.as_str().unwrap().to_owned()
    }

    /// The value with links that are spelt alike if they mean one page; those of settled pages as they are.
    fn meant(&self, value: &Value) -> Value {
        let mut value = value.clone();
        let slug = |id: &str| match [0, 1, 2].map(|i| self.s[i].slugs.get(id)) {
            [Some(x), Some(y), Some(z)] if x == y && x == z => x.clone(),
            _ => format!("/ {id}"),
        };
        to_slugs(&mut value, &slug);
        value
    }

    fn unique_slugs(&mut self, merged: &mut State) {
        let mut owners: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        for id in merged.children(&(SITE.into(), PAGES.into())) {
            owners.entry(merged.nodes[&id].fields["slug"].as_str().unwrap().to_owned()).or_default().push(id);
        }
        for (slug, mut pages) in owners {
            pages.sort();
            let first = pages
                .iter()
                .find(|page| self.s[OURS].slugs.get(*page) == Some(&slug))
                .unwrap_or(&pages[0])
                .clone();
            for page in pages.into_iter().filter(|page| *page != first) {
                self.conflict(
                    Kind::SlugTaken,
                    &page,
                    Some(vec!["slug".into()]),
                    vec![page.clone(), first.clone()],
                );
                merged.nodes.get_mut(&page).unwrap().fields["slug"] = format!("{slug}~{page}").into();
            }
        }
    }
}

/// The ring that one gets into by going up from a node.
fn ring(id: &Id, homes: &BTreeMap<Id, Container>) -> Option<Vec<Id>> {
    let (mut seen, mut at): (Vec<Id>, &Id) = (vec![], id);
    while homes.contains_key(at) && !seen.contains(at) {
        seen.push(at.clone());
        at = &homes[at].0;
    }
    let from = seen.iter().position(|id| id == at)?;
    let mut ring = seen.split_off(from);
    ring.sort();
    Some(ring)
}
