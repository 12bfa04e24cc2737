//! Use cases on the in-memory store: from a batch to the log and back, through undo, redo, restore and a restart.

mod keeping;
mod neighbours;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::auth::Principal;
use crate::store::Source;

/// A clock that only moves when asked.
#[derive(Default)]
pub(super) struct Still(AtomicI64);

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts; good enough to tell ids apart.
#[derive(Default)]
pub(super) struct Counted(AtomicU64);

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A service over a store, and a caller.
pub(super) struct House {
    pub(super) service: Arc<Service>,
    pub(super) store: Arc<dyn Store>,
    pub(super) ana: Principal,
}

impl House {
    pub(super) async fn new() -> House {
        let house = House::over(Arc::new(crate::store::Memory::default()), Arc::default());
        house.service.create_site(&house.ana, "demo", serde_json::Map::new()).await.unwrap();
        house
    }

    pub(super) fn over(store: Arc<dyn Store>, chance: Arc<Counted>) -> House {
        let service = Service::new(store.clone(), Arc::new(Still::default()), chance);
        House { service, store, ana: Principal { actor: "ana".into(), ..Principal::operator() } }
    }

    /// The open site itself, as one who may read it comes to it.
    async fn enter(&self, site: &str) -> Result<Arc<super::site::OpenSite>> {
        self.service.enter(&self.ana, site, super::authorize::Deed::Read).await
    }

    /// The same store behind another process.
    async fn restarted(self) -> House {
        self.service.close().await;
        let chance = Counted(AtomicU64::new(1 << 40));
        House::over(self.store, Arc::new(chance))
    }

    async fn ops(&self, ops: Value) -> Result<Answer> {
        self.send(&self.ana, json!({ "site": "demo", "ops": ops })).await
    }

    async fn send(&self, who: &Principal, body: Value) -> Result<Answer> {
        let envelope = serde_json::from_value(body.clone()).unwrap();
        self.service.submit(who, Source::Api, body.to_string().as_bytes(), envelope).await
    }

    async fn page(&self, at: &str, page: &str) -> Value {
        let at = At { reference: Some(at.into()), min_version: None };
        let ready = self.service.page(&self.ana, "demo", &at, page).await.unwrap();
        serde_json::from_slice(&ready.bytes).unwrap()
    }

    async fn heading(&self) -> String {
        self.page("main", "/a").await["blocks"][0]["props"]["text"].as_str().unwrap().to_owned()
    }

    async fn set(&self, text: &str) -> Answer {
        let op = json!([{"op": "update_props", "page": "/a", "block": "blk_h", "patch": {"text": text}}]);
        self.ops(op).await.unwrap()
    }
}

fn page(slug: &str) -> Value {
    json!({"op": "create_page", "slug": slug, "title": "A", "blocks": [
        {"id": format!("blk_{}", if slug == "/a" { "h" } else { &slug[1..] }), "type": "Heading", "props": {"text": "one", "level": 2}}
    ]})
}

#[tokio::test]
async fn a_batch_is_one_version_and_is_read_back() {
    let house = House::new().await;
    let answer = house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    assert_eq!((answer.version, answer.changed, answer.pages.len()), (1, true, 2));
    let read = house.page("main", "/a").await;
    assert_eq!(read["hash"].as_str(), answer.pages.iter().find(|p| p.slug == "/a").unwrap().hash.as_deref());
    assert_eq!(read["version"], 1);
    assert_eq!(house.set("one").await.commit, None, "what changes nothing makes no commit");
}

#[tokio::test]
async fn undo_and_redo_walk_the_pages_stack() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    house.set("two").await;
    house.set("three").await;
    let undo = || house.ops(json!([{"op": "undo", "page": "/a"}]));
    let redo = || house.ops(json!([{"op": "redo", "page": "/a"}]));
    let answer = undo().await.unwrap();
    assert_eq!(answer.results[0].undid.as_ref().unwrap().version, 3);
    assert_eq!(house.heading().await, "two");
    undo().await.unwrap();
    assert_eq!(house.heading().await, "one");
    redo().await.unwrap();
    redo().await.unwrap();
    assert_eq!(house.heading().await, "three");
    assert!(matches!(redo().await, Err(Fault::Refused(p)) if p[0].code.as_str() == "nothing_to_redo"));
    undo().await.unwrap();
    house.set("four").await;
    assert!(redo().await.is_err(), "a newer edit clears redo");
    let status = house.service.history_status(&house.ana, "demo", &At::default(), Some("/a")).await.unwrap();
    assert_eq!((status.can_undo, status.can_redo), (true, false));
}

