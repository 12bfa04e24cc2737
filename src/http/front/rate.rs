//! How often a caller may ask, if the server was told a limit.
//!
//! Who shows a good token is counted by whom the token names, everybody else by the address the connection comes from.
//! Nothing that a request says changes that: no header names another address, and a token that is not good names nobody.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::{self, Failure};
use crate::service::Principal;

/// Whoever looks after the server asks these, and an answer costs nothing.
const FREE: [&str; 2] = ["/healthz", "/readyz"];

/// So many addresses are told apart. More at once are counted as one.
const MOST_PEERS: usize = 100_000;

/// After so many requests, those are forgotten that have all of their share again.
const SWEPT_AFTER: usize = 4_096;

/// What everybody has left of their share.
pub(super) struct Rates {
    a_minute: NonZeroU32,
    tokens: Shares<Arc<str>>,
    peers: Shares<Peer>,
    most_peers: usize,
}

/// Where a request without a good token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Peer {
    V4(Ipv4Addr),
    /// The first half of an address: the other half is the caller's to choose (RFC 4291, section 2.5.4).
    V6([u16; 4]),
    /// All that are too many to be told apart, or of unknown address.
    Crowd,
}

impl Peer {
    fn of(extensions: &Extensions) -> Self {
        let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return Peer::Crowd };
        match peer.ip().to_canonical() {
            IpAddr::V4(address) => Peer::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Peer::V6([a, b, c, d])
            }
        }
    }
}

/// One share a key, the size of a minute's requests; it grows back evenly.
struct Shares<K: Clone + Hash + Eq> {
    limiter: DefaultKeyedRateLimiter<K>,
    taken: AtomicUsize,
}

impl<K: Clone + Hash + Eq> Shares<K> {
    fn new(a_minute: NonZeroU32) -> Self {
        Shares { limiter: RateLimiter::keyed(Quota::per_minute(a_minute)), taken: AtomicUsize::new(0) }
    }

    /// Takes one request off the share, or tells how long it takes until there is one.
    fn take(&self, key: &K) -> Result<(), Duration> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % SWEPT_AFTER == SWEPT_AFTER - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let now = DefaultClock::default().now();
        self.limiter.check_key(key).map_err(|not_yet| not_yet.wait_time_from(now))
    }
}

impl Rates {
    pub(super) fn new(a_minute: NonZeroU32) -> Self {
        let (tokens, peers) = (Shares::new(a_minute), Shares::new(a_minute));
        Rates { a_minute, tokens, peers, most_peers: MOST_PEERS }
    }

    fn take(&self, who: Option<&Principal>, peer: Peer) -> Result<(), Duration> {
        match who {
            Some(who) => self.tokens.take(&who.actor),
            None if self.peers.limiter.len() >= self.most_peers => self.peers.take(&Peer::Crowd),
            None => self.peers.take(&peer),
        }
    }
}

/// A request that is to be counted once: once for its address, and once for its token where that turns out to be good.
#[derive(Clone)]
struct Meter {
    rates: Arc<Rates>,
    peer: Peer,
    is_counted: Arc<AtomicBool>,
}

impl Meter {
    fn count(&self, who: Option<&Principal>) -> Result<(), TooMany> {
        if self.is_counted.swap(true, Ordering::Relaxed) && who.is_none() {
            return Ok(());
        }
        let a_minute = self.rates.a_minute;
        self.rates.take(who, self.peer).map_err(|wait| TooMany { a_minute, wait })
    }
}

/// The answer to a request that is counted: by `charge`, where its caller is known or not; else here, for what asks for no
/// token changes nothing and costs little.
pub(super) async fn counted(rates: &Arc<Rates>, mut request: Request, next: Next) -> Response {
    if FREE.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let meter =
        Meter { rates: Arc::clone(rates), peer: Peer::of(request.extensions()), is_counted: Arc::default() };
    request.extensions_mut().insert(meter.clone());
    let response = next.run(request).await;
    meter.count(None).err().map_or(response, Response::from)
}

/// Counts the request with these extensions for the holder of its token, or for its address where that is not good or not
/// looked up yet.
///
/// # Errors
/// 429, with the time after which it is worth coming again.
pub(in crate::http) fn charge(extensions: &Extensions, who: Option<&Principal>) -> Result<(), TooMany> {
    extensions.get::<Meter>().map_or(Ok(()), |meter| meter.count(who))
}

