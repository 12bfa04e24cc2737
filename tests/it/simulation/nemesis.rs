//! Who makes it hard: kills servers, takes the store away, turns it back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::store::Faults;
use super::town::Town;

/// One history to be.
#[derive(Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub servers: usize,
    pub clients: usize,
    /// How much each client asks.
    pub asks: usize,
    pub faults: Faults,
    /// Servers are killed in mid-flight, or stopped in good order, and started again.
    pub kills: bool,
    /// The store is gone now and then.
    pub gone: bool,
    /// The store goes back in time.
    pub rewinds: bool,
}

impl Plan {
    /// Nothing goes wrong.
    pub fn calm(seed: u64) -> Plan {
        Plan {
            seed,
            servers: 1,
            clients: 2 + seed as usize % 4,
            asks: 10,
            faults: Faults::default(),
            kills: false,
            gone: false,
            rewinds: false,
        }
    }
}

/// Does what the plan has, again and again.
pub async fn live(town: Arc<Town>, plan: Plan) {
    loop {
        sleep(Duration::from_millis(20 + town.disk.chance.below(300))).await;
        let server = town.disk.chance.below(plan.servers as u64) as usize;
        match town.disk.chance.below(8) {
            0..=2 if plan.kills => town.kill(server),
            3 if plan.kills => town.stop(server).await,
            4 if plan.gone => {
                let long = town.disk.chance.once_in(4);
                let time = town.disk.chance.below(if long { 15_000 } else { 900 });
                town.disk.is_gone_for(Duration::from_millis(time));
            }
            5..=6 if plan.rewinds => town.go_back().await,
            _ => {}
        }
    }
}
