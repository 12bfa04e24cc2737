//! What another server does on the same store.

use super::*;

/// Another server over a house's store.
fn beside(house: &House) -> House {
    House::over(house.store.clone(), Arc::new(Counted(AtomicU64::new(1 << 40))))
}

async fn page_at(house: &House, version: u64, page: &str) -> Value {
    let at = At { reference: None, min_version: Some(version) };
    let ready = house.service.page(&house.ana, "demo", &at, page).await.unwrap();
    serde_json::from_slice(&ready.bytes).unwrap()
}

#[tokio::test]
async fn a_page_that_was_moved_reads_alike_where_its_body_is_not_loaded() {
    let house = House::new().await;
    house.ops(json!([page("/a"), page("/b")])).await.unwrap();
    for turn in 0..100 {
        house.set(&turn.to_string()).await;
    }
    // One that leaves writes a checkpoint of so much, and the next starts from it, without bodies.
    let first = beside(&house);
    first.enter("demo").await.unwrap();
    first.service.close().await;
    let other = beside(&house);
    let open = other.enter("demo").await.unwrap();
    assert!(open.head.load().root.stubs().all(|(_, stub)| stub.body.is_none()));
    house.ops(json!([{"op": "move_page", "page": "/b", "index": 0}])).await.unwrap();
    let here = page_at(&house, 102, "/b").await;
    assert_eq!(here["version"], 102);
    assert_eq!(page_at(&other, 102, "/b").await, here);
    let again = house.restarted().await;
    assert_eq!(page_at(&again, 102, "/b").await, here);
}
