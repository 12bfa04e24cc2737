//! Derived bytes.
#![cfg(test)]

use bytes::Bytes;

use super::{Bed, done, first_append, new_site, on_every_store};
use crate::store::{BranchKey, Checkpoint, Link, NodeKey, SiteKey};

on_every_store![
    the_newest_checkpoint_at_or_below_a_version_is_found,
    a_log_that_went_back_takes_no_checkpoint_of_what_it_lost,
    what_is_kept_already_stays_as_it_is,
    blobs_come_in_the_order_asked,
];

fn checkpoint(node: i64, version: u64) -> Checkpoint {
    Checkpoint { branch: BranchKey::MAIN, node: NodeKey(node), version, seq: version + 10, hash: [1; 32] }
}

/// A site with one entry.
async fn begun(bed: &Bed) -> (SiteKey, Link) {
    let (site, start) = new_site(bed, "s").await;
    (site, done(bed.store.as_ref(), site, &first_append(start)).await)
}

async fn a_log_that_went_back_takes_no_checkpoint_of_what_it_lost(bed: &Bed) {
    let (site, at) = begun(bed).await;
    for lost in [Link { seq: 2, ..at }, Link { hash: [9; 32], ..at }] {
        bed.store.put(site, lost, &[checkpoint(1, 3)], &[([1; 32], Bytes::new())]).await.unwrap();
        assert_eq!(bed.store.checkpoint(site, BranchKey::MAIN, NodeKey(1), 9).await.unwrap(), None);
    }
}

async fn the_newest_checkpoint_at_or_below_a_version_is_found(bed: &Bed) {
    let (site, at) = begun(bed).await;
    let kept = [checkpoint(1, 3), checkpoint(1, 7), checkpoint(2, 5)];
    bed.store.put(site, at, &kept, &[]).await.unwrap();
    let at = async |branch, node, at_most| {
        bed.store.checkpoint(site, BranchKey(branch), NodeKey(node), at_most).await.unwrap()
    };
    assert_eq!(at(1, 1, 2).await, None);
    assert_eq!(at(1, 1, 3).await, Some(checkpoint(1, 3)));
    assert_eq!(at(1, 1, 6).await, Some(checkpoint(1, 3)));
    assert_eq!(at(1, 1, u64::MAX).await, Some(checkpoint(1, 7)));
    assert_eq!(at(1, 3, 9).await, None);
    assert_eq!(at(2, 1, 9).await, None);
}

async fn what_is_kept_already_stays_as_it_is(bed: &Bed) {
    let (site, at) = begun(bed).await;
    bed.store.put(site, at, &[checkpoint(1, 3)], &[([1; 32], Bytes::from_static(b"one"))]).await.unwrap();
    let other = Checkpoint { hash: [2; 32], ..checkpoint(1, 3) };
    let blobs = [([1; 32], Bytes::from_static(b"other")), ([2; 32], Bytes::from_static(b"two"))];
    bed.another().await.put(site, at, &[other, checkpoint(1, 4)], &blobs).await.unwrap();
    let kept = bed.store.checkpoint(site, BranchKey::MAIN, NodeKey(1), 3).await.unwrap();
    assert_eq!(kept, Some(checkpoint(1, 3)));
    let kept = bed.store.checkpoint(site, BranchKey::MAIN, NodeKey(1), 4).await.unwrap();
    assert_eq!(kept, Some(checkpoint(1, 4)));
    let bytes = bed.store.blobs(site, &[[1; 32], [2; 32]]).await.unwrap();
    assert_eq!(bytes, [Some(Bytes::from_static(b"one")), Some(Bytes::from_static(b"two"))]);
}

async fn blobs_come_in_the_order_asked(bed: &Bed) {
    let (site, at) = begun(bed).await;
    let blob = |byte: u8| ([byte; 32], Bytes::from(vec![byte; usize::from(byte) * 1_000]));
    bed.store.put(site, at, &[], &[blob(3), blob(1), blob(2), blob(0)]).await.unwrap();
    let asked = [[2; 32], [9; 32], [0; 32], [2; 32], [3; 32]];
    let bytes = bed.store.blobs(site, &asked).await.unwrap();
    assert_eq!(bytes, [Some(blob(2).1), None, Some(Bytes::new()), Some(blob(2).1), Some(blob(3).1)]);
    assert!(bed.store.blobs(site, &[]).await.unwrap().is_empty());
}
