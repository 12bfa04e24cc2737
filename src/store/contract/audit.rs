//! All there is, in order.
#![cfg(test)]

use bytes::Bytes;

use super::{Bed, append, done, edit, edited, first_append, new_site, on_every_store, touch};
use crate::store::{Append, BranchKey, Checkpoint, Entry, NodeKey, Site, SiteKey, Touched};

on_every_store![
    removed_sites_are_listed_with_the_others,
    touched_rows_come_in_the_order_of_commits,
    checkpoints_come_by_node_and_version,
    blobs_come_by_hash,
    a_store_in_order_has_nothing_to_find,
];

async fn removed_sites_are_listed_with_the_others(bed: &Bed) {
    let (first, _) = new_site(bed, "s").await;
    bed.store.remove_site(first, 7).await.unwrap();
    let (second, _) = new_site(bed, "s").await;
    let (third, _) = new_site(bed, "a").await;
    let rows = bed.store.site_rows(SiteKey(0), 10).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.site.key, row.site.id.as_str(), row.removed_ms)).collect();
    assert_eq!(told, [(first, "s", Some(7)), (second, "s", None), (third, "a", None)]);
    assert!(rows.iter().all(|row| row.genesis_hash == Site::genesis_hash(&row.site.genesis)));
    assert_eq!(bed.store.site_rows(first, 1).await.unwrap(), rows[1..2]);
    assert!(bed.store.site_rows(third, 10).await.unwrap().is_empty());
}

async fn touched_rows_come_in_the_order_of_commits(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let (other, other_start) = new_site(bed, "other").await;
    edited(&*bed.store, other, other_start, &[1]).await;
    let link = edited(&*bed.store, site, start, &[5, i64::MIN, 0]).await;
    let link = edited(&*bed.store, site, link, &[2]).await;
    let elsewhere = Entry { branch: Some(BranchKey(2)), version: Some(1), ..edit(link, "e") };
    let far = Touched { branch: BranchKey(2), ..touch(-3, 1) };
    done(&*bed.store, site, &Append { touched: vec![far.clone()], ..append(link, vec![elsewhere]) }).await;
    let wanted = [touch(i64::MIN, 1), touch(0, 1), touch(5, 1), touch(2, 2), far];
    assert_eq!(bed.store.touched_rows(site, None, 10).await.unwrap(), wanted);
    let (mut found, mut after): (Vec<Touched>, Option<Touched>) = (Vec::new(), None);
    while let Some(row) = bed.store.touched_rows(site, after.as_ref(), 1).await.unwrap().pop() {
        found.push(row.clone());
        after = Some(row);
    }
    assert_eq!(found, wanted);
}

async fn checkpoints_come_by_node_and_version(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let row = |branch, node, version| Checkpoint {
        branch: BranchKey(branch),
        node: NodeKey(node),
        version,
        seq: version,
        hash: [1; 32],
    };
    let wanted = [row(1, -4, 9), row(1, 0, 3), row(1, 0, 5), row(2, -4, 1)];
    let mixed = [wanted[2].clone(), wanted[3].clone(), wanted[0].clone(), wanted[1].clone()];
    let at = done(bed.store.as_ref(), site, &first_append(start)).await;
    bed.store.put(site, at, &mixed, &[]).await.unwrap();
    assert_eq!(bed.store.checkpoint_rows(site, None, 10).await.unwrap(), wanted);
    assert_eq!(bed.store.checkpoint_rows(site, None, 2).await.unwrap(), wanted[..2]);
    assert_eq!(bed.store.checkpoint_rows(site, Some(&wanted[1]), 10).await.unwrap(), wanted[2..]);
}

async fn blobs_come_by_hash(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let blob = |byte: u8| ([byte; 32], Bytes::from(vec![byte; 3]));
    bed.store.put(site, start, &[], &[blob(200), blob(0), blob(7)]).await.unwrap();
    assert_eq!(bed.store.blob_rows(site, None, 10).await.unwrap(), [blob(0), blob(7), blob(200)]);
    assert_eq!(bed.store.blob_rows(site, Some(&[0; 32]), 1).await.unwrap(), [blob(7)]);
    assert!(bed.store.blob_rows(site, Some(&[200; 32]), 1).await.unwrap().is_empty());
}

async fn a_store_in_order_has_nothing_to_find(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    edited(&*bed.store, site, start, &[1]).await;
    assert_eq!(bed.store.integrity().await.unwrap(), None);
}
