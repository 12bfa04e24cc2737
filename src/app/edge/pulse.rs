//! How a connection fares: whether its caller asks, listens, or keeps the server waiting.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

use super::Limits;

/// What the wire and the requests of one connection tell of it.
pub(super) struct Pulse {
    state: Mutex<State>,
}

struct State {
    /// What the first bytes say of what follows; none before them.
    is_http2: Option<bool>,
    /// Requests whose answers are not yet written.
    requests: usize,
    /// Since when there are none.
    quiet_since: Instant,
    /// Since when the head of a request is awaited.
    head_since: Option<Instant>,
    /// Whether its first line has ended.
    has_line: bool,
    /// Since when the caller takes nothing of what is written.
    stalled_since: Option<Instant>,
    /// Of each request whose caller has a piece of the answer to take: since when.
    untaken: BTreeMap<u64, Instant>,
    /// The number of the request that came last.
    newest: u64,
}

impl Pulse {
    /// Of a connection that was just made: a head is due.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let state = State {
            is_http2: None,
            requests: 0,
            quiet_since: now,
            head_since: Some(now),
            has_line: false,
            stalled_since: None,
            untaken: BTreeMap::new(),
            newest: 0,
        };
        Pulse { state: Mutex::new(state) }
    }

    /// Bytes came in. Between two requests they begin the next head, except in HTTP/2, where they may be anything.
    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut state = self.state();
        let is_http2 = *state.is_http2.get_or_insert_with(|| bytes.starts_with(b"PRI"));
        if state.requests > 0 || is_http2 {
            return;
        }
        state.head_since.get_or_insert_with(Instant::now);
        state.has_line |= bytes.contains(&b'\n');
    }

    /// Whether nobody but hyper can have something to say; if so, whether the head that came so far is in its first line.
    pub(super) fn before_request(&self) -> Option<bool> {
        let state = self.state();
        (state.requests == 0 && state.is_http2 == Some(false)).then_some(!state.has_line)
    }

    /// The caller takes no more for now.
    pub(super) fn stalled(&self) {
        self.state().stalled_since.get_or_insert_with(Instant::now);
    }

    /// The caller took some.
    pub(super) fn flowed(&self) {
        self.state().stalled_since = None;
    }

    /// A piece of a request's answer is there to be taken.
    fn gave(&self, number: u64) {
        self.state().untaken.insert(number, Instant::now());
    }

    /// It was taken, or nobody waits for it any more.
    fn took(&self, number: u64) {
        self.state().untaken.remove(&number);
    }

    /// A request's head is there; the request lasts as long as what this gives.
    pub(super) fn beat(self: Arc<Self>) -> Beat {
        let mut state = self.state();
        state.requests += 1;
        state.head_since = None;
        state.has_line = false;
        state.newest += 1;
        let number = state.newest;
        drop(state);
        Beat { pulse: self, number }
    }

    /// Answers when the caller has kept the server waiting for too long.
    pub(super) async fn overdue(&self, limits: &Limits) {
        let shortest = limits.head.min(limits.idle).min(limits.stall);
        loop {
            let now = Instant::now();
            let due = self.state().due(limits);
            if due.is_some_and(|due| due <= now) {
                return;
            }
            // Whatever begins while this sleeps is due after it wakes, so nothing needs to wake it.
            let next_look = now + shortest.max(Duration::from_millis(1));
            sleep_until(due.map_or(next_look, |due| due.min(next_look))).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When the caller will have kept the server waiting for too long, as things are.
    fn due(&self, limits: &Limits) -> Option<Instant> {
        let stalled = self.stalled_since.map(|since| since + limits.stall);
        // In HTTP/2 a caller stops an answer by granting no window, and the socket never knows. In HTTP/1 the socket
        // knows best: it sees each byte that is taken of a piece.
        // Each answer has its own clock: one that is taken says nothing of the others.
        let untaken = self.untaken.values().filter(|_| self.is_http2 == Some(true)).min();
        let withheld = untaken.map(|since| *since + limits.stall);
        let quiet = (self.requests == 0)
            .then(|| self.head_since.map_or(self.quiet_since + limits.idle, |since| since + limits.head));
        [stalled, withheld, quiet].into_iter().flatten().min()
    }
}

/// A request under way.
pub(super) struct Beat {
    pulse: Arc<Pulse>,
    number: u64,
}

impl Drop for Beat {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.requests -= 1;
        state.quiet_since = Instant::now();
    }
}

