//! The composition root: the store behind an address, the clock and chance of this machine, the service on them, and the
//! server around it.

mod edge;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::http;
use crate::service::{self, Chance, Clock, Service};
use crate::store::{self, StoreError};
use crate::telemetry;
use edge::Edge;

pub use crate::http::Front;
pub use edge::{Limits, connections_that_fit};

/// Requests that are under way when the server is told to stop may take so long.
const IN_FLIGHT: Duration = Duration::from_secs(7);

/// And the service may take so long to write down what it has in hand: ten seconds together.
const CLOSING: Duration = Duration::from_millis(2500);

/// The service on the store at an address (`sqlite:PATH`, `postgres://…`), whose schema is brought up to date.
///
/// # Errors
/// The store can't be reached or used; the message is one line and holds no password.
pub async fn open(database: &str) -> Result<Arc<Service>, StoreError> {
    open_within(service::Limits::default(), database).await
}

/// As `open`, with limits for what open sites may cost.
///
/// # Errors
/// As `open`.
pub async fn open_within(limits: service::Limits, database: &str) -> Result<Arc<Service>, StoreError> {
    telemetry::metrics::start();
    let store = store::open(database).await?;
    Ok(Service::with(store, Arc::new(SystemClock), Arc::new(SystemChance), limits))
}

/// Answers on a listener until `stop`, then finishes what is under way, closes the service and returns.
///
/// # Errors
/// The listener does not know where it listens. What is wrong with a connection is its caller's, and what is wrong with
/// the machine passes.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_within(Limits::default(), Front::default(), listener, service, stop).await
}

/// As `serve`, with limits of its own for what callers may take, and behind a front of its own.
///
/// # Errors
/// As `serve`.
pub async fn serve_within(
    limits: Limits,
    front: Front,
    listener: TcpListener,
    service: Arc<Service>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let stopping = CancellationToken::new();
    let is_local = listener.local_addr()?.ip().to_canonical().is_loopback();
    let front = Front { is_local, ..front };
    let router = http::router(Arc::clone(&service), stopping.clone(), &front);
    let stopped = async {
        stop.await;
        tracing::info!("stopping: what is under way is finished first");
        stopping.cancel();
        tokio::time::sleep(IN_FLIGHT).await;
    };
    tokio::select! {
        () = serve_router(limits, listener, router, stopping.clone()) => {}
        () = stopped => {
            tracing::warn!("some requests took longer than {} s and are cut off", IN_FLIGHT.as_secs());
        }
    }
    close(&service).await;
    Ok(())
}

/// Takes connections for a router until `stopping`, and finishes what is under way; dropped before, it cuts that off.
pub async fn serve_router(
    limits: Limits,
    listener: TcpListener,
    router: axum::Router,
    stopping: CancellationToken,
) {
    Edge::new(router, http::full_house(), limits, stopping).run(listener).await;
}

/// Closes a service within a bound.
pub async fn close(service: &Service) {
    if tokio::time::timeout(CLOSING, service.close()).await.is_err() {
        // Checkpoints are derived: what is not written now is made again from the log.
        tracing::warn!("closing took longer than {} ms and was cut off", CLOSING.as_millis());
    }
}

/// The time on this machine, milliseconds since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The clock of this machine.
struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

/// The random bytes of this machine.
struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(e) = getrandom::fill(bytes) {
            // Ids and secrets that can be guessed would be worse than no server.
            tracing::error!("this machine has no random bytes: {e}");
            std::process::abort();
        }
    }
}
