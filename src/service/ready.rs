//! Whether the store answers: asked once for all who want to know at a time, for nobody needs a token to ask.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::outside::Clock;
use super::{Fault, Result, Service};
use crate::store::Result as Asked;

/// So long an answer stands, in milliseconds.
const KEPT_MS: i64 = 1_000;

/// A store that is slower than this is as good as gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// When the store answered last, and what; a refusal by its reason.
type Kept = Option<(i64, Result<(), String>)>;

/// The last answer. It is held while the store is asked.
#[derive(Default)]
pub(super) struct Readiness(Arc<Mutex<Kept>>);

impl Readiness {
    /// The last answer, or a new one where that is a second old.
    async fn told<P>(&self, clock: Arc<dyn Clock>, ping: impl FnOnce() -> P) -> Result<()>
    where
        P: Future<Output = Asked<()>> + Send + 'static,
    {
        let mut kept = Arc::clone(&self.0).lock_owned().await;
        if let Some((at_ms, answer)) = &*kept
            && (0..KEPT_MS).contains(&(clock.now_ms() - at_ms))
        {
            return answer.clone().map_err(Fault::Unavailable);
        }
        let ping = ping();
        // It goes on when its caller goes away: else who comes and goes would have the store asked each time.
        let asking = tokio::spawn(async move {
            let answer = match tokio::time::timeout(PATIENCE, ping).await {
                Ok(answer) => answer.map_err(|error| Fault::from(error).reason()),
                Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            };
            *kept = Some((clock.now_ms(), answer.clone()));
            answer
        });
        let answer = asking.await.map_err(|e| Fault::Internal(format!("asking the store: {e}")))?;
        answer.map_err(Fault::Unavailable)
    }
}

impl Service {
    /// Answers when the store does, or did within the last second.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ready(&self) -> Result<()> {
        let store = Arc::clone(&self.outside.store);
        let ping = || async move { store.ping().await };
        self.readiness.told(Arc::clone(&self.outside.clock), ping).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use super::*;
    use crate::store::StoreError;

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn the_store_is_asked_once_a_second_however_many_ask() {
        let (readiness, clock, asked) =
            (Readiness::default(), Arc::new(Hand::default()), Arc::new(AtomicUsize::new(0)));
        let ask = || {
            let asked = Arc::clone(&asked);
            readiness.told(Arc::clone(&clock) as _, move || async move {
                tokio::task::yield_now().await;
                match asked.fetch_add(1, Ordering::Relaxed) {
                    0 => Ok(()),
                    _ => Err(StoreError::Unavailable("gone".into())),
                }
            })
        };
        let all = futures::future::join_all((0..50).map(|_| ask())).await;
        assert!(all.iter().all(Result::is_ok) && asked.load(Ordering::Relaxed) == 1);
        clock.0.store(999, Ordering::Relaxed);
        assert!(ask().await.is_ok() && asked.load(Ordering::Relaxed) == 1);
        clock.0.store(1_000, Ordering::Relaxed);
        let all = futures::future::join_all((0..50).map(|_| ask())).await;
        let gone = |answer: &Result<()>| matches!(answer, Err(Fault::Unavailable(why)) if why == "gone");
        assert!(all.iter().all(gone) && asked.load(Ordering::Relaxed) == 2, "a refusal stands as long");
    }
}