/// A number for where the request with these extensions comes from.
pub(in crate::http) fn place(extensions: &Extensions) -> u64 {
    let mut hasher = DefaultHasher::new();
    Peer::of(extensions).hash(&mut hasher);
    hasher.finish()
}

/// The share is used up.
#[derive(Debug)]
pub(in crate::http) struct TooMany {
    a_minute: NonZeroU32,
    wait: Duration,
}

impl From<TooMany> for Response {
    fn from(TooMany { a_minute, wait }: TooMany) -> Self {
        let seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
        let detail = format!("{a_minute} requests a minute are answered: come again in {seconds} s");
        let mut response = Failure::new(error::RATE_LIMITED, detail).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(a_minute: u32) -> Rates {
        Rates::new(NonZeroU32::new(a_minute).unwrap())
    }

    fn peer(address: &str) -> Peer {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(address.parse().unwrap(), 4_711)));
        Peer::of(&extensions)
    }

    fn known(actor: &str) -> Principal {
        Principal { actor: actor.into(), ..Principal::operator() }
    }

    #[test]
    fn a_share_is_a_minutes_requests_and_the_wait_is_until_the_next() {
        let rates = rates(3);
        let ana = known("ana");
        assert!((0..3).all(|_| rates.take(Some(&ana), Peer::Crowd).is_ok()));
        let wait = rates.take(Some(&ana), Peer::Crowd).unwrap_err();
        assert!(wait > Duration::from_secs(18) && wait <= Duration::from_secs(20), "{wait:?}");
        let answer = Response::from(TooMany { a_minute: rates.a_minute, wait });
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()),
            (429, "20")
        );
    }

    #[test]
    fn everybody_has_a_share_of_their_own() {
        let rates = rates(1);
        for who in [Some(known("ana")), Some(known("bo")), None] {
            assert!(rates.take(who.as_ref(), peer("10.0.0.7")).is_ok(), "{who:?}");
            assert!(rates.take(who.as_ref(), peer("10.0.0.7")).is_err(), "{who:?}");
        }
        assert!(rates.take(None, peer("10.0.0.8")).is_ok());
    }

    #[test]
    fn an_address_is_counted_once_a_request_and_a_token_that_turns_out_to_be_good_too() {
        let rates = Arc::new(rates(2));
        let meter =
            || Meter { rates: Arc::clone(&rates), peer: peer("10.0.0.7"), is_counted: Arc::default() };
        let ana = known("ana");
        for _ in 0..2 {
            let meter = meter();
            assert!(
                meter.count(None).is_ok() && meter.count(None).is_ok() && meter.count(Some(&ana)).is_ok()
            );
        }
        assert!(meter().count(None).is_err(), "no secret is looked up for it any more");
        assert!(meter().count(Some(&ana)).is_err());
        assert!(
            meter().count(Some(&known("bo"))).is_ok(),
            "a token that is known needs no share of the address"
        );
    }

    #[test]
    fn the_half_of_an_address_that_a_caller_can_choose_makes_no_other_caller() {
        assert_eq!(peer("2001:db8:1:2::1"), peer("2001:db8:1:2:ffff::7"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_eq!(peer("::ffff:10.0.0.7"), peer("10.0.0.7"));
    }

    #[test]
    fn the_memory_of_addresses_is_bounded() {
        let rates = Rates { most_peers: 10, ..rates(1) };
        let refused = (0..1_000_u32).filter(|n| rates.take(None, Peer::V4((*n).into())).is_err()).count();
        assert_eq!(
            (rates.peers.limiter.len(), refused),
            (11, 989),
            "those that are too many share one share"
        );
        assert!(rates.take(Some(&known("ana")), Peer::Crowd).is_ok());
    }

    #[test]
    fn who_has_all_of_a_share_again_is_forgotten() {
        let rates = rates(1_000_000_000);
        let took = (0..20_000_u32).all(|n| rates.take(None, Peer::V4(n.into())).is_ok());
        assert!(took && rates.peers.limiter.len() <= SWEPT_AFTER, "{}", rates.peers.limiter.len());
    }
}
