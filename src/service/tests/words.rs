//! What a refusal tells to do next: it is taken.

use serde_json::{Value, json};

use super::{House, page};
use crate::error::Failure;
use crate::service::{Answer, At, Fault, Result};

/// A page whose heading was set three times, and the first of these commits undone by force.
async fn forced() -> (House, Answer) {
    let house = House::new().await;
    house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    let first = house.set("A1").await;
    house.set("A2").await;
    house.set("A3").await;
    let undo = json!([{"op": "undo", "commit": first.commit, "force": true}]);
    house.ops(undo).await.unwrap();
    (house, first)
}

fn told(answer: Result<Answer>) -> (&'static str, String, Value) {
    let failure = Failure::from(answer.expect_err("it is refused"));
    (failure.kind.code, failure.detail, failure.more.into())
}

#[tokio::test]
async fn where_an_undo_stands_against_an_undo_redo_is_named_and_takes_it_back() {
    for restart in [false, true] {
        let (mut house, _) = forced().await;
        if restart {
            house = house.restarted().await;
        }
        let undo = || house.ops(json!([{"op": "undo", "page": "/a"}]));
        let (code, detail, more) = told(undo().await);
        assert_eq!((code, &more["conflicts"][0]["commits"][0]["kind"]), ("undo_conflict", &json!("undo")));
        let step =
            "First send `redo` with `page` \"/a\", which takes the undo in version 5 back; or send `force`";
        assert!(detail.contains(step), "{detail}");
        house.ops(json!([{"op": "redo", "page": "/a"}])).await.unwrap();
        assert_eq!(house.heading().await, "A3");
        undo().await.unwrap();
        assert_eq!(house.heading().await, "A2");
    }
}

#[tokio::test]
async fn where_redo_no_longer_takes_an_undo_back_it_is_not_named() {
    let (house, _) = forced().await;
    house
        .ops(json!([{"op": "update_props", "page": "/a", "block": "blk_h", "patch": {"level": 3}}]))
        .await
        .unwrap();
    house.ops(json!([{"op": "undo", "page": "/a"}])).await.unwrap();
    let (_, detail, _) = told(house.ops(json!([{"op": "undo", "page": "/a"}])).await);
    assert!(!detail.contains("redo") && detail.contains("Send `force`"), "{detail}");
    house.ops(json!([{"op": "undo", "page": "/a", "force": true}])).await.unwrap();
    assert_eq!(house.heading().await, "A2");
}

#[tokio::test]
async fn where_a_redo_or_an_edit_stands_against_an_undo_the_commit_to_undo_is_named() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    let first = house.set("A1").await.commit;
    let second = house.set("A2").await.commit.unwrap();
    let undo_first = || house.ops(json!([{"op": "undo", "commit": first}]));
    let (_, detail, _) = told(undo_first().await);
    assert!(detail.contains(&format!("First undo version 3 (`commit`: \"{second}\")")), "{detail}");
    house.ops(json!([{"op": "undo"}])).await.unwrap();
    house.ops(json!([{"op": "redo"}])).await.unwrap();
    let (_, detail, _) = told(undo_first().await);
    let step =
        format!("First undo version 3 (`commit`: \"{second}\"), which the redo in version 5 brought back");
    assert!(detail.contains(&step), "{detail}");
    house.ops(json!([{"op": "undo", "commit": second}])).await.unwrap();
    undo_first().await.unwrap();
    assert_eq!(house.heading().await, "one");
}

#[tokio::test]
async fn an_undo_and_a_redo_that_are_to_be_undone_are_called_what_they_are() {
    let house = House::new().await;
    house.ops(json!([page("/a")])).await.unwrap();
    house.set("two").await;
    let undo = house.ops(json!([{"op": "undo"}])).await.unwrap().commit;
    let redo = house.ops(json!([{"op": "redo"}])).await.unwrap().commit;
    for (commit, words) in
        [(undo, "is itself an undo: `redo` takes it back"), (redo, "is itself a redo: undo the")]
    {
        let (_, detail, _) = told(house.ops(json!([{"op": "undo", "commit": commit}])).await);
        assert!(detail.contains(words), "{detail}");
    }
    let (code, detail, _) = told(house.ops(json!([{"op": "redo"}])).await);
    assert_eq!(code, "nothing_to_redo");
    assert!(detail.ends_with("there is nothing to redo: the newest change here is not an undo"), "{detail}");
}

#[tokio::test]
async fn a_version_that_is_not_there_yet_is_said_to_be_none() {
    let house = House::new().await;
    let trial = json!({"site": "demo", "ops": [page("/a")], "dryRun": true});
    let expected = house.send(&house.ana, trial).await.unwrap().version;
    let early = json!({"site": "demo", "ops": [page("/a")], "expectedVersion": expected});
    let (code, detail, more) = told(house.send(&house.ana, early).await);
    assert_eq!((code, detail.as_str()), ("version_conflict", "there is no version 1 yet: main is at 0"));
    assert_eq!(more["commits"], json!([]));
}

#[tokio::test]
async fn a_page_that_is_not_as_expected_is_told_with_the_commits_that_touched_it() {
    let house = House::new().await;
    let made = house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    let hash = made.pages.iter().find(|page| page.slug == "/a").unwrap().hash.clone();
    house.set("two").await;
    let other = json!([{"op": "update_props", "page": "/b", "block": "blk_b", "patch": {"text": "x"}}]);
    house.ops(other.clone()).await.unwrap();
    for more in [json!({}), json!({"expectedVersion": 3})] {
        let mut stale = json!({"site": "demo", "ops": other, "ifMatch": {"/a": hash}});
        stale.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        match house.send(&house.ana, stale).await {
            Err(Fault::VersionConflict { commits, .. }) => {
                let versions: Vec<u64> = commits.iter().map(|commit| commit.version).collect();
                assert_eq!(versions, [2, 1]);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_batch_of_no_ops_is_told_that_it_is_empty() {
    let house = House::new().await;
    let (_, detail, _) = told(house.ops(json!([])).await);
    assert_eq!(detail, "/ops: `ops` is empty: a batch has 1 to 500 ops");
}

#[tokio::test]
async fn a_page_that_was_renamed_is_told_with_where_it_went() {
    let house = House::new().await;
    house.ops(json!([page("/menu")])).await.unwrap();
    house.ops(json!([{"op": "rename_page", "page": "/menu", "slug": "/karte"}])).await.unwrap();
    let at = At { reference: None, min_version: None };
    for name in ["/menu", "menu", "/Menu/"] {
        let fault = house.service.page(&house.ana, "demo", &at, name).await.expect_err("it is gone");
        let failure = Failure::from(fault);
        assert!(failure.detail.ends_with("a redirect leads from there to '/karte'"), "{}", failure.detail);
        assert_eq!((failure.kind.code, &failure.more["redirectTo"]), ("page_not_found", &json!("/karte")));
    }
    let (code, detail, more) = told(house.ops(json!([{"op": "remove_page", "page": "/menu"}])).await);
    assert!(
        detail.ends_with("there is no page '/menu'; a redirect leads from there to '/karte'"),
        "{detail}"
    );
    assert_eq!((code, &more["redirectTo"]), ("page_not_found", &json!("/karte")));
}
