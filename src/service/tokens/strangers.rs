//! Turns to look up secrets that nobody knows here. Whoever tries secrets out holds up others from the same place who do
//! so, and nobody who is known; from another place, a token that is good but new here waits for one lookup of each place
//! at most, however many come from there.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::super::{Fault, Result};

/// Lookups at once.
const TURNS: usize = 2;

/// So many places are told apart; those that share one wait for each other.
const PLACES: u64 = 64;

/// One that nobody knows waits so long for its lookup.
const PATIENCE: Duration = Duration::from_secs(3);

/// The turns, and who may wait for one: of each place, a single one.
pub(in super::super) struct Strangers {
    turns: Semaphore,
    places: Vec<Semaphore>,
}

impl Default for Strangers {
    fn default() -> Self {
        Strangers { turns: Semaphore::new(TURNS), places: (0..PLACES).map(|_| Semaphore::new(1)).collect() }
    }
}

impl Strangers {
    /// A turn for one from this place; it ends when both are dropped.
    ///
    /// # Errors
    /// `Overloaded` where it takes too long.
    pub(super) async fn turn(&self, place: u64) -> Result<[SemaphorePermit<'_>; 2]> {
        let crowded = || Fault::Overloaded("too many unknown tokens are tried: come again later".into());
        let at = usize::try_from(place % PLACES).unwrap_or_default();
        let turn = async { Ok([self.places[at].acquire().await?, self.turns.acquire().await?]) };
        let turn: Result<Result<_, tokio::sync::AcquireError>, _> =
            tokio::time::timeout(PATIENCE, turn).await;
        turn.map_err(|_| crowded())?.map_err(|_| crowded())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_crowd_from_one_place_keeps_none_from_another_waiting() {
        let strangers = Strangers::default();
        let first = strangers.turn(7).await.unwrap();
        let mut crowd = Box::pin(join_all((0..100).map(|_| strangers.turn(7))));
        assert!((&mut crowd).now_or_never().is_none());
        assert!(
            strangers.turn(8).now_or_never().unwrap().is_ok(),
            "all others of the crowd wait behind the first"
        );
        assert!(crowd.await.iter().all(Result::is_err), "and are told so in time");
        drop(first);
        assert!(strangers.turn(7).now_or_never().unwrap().is_ok());
    }
}
