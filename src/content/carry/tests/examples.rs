//! Single carries, to read.

use serde_json::{Value, json};

use super::differential::carried;
use super::documents::changed;
use super::laws::{OURS, THEIRS, hold_to_the_laws};
use crate::content::carry::{Conflict, Kind, Take, Text, carry, restore_branch, restore_page, take_back};
use crate::content::change::{Change, Node};
use crate::content::document::{Root, site_hash};
use crate::content::ops::given::{blocks, keys, lower, page, props, site, slugs};

/// The site, and what two sides made of it.
fn sides(ours: Value, theirs: Value) -> [Root; 3] {
    let base = site();
    let after = |ops| lower(&base, ops).unwrap().root;
    [base.clone(), after(ours), after(theirs)]
}

fn merged(ours: Value, theirs: Value, take: &dyn Fn(&Conflict) -> Take) -> (Root, Vec<Conflict>) {
    let [base, ours, theirs] = sides(ours, theirs);
    let (root, conflicts) = carried(&base, &ours, &theirs, Text::Runs, take);
    let (_, changes) = changed(&ours, |draft| _ = carry(draft, &base, &theirs, Text::Runs, take).unwrap());
    hold_to_the_laws(&ours, &root, &changes);
    (root, conflicts)
}

fn clean(ours: Value, theirs: Value) -> Root {
    let (root, conflicts) = merged(ours, theirs, OURS);
    assert_eq!(conflicts, vec![]);
    root
}

fn the_one(conflicts: Vec<Conflict>) -> Conflict {
    let [conflict] = <[Conflict; 1]>::try_from(conflicts).unwrap();
    conflict
}

fn update(page: &str, block: &str, patch: Value) -> Value {
    json!({"op": "update_props", "page": page, "block": block, "patch": patch})
}

#[test]
fn a_link_that_one_side_makes_follows_the_rename_of_the_other() {
    let link = json!([
        {"op": "add_block", "page": "/about", "block": {"type": "Button", "id": "blk_new", "props": {"label": "Go", "href": "/pricing?now"}}},
        {"op": "move_block", "page": "/", "block": "blk_card", "toPage": "/about"},
        update("/", "blk_text", json!({"body": "See [what it costs](/pricing#faq) or [us](/about)."})),
    ]);
    let rename = json!({"op": "rename_page", "page": "/pricing", "slug": "/plans"});
    for root in [clean(link.clone(), rename.clone()), clean(rename, link)] {
        assert_eq!(props(&root, "blk_new")["href"], "/plans?now");
        assert_eq!(props(&root, "blk_card")["ctaHref"], "/plans");
        assert_eq!(props(&root, "blk_text")["body"], "See [what it costs](/plans#faq) or [us](/about).");
        assert_eq!(root.linking_to("/pricing").count(), 0, "no dead link");
    }
}

#[test]
fn links_on_pages_that_nobody_brought_follow_too() {
    let ours = json!([
        update("/about", "blk_about", json!({"body": "to [the prices](/pricing)"})),
        {"op": "update_page_meta", "page": "/about", "patch": {"canonical": "/pricing"}},
        {"op": "update_site_config", "patch": {"navLabels": {"/pricing": "Prices"}, "navGroups": {"Main": ["/", "/pricing"]}}},
        {"op": "set_redirect", "from": "/cost", "to": "/pricing#cost"},
    ]);
    let root = clean(ours, json!({"op": "rename_page", "page": "/pricing", "slug": "/plans"}));
    assert_eq!(props(&root, "blk_about")["body"], "to [the prices](/plans)");
    assert_eq!(page(&root, "/about")["meta"]["canonical"], "/plans");
    assert_eq!(root.config["navLabels"], json!({"/plans": "Prices"}));
    assert_eq!(root.config["navGroups"]["Main"], json!(["/", "/plans"]));
    assert_eq!(root.redirects.get("/cost").unwrap()["to"], "/plans#cost");
}

