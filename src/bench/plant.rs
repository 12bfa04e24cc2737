//! Fills stores before anything is measured: through the service in this process, so that what lies there is what a
//! server would have written, as fast as it can be had.

use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};

use super::bed::Bed;
use super::broken::{Broken, Result};
use super::site::{Dice, SITE, heading, page};
use super::wire::SLOT;
use crate::app;
use crate::auth::Scope;
use crate::service::{Envelope, NewToken, Principal, Service, Source};

/// Batches under way at once: what the writer drains in one round.
const AT_ONCE: usize = 256;

/// Blocks created in one batch: some 100 KB.
const BLOCKS_A_BATCH: usize = 300;

/// What to put into a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) pages: usize,
    pub(super) blocks: usize,
    /// Ops on headings of pages drawn from the seed, behind those that made the pages.
    pub(super) commits: usize,
    pub(super) seed: u64,
}

/// 2 pages of 3 blocks.
pub(super) const SMALL: Plan = Plan { pages: 2, blocks: 3, commits: 0, seed: 1 };

/// What was put there.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    /// A token for everything.
    pub(super) token: String,
    /// The branch's version with the last page and no commit behind it, and with all.
    pub(super) versions: (u64, u64),
    /// Of all request bodies.
    pub(super) bytes: u64,
    pub(super) seconds: f64,
}

/// Makes the site and a token on a fresh store.
pub(super) async fn plant(bed: &Bed, plan: Plan) -> Result<Planted> {
    let since = Instant::now();
    let service = app::open(&bed.url).await?;
    let planted = fill(&service, plan).await;
    // Whatever came of it: a service that is closed has written its checkpoints.
    service.close().await;
    Ok(Planted { seconds: since.elapsed().as_secs_f64(), ..planted? })
}

async fn fill(service: &Arc<Service>, plan: Plan) -> Result<Planted> {
    let operator = Principal::operator();
    let token = token(service, &operator).await?;
    service.create_site(&operator, SITE, Map::new()).await?;
    let mut dice = Dice::of(plan.seed);
    let mut bytes = 0;
    let mut made = 0;
    let mut number = 0;
    while number < plan.pages {
        let many = (BLOCKS_A_BATCH / plan.blocks.max(1)).clamp(1, plan.pages - number);
        let ops: Vec<Value> = (number..number + many).map(|n| page(&mut dice, n, plan.blocks)).collect();
        let (version, size) =
            submit(service, &operator, json!({"site": SITE, "ops": ops}).to_string()).await?;
        (made, bytes, number) = (version, bytes + size, number + many);
    }
    let numbered = |number: usize| {
        heading(dice.below(plan.pages)).replace(SLOT, &format!("{number:0width$}", width = SLOT.len()))
    };
    let bodies: Vec<String> = (0..plan.commits).map(numbered).collect();
    let sent = stream::iter(bodies.into_iter().map(|body| submit(service, &operator, body)));
    let (versions, more) =
        sent.buffer_unordered(AT_ONCE)
            .try_fold((made, 0), |(newest, sum), (version, size)| async move {
                Ok((newest.max(version), sum + size))
            })
            .await?;
    Ok(Planted { token, versions: (made, versions), bytes: bytes + more, seconds: 0.0 })
}

/// Sends a batch; answers the version and the size of its body.
async fn submit(service: &Arc<Service>, who: &Principal, body: String) -> Result<(u64, u64)> {
    let envelope: Envelope = serde_json::from_str(&body)?;
    let answer = service.submit(who, Source::Api, body.as_bytes(), envelope).await?;
    if !answer.changed {
        return Err(Broken("an op that changes nothing measures nothing".to_owned()));
    }
    Ok((answer.version, body.len() as u64))
}

async fn token(service: &Arc<Service>, operator: &Principal) -> Result<String> {
    let new = NewToken {
        name: "bench".to_owned(),
        scopes: vec![Scope::Admin],
        sites: Vec::new(),
        branches: Vec::new(),
        agent: false,
        expires_in_ms: None,
    };
    let made = service.create_token(operator, new).await?;
    Ok(made.token.reveal().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::bed::{Beds, Kind};

    #[tokio::test]
    async fn a_planted_store_has_its_pages_and_commits() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut beds = Beds::of(folder.path().to_owned(), None);
        let bed = beds.fresh(Kind::Sqlite).await.unwrap();
        let planted = plant(&bed, Plan { pages: 40, blocks: 20, commits: 300, seed: 1 }).await.unwrap();
        // 15 pages a batch.
        assert_eq!(planted.versions, (3, 303));
        assert!(bed.bytes().await.unwrap() > 0);
    }
}
