//! The edge: takes connections, hands their requests to a router, and parts with callers that keep it waiting.
//!
//! What a caller may take is bounded here, before anybody knows who calls: connections, time and buffers. What is asked,
//! and by whom, is never looked at.

mod descriptors;
mod linger;
mod pulse;
mod refusal;
mod wire;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::config::DEFAULT_MAX_CONNECTIONS;
pub use descriptors::connections_that_fit;
use pulse::{Counted, Pulse};
use wire::Wire;

/// A connection that is told to end may take so long to finish what is under way.
const PARTING: Duration = Duration::from_secs(1);

/// So many connections beyond the cap are told so; further ones are closed without a word.
const TURNED_AWAY: usize = 256;

/// After an error of the machine, as one of too many open files, the next connection is taken a moment later.
const BREATH: Duration = Duration::from_millis(50);

/// What a caller may take of the server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// From the first byte of a request, or from the connection, to the end of its head.
    pub head: Duration,
    /// Between an answer and the next request.
    pub idle: Duration,
    /// For a caller to take the next bytes of an answer.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: DEFAULT_MAX_CONNECTIONS,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// For a connection beyond the cap: time to say one thing and hear the answer.
    fn at_the_door() -> Self {
        let moment = Duration::from_secs(1);
        Limits { connections: TURNED_AWAY, head: moment, idle: moment, stall: moment }
    }
}

/// Ready to take connections.
pub(super) struct Edge {
    protocol: Arc<Builder<TokioExecutor>>,
    router: Router,
    turned_away: Router,
    limits: Arc<Limits>,
    stopping: CancellationToken,
    tasks: TaskTracker,
    is_full: AtomicBool,
}

impl Edge {
    /// In front of `router`, and of `turned_away` for those that find no place, until `stopping`.
    pub(super) fn new(
        router: Router,
        turned_away: Router,
        limits: Limits,
        stopping: CancellationToken,
    ) -> Self {
        let (protocol, limits) = (Arc::new(protocol()), Arc::new(limits));
        let tasks = TaskTracker::new();
        Edge { protocol, router, turned_away, limits, stopping, tasks, is_full: AtomicBool::new(false) }
    }

    /// Takes connections until it is to stop, then gives the port free and waits until all are done. Dropped before,
    /// it cuts off those that are left.
    pub(super) async fn run(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let at_the_door = Arc::new(Semaphore::new(TURNED_AWAY));
        let briefly = Arc::new(Limits::at_the_door());
        let cut = CancellationToken::new();
        let _cut_when_dropped = cut.clone().drop_guard();
        while let Some(accepted) = self.next(&listener).await {
            let (place, router, limits) = match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => (place, &self.router, &self.limits),
                Err(_) => match Arc::clone(&at_the_door).try_acquire_owned() {
                    Ok(place) => (place, &self.turned_away, &briefly),
                    Err(_) => continue,
                },
            };
            self.tell_whether_full(Arc::ptr_eq(limits, &briefly));
            let conversing = converse(
                accepted,
                router.clone(),
                self.protocol.clone(),
                limits.clone(),
                self.stopping.clone(),
            );
            let cut = cut.clone();
            self.tasks.spawn(async move {
                tokio::select! { () = conversing => {} () = cut.cancelled() => {} }
                drop(place);
            });
        }
        drop(listener);
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The next connection; none once the server stops.
    async fn next(&self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
        loop {
            let accepted = tokio::select! {
                () = self.stopping.cancelled() => return None,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => return Some(accepted),
                Err(e) if is_the_callers(&e) => {}
                Err(e) => {
                    tracing::warn!("no connection can be taken at the moment: {e}");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }

    /// Once a time, not for every caller that is turned away.
    fn tell_whether_full(&self, is_full: bool) {
        if is_full && !self.is_full.swap(true, Ordering::Relaxed) {
            tracing::warn!("{} connections are open: further ones are turned away", self.limits.connections);
        } else if !is_full {
            self.is_full.store(false, Ordering::Relaxed);
        }
    }
}

/// HTTP/1.1 and HTTP/2, with buffers that hold what is sent here and little more.
fn protocol() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // hyper's own limit runs from the last answer to the end of the next head, so it would close idle connections as
    // early as slow ones: `Pulse` tells them apart. Without a timer it would be silently off in any case.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .initial_stream_window_size(128 << 10)
        .initial_connection_window_size(256 << 10)
        .max_send_buf_size(64 << 10)
        .max_header_list_size(16 << 10)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Serves one connection to its end.
async fn converse(
    (socket, peer): (TcpStream, SocketAddr),
    router: Router,
    protocol: Arc<Builder<TokioExecutor>>,
    limits: Arc<Limits>,
    stopping: CancellationToken,
) {
    wire::prepare(&socket);
    let pulse = Arc::new(Pulse::new());
    let wire = TokioIo::new(Wire::new(socket, pulse.clone()));
    let answering = pulse.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (beat, answer) = (answering.clone().beat(), router.clone().call(request));
        async move { answer.await.map(|response| response.map(|body| Counted::new(body, beat))) }
    });
    let mut connection = pin!(protocol.serve_connection(wire, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // The server waits for what is under way: how long is the server's to say.
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            until_overdue(connection.as_mut(), &pulse, &limits).await
        }
        () = pulse.overdue(&limits) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(PARTING, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(e) = ended {
        tracing::debug!("a connection broke off: {e}");
    }
}

/// A caller that keeps a stopping server waiting is parted with as any other.
async fn until_overdue<E>(
    connection: impl Future<Output = Result<(), E>>,
    pulse: &Pulse,
    limits: &Limits,
) -> Result<(), E> {
    tokio::select! { ended = connection => ended, () = pulse.overdue(limits) => Ok(()) }
}

/// The caller went away before it was taken; everything else is the machine's.
fn is_the_callers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
