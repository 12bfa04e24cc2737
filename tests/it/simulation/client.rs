//! A client: asks, writes down what it was told, and asks again under the same key where it can't know.

use std::sync::Arc;
use std::time::Duration;

use osier::service::Fault;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::journal::{Asked, Outcome};
use super::town::{Running, SITE, Town};
use crate::world::{Answered, Step, batch, looking_back, looks_back, problems, refusal, send};

/// How often a client asks again.
const PATIENCE: usize = 40;

pub async fn live(town: Arc<Town>, client: usize, asks: usize) {
    for n in 0..asks {
        sleep(Duration::from_millis(town.disk.chance.below(60))).await;
        ask(&town, client, n).await;
    }
}

async fn ask(town: &Town, client: usize, n: usize) {
    let (mark, who) = (format!("c{client} n{n}"), format!("client-{client}"));
    let ops = json!(ops(town, &format!("c{client}n{n}")));
    let mut envelope = json!({"ops": ops, "summary": mark});
    let keyed = !town.disk.chance.once_in(3);
    if keyed {
        envelope["idempotencyKey"] = json!(mark);
    }
    let (from, seq, back) = (town.journal.moment(), town.newest(), town.times_back());
    let mut outcome = Outcome::Unknown;
    for attempt in 0..if keyed { PATIENCE } else { 1 } {
        let server = town.server();
        // A server that is killed never answers: the connection is cut after a while.
        let sent = send(&server.service, SITE, &who, envelope.clone());
        let Ok(answered) = timeout(Duration::from_secs(12), sent).await else { continue };
        if server.is_killed() {
            continue;
        }
        let same_time = back == town.times_back();
        if let Some(known) = judge(town, &answered, &ops, if same_time { seq } else { 0 }, same_time) {
            if let (Outcome::Done(answer), true) = (&known, same_time) {
                read(town, &server, answer.version).await;
            }
            // What was sent before and never answered may still arrive.
            outcome = if attempt > 0 && matches!(known, Outcome::Refused) { Outcome::Unknown } else { known };
            break;
        }
        sleep(Duration::from_millis(100 + town.disk.chance.below(400))).await;
    }
    let (to, times_back) = (town.journal.moment(), (back, town.times_back()));
    town.journal.write(Asked { mark, ops, outcome, from, to, times_back });
}

/// Most are ordinary; what they meet may have changed by the time they are judged.
fn ops(town: &Town, fresh: &str) -> Vec<Value> {
    let chance = &town.disk.chance;
    let step =
        || -> Step { (chance.byte() % 64, chance.byte() % 64, chance.byte() % 64, chance.byte() % 64) };
    let root = town.follow().root;
    if chance.once_in(6) {
        return vec![looking_back(&root, step(), &[])];
    }
    let steps: Vec<Step> = (0..1 + chance.below(2)).map(|_| step()).collect();
    batch(&root, &steps, fresh)
}

/// What an answer means; `None`: nobody can know, ask again.
fn judge(town: &Town, answered: &Answered, ops: &Value, seq: u64, same_time: bool) -> Option<Outcome> {
    match answered {
        Ok(answer) => Some(Outcome::Done(answer.clone())),
        Err(Fault::Refused(_)) => {
            let mut refusals = town.states(seq, u64::MAX).into_iter().map(|state| refusal(&state.root, ops));
            let right = looks_back(&ops[0]) || refusals.any(|refusal| refusal == problems(answered));
            assert!(right || !same_time, "no state since entry {seq} refuses {ops}: {answered:?}");
            Some(Outcome::Refused)
        }
        Err(Fault::Full(_)) => Some(Outcome::Refused),
        Err(Fault::Internal(_) | Fault::VersionNotFound(_)) if !same_time && !strict() => None,
        Err(Fault::Unavailable(_)) => None,
        Err(other) => panic!("{other:?} to {ops}"),
    }
}

/// Whether the writer's known gap counts too: it says `Internal` or `VersionNotFound` to an undo where the store goes back
/// in time while it is judged.
pub fn strict() -> bool {
    std::env::var_os("OSIER_STRICT").is_some()
}

async fn read(town: &Town, server: &Running, version: u64) {
    if town.disk.chance.once_in(3) {
        // Not for ever: the server may have been killed since.
        let _ = timeout(Duration::from_secs(5), town.read_own_write(server, version)).await;
    }
}
