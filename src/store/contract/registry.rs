//! Sites.
#![cfg(test)]

use bytes::Bytes;

use super::{Bed, edited, new_site, on_every_store};
use crate::store::{Site, SiteKey, StoreError};

on_every_store![
    a_site_is_made_once,
    sites_are_listed_by_id,
    a_removed_site_leaves_its_id_and_keeps_its_number,
    the_head_of_a_site_that_never_was_is_damage,
    the_store_answers,
];

async fn a_site_is_made_once(bed: &Bed) {
    let (made, new) = bed.store.create_site("s", b"{}", 5).await.unwrap();
    assert!(new);
    assert_eq!(
        (made.id.as_str(), made.genesis.clone(), made.created_ms),
        ("s", Bytes::from_static(b"{}"), 5)
    );
    let again = bed.another().await.create_site("s", b"other", 6).await.unwrap();
    assert_eq!(again, (made.clone(), false));
    assert_eq!(bed.store.site("s").await.unwrap(), Some(made));
    assert_eq!(bed.store.site("S").await.unwrap(), None);
}

async fn sites_are_listed_by_id(bed: &Bed) {
    for id in ["b", "a-b", "ä", "B", "ab"] {
        new_site(bed, id).await;
    }
    let ids = async |after: &str, limit| {
        let sites = bed.store.sites(after, limit).await.unwrap();
        sites.iter().map(|site| site.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("", 100).await, ["B", "a-b", "ab", "b", "ä"]);
    assert_eq!(ids("a-b", 2).await, ["ab", "b"]);
    assert!(ids("ä", 2).await.is_empty());
}

async fn a_removed_site_leaves_its_id_and_keeps_its_number(bed: &Bed) {
    let (first, start) = new_site(bed, "s").await;
    edited(&*bed.store, first, start, &[]).await;
    assert!(bed.store.remove_site(first, 2).await.unwrap());
    assert!(!bed.store.remove_site(first, 3).await.unwrap());
    assert_eq!(bed.store.site("s").await.unwrap(), None);
    assert!(bed.store.sites("", 10).await.unwrap().is_empty());

    let (second, start) = new_site(bed, "s").await;
    assert_ne!(first, second);
    assert_eq!(bed.store.head(second).await.unwrap(), start);
    assert_eq!(bed.store.entries(first, 0, 10).await.unwrap().len(), 1);
    assert_eq!(bed.store.site("s").await.unwrap().map(|site: Site| site.key), Some(second));
}

async fn the_head_of_a_site_that_never_was_is_damage(bed: &Bed) {
    let head = bed.store.head(SiteKey(99)).await;
    assert!(matches!(head, Err(StoreError::Damaged(_))), "{head:?}");
}

async fn the_store_answers(bed: &Bed) {
    bed.store.ping().await.unwrap();
}
