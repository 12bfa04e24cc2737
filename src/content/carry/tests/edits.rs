//! Random edits: lists of small numbers, read modulo what there is to choose from, so that a shorter list is a
//! history too.

use proptest::prelude::*;
use serde_json::json;

use super::documents::{after, blocks, first, page_place};
use crate::content::change::{BLOCKS, Node, Place};
use crate::content::document::Root;
use crate::content::draft::Draft;
use crate::content::id::{BlockId, PageId};
use crate::content::json::{Map, Value};
use crate::content::links::rewrite;

/// Addresses; the last two are for links only, one of them spelt in its own way.
const SLUGS: [&str; 8] = ["/", "/a", "/b", "/s0", "/s1", "/r0", "/gone", "/A/"];

/// One edit: what, three choices, and a number of its own for what it makes.
pub type Edit = (u8, u8, u8, u8, usize);

/// Which of several histories an edit belongs to.
pub type Steps = Vec<(u8, Edit)>;

/// Random edits, each in one of `0..sides`; side 0 comes before all others.
pub fn steps(sides: &'static [u8], most: usize) -> impl Strategy<Value = Steps> {
    let step = (prop::sample::select(sides), (0..64u8, 0..64u8, 0..64u8, 0..64u8));
    prop::collection::vec(step, 1..most).prop_map(|steps| {
        let number = |(at, (side, (kind, a, b, c)))| (side, (kind, a, b, c, at));
        steps.into_iter().enumerate().map(number).collect()
    })
}

/// The site after the edits of side 0, and from there after those of 1 and of 2.
pub fn three_states(steps: &Steps) -> [Root; 3] {
    let base = edits(&first(), steps, 0);
    let [ours, theirs] = [1, 2].map(|side| edits(&base, steps, side));
    [base, ours, theirs]
}

pub fn edits(root: &Root, steps: &Steps, side: u8) -> Root {
    let mine = steps.iter().filter(|step| step.0 == side);
    mine.fold(root.clone(), |root, (_, edit)| after(&root, |draft| apply(draft, *edit)))
}

fn pick<T: Clone>(options: &[T], n: u8) -> Option<T> {
    options.get(usize::from(n) % options.len().max(1)).cloned()
}

/// All places for blocks: a page's own list, two slots of each block.
fn containers(root: &Root) -> Vec<(PageId, Node, &'static str)> {
    let pages = root.order.iter().map(|page| (page.clone(), Node::Page(page.clone()), BLOCKS));
    let slots = blocks(root).into_iter().flat_map(|(page, block)| {
        ["left", "right"].map(|slot| (page.clone(), Node::Block(block.clone()), slot))
    });
    pages.chain(slots).collect()
}

