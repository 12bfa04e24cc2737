//! What a batch is: all or nothing, the same as its ops in turn, the same when it is only tried, the same when it is repeated.

use osier::service::{Answer, Fault};
use serde_json::{Value, json};

use super::house::House;
use super::on_each_store_holds;
use crate::world::{Step, looks_back, problems};

on_each_store_holds! {
    a_batch_is_its_ops_one_by_one: 40 histories of 16 steps;
    a_refused_batch_changes_nothing: 16 histories of 20 steps;
    a_dry_run_answers_what_the_batch_then_answers_and_stores_nothing: 16 histories of 20 steps;
    a_key_that_is_repeated_gets_the_first_answer_and_does_nothing: 32 histories of 16 steps;
}

/// Whether every id in an op comes from its caller.
fn names_all_it_makes(op: &Value) -> bool {
    let copies = ["duplicate_page", "duplicate_block"].iter().any(|name| op["op"] == *name);
    !copies && !looks_back(op) && !op.to_string().contains("{\"a\":\"x\",\"q\":\"two\"}")
}

/// Ops lowered one by one = lowered as a batch, where their ids are given.
async fn a_batch_is_its_ops_one_by_one(house: &mut House, steps: &[Step]) {
    let mut other = House::new(house.store.clone(), &format!("{}-one-by-one", house.site.id)).await;
    for steps in steps.chunks(2) {
        let mut ops: Vec<Value> = steps.iter().flat_map(|step| house.ops(*step)).collect();
        ops.retain(names_all_it_makes);
        if ops.is_empty() || house.ask("ana", json!({"ops": ops})).await.is_err() {
            continue;
        }
        for op in &ops {
            other.ask("ana", json!({"ops": [op]})).await.unwrap();
        }
        assert_eq!(house.told.hash(), other.told.hash(), "{ops:?}");
    }
    other.service.close().await;
}

/// Nothing in the log, nothing served otherwise, nothing judged otherwise after it.
async fn a_refused_batch_changes_nothing(house: &mut House, steps: &[Step]) {
    for step in steps {
        let before = house.served("main").await;
        let mut ops = house.ops(*step);
        ops.push(json!({"op": "remove_block", "page": "/", "block": "blk_nowhere"}));
        if step.1 % 2 == 0 {
            ops.rotate_right(1);
        }
        let head = house.told.link;
        assert!(problems(&house.ask("ana", json!({"ops": ops})).await).is_some());
        assert_eq!(house.store.head(house.site.key).await.unwrap(), head);
        assert_eq!(house.served("main").await, before);
        let _ = house.step(*step).await;
    }
}

/// An answer without what only a stored batch has.
fn trial(answer: &Answer) -> Answer {
    Answer { commit: None, dry_run: true, ..answer.clone() }
}

/// dryRun answers what the real one then answers, refusals too.
async fn a_dry_run_answers_what_the_batch_then_answers_and_stores_nothing(house: &mut House, steps: &[Step]) {
    for step in steps {
        let (who, mut envelope) = house.deed(*step);
        let ops = envelope["ops"].as_array_mut().unwrap();
        ops.retain(|op| names_all_it_makes(op) || looks_back(op));
        if ops.is_empty() {
            continue;
        }
        let (head, before) = (house.told.link, house.served("main").await);
        let mut dry = envelope.clone();
        dry["dryRun"] = json!(true);
        let tried = house.ask(who, dry).await;
        assert_eq!(house.store.head(house.site.key).await.unwrap(), head, "a trial stores nothing");
        assert_eq!(house.served("main").await, before);
        let done = house.ask(who, envelope).await;
        match (&tried, &done) {
            (Ok(tried), Ok(done)) => assert_eq!(*tried, trial(done)),
            (Err(_), Err(_)) => assert_eq!(problems(&tried), problems(&done)),
            _ => panic!("tried: {tried:?}; done: {done:?}"),
        }
    }
}

/// Keyed repeat = same answer, at once, later, and from another process; the key with another body is refused, and so
/// does another caller's key stand apart.
async fn a_key_that_is_repeated_gets_the_first_answer_and_does_nothing(house: &mut House, steps: &[Step]) {
    let mut given: Vec<(&str, Value, Answer)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let (who, mut envelope) = house.deed(*step);
        envelope["idempotencyKey"] = json!(format!("key {at}"));
        if let Ok(answer) = house.ask(who, envelope.clone()).await {
            given.push((who, envelope, answer));
        }
        if step.2 % 8 == 0 {
            house.reopen(step.3 % 2 == 0).await;
        }
        let Some((who, envelope, answer)) = given.get(usize::from(step.1) % given.len().max(1)).cloned()
        else {
            continue;
        };
        let head = house.told.link;
        assert_eq!(house.ask(who, envelope.clone()).await.unwrap(), answer);
        let mut other = envelope;
        other["summary"] = json!("another body");
        assert!(matches!(house.ask(who, other).await, Err(Fault::KeyReused)));
        assert_eq!(house.told.link, head, "a repeated key does nothing");
    }
}
