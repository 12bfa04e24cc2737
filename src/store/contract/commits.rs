//! The history of a branch.
#![cfg(test)]

use super::{Bed, append, done, edit, edited, new_site, on_every_store, touch};
use crate::store::{
    Append, Bounds, BranchKey, CommitRow, Entry, Kind, Link, NodeKey, Relive, SiteKey, Touched,
};

on_every_store![
    history_is_read_within_each_bound,
    bounds_hold_together,
    other_entries_and_branches_are_no_history,
    a_commit_is_live_while_any_of_its_rows_is,
];

/// Versions 1 to 6 of main: odd ones by anna, even ones by bert; the first three touch node 1, the others node 2.
async fn six_commits(bed: &Bed) -> (SiteKey, Link) {
    let (site, mut link) = new_site(bed, "s").await;
    for version in 1..=6 {
        let who = if version % 2 == 1 { "anna" } else { "bert" };
        let entry = Entry { who: who.into(), ..edit(link, "e") };
        let touched = vec![touch(if version <= 3 { 1 } else { 2 }, version)];
        link = done(&*bed.store, site, &Append { touched, ..append(link, vec![entry]) }).await;
    }
    (site, link)
}

async fn versions(bed: &Bed, site: SiteKey, bounds: Bounds) -> Vec<u64> {
    let rows = bed.store.commits(site, BranchKey::MAIN, &bounds).await.unwrap();
    rows.iter().map(|row| row.entry.version.unwrap()).collect()
}

fn all() -> Bounds {
    Bounds { limit: 100, ..Bounds::default() }
}

async fn history_is_read_within_each_bound(bed: &Bed) {
    let (site, _) = six_commits(bed).await;
    assert_eq!(versions(bed, site, all()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(versions(bed, site, Bounds { oldest_first: true, ..all() }).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(versions(bed, site, Bounds { limit: 2, ..all() }).await, [6, 5]);
    assert_eq!(versions(bed, site, Bounds { limit: 2, oldest_first: true, ..all() }).await, [1, 2]);
    assert_eq!(versions(bed, site, Bounds { above: 4, ..all() }).await, [6, 5]);
    assert_eq!(versions(bed, site, Bounds { up_to: Some(2), ..all() }).await, [2, 1]);
    assert_eq!(versions(bed, site, Bounds { node: Some(NodeKey(1)), ..all() }).await, [3, 2, 1]);
    assert_eq!(versions(bed, site, Bounds { who: Some("bert".into()), ..all() }).await, [6, 4, 2]);
    assert!(versions(bed, site, Bounds { limit: 0, ..all() }).await.is_empty());
    assert!(versions(bed, site, Bounds { above: u64::MAX, ..all() }).await.is_empty());
    assert!(versions(bed, site, Bounds { above: 3, up_to: Some(2), ..all() }).await.is_empty());
}

async fn bounds_hold_together(bed: &Bed) {
    let (site, _) = six_commits(bed).await;
    let bounds = Bounds {
        above: 1,
        up_to: Some(5),
        node: Some(NodeKey(2)),
        who: Some("anna".into()),
        oldest_first: true,
        limit: 100,
    };
    assert_eq!(versions(bed, site, bounds.clone()).await, [5]);
    assert_eq!(versions(bed, site, Bounds { who: None, ..bounds.clone() }).await, [4, 5]);
    assert_eq!(versions(bed, site, Bounds { node: None, ..bounds }).await, [3, 5]);
}

async fn other_entries_and_branches_are_no_history(bed: &Bed) {
    let (site, link) = six_commits(bed).await;
    let note = Entry { kind: Kind::Note, version: None, ..edit(link, "note") };
    let link = done(&*bed.store, site, &append(link, vec![note])).await;
    let elsewhere = Entry { branch: Some(BranchKey(2)), version: Some(1), ..edit(link, "e") };
    let touched = vec![Touched { branch: BranchKey(2), ..touch(1, 1) }];
    done(&*bed.store, site, &Append { touched, ..append(link, vec![elsewhere.clone()]) }).await;

    assert_eq!(versions(bed, site, all()).await.len(), 6);
    let rows = bed.store.commits(site, BranchKey(2), &all()).await.unwrap();
    assert_eq!(rows, [CommitRow { entry: elsewhere, live: true }]);
}

async fn a_commit_is_live_while_any_of_its_rows_is(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let link = edited(&*bed.store, site, start, &[1, 2]).await;
    let link = edited(&*bed.store, site, link, &[]).await;
    let lives = async || {
        let rows = bed.store.commits(site, BranchKey::MAIN, &all()).await.unwrap();
        rows.iter().map(|row| row.live).collect::<Vec<_>>()
    };
    assert_eq!(lives().await, [false, true], "what touched nothing is not live");

    let dead =
        |node, version| Relive { branch: BranchKey::MAIN, node: Some(NodeKey(node)), version, live: false };
    let half = Append { relive: vec![dead(1, 1)], ..append(link, vec![edit(link, "half")]) };
    let link = done(&*bed.store, site, &half).await;
    assert_eq!(lives().await, [false, false, true]);
    let whole = Append { relive: vec![dead(2, 1)], ..append(link, vec![edit(link, "whole")]) };
    done(&*bed.store, site, &whole).await;
    assert_eq!(lives().await, [false, false, false, false]);
}