#[test]
fn a_link_to_a_removed_page_does_not_look_edited() {
    let theirs = json!([
        {"op": "rename_page", "page": "/pricing", "slug": "/plans"},
        {"op": "remove_page", "page": "/about"},
    ]);
    let root = clean(update("/", "blk_hero", json!({"ctaText": "Costs", "ctaHref": "/about"})), theirs);
    assert_eq!(props(&root, "blk_hero")["ctaHref"], "/about");
    assert_eq!(props(&root, "blk_text")["body"], "See [prices](/plans#faq) or [us](/about).");
}

#[test]
fn two_renames_of_one_page_are_one_conflict() {
    let rename = |slug: &str| json!({"op": "rename_page", "page": "/pricing", "slug": slug});
    for (take, slug) in [(OURS, "/plans"), (THEIRS, "/costs")] {
        let (root, conflicts) = merged(rename("/plans"), rename("/costs"), take);
        let conflict = the_one(conflicts);
        assert_eq!((conflict.kind, conflict.place().to_string()), (Kind::Value, "slug of pg_pricing".into()));
        assert_eq!(props(&root, "blk_card")["ctaHref"], slug);
        assert_eq!(root.redirects.get("/pricing").unwrap()["to"], slug);
    }
}

#[test]
fn items_are_merged_one_by_one_and_in_order() {
    let on = |op: &str, more: Value| {
        let mut made = json!({"op": op, "page": "/pricing", "block": "blk_faq", "list": "items"});
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made
    };
    let ours = json!([
        on("update_item", json!({"key": "k1", "patch": {"q": "Uno?"}})),
        on("move_item", json!({"key": "k3", "toIndex": 0}))
    ]);
    let theirs = json!([
        on("update_item", json!({"key": "k1", "patch": {"a": "one"}})),
        on("remove_item", json!({"key": "k2"})),
        on("add_item", json!({"item": {"key": "k4", "q": "Four?", "a": "4"}})),
    ]);
    let root = clean(ours, theirs);
    assert_eq!(keys(&root, "blk_faq", "/items"), ["k3", "k1", "k4"]);
    assert_eq!(props(&root, "blk_faq")["items"][1], json!({"key": "k1", "q": "Uno?", "a": "one"}));
}

#[test]
fn a_field_of_an_item_that_both_changed_is_told_with_its_values() {
    let edit = |q: &str| json!({"op": "update_item", "page": "/pricing", "block": "blk_faq", "list": "items", "key": "k2", "patch": {"q": q}});
    let (root, conflicts) = merged(edit("Deux?"), edit("Zwei?"), OURS);
    assert_eq!(props(&root, "blk_faq")["items"][1]["q"], "Deux?");
    let conflict = the_one(conflicts);
    let expected = json!({
        "id": conflict.id, "page": "pg_pricing", "block": "blk_faq", "path": "/items/k2/q", "kind": "value",
        "base": "Two?", "ours": "Deux?", "theirs": "Zwei?", "choices": ["ours", "theirs"], "nodes": ["blk_faq/items/k2"],
    });
    assert_eq!(serde_json::to_value(&conflict).unwrap(), expected);
}

#[test]
fn what_one_removed_and_the_other_changed_is_one_conflict_that_names_all() {
    let remove = json!({"op": "remove_block", "page": "/", "block": "blk_two"});
    let edit = json!([
        update("/", "blk_heading", json!({"text": "Changed"})),
        {"op": "add_block", "page": "/", "block": {"type": "Divider", "id": "blk_new", "props": {}}, "parent": "blk_two", "slot": "left"},
    ]);
    let (root, conflicts) = merged(remove.clone(), edit.clone(), OURS);
    assert!(root.home(&"blk_two".into()).is_none() && root.home(&"blk_new".into()).is_none());
    let conflict = the_one(conflicts);
    assert_eq!(conflict.kind, Kind::RemovedVsChanged);
    assert_eq!(conflict.nodes[0], Node::Block("blk_two".into()));
    assert!(
        ["blk_card", "blk_heading", "blk_new", "blk_tabs"]
            .iter()
            .all(|id| conflict.nodes.contains(&Node::Block((*id).into())))
    );
    assert!(conflict.ours.is_none() && conflict.theirs.is_some());
    let (root, _) = merged(remove, edit, THEIRS);
    assert_eq!(blocks(&root, "blk_two/left"), ["blk_card", "blk_heading", "blk_new"]);
    assert_eq!(blocks(&root, "/")[3], "blk_two");
}