#[tokio::test]
async fn a_restart_loses_nothing_and_undo_goes_on() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    for text in ["two", "three", "four"] {
        house.set(text).await;
    }
    let before = house.page("main", "/a").await;
    let house = house.restarted().await;
    assert_eq!(house.page("main", "/a").await, before);
    house.ops(json!([{"op": "undo"}])).await.unwrap();
    assert_eq!(house.heading().await, "three");
    house.ops(json!([{"op": "undo", "page": "/a"}])).await.unwrap();
    assert_eq!(house.heading().await, "two");
    assert_eq!(house.page("main@3", "/a").await["blocks"][0]["props"]["text"], "three");
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer() {
    let house = House::new().await;
    let body = json!({"site": "demo", "ops": [page("/a")], "idempotencyKey": "k1"});
    let first = house.send(&house.ana, body.clone()).await.unwrap();
    assert_eq!(house.send(&house.ana, body.clone()).await.unwrap(), first);
    let other = json!({"site": "demo", "ops": [page("/b")], "idempotencyKey": "k1"});
    assert!(matches!(house.send(&house.ana, other).await, Err(Fault::KeyReused)));
    let bo = Principal { actor: "bo".into(), ..Principal::operator() };
    let fresh = json!({"site": "demo", "ops": [page("/b")], "idempotencyKey": "k1"});
    assert_eq!(house.send(&bo, fresh).await.unwrap().version, 2, "keys are kept per principal");
    let house = house.restarted().await;
    assert_eq!(house.send(&house.ana, body).await.unwrap(), first);
    let nothing = json!({"site": "demo", "idempotencyKey": "k2", "ops":
        [{"op": "update_props", "page": "/a", "block": "blk_h", "patch": {"text": "one"}}]});
    let same = house.send(&house.ana, nothing.clone()).await.unwrap();
    assert!(!same.changed);
    assert_eq!(house.send(&house.ana, nothing).await.unwrap(), same);
}

