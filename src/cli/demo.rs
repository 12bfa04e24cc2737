//! The demo site: a basket workshop with a history worth looking at.

use serde_json::{Map, Value};

use super::Stop;
use crate::service::{Envelope, Fault, IdempotencyKey, Principal, Service, Source};

const SITE: &str = include_str!("../../demo/site.json");
const HISTORY: &str = include_str!("../../demo/history.json");

/// Makes the demo site and its history. What is there already is left as it is: every batch has a key.
pub(super) async fn plant(service: &Service) -> Result<(), Stop> {
    let who = Principal::operator();
    let (id, fields) = site()?;
    let card = match service.create_site(&who, &id, fields).await {
        Ok((card, _)) => card,
        // Somebody has made it their own.
        Err(Fault::SiteTaken(_)) => return Ok(()),
        Err(fault) => return Err(fault.into()),
    };
    for (at, (request, envelope)) in batches(&card.id)?.into_iter().enumerate() {
        let told = |stop: Stop| Stop::Found(format!("the demo site, batch {at}: {stop}"));
        service.submit(&who, Source::Cli, &request, envelope).await.map_err(|fault| told(fault.into()))?;
    }
    Ok(())
}

fn site() -> Result<(String, Map<String, Value>), Stop> {
    let broken = |why: &str| Stop::Found(format!("demo/site.json: {why}"));
    let mut fields: Map<String, Value> = serde_json::from_str(SITE).map_err(|e| broken(&e.to_string()))?;
    match fields.remove("id") {
        Some(Value::String(id)) => Ok((id, fields)),
        _ => Err(broken("no id")),
    }
}

/// The batches, each with the bytes its key answers for.
fn batches(site: &str) -> Result<Vec<(Vec<u8>, Envelope)>, Stop> {
    let broken = |e: serde_json::Error| Stop::Found(format!("demo/history.json: {e}"));
    let batches: Vec<Value> = serde_json::from_str(HISTORY).map_err(broken)?;
    let batch = |(at, batch): (usize, Value)| {
        let request = serde_json::to_vec(&batch)?;
        let envelope: Envelope = serde_json::from_value(batch)?;
        let key = IdempotencyKey::try_from(format!("demo-{at}")).ok();
        Ok((request, Envelope { site: Some(site.to_owned()), idempotency_key: key, ..envelope }))
    };
    batches.into_iter().enumerate().map(batch).collect::<Result<_, _>>().map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_demo_can_be_read() {
        assert_eq!(site().unwrap().0, "demo");
        let batches = batches("demo").unwrap();
        assert!(batches.len() > 10 && batches.iter().all(|(_, envelope)| envelope.summary.is_some()));
    }
}
