//! Sites and tokens.
#![cfg(test)]

use bytes::Bytes;

use super::{Bed, edited, new_site, on_every_store};
use crate::store::{Site, SiteKey, StoreError, Token};

on_every_store![
    a_site_is_made_once,
    sites_are_listed_by_id,
    a_removed_site_leaves_its_id_and_keeps_its_number,
    the_head_of_a_site_that_never_was_is_damage,
    a_taken_actor_gets_a_number,
    tokens_are_found_by_hash_and_listed_by_age,
    a_token_is_revoked_once,
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

fn token(number: u8, actor: &str) -> Token {
    Token {
        id: format!("tok_{number}"),
        name: "The name".to_owned(),
        actor: actor.to_owned(),
        hash: [number; 32],
        grant: r#"{"scopes":["read"]}"#.to_owned(),
        created_ms: 100 - i64::from(number),
        expires_ms: number.is_multiple_of(2).then_some(1_000),
        revoked_ms: None,
    }
}

async fn a_taken_actor_gets_a_number(bed: &Bed) {
    let mut actors = Vec::new();
    for (number, wanted) in ["anna", "anna-2", "anna", "anna", "annabel", "anna-2"].iter().enumerate() {
        let token = token(u8::try_from(number).unwrap(), wanted);
        actors.push(bed.store.create_token(token).await.unwrap().actor);
        assert!(bed.store.revoke_token(&format!("tok_{number}"), 1).await.unwrap());
    }
    assert_eq!(actors, ["anna", "anna-2", "anna-3", "anna-4", "annabel", "anna-2-2"]);
    let taken = Token { id: "tok_other".to_owned(), ..token(0, "bert") };
    assert!(matches!(bed.store.create_token(taken).await, Err(StoreError::Damaged(_))));
}

async fn tokens_are_found_by_hash_and_listed_by_age(bed: &Bed) {
    for number in 1..=3 {
        bed.store.create_token(token(number, &format!("actor{number}"))).await.unwrap();
    }
    assert_eq!(bed.store.token(&[2; 32]).await.unwrap(), Some(token(2, "actor2")));
    assert_eq!(bed.store.token(&[9; 32]).await.unwrap(), None);
    let oldest_first = [token(3, "actor3"), token(2, "actor2"), token(1, "actor1")];
    assert_eq!(bed.another().await.tokens().await.unwrap(), oldest_first);
}

async fn a_token_is_revoked_once(bed: &Bed) {
    bed.store.create_token(token(1, "anna")).await.unwrap();
    assert!(bed.store.revoke_token("tok_1", 7).await.unwrap());
    assert!(!bed.store.revoke_token("tok_1", 8).await.unwrap());
    assert!(!bed.store.revoke_token("tok_9", 8).await.unwrap());
    let kept = bed.store.token(&[1; 32]).await.unwrap();
    assert_eq!(kept.and_then(|token| token.revoked_ms), Some(7));
}

async fn the_store_answers(bed: &Bed) {
    bed.store.ping().await.unwrap();
}
