//! Asking a service, and what a state alone would answer.

use osier::content::batch;
use osier::content::document::Root;
use osier::content::id::Mint;
use osier::content::problem::{Halt, Problem};
use osier::service::{Answer, Envelope, Fault, Principal, Service, Source};
use serde_json::{Value, json};

pub type Answered = Result<Answer, Fault>;

/// Where each problem is and its code.
pub type Refusal = Vec<(Option<usize>, String, &'static str)>;

/// Sends an envelope to a site, as one of its actors.
pub async fn send(service: &Service, site: &str, who: &str, mut envelope: Value) -> Answered {
    envelope["site"] = json!(site);
    let who = Principal { actor: who.into(), ..Principal::operator() };
    let request = envelope.to_string();
    let envelope: Envelope = serde_json::from_value(envelope).unwrap();
    service.submit(&who, Source::Api, request.as_bytes(), envelope).await
}

/// The problems of a refusal.
pub fn problems(answered: &Answered) -> Option<Refusal> {
    match answered {
        Err(Fault::Refused(problems)) => Some(told(problems)),
        _ => None,
    }
}

/// What a state has against a batch of ordinary ops; `None` where it takes it.
pub fn refusal(root: &Root, ops: &Value) -> Option<Refusal> {
    let asked = batch::read(ops.as_array().unwrap().clone());
    match batch::lower(root.clone(), &asked, &mut Counted(0)) {
        Err(Halt::Refused(found)) => Some(told(&found)),
        _ => None,
    }
}

/// Whether an op asks about history: alone in its batch, and not judged on a state alone.
pub fn looks_back(op: &Value) -> bool {
    ["undo", "redo", "restore_version"].iter().any(|name| op["op"] == *name)
}

fn told(problems: &[Problem]) -> Refusal {
    problems.iter().map(|p| (p.op, p.pointer.clone(), p.code.as_str())).collect()
}

/// Ids that nobody else has.
struct Counted(u128);

impl Mint for Counted {
    fn mint(&mut self) -> [u8; 16] {
        self.0 += 1;
        self.0.to_be_bytes()
    }
}
