//! Many at once.
#![cfg(test)]

use std::sync::Arc;

use futures::future::join_all;

use super::{Bed, append, edit, new_site, on_every_store, touch};
use crate::store::{Append, Appended, BranchKey, SiteKey, Store, Token};

on_every_store![
    racing_writers_leave_no_gap,
    of_many_that_make_a_site_at_once_one_does,
    actors_stay_unique_when_tokens_are_made_at_once,
];

const WRITERS: usize = 8;
const APPENDS: usize = 50;

/// Appends until all are done; one that loses folds (here: reads the head) and tries again.
async fn write(store: Arc<dyn Store>, site: SiteKey, name: String) {
    for number in 0..APPENDS {
        loop {
            let head = store.head(site).await.unwrap();
            let entry = edit(head, &format!("{name} {number}"));
            let touched = vec![touch(1, entry.seq)];
            let batch = Append { touched, ..append(head, vec![entry]) };
            match store.append(site, &batch).await.unwrap() {
                Appended::Done => break,
                Appended::Lost => {}
                end @ (Appended::Foreign | Appended::Gone) => panic!("{end:?}"),
            }
        }
    }
}

async fn racing_writers_leave_no_gap(bed: &Bed) {
    let (site, start) = new_site(bed, "s").await;
    let handles = [Arc::clone(&bed.store), bed.another().await];
    let writers = (0..WRITERS).map(|number| {
        let store = Arc::clone(&handles[number % handles.len()]);
        tokio::spawn(write(store, site, format!("writer {number}")))
    });
    for end in join_all(writers).await {
        end.unwrap();
    }

    let entries = bed.store.entries(site, 0, usize::MAX).await.unwrap();
    assert_eq!(entries.len(), WRITERS * APPENDS);
    let mut link = start;
    for entry in &entries {
        let text = String::from_utf8(entry.body.to_vec()).unwrap();
        assert_eq!(*entry, edit(link, &text), "each entry stands on the one before");
        assert_eq!(bed.store.touched(site, BranchKey::MAIN, entry.seq).await.unwrap(), [touch(1, entry.seq)]);
        link = super::behind(entry);
    }
    let mut texts: Vec<_> = entries.iter().map(|entry| entry.body.clone()).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), WRITERS * APPENDS, "none is there twice");
}

async fn of_many_that_make_a_site_at_once_one_does(bed: &Bed) {
    let another = bed.another().await;
    let makers = (0..8).map(|number| {
        let store = if number % 2 == 0 { &bed.store } else { &another };
        async move { store.create_site("s", b"{}", number).await.unwrap() }
    });
    let made = join_all(makers).await;
    assert_eq!(made.iter().filter(|(_, new)| *new).count(), 1);
    assert!(made.iter().all(|(site, _)| *site == made[0].0));

    let others = (0..8).map(|number| {
        let store = Arc::clone(&bed.store);
        async move { store.create_site(&format!("s{number}"), b"{}", 1).await.unwrap().0.key }
    });
    let mut keys = join_all(others).await;
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 8);
}

async fn actors_stay_unique_when_tokens_are_made_at_once(bed: &Bed) {
    let another = bed.another().await;
    let makers = (0..8_u8).map(|number| {
        let store = if number % 2 == 0 { &bed.store } else { &another };
        let token = Token {
            id: format!("tok_{number}"),
            name: "Anna".to_owned(),
            actor: "anna".to_owned(),
            hash: [number; 32],
            grant: "{}".to_owned(),
            created_ms: 1,
            expires_ms: None,
            revoked_ms: None,
            used_ms: None,
        };
        async move { store.create_token(token).await.unwrap().actor }
    });
    let mut actors = join_all(makers).await;
    actors.sort();
    assert_eq!(actors, ["anna", "anna-2", "anna-3", "anna-4", "anna-5", "anna-6", "anna-7", "anna-8"]);
}
