//! Several writers on one store: whatever they do at once, it is as if it had been done in some order, one after another.

use std::collections::BTreeMap;
use std::sync::Arc;

use osier::content::commit::Body;
use osier::service::{Fault, Service};
use osier::store::{Entry, Memory};
use serde_json::{Value, json};

use super::house::House;
use super::on_each_store_holds;
use crate::world::{Answered, Replayed, Step, looks_back, problems, refusal, send};

on_each_store_holds! {
    what_two_servers_do_at_once_is_some_serial_order: 32 histories of 24 steps;
}

/// A question and what became of it, and between which entries of the log that was.
struct Told {
    who: &'static str,
    envelope: Value,
    answered: Answered,
    /// The newest entry when it was asked, and when it was answered.
    between: (u64, u64),
}

/// Steps in turns of up to six at once, each asked of one of two servers. Then: versions without a gap, every
/// acknowledged effect in its place, each answer right for the state it was given on, real-time order, and the same hash
/// after every version where the same batches are sent one after another to a server of its own.
async fn what_two_servers_do_at_once_is_some_serial_order(house: &mut House, steps: &[Step]) {
    let other = house.beside();
    let mut told = Vec::new();
    for turn in steps.chunks(6) {
        let asked: Vec<_> = turn.iter().map(|step| question(house, *step)).collect();
        let before = house.told.link.seq;
        let answers = asked.iter().map(|(who, envelope, at)| {
            let server: &Service = if *at { &house.service } else { &other };
            send(server, &house.site.id, who, envelope.clone())
        });
        let answers = futures::future::join_all(answers).await;
        house.read_on().await;
        let between = (before, house.told.link.seq);
        let told_now = asked.into_iter().zip(answers);
        told.extend(told_now.map(|((who, envelope, _), answered)| Told { who, envelope, answered, between }));
    }
    let log = house.log().await;
    each_answer_is_right_for_its_place(house, &log, &told);
    the_same_one_after_another_is_the_same(house, &log).await;
    assert_eq!(house.served("main").await, house.told.seen());
    other.close().await;
}

/// A deed whose outcome hangs on the state alone: it names no commit, and brings the ids of what it makes.
fn question(house: &mut House, step: Step) -> (&'static str, Value, bool) {
    let (who, mut envelope) = house.deed(step);
    let ops = envelope["ops"].as_array_mut().unwrap();
    for op in ops.iter_mut() {
        if op["op"] == "undo" || op["op"] == "redo" {
            op.as_object_mut().unwrap().remove("commit");
        }
    }
    ops.retain(|op| {
        op["op"] != "duplicate_page"
            && op["op"] != "duplicate_block"
            && !op.to_string().contains("\"items\":[{\"a\"")
    });
    if ops.is_empty() {
        ops.push(json!({"op": "update_site_config", "patch": {"name": format!("N{}", step.1)}}));
    }
    if step.1 % 4 == 0 {
        envelope["idempotencyKey"] = json!(format!("k{}", step.2 % 4));
    }
    (who, envelope, step.2 % 2 == 0)
}

fn each_answer_is_right_for_its_place(house: &House, log: &[Entry], told: &[Told]) {
    let mut states = vec![Replayed::genesis(&house.site)];
    for entry in log {
        let mut next = states[states.len() - 1].clone();
        next.follow(std::slice::from_ref(entry));
        states.push(next);
    }
    let by_commit: BTreeMap<String, &Entry> = log.iter().map(|entry| (entry.commit_id(), entry)).collect();
    for told in told {
        let between = usize::try_from(told.between.0).unwrap()..=usize::try_from(told.between.1).unwrap();
        match &told.answered {
            Ok(answer) if answer.commit.is_some() => {
                let entry = by_commit[answer.commit.as_ref().unwrap()];
                let body = Body::decode(entry.format, &entry.body).unwrap();
                assert_eq!((entry.version, &*entry.who), (Some(answer.version), told.who));
                assert_eq!(json!(body.ops), told.envelope["ops"], "what was acknowledged is what was done");
                let seq = usize::try_from(entry.seq).unwrap();
                let again = told.envelope.get("idempotencyKey").is_some() && seq <= *between.start();
                assert!(again || (seq > *between.start() && seq <= *between.end()), "real-time order");
            }
            Ok(answer) => assert!(!answer.changed, "{answer:?}"),
            Err(Fault::Refused(_)) => {
                let ops = &told.envelope["ops"];
                let mut refusals = states[between].iter().map(|state| refusal(&state.root, ops));
                assert!(
                    looks_back(&ops[0]) || refusals.any(|refusal| refusal == problems(&told.answered)),
                    "no state between asking and answer refuses this: {:?} {:?}",
                    told.envelope,
                    told.answered
                );
            }
            Err(Fault::KeyReused) => assert!(told.envelope.get("idempotencyKey").is_some()),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// The log's batches sent again in its order, to one server on a store of its own.
async fn the_same_one_after_another_is_the_same(house: &House, log: &[Entry]) {
    let mut model = House::new(Arc::new(Memory::default()), "model").await;
    for entry in &log[1..] {
        let Some(version) = entry.version else { continue };
        let body = Body::decode(entry.format, &entry.body).unwrap();
        let answer = model.ask(&entry.who, json!({"ops": body.ops})).await.unwrap();
        assert_eq!(answer.version, version);
        let pages = body.pages.iter().map(|page| (page.slug.clone(), page.hash.map(|hash| hash.to_string())));
        let answered = answer.pages.iter().map(|page| (page.slug.clone(), page.hash.clone()));
        assert_eq!(pages.collect::<Vec<_>>(), answered.collect::<Vec<_>>());
        assert_eq!(
            model.told.hash(),
            house.hashes[usize::try_from(version).unwrap()],
            "after version {version}"
        );
    }
    model.service.close().await;
}