fn apply(draft: &mut Draft<'_>, (kind, a, b, c, fresh): Edit) {
    let root = draft.root().clone();
    let all = blocks(&root);
    let block = pick(&all, a);
    let page = pick(&root.order.iter().cloned().collect::<Vec<_>>(), a);
    match (KINDS[usize::from(kind) % KINDS.len()], block, page) {
        ("prop", Some(at), _) => set(
            draft,
            &at,
            &[["x", "y"][usize::from(b) % 2]],
            pick(&[Some(json!(0)), Some(json!(1)), Some(json!(2)), None], c).flatten(),
        ),
        ("object", Some(at), _) if b % 4 > 0 => set(draft, &at, &["link", "label"], Some(json!(c % 3))),
        ("object", Some(at), _) => {
            set(draft, &at, &["link"], [None, Some(json!(5))][usize::from(c) % 2].clone())
        }
        ("link", Some(at), _) => set(draft, &at, &["link", "href"], pick(&SLUGS, b).map(Value::from)),
        ("body", Some(at), _) => body(draft, &at, b, c),
        ("text", ..) => text(draft, a, b, c),
        ("tags", Some(at), _) => tags(draft, &at, b, c),
        ("config", ..) => {
            let value = pick(&[Some(json!(0)), Some(json!(1)), None], c).flatten();
            draft.set_site(&["config", &format!("k{}", b % 3)], value.as_ref()).unwrap();
        }
        ("nav", ..) => nav(draft, &root, a, b, c),
        ("add", ..) => add(
            draft,
            &root,
            &format!("blk_n{fresh}"),
            a,
            b,
            json!({"x": c % 3, "link": {"href": SLUGS[usize::from(c) % 3]}}),
        ),
        ("shared", ..) => add(draft, &root, "blk_shared", a, b, json!({"x": c % 2})),
        ("remove", Some((page, block)), _) => draft.remove_block(&page, &block).unwrap(),
        ("move", Some(at), _) => relocate(draft, &root, &at, b, c),
        ("items", Some(at), _) => items(draft, &root, &at, b, c, fresh),
        ("page", _, page) => pages(draft, &root, page, (a, b, c), fresh),
        ("rename", _, Some(page)) => rename(draft, &root, &page, SLUGS[usize::from(b) % 6], c % 2 == 1),
        ("meta", _, Some(page)) if c % 3 == 0 => {
            draft.set_page(&page, "title", Some(&json!(format!("t{}", b % 2)))).unwrap()
        }
        ("meta", _, Some(page)) => {
            let name = ["canonical", "description"][usize::from(c) % 2];
            draft.set_page(&page, "meta", Some(&json!({ name: SLUGS[usize::from(b) % 3] }))).unwrap();
        }
        _ => {}
    }
}

const KINDS: [&str; 26] = [
    "prop", "prop", "object", "link", "body", "text", "tags", "config", "nav", "add", "add", "shared",
    "remove", "move", "move", "move", "move", "items", "items", "items", "items", "page", "page", "rename",
    "rename", "meta",
];

fn props_of(draft: &Draft<'_>, (page, block): &(PageId, BlockId)) -> Value {
    draft.block(page, block).unwrap().value()
}

/// Sets a field of the props; objects on the way come to be.
fn set(draft: &mut Draft<'_>, at: &(PageId, BlockId), path: &[&str], to: Option<Value>) {
    let mut props = props_of(draft, at);
    let (last, way) = path.split_last().unwrap();
    let mut holder = &mut props;
    for step in way {
        if !holder[*step].is_object() {
            holder[*step] = json!({});
        }
        holder = &mut holder[*step];
    }
    match to {
        Some(value) => holder[*last] = value,
        None => _ = holder.as_object_mut().unwrap().remove(*last),
    }
    draft.write_props(&at.0, &at.1, &props).unwrap();
}

fn body(draft: &mut Draft<'_>, at: &(PageId, BlockId), b: u8, c: u8) {
    let mut lines: Vec<String> = match &props_of(draft, at)["body"] {
        Value::String(text) => text.split('\n').map(str::to_owned).collect(),
        _ => vec!["one".into(), "two".into(), "three".into()],
    };
    let line = usize::from(b) % lines.len();
    lines[line] = format!("w{} [l]({}?q)", c % 2, SLUGS[usize::from(c) % SLUGS.len()]);
    set(draft, at, &["body"], Some(lines.join("\n").into()));
}

fn text(draft: &mut Draft<'_>, a: u8, b: u8, c: u8) {
    let id = BlockId::from("blk_3");
    let Some(page) = draft.root().home(&id).cloned() else { return };
    let at = (page, id);
    let Value::String(text) = &props_of(draft, &at)["text"] else { return };
    let mut words: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let from = usize::from(a) % (words.len() + 1);
    let to = (from + usize::from(b) % 3).min(words.len());
    words.splice(from..to, vec![format!("w{}", c % 3); 1 + usize::from(b + c) % 2]);
    set(draft, &at, &["text"], Some(words.join("\n").into()));
}

