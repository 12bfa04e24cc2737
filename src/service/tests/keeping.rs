//! What an open site costs, and what following one gives.

use std::time::Duration;

use super::*;
use crate::store::{Log, Registry};

const PAGES: u64 = 12;

/// A house with limits, the clock of which is in our hands.
fn limited(limits: Limits) -> (House, Arc<Still>) {
    let store: Arc<dyn Store> = Arc::new(crate::store::Memory::default());
    let clock = Arc::new(Still::default());
    let service = Service::with(store.clone(), clock.clone(), Arc::new(Counted::default()), limits);
    (House { service, store, ana: Principal { actor: "ana".into(), ..Principal::operator() } }, clock)
}

fn edit(page: u64, text: &str) -> Value {
    json!([{"op": "update_props", "page": format!("/p{page}"), "block": format!("blk_p{page}"), "patch": {"text": text}}])
}

async fn planted(limits: Limits) -> (House, Arc<Still>) {
    let (house, clock) = limited(limits);
    house.service.create_site(&house.ana, "demo", serde_json::Map::new()).await.unwrap();
    for number in 0..PAGES {
        house.ops(json!([page(&format!("/p{number}"))])).await.unwrap();
    }
    (house, clock)
}

#[tokio::test(start_paused = true)]
async fn bodies_beyond_the_budget_are_let_go_and_read_again() {
    let budget = 2500;
    let (house, _) = planted(Limits { state_bytes: budget, ..Limits::default() }).await;
    let roomy = planted(Limits::default()).await.0;
    for turn in 0..3 {
        for number in 0..PAGES {
            for house in [&house, &roomy] {
                house.ops(edit(number, &format!("{turn}"))).await.unwrap();
            }
        }
        for house in [&house, &roomy] {
            house.ops(json!([{"op": "undo", "page": "/p0"}])).await.unwrap();
        }
    }
    // Two rounds at once keep what they work on, and no more.
    let (used, all) = (house.service.outside.budget.used(), roomy.service.outside.budget.used());
    assert!(used <= budget + 800 && all > 2 * budget, "{used} of {all} bytes");
    for number in 0..PAGES {
        let slug = format!("/p{number}");
        assert_eq!(house.page("main", &slug).await["hash"], roomy.page("main", &slug).await["hash"]);
    }
    house.service.close().await;
    assert_eq!(house.service.outside.budget.used(), 0, "a closed site gives everything back");
}

