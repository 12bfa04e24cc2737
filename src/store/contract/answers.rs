//! Answers that are kept under an idempotency key.
#![cfg(test)]

use bytes::Bytes;
use futures::future::join_all;

use super::{Bed, on_every_store};
use crate::store::{Created, KeyedAnswer, Store};

on_every_store![
    an_answer_is_kept_with_the_site_it_is_about,
    a_key_belongs_to_who_brought_it,
    a_key_that_came_before_makes_nothing,
    an_answer_outlives_its_site,
    of_requests_that_come_at_once_under_one_key_one_is_done,
    the_answer_that_was_kept_first_stays,
    an_answer_is_forgotten_when_another_is_kept_seven_days_later,
];

fn answer(who: &str, key: &str, request: u8) -> KeyedAnswer {
    let answer = Bytes::from(format!("{who} {key} {request}"));
    KeyedAnswer { who: who.into(), key: key.into(), request: [request; 32], answer, at_ms: 7 }
}

async fn create(store: &dyn Store, id: &str, answer: &KeyedAnswer) -> Created {
    store.create_site_once(id, b"{}", 7, Some(answer)).await.unwrap()
}

async fn an_answer_is_kept_with_the_site_it_is_about(bed: &Bed) {
    let first = answer("ana", "k", 1);
    let Created::New(site) = create(&*bed.store, "s", &first).await else { panic!("it is new") };
    assert_eq!((site.id.as_str(), site.created_ms), ("s", 7));
    let other = bed.another().await;
    assert_eq!(create(&*other, "s", &first).await, Created::Answered(first.clone()));
    // One without a key, and one under another, find the site.
    assert_eq!(create(&*other, "s", &answer("ana", "l", 1)).await, Created::There(site.clone()));
    assert_eq!(bed.store.create_site("s", b"{}", 8).await.unwrap(), (site, false));
}

async fn a_key_belongs_to_who_brought_it(bed: &Bed) {
    assert!(matches!(create(&*bed.store, "a", &answer("ana", "k", 1)).await, Created::New(_)));
    assert!(matches!(create(&*bed.store, "b", &answer("bert", "k", 1)).await, Created::New(_)));
    assert!(matches!(create(&*bed.store, "c", &answer("ana", "K", 1)).await, Created::New(_)));
}

async fn a_key_that_came_before_makes_nothing(bed: &Bed) {
    let first = answer("ana", "k", 1);
    create(&*bed.store, "s", &first).await;
    // Whether the request is the same is for the caller to judge.
    assert_eq!(create(&*bed.store, "t", &answer("ana", "k", 2)).await, Created::Answered(first));
    assert_eq!(bed.store.site("t").await.unwrap(), None);
}

async fn an_answer_outlives_its_site(bed: &Bed) {
    let first = answer("ana", "k", 1);
    let Created::New(site) = create(&*bed.store, "s", &first).await else { panic!("it is new") };
    assert!(bed.store.remove_site(site.key, 9).await.unwrap());
    assert_eq!(create(&*bed.store, "s", &first).await, Created::Answered(first));
    assert_eq!(bed.store.site("s").await.unwrap(), None);
}

async fn of_requests_that_come_at_once_under_one_key_one_is_done(bed: &Bed) {
    let another = bed.another().await;
    // Each asks for a site of its own: a key that comes again for another is the caller's slip, and still makes one.
    let ids: Vec<String> = (0..8).map(|number| format!("s{number}")).collect();
    let calls = ids.iter().enumerate().map(|(number, id)| {
        let store = if number % 2 == 0 { &bed.store } else { &another };
        async move { create(&**store, id, &answer("ana", "k", 1)).await }
    });
    let ends = join_all(calls).await;
    assert_eq!(ends.iter().filter(|end| matches!(end, Created::New(_))).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().filter(|end| matches!(end, Created::Answered(_))).count(), 7, "{ends:?}");
    assert_eq!(bed.store.sites("", 10).await.unwrap().len(), 1);
}

async fn the_answer_that_was_kept_first_stays(bed: &Bed) {
    let first = answer("ana", "k", 1);
    assert_eq!(bed.store.keep_answer(&first).await.unwrap(), first);
    assert_eq!(bed.another().await.keep_answer(&answer("ana", "k", 2)).await.unwrap(), first);
    assert_eq!(create(&*bed.store, "s", &first).await, Created::Answered(first));
}

async fn an_answer_is_forgotten_when_another_is_kept_seven_days_later(bed: &Bed) {
    const WEEK_MS: i64 = 7 * 24 * 3_600_000;
    let kept = async |key: &str, at_ms: i64| {
        let answer = KeyedAnswer { at_ms, ..answer("ana", key, 1) };
        bed.store.keep_answer(&answer).await.unwrap().at_ms
    };
    for number in 0..105 {
        kept(&format!("k{number}"), 7).await;
    }
    // One that is a week old stays, whatever else is kept; a millisecond later a hundred are forgotten.
    assert_eq!(kept("now", WEEK_MS + 7).await, WEEK_MS + 7);
    assert_eq!(kept("k3", WEEK_MS + 7).await, 7);
    let later = KeyedAnswer { at_ms: WEEK_MS + 8, ..answer("ana", "later", 1) };
    assert!(matches!(create(&*bed.store, "s", &later).await, Created::New(_)));
    let mut old = 0;
    for number in 0..105 {
        // Asked as of then, so that asking forgets no more.
        old += usize::from(kept(&format!("k{number}"), WEEK_MS + 7).await == 7);
    }
    assert_eq!(old, 5);
    assert_eq!(kept("now", WEEK_MS + 9).await, WEEK_MS + 7);
    assert_eq!(kept("later", WEEK_MS + 9).await, WEEK_MS + 8);
}
