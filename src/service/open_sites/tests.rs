//! How a site is opened while callers come and go.

use std::time::Duration;

use super::*;
use crate::service::tests::House;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_site_is_opened_to_its_end_though_its_caller_goes_away() {
    let folder = tempfile::TempDir::new().unwrap();
    let address = format!("sqlite:{}", folder.path().join("osier.db").display());
    let store = crate::store::open(&address).await.unwrap();
    store.create_site("demo", b"{}", 1).await.unwrap();
    let house = House::over(store, Arc::default());
    let mut first = Box::pin(house.service.open("demo"));
    assert!(futures::poll!(&mut first).is_pending());
    drop(first);
    let opened = async {
        while house.service.opened("demo").is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.unwrap();
}

#[tokio::test]
async fn sites_are_opened_beside_each_other_and_each_once() {
    let house = House::new().await;
    house.store.create_site("other", b"{}", 1).await.unwrap();
    let slow = house.service.sites.gate("slow").lock_owned().await;
    let other = || tokio::time::timeout(PATIENCE, house.service.open("other"));
    let (one, two) = tokio::join!(other(), other());
    assert!(Arc::ptr_eq(&one.unwrap().unwrap(), &two.unwrap().unwrap()));
    drop(slow);
    house.service.sites.gate("last");
    assert_eq!(house.service.sites.gates.lock().unwrap().len(), 1, "who waits for nothing has no gate");
}

#[tokio::test]
async fn a_service_that_closes_meanwhile_keeps_no_site_open() {
    let house = House::new().await;
    let open = house.service.open("demo").await.unwrap();
    house.service.close().await;
    assert!(!house.service.sites.list("demo".into(), &open));
    assert!(house.service.sites.all().is_empty());
    assert!(matches!(house.service.open("demo").await, Err(Fault::Unavailable(_))));
}

#[tokio::test]
async fn a_site_that_was_removed_is_let_go_and_the_new_one_of_its_id_is_not() {
    let house = House::new().await;
    let old = house.service.open("demo").await.unwrap();
    house.store.remove_site(old.site.key, 1).await.unwrap();
    old.leave();
    house.service.create_site(&house.ana, "demo", serde_json::Map::new()).await.unwrap();
    let new = house.service.open("demo").await.unwrap();
    assert!(!Arc::ptr_eq(&new, &old));
    house.service.sites.part_with(&old);
    assert!(house.service.opened("demo").is_some_and(|open| Arc::ptr_eq(&open, &new)));
    house.service.sites.part_with(&new);
    assert!(house.service.sites.all().is_empty());
}