#[test]
fn a_child_that_was_moved_out_of_what_is_removed_survives() {
    let root = clean(
        json!({"op": "remove_block", "page": "/", "block": "blk_two"}),
        json!({"op": "move_block", "page": "/", "block": "blk_card", "toPage": "/about"}),
    );
    assert_eq!(blocks(&root, "/about"), ["blk_about", "blk_card"]);
    assert!(root.home(&"blk_tabs".into()).is_none());
}

#[test]
fn a_block_that_goes_to_another_page_is_one_move() {
    let [base, ours, theirs] = sides(
        update("/", "blk_hero", json!({"heading": "Spin"})),
        json!({"op": "move_block", "page": "/", "block": "blk_two", "toPage": "/about"}),
    );
    let (_, changes) = changed(&ours, |draft| _ = carry(draft, &base, &theirs, Text::Runs, OURS).unwrap());
    assert!(
        matches!(&changes[..], [Change::Move { node, value: Some(_), .. }] if *node == Node::Block("blk_two".into()))
    );
}

#[test]
fn blocks_that_each_side_put_into_the_other_are_a_ring_that_goes_back_to_one_side() {
    let base = lower(
        &site(),
        json!({"op": "add_block", "page": "/about", "block": {"type": "Columns", "id": "blk_cols", "props": {"count": 2}}}),
    );
    let base = base.unwrap().root;
    let base = lower(&base, json!({"op": "add_block", "page": "/about", "block": {"type": "TwoColumn", "id": "blk_other", "props": {}}})).unwrap().root;
    let into = |root: &Root, block: &str, holder: &str| {
        changed(root, |draft| {
            let to = crate::content::change::Place {
                parent: Node::Block(holder.into()),
                slot: "left".into(),
                after: None,
            };
            draft.move_block(&"pg_about".into(), &block.into(), &"pg_about".into(), to).unwrap();
        })
        .0
    };
    let (ours, theirs) = (into(&base, "blk_cols", "blk_other"), into(&base, "blk_other", "blk_cols"));
    let (root, conflicts) = carried(&base, &ours, &theirs, Text::Runs, THEIRS);
    let conflict = the_one(conflicts);
    assert_eq!((conflict.kind, conflict.nodes.len()), (Kind::Cycle, 2));
    assert_eq!(blocks(&root, "blk_cols/left"), ["blk_other"]);
    assert_eq!(blocks(&root, "/about"), ["blk_about", "blk_cols"]);
}

#[test]
fn two_new_pages_with_one_address_are_a_conflict_and_the_second_waits_under_another() {
    let page = |id: &str| json!({"op": "create_page", "id": id, "slug": "/new", "title": "New"});
    let (root, conflicts) = merged(page("pg_ours"), page("pg_theirs"), THEIRS);
    let conflict = the_one(conflicts);
    assert_eq!((conflict.kind, conflict.choices()), (Kind::SlugTaken, &[][..]));
    assert_eq!(slugs(&root), ["/", "/about", "/pricing", "/new", "/new~pg_theirs"]);
}

#[test]
fn redirects_that_would_lead_in_a_circle_are_a_conflict() {
    let redirect = |from: &str, to: &str| json!({"op": "set_redirect", "from": from, "to": to});
    let (root, conflicts) = merged(redirect("/a", "/b"), redirect("/b", "/a"), OURS);
    let conflict = the_one(conflicts);
    assert_eq!(
        (conflict.kind, conflict.place().to_string()),
        (Kind::RedirectCycle, "redirects/~1b of the site".into())
    );
    assert_eq!(root.redirects.keys().map(|from| &**from).collect::<Vec<_>>(), ["/a"]);
}

