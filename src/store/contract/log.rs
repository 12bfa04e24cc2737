//! Appending, and reading entries back.
#![cfg(test)]

use bytes::Bytes;

use super::{Bed, append, behind, done, edit, edited, new_site, on_every_store, touch};
use crate::store::{
    Append, Appended, BranchKey, Entry, Kind, Link, NodeKey, Relive, Source, StoreError, Touched,
};

on_every_store![
    a_log_begins_with_the_hash_of_its_genesis,
    entries_read_back_as_they_were_written,
    entries_come_in_pages_over_all_branches,
    a_gap_and_an_empty_append_are_refused,
    of_two_writers_at_one_place_the_second_loses_and_nothing_of_it_is_kept,
    another_hash_before_the_place_is_foreign,
    what_stands_already_is_done_and_is_not_written_twice,
    a_removed_site_takes_no_entry,
    a_key_is_its_principals_own,
    a_version_or_key_that_is_taken_refuses_the_whole_append,
    sites_do_not_see_each_other,
    a_full_batch_fits_in_one_append,
];

async fn a_log_begins_with_the_hash_of_its_genesis(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    assert_eq!(bed.store.head(site).await.unwrap(), start);
    assert!(bed.store.entries(site, 0, 10).await.unwrap().is_empty());
    let first = edited(&*bed.store, site, start, &[]).await;
    assert_eq!(bed.store.head(site).await.unwrap(), first);
}

async fn entries_read_back_as_they_were_written(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let plain = edit(start, "plain");
    let full = Entry {
        format: 7,
        kind: Kind::Merge,
        at_ms: 1_800_000_000_000,
        who: "Jürgen".into(),
        source: Source::Mcp,
        branch: Some(BranchKey(3)),
        key: Some("k".into()),
        request: Some([9; 32]),
        body: Bytes::from((0..=255).cycle().take(1_000_000).collect::<Vec<u8>>()),
        ..edit(behind(&plain), "full")
    };
    let bare = Entry {
        kind: Kind::Policy,
        branch: None,
        version: None,
        body: Bytes::new(),
        ..edit(behind(&full), "bare")
    };
    let entries = vec![plain, full, bare];
    done(&*bed.store, site, &append(start, entries.clone())).await;
    assert_eq!(bed.store.entries(site, 0, 10).await.unwrap(), entries);
    assert_eq!(bed.another().await.entries(site, 0, 10).await.unwrap(), entries);
}

async fn entries_come_in_pages_over_all_branches(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let mut link = start;
    for number in 0..5_i64 {
        let entry = Entry { branch: Some(BranchKey(1 + number % 2)), ..edit(link, "e") };
        link = done(&*bed.store, site, &append(link, vec![entry])).await;
    }
    let numbers = |entries: Vec<Entry>| entries.iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(numbers(bed.store.entries(site, 0, 2).await.unwrap()), [1, 2]);
    assert_eq!(numbers(bed.store.entries(site, 2, 2).await.unwrap()), [3, 4]);
    assert_eq!(numbers(bed.store.entries(site, 4, usize::MAX).await.unwrap()), [5]);
    assert!(bed.store.entries(site, 5, 2).await.unwrap().is_empty());
    assert!(bed.store.entries(site, u64::MAX, 2).await.unwrap().is_empty());
}

async fn a_gap_and_an_empty_append_are_refused(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let gap = Entry { seq: 2, ..edit(start, "e") };
    let double = vec![edit(start, "a"), edit(start, "b")];
    for entries in [vec![gap], double, Vec::new()] {
        let refused = bed.store.append(site, &append(start, entries)).await;
        assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    }
    assert_eq!(bed.store.head(site).await.unwrap(), start);
}

async fn of_two_writers_at_one_place_the_second_loses_and_nothing_of_it_is_kept(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let base = edited(&*bed.store, site, start, &[1]).await;
    let winner = edited(&*bed.another().await, site, base, &[2]).await;

    // The loser has more entries than the winner: its second place is free.
    let first = Entry { key: Some("k".into()), request: Some([1; 32]), ..edit(base, "loser") };
    let second = edit(behind(&first), "loser too");
    let loser = Append {
        touched: vec![touch(3, 2), touch(3, 3)],
        relive: vec![Relive { branch: BranchKey::MAIN, node: None, version: 1, live: false }],
        blobs: vec![([7; 32], Bytes::from_static(b"blob"))],
        ..append(base, vec![first, second])
    };
    assert_eq!(bed.store.append(site, &loser).await.unwrap(), Appended::Lost);

    assert_eq!(bed.store.head(site).await.unwrap(), winner);
    assert_eq!(bed.store.entries(site, 0, 10).await.unwrap().len(), 2);
    assert_eq!(bed.store.by_key(site, "anna", "k").await.unwrap(), None);
    assert_eq!(bed.store.touched(site, BranchKey::MAIN, 2).await.unwrap(), [touch(2, 2)]);
    assert_eq!(bed.store.touched(site, BranchKey::MAIN, 3).await.unwrap(), []);
    assert_eq!(bed.store.touched(site, BranchKey::MAIN, 1).await.unwrap(), [touch(1, 1)]);
    assert_eq!(bed.store.blobs(site, &[[7; 32]]).await.unwrap(), [None]);
}