fn tags(draft: &mut Draft<'_>, at: &(PageId, BlockId), b: u8, c: u8) {
    let mut tags = props_of(draft, at)["tags"].as_array().cloned().unwrap_or_default();
    let from = usize::from(b) % (tags.len() + 1);
    if c % 2 == 1 {
        tags.insert(from, json!(format!("n{}", c % 3)));
    } else if from < tags.len() {
        tags.remove(from);
    }
    set(draft, at, &["tags"], Some(tags.into()));
}

fn nav(draft: &mut Draft<'_>, root: &Root, a: u8, b: u8, c: u8) {
    let slug = SLUGS[usize::from(b) % SLUGS.len()];
    match a % 3 {
        0 => {
            let from = ["/r0", "/r1", "/old"][usize::from(c) % 3];
            let to = (c % 4 > 0).then(|| json!({"to": slug, "status": if b % 5 == 0 { 302 } else { 308 }}));
            draft.set_site(&["redirects", from], to.as_ref()).unwrap();
        }
        1 => {
            let label = (c % 3 > 0).then(|| json!(format!("L{}", c % 2)));
            draft.set_site(&["config", "navLabels", slug], label.as_ref()).unwrap();
        }
        _ => {
            let mut group = root.config["navGroups"]["Main"].as_array().cloned().unwrap_or_default();
            group.insert(usize::from(c) % (group.len() + 1), json!(slug));
            group.truncate(5);
            draft.set_site(&["config", "navGroups", "Main"], Some(&group.into())).unwrap();
        }
    }
}

fn nth_place(
    root: &Root,
    (page, parent, slot): &(PageId, Node, &str),
    n: u8,
    moving: Option<&BlockId>,
) -> Place {
    let body = root.page(page).unwrap().unwrap();
    let siblings = match parent {
        Node::Block(block) => body.children(Some((block, slot))),
        _ => body.children(None),
    };
    let siblings: Vec<_> = siblings.into_iter().filter(|id| Some(id) != moving).collect();
    let at = usize::from(n) % (siblings.len() + 1);
    let after = at.checked_sub(1).map(|left| siblings[left].as_str().into());
    Place { parent: parent.clone(), slot: (*slot).into(), after }
}

fn add(draft: &mut Draft<'_>, root: &Root, id: &str, a: u8, b: u8, props: Value) {
    let Some(container) = pick(&containers(root), a) else { return };
    if root.home(&id.into()).is_none() {
        let value = json!({"id": id, "type": "Box", "props": props});
        draft.insert(Node::Block(id.into()), nth_place(root, &container, b, None), value).unwrap();
    }
}

fn relocate(draft: &mut Draft<'_>, root: &Root, (page, block): &(PageId, BlockId), b: u8, c: u8) {
    let body = root.page(page).unwrap().unwrap().clone();
    let own = body.below(block);
    let place = body.place(block).unwrap();
    let free: Vec<_> = containers(root)
        .into_iter()
        .filter(|(_, node, _)| node.block().is_none_or(|id| !own.contains(id)))
        .collect();
    let near = free
        .iter()
        .filter(|(_, node, slot)| *node == place.parent && **slot == *place.slot)
        .cloned()
        .collect();
    let Some(to) = pick(&if c % 2 == 1 { near } else { free }, b) else { return };
    draft.move_block(page, block, &to.0, nth_place(root, &to, c / 2, Some(block))).unwrap();
}

