//! What is restored is as it was, and what is taken back is gone, over random histories.

use proptest::prelude::*;
use serde_json::json;

use super::documents::{after, blocks, changed, first, whole};
use super::edits::{edits, rename, steps, three_states};
use super::laws::{OURS, THEIRS, cases, hold_to_the_laws};
use crate::content::carry::{Conflict, Need, Take, restore_branch, restore_page, take_back};
use crate::content::document::{Hash, Root, site_hash};
use crate::content::draft::Draft;
use crate::content::id::{BlockId, Counting, PageId};
use crate::content::problem::{Code, Halt};

fn hash(root: &Root, page: &PageId) -> Option<Hash> {
    root.stub(page).map(|stub| stub.hash)
}

/// The pages of both that are not the same.
fn differing(a: &Root, b: &Root) -> Vec<PageId> {
    a.differing(b).cloned().collect()
}

/// Restores a page; the problem's code where it is refused.
fn restored(ours: &Root, old: &Root, page: &PageId) -> Result<Root, Code> {
    let mut refused = None;
    let (root, changes) = changed(ours, |draft| match restore_page(draft, old, page) {
        Ok(()) => {}
        Err(Need::Halt(Halt::Refused(problems))) => refused = Some(problems[0].code),
        Err(need) => panic!("{need:?}"),
    });
    match refused {
        Some(code) => Err(code),
        None => {
            hold_to_the_laws(ours, &root, &changes);
            Ok(root)
        }
    }
}

fn taken_back(
    head: &Root,
    after: &Root,
    before: &Root,
    only: Option<&PageId>,
    take: &dyn Fn(&Conflict) -> Take,
) -> (Root, Vec<Conflict>) {
    let mut conflicts = Vec::new();
    let (root, changes) =
        changed(head, |draft| conflicts = take_back(draft, after, before, only, take).unwrap());
    hold_to_the_laws(head, &root, &changes);
    (root, conflicts)
}

/// Whether a block went from one page to another.
fn crossed(a: &Root, b: &Root) -> bool {
    blocks(a).iter().any(|(page, block)| b.home(block).is_some_and(|there| there != page))
}

/// Whether a block lies on a page, or below a block that lay on it.
fn lies_with(root: &Root, (home, block): &(PageId, BlockId), old: &Root, page: &PageId) -> bool {
    let body = root.page(home).unwrap().unwrap();
    let above =
        std::iter::successors(Some(block.clone()), |id| Some(body.block(id)?.parent.as_ref()?.0.clone()));
    home == page || above.into_iter().any(|id| old.home(&id) == Some(page))
}

/// Whether what a block lay in is still there.
fn place_is_left(old: &Root, block: &BlockId, root: &Root) -> bool {
    let home = old.home(block).unwrap();
    match &old.page(home).unwrap().unwrap().block(block).unwrap().parent {
        Some((parent, _)) => root.home(parent).is_some(),
        None => root.stub(home).is_some(),
    }
}

/// The same with no page loaded.
fn cold(root: &Root) -> Root {
    let mut root = root.clone();
    root.order.clone().iter().for_each(|id| root.unload(id));
    root
}

