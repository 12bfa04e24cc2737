//! What the tests of ops are given: a site made by ops, and `lower`, which holds every batch to the laws of changes.

use std::collections::BTreeMap;

use imbl::OrdSet;
use serde_json::{Value, json};

use super::super::batch;
use super::super::change::{Change, Node, PAGES, Place, invert};
use super::super::document::{Hash, Root, Stamp, fold_page, site_hash};
use super::super::id::{Counting, PageId};
use super::super::json::parse;
use super::super::problem::{Code, Halt, Problem};
use super::OpResult;

/// A batch that was taken.
#[derive(Debug)]
pub(in crate::content) struct After {
    /// The state it led to, sealed.
    pub root: Root,
    /// What each op answered.
    pub results: Vec<OpResult>,
    /// What happened.
    pub changes: Vec<Change>,
    /// Handles and the ids they stand for.
    pub ids: BTreeMap<String, String>,
}

impl After {
    /// Whether each op changed something.
    pub fn changed(&self) -> Vec<bool> {
        self.results.iter().map(|result| result.changed).collect()
    }
}

/// A problem without its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::content) struct Refused {
    pub pointer: String,
    pub code: Code,
}

impl Refused {
    pub fn new(pointer: &str, code: Code) -> Self {
        Refused { pointer: pointer.into(), code }
    }
}

/// Three pages that link to each other, in this order:
///
/// ```text
/// pg_home     /         blk_header SiteHeader (links k_about, k_pricing) · blk_hero Hero · blk_text RichText ·
///                       blk_two TwoColumn [left: blk_card Card, blk_heading Heading · right: blk_tabs Tabs (t1)] ·
///                       blk_footer Footer (columns c1 (links l1))
/// pg_about    /about    blk_about RichText
/// pg_pricing  /pricing  blk_faq FAQAccordion (items k1, k2, k3) · blk_cta CTA
/// ```
pub(in crate::content) fn site() -> Root {
    let home = json!({"op": "create_page", "id": "pg_home", "slug": "/", "title": "Home", "blocks": [
        {"id": "blk_header", "type": "SiteHeader", "props": {"siteName": "Osier", "links": [
            {"key": "k_about", "label": "About", "href": "/about"},
            {"key": "k_pricing", "label": "Pricing", "href": "/pricing"},
        ]}},
        {"id": "blk_hero", "type": "Hero", "props": {
            "heading": "Weave", "ctaText": "Prices", "ctaHref": "/Pricing/?from=hero#plans",
        }},
        {"id": "blk_text", "type": "RichText", "props": {"body": "See [prices](/pricing#faq) or [us](/about)."}},
        {"id": "blk_two", "type": "TwoColumn", "props": {}, "slots": {
            "left": [
                {"id": "blk_card", "type": "Card", "props": {"title": "Card", "ctaHref": "/pricing"}},
                {"id": "blk_heading", "type": "Heading", "props": {"text": "In a column"}},
            ],
            "right": [{"id": "blk_tabs", "type": "Tabs", "props": {"tabs": [
                {"key": "t1", "label": "One", "content": "to [the prices](</pricing>)"},
            ]}}],
        }},
        {"id": "blk_footer", "type": "Footer", "props": {"columns": [
            {"key": "c1", "title": "Site", "links": [{"key": "l1", "label": "About", "href": "/about"}]},
        ]}},
    ]});
    let about = json!({"op": "create_page", "id": "pg_about", "slug": "/about", "title": "About", "blocks": [
        {"id": "blk_about", "type": "RichText", "props": {"body": "We are [here](/about). /pricing is no link."}},
    ]});
    let pricing = json!({"op": "create_page", "id": "pg_pricing", "slug": "/pricing", "title": "Pricing", "blocks": [
        {"id": "blk_faq", "type": "FAQAccordion", "props": {"title": "Questions", "items": [
            {"key": "k1", "q": "One?", "a": "1"},
            {"key": "k2", "q": "Two?", "a": "2"},
            {"key": "k3", "q": "Three?", "a": "3"},
        ]}},
        {"id": "blk_cta", "type": "CTA", "props": {"title": "Buy", "ctaText": "Buy", "ctaHref": "https://a.example"}},
    ]});
    lower(&Root::new(Default::default()), json!([home, about, pricing])).unwrap().root
}

