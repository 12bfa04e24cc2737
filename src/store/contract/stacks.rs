//! The touched index: what stands, what was undone, what can be redone.
#![cfg(test)]

use super::{Bed, append, done, edit, edited, new_site, on_every_store, touch};
use crate::store::{Append, BranchKey, Entry, Kind, Link, NodeKey, Relive, SiteKey, Stack, Touched};

on_every_store![
    the_newest_is_found_by_each_field,
    fields_of_a_stack_hold_together,
    rows_of_a_commit_are_read_by_node,
    reliving_turns_one_row_or_all_of_a_commit,
    reliving_spares_the_rows_of_its_own_append,
    of_several_relives_in_one_append_each_row_keeps_the_last,
    a_redo_stack_is_found_among_many_edits,
];

/// Versions: 1 edit of 1 by anna · 2 edit of 2 by bert · 3 merge of 1 by bert · 4 undo of 2 by anna, dead · 5 edit of
/// the site by anna.
async fn five_commits(bed: &Bed) -> (SiteKey, Link) {
    let (site, mut link) = new_site(bed, "s").await;
    let rows = [
        (Kind::Edit, "anna", 1, true),
        (Kind::Edit, "bert", 2, true),
        (Kind::Merge, "bert", 1, true),
        (Kind::Undo, "anna", 2, false),
        (Kind::Edit, "anna", 0, true),
    ];
    for (kind, who, node, live) in rows {
        let entry = Entry { kind, who: who.into(), ..edit(link, "e") };
        let touched = vec![Touched { kind, live, ..touch(node, entry.seq) }];
        link = done(&*bed.store, site, &Append { touched, ..append(link, vec![entry]) }).await;
    }
    (site, link)
}

async fn newest(bed: &Bed, site: SiteKey, stack: Stack) -> Option<u64> {
    bed.store.newest(site, BranchKey::MAIN, &stack).await.unwrap()
}

async fn the_newest_is_found_by_each_field(bed: &Bed) {
    let (site, _) = five_commits(bed).await;
    let any = Stack::default;
    assert_eq!(newest(bed, site, any()).await, Some(5));
    assert_eq!(newest(bed, site, Stack { node: Some(NodeKey(1)), ..any() }).await, Some(3));
    assert_eq!(newest(bed, site, Stack { node: Some(NodeKey(9)), ..any() }).await, None);
    assert_eq!(newest(bed, site, Stack { kinds: vec![Kind::Merge], ..any() }).await, Some(3));
    assert_eq!(newest(bed, site, Stack { kinds: vec![Kind::Undo, Kind::Merge], ..any() }).await, Some(4));
    assert_eq!(newest(bed, site, Stack { kinds: vec![Kind::Redo], ..any() }).await, None);
    assert_eq!(newest(bed, site, Stack { who: Some("bert".into()), ..any() }).await, Some(3));
    assert_eq!(newest(bed, site, Stack { up_to: Some(4), ..any() }).await, Some(4));
    assert_eq!(newest(bed, site, Stack { up_to: Some(4), live_only: true, ..any() }).await, Some(3));
    assert_eq!(newest(bed, site, Stack { up_to: Some(0), ..any() }).await, None);
    assert_eq!(bed.store.newest(site, BranchKey(2), &any()).await.unwrap(), None);
}

async fn fields_of_a_stack_hold_together(bed: &Bed) {
    let (site, _) = five_commits(bed).await;
    let stack = Stack {
        node: Some(NodeKey(2)),
        kinds: vec![Kind::Edit, Kind::Undo],
        who: Some("anna".into()),
        live_only: false,
        up_to: Some(4),
    };
    assert_eq!(newest(bed, site, stack.clone()).await, Some(4));
    assert_eq!(newest(bed, site, Stack { live_only: true, ..stack.clone() }).await, None);
    assert_eq!(newest(bed, site, Stack { who: None, live_only: true, ..stack.clone() }).await, Some(2));
    assert_eq!(newest(bed, site, Stack { up_to: Some(3), ..stack.clone() }).await, None);
    assert_eq!(newest(bed, site, Stack { node: None, live_only: true, ..stack }).await, Some(1));
}

