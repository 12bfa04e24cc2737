//! The log against the journal: what every fault must leave true.

use std::collections::HashMap;

use osier::store::commit_seq;
use serde_json::Value;

use super::journal::Ack;
use super::load::Left;
use super::run::{Run, ms};
use super::stage::{Door, PAIRS, twins};
use crate::harness::{SITE, page_path};

/// A commit as the history tells it.
struct Commit {
    version: u64,
    id: String,
    summary: String,
    ops: u64,
    pages: usize,
}

/// Holds the log against what the writers noted. Every writer has a definite answer by now, so both must agree in
/// each direction.
pub async fn judge(door: &Door, left: &Left, run: &mut Run) {
    let log = history(door).await;
    versions_and_numbers_have_no_gap(&log);
    let written: Vec<&Commit> = log.iter().filter(|commit| commit.summary.starts_with('w')).collect();
    every_batch_is_whole(&written);
    the_log_has_what_was_acknowledged_once_and_nothing_else(&written, &left.acks);
    answers_are_in_the_order_of_time(&left.acks);
    pages_are_as_the_log_says(door, &written, &left.acks).await;

    run.figure("acknowledged", left.acks.len());
    run.figure("lost", 0);
    run.figure("repeated_after_answer", left.tally.repeated);
    run.figure("unknown_then_resolved", left.tally.broken + left.tally.torn + left.tally.silent);
    run.figure("refused", serde_json::to_value(&left.tally.refused).unwrap());
    run.figure("slowest_answer_ms", ms(left.tally.slowest));
}

/// All commits, oldest first.
async fn history(door: &Door) -> Vec<Commit> {
    let (mut log, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = door.get(&format!("/sites/{SITE}/history?limit=500{cursor}")).await;
        log.extend(page["items"].as_array().unwrap().iter().map(commit));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    log.reverse();
    log
}

fn commit(item: &Value) -> Commit {
    Commit {
        version: item["version"].as_u64().unwrap(),
        id: item["commit"].as_str().unwrap().to_owned(),
        summary: item["summary"].as_str().unwrap_or_default().to_owned(),
        ops: item["opCount"].as_u64().unwrap(),
        pages: item["pages"].as_array().unwrap().len(),
    }
}

fn versions_and_numbers_have_no_gap(log: &[Commit]) {
    for (at, commit) in (1..).zip(log) {
        assert_eq!(commit.version, at, "versions are given once and without a gap");
    }
    let seqs: Vec<u64> = log.iter().map(|commit| commit_seq(&commit.id).unwrap()).collect();
    // Nothing but commits was written, so their numbers follow each other as the versions do.
    assert!(seqs.windows(2).all(|two| two[1] == two[0] + 1), "a gap in the log: {seqs:?}");
}

fn every_batch_is_whole(written: &[&Commit]) {
    for commit in written {
        assert_eq!((commit.ops, commit.pages), (2, 2), "{} was halved", commit.summary);
    }
}

fn the_log_has_what_was_acknowledged_once_and_nothing_else(written: &[&Commit], acks: &[Ack]) {
    let mut by_key: HashMap<&str, &Commit> = HashMap::new();
    for commit in written {
        let twice = by_key.insert(&commit.summary, commit);
        assert!(twice.is_none(), "the key {} was applied twice", commit.summary);
    }
    for ack in acks {
        let Some(commit) = by_key.remove(ack.key.as_str()) else { panic!("acknowledged and lost: {ack:?}") };
        assert_eq!((commit.version, &commit.id), (ack.version, &ack.commit), "{ack:?} was another commit");
    }
    assert!(by_key.is_empty(), "in the log, and nobody was told: {:?}", by_key.keys());
}

/// What was acknowledged before another was sent has the smaller version.
fn answers_are_in_the_order_of_time(acks: &[Ack]) {
    let mut by_sending: Vec<&Ack> = acks.iter().collect();
    by_sending.sort_by_key(|ack| ack.sent_us);
    let mut by_answer: Vec<&Ack> = acks.iter().collect();
    by_answer.sort_by_key(|ack| ack.acked_us);
    let (mut answered, mut floor) = (by_answer.into_iter().peekable(), 0);
    for ack in by_sending {
        while let Some(earlier) = answered.next_if(|earlier| earlier.acked_us < ack.sent_us) {
            floor = floor.max(earlier.version);
        }
        assert!(ack.version > floor, "{ack:?} was sent when {floor} had been acknowledged");
    }
}

async fn pages_are_as_the_log_says(door: &Door, written: &[&Commit], acks: &[Ack]) {
    let pairs: HashMap<&str, usize> = acks.iter().map(|ack| (ack.key.as_str(), ack.pair)).collect();
    let mut last = ["new"; PAIRS];
    for commit in written {
        last[pairs[commit.summary.as_str()]] = &commit.summary;
    }
    for (pair, text) in last.into_iter().enumerate() {
        for page in twins(pair) {
            let body = door.get(&page_path(&format!("/{page}"))).await;
            assert_eq!(body["blocks"][0]["props"]["text"], text, "{page}");
        }
    }
}

/// The rules themselves: what they must refuse.
mod the_rules {
    use super::*;

    fn ack(key: &str, version: u64, sent_us: u64, acked_us: u64) -> Ack {
        Ack { key: key.into(), pair: 0, version, commit: format!("c{version}-x"), sent_us, acked_us }
    }

    fn commit(summary: &str, version: u64) -> Commit {
        Commit { version, id: format!("c{version}-x"), summary: summary.into(), ops: 2, pages: 2 }
    }

    fn agree(commits: &[Commit], acks: &[Ack]) {
        the_log_has_what_was_acknowledged_once_and_nothing_else(&commits.iter().collect::<Vec<_>>(), acks);
    }

    #[test]
    fn a_log_that_agrees_is_taken() {
        agree(&[commit("w1-1", 1)], &[ack("w1-1", 1, 0, 1)]);
    }

    #[test]
    #[should_panic(expected = "acknowledged and lost")]
    fn a_lost_answer_is_seen() {
        agree(&[], &[ack("w1-1", 1, 0, 1)]);
    }

    #[test]
    #[should_panic(expected = "applied twice")]
    fn a_key_applied_twice_is_seen() {
        agree(&[commit("w1-1", 1), commit("w1-1", 2)], &[ack("w1-1", 1, 0, 1)]);
    }

    #[test]
    #[should_panic(expected = "without a gap")]
    fn a_gap_is_seen() {
        versions_and_numbers_have_no_gap(&[commit("w1-1", 1), commit("w1-2", 3)]);
    }

    #[test]
    #[should_panic(expected = "was sent when 2 had been acknowledged")]
    fn an_answer_against_time_is_seen() {
        answers_are_in_the_order_of_time(&[ack("w1-1", 2, 0, 5), ack("w1-2", 1, 6, 9)]);
    }
}