#[tokio::test]
async fn many_writers_at_once_get_each_their_version() {
    let house = Arc::new(House::new().await);
    house.ops(json!([page("/a")])).await.unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|i| {
            let house = house.clone();
            tokio::spawn(async move { house.set(&format!("text {i}")).await.version })
        })
        .collect();
    let mut versions = Vec::new();
    for task in tasks {
        versions.push(task.await.unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=65).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_caller_expects_is_judged() {
    let house = House::new().await;
    let hash = house.ops(json!([page("/a")])).await.unwrap().pages[0].hash.clone().unwrap();
    house.set("two").await;
    let ops = json!([{"op": "update_props", "page": "/a", "block": "blk_h", "patch": {"text": "x"}}]);
    let stale = json!({"site": "demo", "ops": ops, "expectedVersion": 1});
    match house.send(&house.ana, stale).await {
        Err(Fault::VersionConflict { current: 2, commits, .. }) => assert_eq!(commits.len(), 1),
        other => panic!("{other:?}"),
    }
    let stale = json!({"site": "demo", "ops": ops, "ifMatch": {"/a": hash}});
    assert!(matches!(house.send(&house.ana, stale).await, Err(Fault::VersionConflict { .. })));
    let trial = json!({"site": "demo", "ops": ops, "dryRun": true});
    assert_eq!(house.send(&house.ana, trial).await.unwrap().version, 3);
    assert_eq!(house.heading().await, "two", "a trial stores nothing");
}

fn rename(page: &str, slug: &str) -> Value {
    json!([{"op": "rename_page", "page": page, "slug": slug}])
}

fn linking(slug: &str, text: &str) -> Value {
    let block = json!({"id": format!("blk_{}", &slug[1..]), "type": "RichText", "props": {"body": text}});
    json!([{"op": "create_page", "slug": slug, "title": "B", "blocks": [block]}])
}

fn code(refused: Result<Answer>) -> &'static str {
    match refused {
        Err(Fault::Refused(problems)) => problems[0].code.as_str(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn renames_there_and_back_are_undone_and_redone() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    for (from, to) in [("/a", "/a1"), ("/a1", "/a2"), ("/a2", "/a")] {
        house.ops(rename(from, to)).await.unwrap();
    }
    for op in ["undo", "undo", "redo", "redo"] {
        house.ops(json!([{"op": op}])).await.unwrap();
    }
    assert_eq!(house.heading().await, "one");
}

#[tokio::test]
async fn a_removed_page_comes_back_after_a_page_that_linked_to_it_was_removed() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    house.ops(linking("/b", "see [a](/a)")).await.unwrap();
    let removed = house.ops(json!([{"op": "remove_page", "page": "/a"}])).await.unwrap();
    house.ops(json!([{"op": "remove_page", "page": "/b"}])).await.unwrap();
    house.ops(json!([{"op": "undo", "commit": removed.commit}])).await.unwrap();
    assert_eq!(house.heading().await, "one");
}

#[tokio::test]
async fn an_edit_is_undone_after_the_page_its_links_led_to_was_made() {
    let house = House::new().await;
    house.ops(linking("/b", "see [a](/a)")).await.unwrap();
    let before = house.page("main", "/b").await["hash"].clone();
    let edit =
        json!([{"op": "update_props", "page": "/b", "block": "blk_b", "patch": {"body": "look at [a](/a)"}}]);
    let edit = house.ops(edit).await.unwrap();
    house.ops(json!([page("/a")])).await.unwrap();
    house.ops(json!([{"op": "undo", "commit": edit.commit}])).await.unwrap();
    assert_eq!(house.page("main", "/b").await["hash"], before);
}

#[tokio::test]
async fn a_restore_leaves_redo_as_it_is() {
    let house = House::new().await;
    house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    house.set("two").await;
    house.ops(json!([{"op": "update_page_meta", "page": "/b", "patch": {"noindex": true}}])).await.unwrap();
    house.ops(json!([{"op": "undo", "page": "/a"}])).await.unwrap();
    house.ops(json!([{"op": "restore_version", "version": 2, "page": "/b"}])).await.unwrap();
    let status = house.service.history_status(&house.ana, "demo", &At::default(), None).await.unwrap();
    assert_eq!(status.redo.unwrap().version, 2);
    house.ops(json!([{"op": "redo"}])).await.unwrap();
    assert_eq!(house.heading().await, "two");
}

#[tokio::test]
async fn a_conflict_names_the_commit_however_many_came_since() {
    let house = House::new().await;
    house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    let first = house.set("two").await.commit;
    let second = house.set("three").await.commit.unwrap();
    for n in 0..210 {
        let op = json!([{"op": "update_page_meta", "page": "/b", "patch": {"description": n.to_string()}}]);
        house.ops(op).await.unwrap();
    }
    let house = house.restarted().await;
    let undo = json!([{"op": "undo", "commit": first}]);
    match house.ops(undo).await {
        Err(Fault::Refused(problems)) => {
            let more = problems[0].more.clone().unwrap();
            assert_eq!(more["conflicts"][0]["commits"][0]["commit"].as_str(), Some(second.as_str()));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_history_of_a_block_follows_it_from_page_to_page() {
    let house = House::new().await;
    house.ops(json!([page("/a"), page("/b"), page("/c")])).await.unwrap();
    house.set("two").await;
    let go =
        |from: &str, to: &str| json!([{"op": "move_block", "page": from, "block": "blk_h", "toPage": to}]);
    house.ops(go("/a", "/b")).await.unwrap();
    house.ops(go("/b", "/c")).await.unwrap();
    house.ops(json!([{"op": "remove_block", "page": "/c", "block": "blk_h"}])).await.unwrap();
    let query = HistoryQuery { block: Some("blk_h".into()), ..HistoryQuery::default() };
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let paging = Paging { limit: 2, cursor };
        let listed =
            house.service.history(&house.ana, "demo", &At::default(), &query, &paging).await.unwrap();
        found.extend(listed.items.iter().map(|commit| commit.version));
        cursor = listed.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, [5, 4, 3, 2, 1]);
    assert_eq!(
        code(house.ops(json!([{"op": "undo", "commit": "c9-000000000000"}])).await),
        "version_not_found"
    );
}

#[tokio::test]
async fn two_processes_on_one_store_judge_what_the_other_wrote() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    let other = House::over(house.store.clone(), Arc::new(Counted(AtomicU64::new(1 << 40))));
    assert_eq!(other.heading().await, "one");
    let named = house.set("two").await.commit;
    let undone = tokio::time::timeout(
        std::time::Duration::from_secs(5),
        other.ops(json!([{"op": "undo", "commit": named}])),
    );
    assert_eq!(undone.await.unwrap().unwrap().version, 3);
    house.ops(json!([{"op": "redo"}])).await.unwrap();
    house.ops(json!([page("/b")])).await.unwrap();
    let edit = json!([{"op": "update_page_meta", "page": "/b", "patch": {"noindex": true}}]);
    assert_eq!(other.ops(edit).await.unwrap().version, 6, "what is there for one is there for the other");
}

#[tokio::test]
async fn every_version_is_read_as_it_was_in_whatever_order() {
    let house = House::new().await;
    house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    for n in 2..=150_u64 {
        assert_eq!(house.set(&n.to_string()).await.version, n);
    }
    let house = house.restarted().await;
    for n in (2..=150_u64).rev().chain([2, 33, 32, 31, 97, 149]) {
        let read = house.page(&format!("main@{n}"), "/a").await;
        assert_eq!(read["blocks"][0]["props"]["text"].as_str(), Some(n.to_string().as_str()));
    }
}

#[tokio::test]
async fn force_does_not_give_two_pages_one_address() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    let renamed = house.ops(json!([{"op": "rename_page", "page": "/a", "slug": "/z"}])).await.unwrap();
    house.ops(json!([{"op": "create_page", "slug": "/a", "title": "Another"}])).await.unwrap();
    let undo = json!([{"op": "undo", "commit": renamed.commit, "force": true}]);
    match house.ops(undo).await {
        Err(Fault::Refused(problems)) => assert_eq!(problems[0].code.as_str(), "undo_conflict"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_servers_asked_the_same_at_once_write_two_commits() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    house.set("two").await;
    house.set("three").await;
    let other = House::over(house.store.clone(), Arc::new(Counted(AtomicU64::new(1 << 40))));
    other.heading().await;
    let undo = || json!([{"op": "undo", "page": "/a"}]);
    let (one, two) = tokio::join!(house.ops(undo()), other.ops(undo()));
    let mut versions = [one.unwrap().version, two.unwrap().version];
    versions.sort_unstable();
    assert_eq!(
        versions,
        [4, 5],
        "the clock stands still and the bodies are alike, but for the server's salt"
    );
}