#[test]
fn a_long_text_is_merged_by_its_words_but_taken_back_as_one_value() {
    let text = |a: &str, b: &str| {
        update(
            "/about",
            "blk_about",
            json!({"body": format!("{a} willow is cut in winter,\nwhen the leaves are {b}.")}),
        )
    };
    let base = lower(&site(), text("Our", "down")).unwrap().root;
    let ours = lower(&base, text("All", "down")).unwrap().root;
    let theirs = lower(&base, text("Our", "off")).unwrap().root;
    let (root, conflicts) = carried(&base, &ours, &theirs, Text::Runs, OURS);
    assert_eq!(conflicts, vec![]);
    assert_eq!(props(&root, "blk_about")["body"], "All willow is cut in winter,\nwhen the leaves are off.");
    let mut conflicts = Vec::new();
    changed(&ours, |draft| conflicts = take_back(draft, &base, &theirs, None, OURS).unwrap());
    assert_eq!(the_one(conflicts).kind, Kind::Value);
}

#[test]
fn a_block_whose_id_stands_for_another_type_now_is_restored_as_it_was() {
    let old = site();
    let ours = lower(
        &old,
        json!([
            {"op": "remove_block", "page": "/", "block": "blk_two"},
            {"op": "add_block", "page": "/about", "block": {"type": "Divider", "id": "blk_two", "props": {}}},
            {"op": "add_block", "page": "/about", "block": {"type": "Divider", "id": "blk_card", "props": {}}},
        ]),
    );
    let ours = ours.unwrap().root;
    let (root, changes) = changed(&ours, |draft| restore_branch(draft, &old).unwrap());
    hold_to_the_laws(&ours, &root, &changes);
    assert_eq!(site_hash(&root), site_hash(&old));
}

/// A type of the site with one prop, of a name, and what makes blocks with another name fit.
fn note(prop: &str, migrate: Value) -> Value {
    let schema = json!({"type": "object", "additionalProperties": false, "required": [prop], "properties": {prop: {"type": "string"}}});
    json!({"op": "register_block_type", "type": "Note", "schema": schema, "migrate": migrate})
}

fn add_note(id: &str, prop: &str) -> Value {
    json!({"op": "add_block", "page": "/about", "block": {"type": "Note", "id": id, "props": {prop: "x"}}})
}

#[test]
fn what_a_carry_writes_is_migrated_and_else_a_conflict() {
    let base = lower(&site(), json!([note("text", json!([])), add_note("blk_note", "text")])).unwrap().root;
    let gone =
        lower(&base, json!({"op": "remove_block", "page": "/about", "block": "blk_note"})).unwrap().root;
    let rename = json!([{"rename": ["text", "body"]}]);
    let renamed = lower(&gone, note("body", rename.clone())).unwrap().root;
    let back = |ours: &Root| {
        let mut conflicts = Vec::new();
        let root = changed(ours, |draft| conflicts = take_back(draft, &gone, &base, None, OURS).unwrap()).0;
        (root, conflicts)
    };
    let (root, conflicts) = back(&renamed);
    assert_eq!((conflicts, props(&root, "blk_note")), (vec![], json!({"body": "x"})));

    let narrowed = lower(&gone, note("body", json!([]))).unwrap().root;
    let conflict = the_one(back(&narrowed).1);
    assert_eq!((conflict.kind, conflict.block), (Kind::Schema, Some("blk_note".into())));
    assert!(conflict.message.unwrap().contains("body"));

    // A type that theirs changed: the blocks of ours follow.
    let ours = lower(&base, add_note("blk_later", "text")).unwrap().root;
    let theirs = lower(&base, note("body", rename)).unwrap().root;
    let (root, conflicts) = carried(&base, &ours, &theirs, Text::Runs, OURS);
    assert_eq!((conflicts, props(&root, "blk_later")), (vec![], json!({"body": "x"})));
    assert_eq!(props(&root, "blk_note"), json!({"body": "x"}));
}

#[test]
fn a_page_whose_blocks_no_longer_fit_is_not_restored() {
    let old = lower(&site(), json!([note("text", json!([])), add_note("blk_note", "text")])).unwrap().root;
    let ours =
        lower(&old, json!({"op": "remove_block", "page": "/about", "block": "blk_note"})).unwrap().root;
    let ours = lower(&ours, note("body", json!([]))).unwrap().root;
    let mut refused = String::new();
    changed(&ours, |draft| {
        refused = format!("{:?}", restore_page(draft, &old, &"pg_about".into()).unwrap_err())
    });
    assert!(refused.contains("SchemaViolation") && refused.contains("blk_note"), "{refused}");
}