/// Lowers an op, or a list of ops as one batch, and seals what came of it.
///
/// Each batch that is taken must keep the laws: its changes lead from the state before to the state after, their
/// inverse back, both survive JSON, each page can be folded alone, and the reverse indexes are as if made anew.
pub(in crate::content) fn lower(root: &Root, ops: Value) -> Result<After, Vec<Problem>> {
    let after = match attempt(root, ops) {
        Ok(after) => after,
        Err(Halt::Refused(problems)) => return Err(problems),
        Err(halt) => panic!("{halt:?}"),
    };
    hold_to_the_laws(root, &after);
    Ok(after)
}

/// The pages that must be loaded before these ops can be lowered.
pub(in crate::content) fn missing(root: &Root, ops: Value) -> Vec<PageId> {
    match attempt(root, ops) {
        Err(Halt::Missing(pages)) => pages,
        other => panic!("nothing is missing: {other:?}"),
    }
}

/// The problems of ops that are refused.
pub(in crate::content) fn refused(root: &Root, ops: Value) -> Vec<Refused> {
    let problems = lower(root, ops).expect_err("the ops are refused");
    problems.iter().map(|problem| Refused::new(&problem.pointer, problem.code)).collect()
}

/// The same state with no page loaded.
pub(in crate::content) fn cold(root: &Root) -> Root {
    let mut root = root.clone();
    root.order.clone().iter().for_each(|id| root.unload(id));
    root
}

/// A page as it is served, by its slug.
pub(in crate::content) fn page(root: &Root, slug: &str) -> Value {
    let id = root.by_slug(slug).unwrap_or_else(|| panic!("no page {slug}"));
    root.page(id).unwrap().unwrap().to_value()
}

/// A block's props, by its id.
pub(in crate::content) fn props(root: &Root, block: &str) -> Value {
    let id = block.into();
    let home = root.home(&id).unwrap_or_else(|| panic!("no block {block}"));
    root.page(home).unwrap().unwrap().block(&id).unwrap().value()
}

/// The ids of the blocks in a list, in order: of a page by its slug, or of a slot (`blk_two/left`).
pub(in crate::content) fn blocks(root: &Root, list: &str) -> Vec<String> {
    let (page, slot) = match list.strip_prefix('/') {
        Some(_) => (root.by_slug(list).unwrap_or_else(|| panic!("no page {list}")), None),
        None => {
            let (id, slot) = list.split_once('/').unwrap();
            let id = id.into();
            (root.home(&id).unwrap_or_else(|| panic!("no block {id}")), Some((id, slot)))
        }
    };
    let body = root.page(page).unwrap().unwrap();
    body.children(slot.as_ref().map(|(id, slot)| (id, *slot))).iter().map(ToString::to_string).collect()
}

/// An op on a list of a block of the site.
pub(in crate::content) fn on(op: &str, block: &str, list: &str, more: Value) -> Value {
    let page = site().home(&block.into()).map_or("/pricing".into(), ToString::to_string);
    let mut made = json!({"op": op, "page": page, "block": block, "list": list});
    made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    made
}

/// The keys of a list of a block, in order.
pub(in crate::content) fn keys(root: &Root, block: &str, list: &str) -> Vec<String> {
    let props = props(root, block);
    let items = props.pointer(list).unwrap().as_array().unwrap();
    items.iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

/// The site with a table on the page of prices, `blk_table`: lists of lists of texts.
pub(in crate::content) fn with_table() -> Root {
    let table = json!({"type": "Table", "id": "blk_table", "props": {
        "headers": ["1", "2"], "rows": [["a", "b"], ["c", "d"]],
    }});
    lower(&site(), json!({"op": "add_block", "page": "/pricing", "block": table})).unwrap().root
}

/// The same state with one more block type.
pub(in crate::content) fn with_type(mut root: Root, name: &str, schema: Value) -> Root {
    let path = vec!["blockTypes".into(), name.into()];
    let to = Some(json!({ "schema": schema }));
    root.apply(&[Change::Set { node: Node::Site, path, from: None, to }]).unwrap();
    assert!(root.types.get(name).is_some(), "the type compiles");
    root
}

/// The sentence of an op's only problem.
pub(in crate::content) fn told(root: &Root, op: Value) -> String {
    let problems = lower(root, op).expect_err("the op is refused");
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].message.clone()
}