/// Loads what is asked for until it works, as the service does. Answers the pages that were asked for.
fn warmed<T>(
    states: [&Root; 3],
    verbs: impl Fn(&mut Draft<'_>, &Root, &Root) -> Result<T, Need>,
) -> (Root, T, Vec<PageId>) {
    let [mut base, mut ours, mut theirs] = states.map(cold);
    let mut asked = Vec::new();
    for _ in 0..20 {
        let mut mint = Counting::default();
        let mut draft = Draft::new(ours.clone(), &mut mint);
        let need = match verbs(&mut draft, &base, &theirs) {
            Ok(done) => match draft.finish() {
                Ok(drafted) => {
                    let mut root = drafted.root;
                    root.seal(&drafted.touched, &first().stub(&"pg_1".into()).unwrap().stamp);
                    return (root, done, asked);
                }
                Err(halt) => Need::from(halt),
            },
            Err(need) => need,
        };
        let Need::Pages { base: b, ours: o, theirs: t } = need else { panic!("{need:?}") };
        assert!(!(b.is_empty() && o.is_empty() && t.is_empty()), "something is asked for");
        for (pages, root, full) in
            [(b, &mut base, states[0]), (o, &mut ours, states[1]), (t, &mut theirs, states[2])]
        {
            for page in pages {
                assert!(root.page(&page).is_err(), "{page} is asked for though it is loaded: {asked:?}");
                root.load(&page, full.page(&page).unwrap().unwrap().clone());
                asked.push(page);
            }
        }
    }
    panic!("it asks for ever");
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_restored_page_is_what_it_was_hash_for_hash_and_nothing_else_is_lost(steps in steps(&[0, 0, 1, 1, 1], 16), n in 0..8usize) {
        let [old, ours, _] = three_states(&steps);
        let pages: Vec<PageId> = old.order.iter().cloned().collect();
        let page = &pages[n % pages.len()];
        match restored(&ours, &old, page) {
            Err(code) => {
                prop_assert_eq!(code, Code::SlugTaken);
                let slug = &old.stub(page).unwrap().slug;
                prop_assert!(ours.by_slug(slug).is_some_and(|other| other != page));
            }
            Ok(root) => {
                prop_assert_eq!(hash(&root, page), hash(&old, page));
                for lost in blocks(&ours).iter().filter(|(_, block)| root.home(block).is_none()) {
                    let came_later = old.home(&lost.1).is_none();
                    prop_assert!(lies_with(&ours, lost, &old, page) && (came_later || !place_is_left(&old, &lost.1, &root)), "{} went", lost.1);
                }
                prop_assert_eq!(root.order.iter().filter(|id| *id != page).collect::<Vec<_>>(), ours.order.iter().filter(|id| *id != page).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_newest_commit_taken_back_leaves_what_was_before_it(steps in steps(&[0, 1, 1], 12)) {
        let [before, now, _] = three_states(&steps);
        let (root, conflicts) = taken_back(&now, &now, &before, None, OURS);
        prop_assert_eq!(conflicts, vec![]);
        prop_assert_eq!(site_hash(&root), site_hash(&before));
        prop_assert_eq!(root.indexes(), before.indexes());
    }

    #[test]
    fn the_halves_of_a_commit_taken_back_page_by_page_are_the_whole(steps in steps(&[0, 1, 1], 8)) {
        let [before, now, _] = three_states(&steps);
        // Half a rename, and a page whose address another half needs, leave links and addresses apart.
        let slugs = |root: &Root| root.stubs().map(|(id, stub)| (id.clone(), stub.slug.clone())).collect::<Vec<_>>();
        if slugs(&before) != slugs(&now) || before.order != now.order || crossed(&before, &now) {
            return Ok(());
        }
        let mut root = now.clone();
        for page in differing(&before, &now) {
            let (next, conflicts) = taken_back(&root, &now, &before, Some(&page), OURS);
            prop_assert_eq!(conflicts, vec![]);
            prop_assert_eq!(hash(&next, &page), hash(&before, &page));
            root = next;
        }
        prop_assert_eq!(&whole(&root)["pages"], &whole(&before)["pages"]);
    }

    #[test]
    fn one_page_taken_back_leaves_the_others_alone(steps in steps(&[0, 1, 1, 2], 12), n in 0..8usize, force in any::<bool>()) {
        let [before, now, _] = three_states(&steps);
        let head = edits(&now, &steps, 2);
        let touched = differing(&before, &now);
        let Some(page) = touched.get(n % touched.len().max(1)) else { return Ok(()) };
        let (root, _) = taken_back(&head, &now, &before, Some(page), if force { THEIRS } else { OURS });
        if !crossed(&before, &now) && !crossed(&now, &head) {
            prop_assert_eq!(differing(&head, &root).into_iter().filter(|other| other != page).count(), 0);
        }
    }

    #[test]
    fn cold_states_give_the_same_and_only_what_differs_is_asked_for(steps in steps(&[0, 1, 1, 2, 2], 12), n in 0..8usize, only in any::<bool>()) {
        let [base, ours, theirs] = three_states(&steps);
        let pages: Vec<PageId> = base.order.iter().chain(&theirs.order).cloned().collect();
        let page = Some(&pages[n % pages.len()]).filter(|_| only);
        let (warm, conflicts) = taken_back(&ours, &base, &theirs, page, OURS);
        let (root, said, asked) = warmed([&base, &ours, &theirs], |draft, base, theirs| take_back(draft, base, theirs, page, OURS));
        prop_assert_eq!(site_hash(&root), site_hash(&warm));
        prop_assert_eq!(said, conflicts);
        if differing(&base, &theirs).is_empty() && base.order == theirs.order && page.is_none() {
            prop_assert_eq!(asked, vec![]);
        }
        let (root, (), _) = warmed([&ours, &ours, &theirs], |draft, _, theirs| restore_branch(draft, theirs));
        prop_assert_eq!(site_hash(&root), site_hash(&theirs));
        let page = &pages[n % pages.len()];
        if theirs.stub(page).is_some() && let Ok(expected) = restored(&ours, &theirs, page) {
            let (root, (), _) = warmed([&ours, &ours, &theirs], |draft, _, theirs| restore_page(draft, theirs, page));
            prop_assert_eq!(site_hash(&root), site_hash(&expected));
        }
    }
}

fn move_to(draft: &mut Draft<'_>, block: &str, from: &str, to: &str) {
    let to_page = PageId::from(to);
    let at = crate::content::change::Place {
        parent: crate::content::change::Node::Page(to_page.clone()),
        slot: "blocks".into(),
        after: None,
    };
    draft.move_block(&from.into(), &block.into(), &to_page, at).unwrap();
}

#[test]
fn a_block_that_left_comes_back_and_one_that_came_goes_back() {
    let old = first();
    let ours = after(&old, |draft| {
        move_to(draft, "blk_8", "pg_3", "pg_1");
        move_to(draft, "blk_1", "pg_1", "pg_2");
        draft.write_props(&"pg_2".into(), &"blk_1".into(), &json!({"x": 9})).unwrap();
    });
    let root = restored(&ours, &old, &"pg_1".into()).unwrap();
    assert_eq!(site_hash(&root), site_hash(&old));
}

#[test]
fn links_elsewhere_follow_a_restored_address() {
    let old = first();
    let ours = after(&old, |draft| rename(draft, &old, &"pg_2".into(), "/s0", true));
    let ours = after(&ours, |draft| {
        draft.set_site(&["redirects", "/a"], Some(&json!({"to": "/s0", "status": 308}))).unwrap();
        draft.set_site(&["redirects", "/old"], Some(&json!({"to": "/s0?q", "status": 308}))).unwrap();
        draft.write_props(&"pg_3".into(), &"blk_8".into(), &json!({"body": "[x](/S0#y)"})).unwrap();
    });
    let root = restored(&ours, &old, &"pg_2".into()).unwrap();
    let root = whole(&root);
    assert_eq!(root["pages"][0], whole(&old)["pages"][0], "the link in blk_1 leads to /a again");
    assert_eq!(root["pages"][2]["blocks"][0]["props"]["body"], "[x](/a#y)");
    assert_eq!(
        root["redirects"],
        json!({"/old": {"to": "/a?q", "status": 308}}),
        "none away from where the page lives"
    );
    assert_eq!(root["config"], whole(&old)["config"]);
}

#[test]
fn a_removed_page_comes_back_between_the_neighbours_it_still_has() {
    let old = first();
    let order = |root: &Root| root.order.iter().map(ToString::to_string).collect::<Vec<_>>();
    let ours = after(&old, |draft| {
        draft.remove_page(&"pg_2".into()).unwrap();
        let value = json!({"id": "pg_new", "slug": "/new", "title": "", "meta": {}, "blocks": []});
        draft
            .insert(
                crate::content::change::Node::Page("pg_new".into()),
                super::documents::page_place(Some("pg_1".into())),
                value,
            )
            .unwrap();
    });
    let root = restored(&ours, &old, &"pg_2".into()).unwrap();
    assert_eq!(order(&root), ["pg_1", "pg_new", "pg_2", "pg_3"]);
    assert_eq!(restored(&ours, &old, &"pg_new".into()).unwrap_err(), Code::PageNotFound);
    let taken = after(&ours, |draft| draft.set_page(&"pg_new".into(), "slug", Some(&"/a".into())).unwrap());
    assert_eq!(restored(&taken, &old, &"pg_2".into()).unwrap_err(), Code::SlugTaken);
}