async fn another_hash_before_the_place_is_foreign(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let other_genesis = Link { seq: 0, hash: [1; 32] };
    let on_other = append(other_genesis, vec![edit(other_genesis, "e")]);
    assert_eq!(bed.store.append(site, &on_other).await.unwrap(), Appended::Foreign);

    let first = edited(&*bed.store, site, start, &[]).await;
    let other_first = Link { seq: 1, hash: [1; 32] };
    let gone = Link { seq: 5, ..first };
    for after in [other_first, gone] {
        let foreign = append(after, vec![edit(after, "e")]);
        assert_eq!(bed.store.append(site, &foreign).await.unwrap(), Appended::Foreign);
    }
    // Also where another's entry stands at the place.
    edited(&*bed.store, site, first, &[]).await;
    let foreign = append(other_first, vec![edit(other_first, "e")]);
    assert_eq!(bed.store.append(site, &foreign).await.unwrap(), Appended::Foreign);
    assert_eq!(bed.store.head(site).await.unwrap().seq, 2);
}

async fn what_stands_already_is_done_and_is_not_written_twice(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let first = edit(start, "a");
    let second = edit(behind(&first), "b");
    let sent = Append { touched: vec![touch(1, 1)], ..append(start, vec![first, second]) };
    let link = done(&*bed.store, site, &sent).await;
    done(&*bed.another().await, site, &sent).await;
    edited(&*bed.store, site, link, &[]).await;
    done(&*bed.store, site, &sent).await;
    assert_eq!(bed.store.head(site).await.unwrap().seq, 3);
}

async fn a_removed_site_takes_no_entry(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let link = edited(&*bed.store, site, start, &[]).await;
    assert!(bed.store.remove_site(site, 2).await.unwrap());
    let late = append(link, vec![edit(link, "late")]);
    assert_eq!(bed.store.append(site, &late).await.unwrap(), Appended::Gone);
    assert_eq!(bed.store.head(site).await.unwrap(), link);
}

async fn a_key_is_its_principals_own(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let key = |who: &str, after: Link| Entry {
        who: who.into(),
        key: Some("k".into()),
        request: Some([2; 32]),
        ..edit(after, who)
    };
    let annas = key("anna", start);
    let berts = key("bert", behind(&annas));
    done(&*bed.store, site, &append(start, vec![annas.clone(), berts.clone()])).await;
    assert_eq!(bed.store.by_key(site, "anna", "k").await.unwrap(), Some(annas));
    assert_eq!(bed.store.by_key(site, "bert", "k").await.unwrap(), Some(berts));
    assert_eq!(bed.store.by_key(site, "cleo", "k").await.unwrap(), None);
    assert_eq!(bed.store.by_key(site, "anna", "K").await.unwrap(), None);
}

async fn a_version_or_key_that_is_taken_refuses_the_whole_append(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let keyed = |after: Link, text| Entry { key: Some("k".into()), ..edit(after, text) };
    let link = done(&*bed.store, site, &append(start, vec![keyed(start, "first")])).await;

    let fine = edit(link, "fine");
    let same_key = keyed(behind(&fine), "same key");
    let same_version = Entry { version: Some(1), ..edit(behind(&fine), "same version") };
    for bad in [same_key, same_version] {
        let refused = bed.store.append(site, &append(link, vec![fine.clone(), bad])).await;
        assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    }
    assert_eq!(bed.store.head(site).await.unwrap(), link);
}

async fn sites_do_not_see_each_other(bed: &Bed) {
    let (one, one_start) = new_site(bed, "one").await;
    let (two, two_start) = new_site(bed, "two").await;
    let keyed = Entry { key: Some("k".into()), ..edit(one_start, "one") };
    let blob = ([7; 32], Bytes::from_static(b"blob"));
    let full = Append { touched: vec![touch(1, 1)], blobs: vec![blob], ..append(one_start, vec![keyed]) };
    done(&*bed.store, one, &full).await;
    assert_eq!(bed.store.head(two).await.unwrap(), two_start);
    assert!(bed.store.entries(two, 0, 10).await.unwrap().is_empty());
    assert_eq!(bed.store.by_key(two, "anna", "k").await.unwrap(), None);
    assert_eq!(bed.store.touched(two, BranchKey::MAIN, 1).await.unwrap(), []);
    assert_eq!(bed.store.blobs(two, &[[7; 32]]).await.unwrap(), [None]);
    edited(&*bed.store, two, two_start, &[1]).await;
}

async fn a_full_batch_fits_in_one_append(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let (mut link, mut batch) = (start, append(start, Vec::new()));
    for number in 0..256_u64 {
        let entry = edit(link, "e");
        link = behind(&entry);
        batch.entries.push(entry);
        batch.touched.extend((0..5).map(|node| Touched { node: NodeKey(node), ..touch(0, number + 1) }));
    }
    done(&*bed.store, site, &batch).await;
    assert_eq!(bed.store.head(site).await.unwrap(), link);
    assert_eq!(bed.store.touched(site, BranchKey::MAIN, 256).await.unwrap().len(), 5);
}