/// All slugs, in the order of the site.
pub(in crate::content) fn slugs(root: &Root) -> Vec<String> {
    root.order.iter().map(|id| root.stub(id).unwrap().slug.to_string()).collect()
}

fn attempt(root: &Root, ops: Value) -> Result<After, Halt> {
    let ops = match ops {
        Value::Array(ops) => ops,
        op => vec![op],
    };
    let through_the_door = |op: Value| parse(op.to_string().as_bytes()).unwrap();
    let asked = batch::read(ops.into_iter().map(through_the_door).collect());
    // No two batches of a test make the same ids.
    let mut mint = Counting(root.version << 32);
    let (drafted, results) = batch::lower(root.clone(), &asked, &mut mint)?;
    let mut after = drafted.root;
    after.seal(&drafted.touched, &stamp(root.version + 1));
    Ok(After { root: after, results, changes: drafted.changes, ids: drafted.ids })
}

fn stamp(version: u64) -> Stamp {
    Stamp { version, at_ms: 0, who: "ada".into() }
}

fn hold_to_the_laws(before: &Root, after: &After) {
    let changes: Vec<Change> = serde_json::from_value(serde_json::to_value(&after.changes).unwrap()).unwrap();
    assert_eq!(changes, after.changes, "changes survive JSON");
    assert_eq!(changes.is_empty(), after.changed().iter().all(|changed| !changed));
    assert_eq!(face(&applied(before, &changes)), face(&after.root), "the changes are what happened");
    assert_eq!(face(&applied(&after.root, &invert(&changes))), face(before), "the inverse leads back");
    for (id, stub) in before.stubs() {
        let Some(body) = &stub.body else { continue };
        let folded = fold_page(Some((**body).clone()), id, &changes, &after.root.types).unwrap();
        let now = after.root.stub(id).map(|stub| stub.hash);
        assert_eq!(folded.map(|page| page.hash()), now, "{id} can be folded alone");
    }
    if after.root.stubs().all(|(_, stub)| stub.body.is_some()) {
        assert_eq!(after.root.indexes(), rebuilt(&after.root).indexes(), "the indexes are as if made anew");
    }
}

fn applied(root: &Root, changes: &[Change]) -> Root {
    let mut root = root.clone();
    let touched = root.apply(changes).unwrap();
    root.seal(&touched, &stamp(root.version + 1));
    root
}

/// Pages in order, slugs, the site's own content, the indexes.
type Face = (Vec<(PageId, Hash, usize)>, BTreeMap<String, PageId>, Hash, String);

/// A state's content, as far as two states can differ.
fn face(root: &Root) -> Face {
    let page = |id: &PageId| {
        let stub = root.stub(id).unwrap();
        if let Some(body) = &stub.body {
            assert_eq!((body.hash(), &body.slug, &body.title), (stub.hash, &stub.slug, &stub.title));
        }
        (id.clone(), stub.hash, stub.blocks)
    };
    let at = |slug: &str| (slug.to_owned(), root.by_slug(slug).unwrap().clone());
    let slugs = root.slugs().map(|slug| at(slug)).collect();
    (root.order.iter().map(page).collect(), slugs, site_hash(root), root.indexes())
}

/// The same state made of nothing but its content.
fn rebuilt(root: &Root) -> Root {
    let mut made = Root::new(Default::default());
    let mut touched = OrdSet::new();
    for (name, kept) in root.types.custom() {
        let path = vec!["blockTypes".into(), name.clone()];
        made.apply(&[Change::Set { node: Node::Site, path, from: None, to: Some(kept.value.clone()) }])
            .unwrap();
    }
    let mut after = None;
    for id in &root.order {
        let at = Place { parent: Node::Site, slot: PAGES.into(), after: after.take() };
        let value = root.page(id).unwrap().unwrap().to_value();
        let insert = Change::Insert { node: Node::Page(id.clone()), at, value };
        touched = touched.union(made.apply(&[insert]).unwrap());
        after = Some(id.as_str().into());
    }
    made.seal(&touched, &stamp(1));
    made
}