/// Adds, removes, moves or edits an item, at the top or within an item; now and then the list becomes something else.
fn items(draft: &mut Draft<'_>, root: &Root, at: &(PageId, BlockId), b: u8, c: u8, fresh: usize) {
    let usual = BlockId::from("blk_6");
    let at = match root.home(&usual) {
        Some(page) if c % 8 > 0 => (page.clone(), usual),
        _ => at.clone(),
    };
    let mut props = props_of(draft, &at);
    if b >= 61 {
        let odd = pick(&[None, Some(json!(7)), Some(json!([])), Some(json!(["plain"]))], c).flatten();
        return set(draft, &at, &["items"], odd);
    }
    if !props["items"].is_array() || props["items"][0] == "plain" {
        props["items"] = json!([]);
    }
    let deep = b / 8 % 3 == 0 && props["items"][0]["sub"].is_array();
    let list = if deep { &mut props["items"][0]["sub"] } else { &mut props["items"] };
    let list = list.as_array_mut().unwrap();
    let n = usize::from(c);
    let field = if deep { "t" } else { "q" };
    match b % 4 {
        1 if !list.is_empty() => _ = list.remove(n % list.len()),
        2 if !list.is_empty() => {
            let item = list.remove(n % list.len());
            list.insert((n / 4) % (list.len() + 1), item);
        }
        3 if !list.is_empty() => {
            let at = n % list.len();
            if n % 5 == 0 && !deep {
                list[at]["href"] = json!(SLUGS[n % 3]);
            } else {
                list[at][field] = json!(n % 3);
            }
        }
        _ => {
            let key = if n % 6 == 0 { "kshared".to_owned() } else { format!("kn{fresh}") };
            if list.iter().all(|item| item["key"] != key.as_str()) {
                list.insert(n % (list.len() + 1), json!({"key": key, field: n % 2}));
            }
        }
    }
    draft.write_props(&at.0, &at.1, &props).unwrap();
}

fn pages(draft: &mut Draft<'_>, root: &Root, page: Option<PageId>, (a, b, c): (u8, u8, u8), fresh: usize) {
    let order: Vec<PageId> = root.order.iter().cloned().collect();
    let behind = |others: &[PageId]| {
        let at = usize::from(b) % (others.len() + 1);
        page_place(at.checked_sub(1).map(|left| others[left].as_str().into()))
    };
    match (a / 4 % 4, page) {
        (0, _) | (_, None) => {
            let slug = format!("/s{}", c % 3);
            if root.by_slug(&slug).is_none() {
                let id = format!("pg_n{fresh}");
                let blocks = json!([{"id": format!("blk_p{fresh}"), "type": "Box", "props": {"link": {"href": "/a"}}}]);
                let value = json!({"id": id, "slug": slug, "title": "", "meta": {}, "blocks": blocks});
                draft.insert(Node::Page(id.as_str().into()), behind(&order), value).unwrap();
            }
        }
        (3, Some(page)) if order.len() > 1 => draft.remove_page(&page).unwrap(),
        (_, Some(page)) => {
            let others: Vec<PageId> = order.into_iter().filter(|id| *id != page).collect();
            draft.move_page(&page, behind(&others)).unwrap();
        }
    }
}

/// Another address; `follow`: as the op does it, with all links. A redirect stays behind now and then.
pub fn rename(draft: &mut Draft<'_>, root: &Root, page: &PageId, slug: &str, follow: bool) {
    let old = root.stub(page).unwrap().slug.clone();
    if root.by_slug(slug).is_some() {
        return;
    }
    draft.set_page(page, "slug", Some(&slug.into())).unwrap();
    if !follow {
        return;
    }
    let mut lead = |link: &str| (link == &*old).then(|| slug.to_owned());
    for (page, block) in blocks(root) {
        let block = draft.block(&page, &block).unwrap();
        let mut props = block.value();
        let kind = root.types.get(&block.kind).unwrap();
        if rewrite(kind.shape(), &mut props, &mut lead) {
            draft.write_props(&page, &block.id, &props).unwrap();
        }
    }
    let mut config = (*root.config).clone();
    if let Some(Value::Object(labels)) = config.get_mut("navLabels") {
        let led: Map<String, Value> = std::mem::take(labels)
            .into_iter()
            .map(|(k, v)| (if *k == *old { slug.to_owned() } else { k }, v))
            .collect();
        *labels = led;
    }
    for entry in config["navGroups"]["Main"].as_array_mut().into_iter().flatten() {
        if *entry == *old {
            *entry = slug.into();
        }
    }
    draft.set_site(&["config"], Some(&config)).unwrap();
}