/// A body whose request lasts until all of it is written. A piece of it is taken when the next is asked for, whether or
/// not there is one yet: who listens to what is still to come keeps nobody waiting.
pub(super) struct Counted {
    body: Body,
    beat: Beat,
    is_untaken: bool,
}

impl Counted {
    pub(super) fn new(body: Body, beat: Beat) -> Self {
        Counted { body, beat, is_untaken: false }
    }

    fn taken(&mut self) {
        if std::mem::take(&mut self.is_untaken) {
            self.beat.pulse.took(self.beat.number);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.taken();
    }
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.taken();
        let asked = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(_))) = asked {
            self.beat.pulse.gave(self.beat.number);
            self.is_untaken = true;
        }
        asked
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;
    use tokio::time::{advance, timeout};

    use super::*;

    fn limits() -> Limits {
        Limits {
            connections: 1,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(30),
        }
    }

    /// How long it took until the caller was overdue, in seconds; none within two minutes.
    async fn overdue(pulse: &Pulse) -> Option<u64> {
        let began = Instant::now();
        let overdue = timeout(Duration::from_secs(120), pulse.overdue(&limits())).await;
        overdue.ok().map(|()| began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_says_nothing_has_the_time_of_a_head() {
        assert_eq!(overdue(&Pulse::new()).await, Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_may_take_as_long_as_it_takes() {
        let pulse = Arc::new(Pulse::new());
        let beat = pulse.clone().beat();
        pulse.heard(b"GET");
        assert_eq!(overdue(&pulse).await, None);
        drop(beat);
    }

    #[tokio::test(start_paused = true)]
    async fn between_requests_a_caller_may_be_silent_for_longer_than_in_one() {
        let pulse = Arc::new(Pulse::new());
        drop(pulse.clone().beat());
        assert_eq!(overdue(&pulse).await, Some(60));
        drop(pulse.clone().beat());
        advance(Duration::from_secs(5)).await;
        pulse.heard(b"GET");
        advance(Duration::from_secs(9)).await;
        pulse.heard(b"GET");
        assert_eq!(overdue(&pulse).await, Some(1), "one byte after the other is no progress");
    }

    #[tokio::test]
    async fn before_a_request_it_is_known_whether_its_first_line_has_ended() {
        let pulse = Arc::new(Pulse::new());
        pulse.heard(b"GET /a");
        assert_eq!(pulse.before_request(), Some(true));
        pulse.heard(b"b HTTP/1.1\r\nHost");
        assert_eq!(pulse.before_request(), Some(false));
        let beat = pulse.clone().beat();
        assert_eq!(pulse.before_request(), None);
        drop(beat);
        pulse.heard(b"GET /b");
        assert_eq!(pulse.before_request(), Some(true));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_taken_is_overdue_though_others_of_the_connection_are() {
        let pulse = Arc::new(Pulse::new());
        pulse.heard(b"PRI * HTTP/2.0");
        let beats = [pulse.clone().beat(), pulse.clone().beat()];
        let [left, read] = [beats[0].number, beats[1].number];
        pulse.gave(left);
        for _ in 0..5 {
            pulse.gave(read);
            advance(Duration::from_secs(5)).await;
            pulse.took(read);
        }
        assert_eq!(overdue(&pulse).await, Some(5));
        pulse.took(left);
        assert_eq!(overdue(&pulse).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_takes_nothing_of_its_answer_is_overdue_and_one_that_does_is_not() {
        let pulse = Arc::new(Pulse::new());
        let _beat = pulse.clone().beat();
        pulse.stalled();
        advance(Duration::from_secs(20)).await;
        pulse.stalled();
        assert_eq!(overdue(&pulse).await, Some(10));
        pulse.flowed();
        assert_eq!(overdue(&pulse).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_of_http2_that_asks_for_no_more_of_any_answer_is_overdue_and_one_that_listens_is_not() {
        let pulse = Arc::new(Pulse::new());
        pulse.heard(b"PRI * HTTP/2.0");
        let pieces = futures::stream::iter(["one", "two"].map(Ok::<_, std::io::Error>));
        let pieces = futures::StreamExt::chain(pieces, futures::stream::pending());
        let mut body = Counted::new(Body::from_stream(pieces), pulse.clone().beat());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut ask = || Pin::new(&mut body).poll_frame(&mut context).is_ready();
        assert!(ask());
        advance(Duration::from_secs(20)).await;
        assert!(ask());
        advance(Duration::from_secs(5)).await;
        assert_eq!(overdue(&pulse).await, Some(25));
        assert!(!ask(), "there is no more yet");
        assert_eq!(overdue(&pulse).await, None);
    }
}
