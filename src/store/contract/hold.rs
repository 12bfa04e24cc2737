//! Holding a site, and looking at several.
#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::{Bed, append, behind, done, edit, first_append, new_site, on_every_store};
use crate::store::{Appended, SiteKey};

on_every_store![
    while_a_site_is_held_only_its_holder_writes,
    a_hold_that_is_dropped_lets_others_write,
    a_holder_that_did_not_read_all_loses_and_lets_go,
    those_who_hold_one_after_another_never_lose,
    heads_are_those_of_the_sites_that_live,
];

async fn while_a_site_is_held_only_its_holder_writes(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let hold = bed.store.hold(site).await.unwrap();
    let another = bed.another().await;
    let other = tokio::spawn(async move { another.append(site, &first_append(start)).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(!other.is_finished(), "it waits");

    let mine = edit(start, "the holder's");
    assert_eq!(hold.append(&append(start, vec![mine.clone()])).await.unwrap(), Appended::Done);
    assert_eq!(other.await.unwrap(), Appended::Lost);
    assert_eq!(bed.store.entries(site, 0, 9).await.unwrap(), [mine]);
}

async fn a_hold_that_is_dropped_lets_others_write(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    drop(bed.store.hold(site).await.unwrap());
    let another = bed.another().await;
    let rows = first_append(start);
    let end = timeout(Duration::from_secs(5), another.append(site, &rows)).await;
    assert_eq!(end.unwrap().unwrap(), Appended::Done);
}

async fn a_holder_that_did_not_read_all_loses_and_lets_go(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let link = done(bed.store.as_ref(), site, &first_append(start)).await;
    let hold = bed.store.hold(site).await.unwrap();
    let late = append(start, vec![edit(start, "late")]);
    assert_eq!(hold.append(&late).await.unwrap(), Appended::Lost);
    done(bed.store.as_ref(), site, &append(link, vec![edit(link, "next")])).await;
}

async fn those_who_hold_one_after_another_never_lose(bed: &Bed) {
    let (site, _) = new_site(bed, "s").await;
    let another = bed.another().await;
    let writers = (0..4).map(|number| {
        let store = if number % 2 == 0 { Arc::clone(&bed.store) } else { Arc::clone(&another) };
        tokio::spawn(async move {
            for turn in 0..10 {
                let hold = store.hold(site).await.unwrap();
                let head = store.head(site).await.unwrap();
                let entry = edit(head, &format!("{number} {turn}"));
                assert_eq!(hold.append(&append(head, vec![entry])).await.unwrap(), Appended::Done);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(bed.store.head(site).await.unwrap().seq, 40);
}

async fn heads_are_those_of_the_sites_that_live(bed: &Bed) {
    let (first, start) = new_site(bed, "a").await;
    let (second, untouched) = new_site(bed, "b").await;
    let (removed, _) = new_site(bed, "c").await;
    bed.store.remove_site(removed, 2).await.unwrap();
    let entry = edit(start, "first");
    done(bed.store.as_ref(), first, &append(start, vec![entry.clone()])).await;
    let heads = bed.store.heads(&[second, removed, first, SiteKey(99)]).await.unwrap();
    assert_eq!(heads, [Some(untouched), None, Some(behind(&entry)), None]);
    assert_eq!(bed.store.heads(&[]).await.unwrap(), []);
}
