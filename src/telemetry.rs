//! What the server says of itself: logs on stderr, and incidents that callers can name.

pub mod metrics;

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Logs go to stderr from here on. A second call in one process changes nothing.
///
/// # Errors
/// The filter (as in `RUST_LOG`) can't be read: the reason.
pub fn init(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = filtered(filter)?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let logs = logs.with_ansi(io::stderr().is_terminal());
    // Refused only where logs go somewhere already, as in tests.
    let _ = match format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// What dependencies log is capped here whatever the filter says, each with its reason.
const CAPPED: &[&str] = &[
    // PostgreSQL's remarks on statements that are as they should be, as that a table is there already.
    "sqlx::postgres::notice=warn",
    // It warns of parameters of an address that it does not know, with their values: a mistyped password among them.
    "sqlx_postgres::options=error",
];

fn filtered(filter: &str) -> Result<EnvFilter, String> {
    let unreadable = |e: &dyn std::fmt::Display| format!("the log filter '{filter}': {e}");
    let mut filtered = EnvFilter::try_new(filter).map_err(|e| unreadable(&e))?;
    for cap in CAPPED {
        filtered = filtered.add_directive(cap.parse().map_err(|e| unreadable(&e))?);
    }
    Ok(filtered)
}

/// Logs a fault of our own, once, and answers the id it is logged under, which is all a caller hears of it.
#[must_use]
pub fn incident(why: &str) -> String {
    let mut bytes = [0; 8];
    // Without chance the id is all zeros, and the log still has the fault.
    let _ = getrandom::fill(&mut bytes);
    let id = format!("inc_{}", data_encoding::HEXLOWER.encode(&bytes));
    tracing::error!(incident = %id, "{why}");
    id
}

/// An id for a request, that nobody has seen and nobody can foresee: 32 hexadecimal digits.
#[must_use]
pub fn request_id() -> String {
    static KEY: OnceLock<[u8; blake3::KEY_LEN]> = OnceLock::new();
    static MADE: AtomicU64 = AtomicU64::new(0);
    // One number drawn by chance, and a hash of it with a count: chance itself costs a call of the system each time.
    let key = KEY.get_or_init(|| {
        let mut key = [0; blake3::KEY_LEN];
        let _ = getrandom::fill(&mut key);
        key
    });
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let hash = blake3::keyed_hash(key, &made.to_le_bytes());
    data_encoding::HEXLOWER.encode(&hash.as_bytes()[..16])
}

/// For a line that many callers bring about at once, as when the store is away: it is logged once a second, with how
/// often it was left out.
#[derive(Default)]
pub struct Seldom(Mutex<Said>);

#[derive(Default)]
struct Said {
    last: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    /// Not said yet.
    #[must_use]
    pub const fn unsaid() -> Self {
        Seldom(Mutex::new(Said { last: None, left_out: 0 }))
    }

    /// Whether it is to be logged now: how often it was not since it last was.
    pub fn turn(&self) -> Option<u64> {
        self.turn_at(Instant::now())
    }

    fn turn_at(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| now.saturating_duration_since(last) < Duration::from_secs(1)) {
            said.left_out += 1;
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_requests_have_one_id() {
        let ids: std::collections::HashSet<String> = (0..1_000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn a_line_of_many_callers_is_logged_once_a_second_and_counts_the_others() {
        let (seldom, start) = (Seldom::unsaid(), Instant::now());
        let at = |ms| seldom.turn_at(start + Duration::from_millis(ms));
        assert_eq!([at(0), at(0), at(400), at(999)], [Some(0), None, None, None]);
        assert_eq!([at(1_000), at(1_001)], [Some(3), None]);
        assert_eq!(at(9_000), Some(1));
    }
}
