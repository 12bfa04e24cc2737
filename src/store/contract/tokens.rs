//! Tokens.
#![cfg(test)]

use super::{Bed, on_every_store};
use crate::store::{StoreError, Token};

on_every_store![
    a_taken_actor_gets_a_number,
    tokens_are_found_by_hash_and_listed_by_age,
    a_token_is_revoked_once,
    the_latest_use_of_a_token_is_kept,
    uses_that_are_written_at_once_in_any_order_wait_for_each_other,
];

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
        used_ms: None,
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

async fn the_latest_use_of_a_token_is_kept(bed: &Bed) {
    for number in 1..=3 {
        bed.store.create_token(token(number, &format!("actor{number}"))).await.unwrap();
    }
    let used = async |uses: &[(&str, i64)]| {
        let uses: Vec<_> = uses.iter().map(|(id, at_ms)| ((*id).to_owned(), *at_ms)).collect();
        bed.store.tokens_used(&uses).await.unwrap();
    };
    used(&[]).await;
    used(&[("tok_1", 700), ("tok_3", 50), ("tok_9", 1)]).await;
    // Another server knows of an earlier use, and of a later one.
    used(&[("tok_1", 600), ("tok_3", 60)]).await;
    let kept = async |number| bed.another().await.token(&[number; 32]).await.unwrap().unwrap();
    assert_eq!(kept(1).await, Token { used_ms: Some(700), ..token(1, "actor1") });
    assert_eq!([kept(2).await.used_ms, kept(3).await.used_ms], [None, Some(60)]);
    let listed = bed.store.tokens().await.unwrap();
    assert_eq!(listed.iter().map(|token| token.used_ms).collect::<Vec<_>>(), [Some(60), None, Some(700)]);
}

async fn uses_that_are_written_at_once_in_any_order_wait_for_each_other(bed: &Bed) {
    for number in 0..60 {
        bed.store.create_token(token(number, &format!("actor{number}"))).await.unwrap();
    }
    let other = bed.another().await;
    let mut uses: Vec<_> = (0..60).map(|number| (format!("tok_{number}"), 0)).collect();
    for at_ms in 1..20 {
        uses.iter_mut().for_each(|used| used.1 = at_ms);
        let backwards: Vec<_> = uses.iter().rev().map(|(id, at_ms)| (id.clone(), at_ms + 1)).collect();
        let (one, two) = tokio::join!(bed.store.tokens_used(&uses), other.tokens_used(&backwards));
        one.and(two).unwrap();
    }
    assert!(bed.store.tokens().await.unwrap().iter().all(|token| token.used_ms == Some(20)));
}