async fn rows_of_a_commit_are_read_by_node(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    edited(&*bed.store, site, start, &[5, i64::MIN, 0]).await;
    let rows = bed.store.touched(site, BranchKey::MAIN, 1).await.unwrap();
    assert_eq!(rows, [touch(i64::MIN, 1), touch(0, 1), touch(5, 1)]);
    assert_eq!(bed.store.touched(site, BranchKey::MAIN, 2).await.unwrap(), []);
    assert_eq!(bed.store.touched(site, BranchKey(2), 1).await.unwrap(), []);
}

async fn lives(bed: &Bed, site: SiteKey, version: u64) -> Vec<bool> {
    let rows = bed.store.touched(site, BranchKey::MAIN, version).await.unwrap();
    rows.iter().map(|row| row.live).collect()
}

async fn reliving_turns_one_row_or_all_of_a_commit(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let link = edited(&*bed.store, site, start, &[1, 2]).await;
    let mut link = edited(&*bed.store, site, link, &[1, 2]).await;
    let steps = [
        (Some(1), 1, false, [false, true], [true, true]),
        (None, 1, false, [false, false], [true, true]),
        (None, 1, true, [true, true], [true, true]),
        (Some(9), 2, false, [true, true], [true, true]),
        (Some(2), 2, false, [true, true], [true, false]),
    ];
    for (node, version, live, first, second) in steps {
        let relive = vec![Relive { branch: BranchKey::MAIN, node: node.map(NodeKey), version, live }];
        let turn = Append { relive, ..append(link, vec![edit(link, "turn")]) };
        link = done(&*bed.store, site, &turn).await;
        assert_eq!(lives(bed, site, 1).await, first);
        assert_eq!(lives(bed, site, 2).await, second);
    }
}

async fn reliving_spares_the_rows_of_its_own_append(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let own = Append {
        touched: vec![touch(1, 1)],
        relive: vec![Relive { branch: BranchKey::MAIN, node: None, version: 1, live: false }],
        ..append(start, vec![edit(start, "own")])
    };
    done(&*bed.store, site, &own).await;
    assert_eq!(lives(bed, site, 1).await, [true]);
}

/// One row or all of a commit, and whether it is to live.
type Turn = (Option<i64>, bool);

async fn of_several_relives_in_one_append_each_row_keeps_the_last(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let mut link = edited(&*bed.store, site, start, &[1, 2]).await;
    let cases: [(&[Turn], _); 7] = [
        (&[(None, false), (None, true)], [true, true]),
        (&[(None, true), (None, false)], [false, false]),
        (&[(Some(1), true), (Some(1), false)], [false, false]),
        (&[(Some(1), false), (Some(1), true)], [true, false]),
        (&[(None, true), (Some(2), false)], [true, false]),
        (&[(Some(2), false), (None, true)], [true, true]),
        (
            &[(Some(1), false), (Some(2), false), (Some(1), true), (None, false), (Some(2), true)],
            [false, true],
        ),
    ];
    for (turns, lived) in cases {
        let relive = |&(node, live): &Turn| Relive {
            branch: BranchKey::MAIN,
            node: node.map(NodeKey),
            version: 1,
            live,
        };
        let relive = turns.iter().map(relive).collect();
        let turn = Append { relive, ..append(link, vec![edit(link, "turn")]) };
        link = done(&*bed.store, site, &turn).await;
        assert_eq!(lives(bed, site, 1).await, lived, "{turns:?}");
    }
}

async fn a_redo_stack_is_found_among_many_edits(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let link = edited(&*bed.store, site, start, &[1]).await;
    let undo = Entry { kind: Kind::Undo, ..edit(link, "undo") };
    let touched = vec![Touched { kind: Kind::Undo, ..touch(1, 2) }];
    let mut link = done(&*bed.store, site, &Append { touched, ..append(link, vec![undo]) }).await;
    for _ in 0..20 {
        link = edited(&*bed.store, site, link, &[1, 2]).await;
    }
    let redoable = Stack { kinds: vec![Kind::Undo], live_only: true, ..Stack::default() };
    assert_eq!(newest(bed, site, redoable.clone()).await, Some(2));
    assert_eq!(newest(bed, site, Stack { node: Some(NodeKey(1)), ..redoable.clone() }).await, Some(2));
    assert_eq!(newest(bed, site, Stack { node: Some(NodeKey(2)), ..redoable }).await, None);
}
