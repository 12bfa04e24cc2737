//! Holding a site: its row is locked in a transaction, and every append of others waits behind the lock.

use std::sync::Arc;

use async_trait::async_trait;

use super::append;
use super::fault::Fault;
use super::lane::{Lane, Taken, told};
use crate::store::{Append, Appended, Hold, Result, SiteKey};

struct Held {
    /// In a transaction that has the lock. Dropped, it is closed, and the server lets go of the lock.
    taken: Taken,
    lane: Arc<Lane>,
    site: SiteKey,
}

/// Waits for the lock. Those who want it get it in the order they came.
///
/// # Errors
/// `Unavailable`.
pub(super) async fn hold(lane: &Arc<Lane>, site: SiteKey) -> Result<Box<dyn Hold>> {
    let mut taken = lane.take().await.map_err(Fault::of_read)?;
    // In one round trip: a server far away makes all others wait for each.
    let lock = format!("BEGIN; SELECT FROM site WHERE site = {} FOR UPDATE", site.0);
    told(&mut taken.connection, lock).await.map_err(Fault::of_read)?;
    Ok(Box::new(Held { taken, lane: Arc::clone(lane), site }))
}

#[async_trait]
impl Hold for Held {
    async fn append(self: Box<Self>, rows: &Append) -> Result<Appended> {
        let Held { mut taken, lane, site } = *self;
        if append::within(&mut taken.connection, site, rows).await? {
            told(&mut taken.connection, "COMMIT".to_owned()).await?;
            taken.give_back();
            return Ok(Appended::Done);
        }
        // The ground is not what the rows stand on: what is there instead is found out without the lock.
        drop(taken);
        append::append(&lane, site, rows).await
    }
}
