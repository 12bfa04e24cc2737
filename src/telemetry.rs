//! What the server says of itself: logs on stderr, and incidents that callers can name.

pub mod metrics;

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Logs go to stderr from here on. A second call in one process changes nothing.
///
/// # Errors
/// The filter (as in `RUST_LOG`) can't be read: the reason.
pub fn init(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|e| format!("the log filter '{filter}': {e}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let logs = logs.with_ansi(io::stderr().is_terminal());
    // Refused only where logs go somewhere already, as in tests.
    let _ = match format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    Ok(())
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