#[tokio::test(start_paused = true)]
async fn a_site_that_nobody_asks_for_is_closed_and_opened_again() {
    let limits = Limits { idle: Duration::from_secs(60), ..Limits::default() };
    let (house, clock) = planted(limits).await;
    let open = |house: &House| house.service.sites.all().len();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(open(&house), 1, "a moment is not idle");

    let events = house.service.events(&house.ana, "demo", None).await.unwrap();
    clock.0.fetch_add(120_000, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(open(&house), 1, "it is followed");

    drop(events);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(open(&house), 0);
    assert_eq!(house.service.outside.budget.used(), 0);
    let answer = house.ops(edit(3, "again")).await.unwrap();
    assert_eq!((answer.version, open(&house)), (PAGES + 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_meets_a_closing_site_is_taken_by_the_next() {
    let (house, _) = planted(Limits::default()).await;
    let house = Arc::new(house);
    let writers: Vec<_> = (0..PAGES)
        .map(|number| {
            let house = house.clone();
            tokio::spawn(async move {
                for turn in 0..20 {
                    house.ops(edit(number, &format!("{turn}"))).await.unwrap();
                }
            })
        })
        .collect();
    for _ in 0..50 {
        let open = house.enter("demo").await.unwrap();
        open.finish().await;
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(house.enter("demo").await.unwrap().feed.news().version, PAGES * 21);
}

#[tokio::test(start_paused = true)]
async fn a_laggard_is_told_to_read_anew_and_who_comes_back_is_told_all() {
    let (house, _) = planted(Limits::default()).await;
    let mut slow = house.service.events(&house.ana, "demo", None).await.unwrap();
    house.ops(edit(0, "first")).await.unwrap();
    assert!(matches!(slow.next().await.unwrap().unwrap()[0], Event::Entry { seq, .. } if seq == PAGES + 1));
    let last = PAGES + 1 + 4200;
    for turn in 0..4200 {
        house.ops(edit(1, &format!("{turn}"))).await.unwrap();
    }
    assert_eq!(slow.next().await.unwrap(), Some(vec![Event::Resync { seq: last }]));
    house.ops(edit(0, "second")).await.unwrap();
    assert!(matches!(slow.next().await.unwrap().unwrap()[0], Event::Entry { seq, .. } if seq == last + 1));

    let mut back = house.service.events(&house.ana, "demo", Some(3)).await.unwrap();
    let mut seqs = Vec::new();
    while seqs.last() != Some(&(last + 1)) {
        for event in back.next().await.unwrap().unwrap() {
            match event {
                Event::Entry { seq, .. } => seqs.push(seq),
                Event::Resync { .. } => panic!("it named where it was"),
            }
        }
    }
    assert_eq!(seqs, (4..=last + 1).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn servers_that_write_one_site_at_full_speed_all_get_on() {
    let (house, _) = planted(Limits::default()).await;
    let mut houses = vec![Arc::new(house)];
    for number in 1..4 {
        let chance = Arc::new(Counted(AtomicU64::new(number << 40)));
        houses.push(Arc::new(House::over(houses[0].store.clone(), chance)));
    }
    let writers: Vec<_> = (0..PAGES)
        .map(|number| {
            let house = houses[usize::try_from(number).unwrap() % houses.len()].clone();
            tokio::spawn(async move {
                for turn in 0..30 {
                    house.ops(edit(number, &format!("{turn}"))).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for house in &houses {
        let at = At { reference: None, min_version: Some(PAGES * 31) };
        house.service.page(&house.ana, "demo", &at, "/p0").await.unwrap();
        assert_eq!(house.enter("demo").await.unwrap().feed.news().version, PAGES * 31);
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_commit_that_is_being_undone_is_not_undone_again() {
    let (house, clock) = planted(Limits::default()).await;
    let first = house.ops(edit(0, "first")).await.unwrap();
    let store = house.store.clone();
    house.service.close().await;
    // Opened anew, the writer has none of these commits in memory.
    let service = Service::new(store.clone(), clock, Arc::new(Counted(AtomicU64::new(1 << 40))));
    let house = House { service, store, ana: house.ana.clone() };
    house.enter("demo").await.unwrap();
    let undo = || house.ops(json!([{"op": "undo", "commit": first.commit}]));
    let back = || house.ops(edit(0, "first"));
    let (one, set, two) = tokio::join!(undo(), back(), undo());
    assert!(one.unwrap().changed && set.unwrap().changed);
    assert_eq!(code(two), "nothing_to_undo");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_went_back_in_time_is_noticed_while_nobody_writes() {
    let memory = Arc::new(crate::store::Memory::default());
    let house = House::over(memory.clone(), Arc::default());
    house.service.create_site(&house.ana, "demo", serde_json::Map::new()).await.unwrap();
    for number in 0..PAGES {
        house.ops(json!([page(&format!("/p{number}"))])).await.unwrap();
    }
    let mut follower = house.service.events(&house.ana, "demo", None).await.unwrap();
    let older = crate::store::Memory::default();
    let (site, _) = older.create_site("demo", b"{}", 0).await.unwrap();
    let kept = house.store.entries(site.key, 0, 5).await.unwrap();
    let after = older.head(site.key).await.unwrap();
    let append = crate::store::Append {
        after,
        entries: kept,
        touched: Vec::new(),
        relive: Vec::new(),
        blobs: Vec::new(),
    };
    older.append(site.key, &append).await.unwrap();
    memory.go_back_to(&older);
    let told = tokio::time::timeout(Duration::from_secs(5), follower.next()).await.unwrap().unwrap();
    assert_eq!(told, Some(vec![Event::Resync { seq: 5 }]));
    assert_eq!(house.enter("demo").await.unwrap().head.load().root.version, 5);
}
