//! How many connections the machine lets this process have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for the store, its files, and whatever else is opened.
const OTHERS: u64 = 256;

/// As many of the wanted connections as there are descriptors for. The process's own limit is raised first, as far as it
/// may be.
#[must_use]
pub fn connections_that_fit(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let Some(mut open) = limit.current else { return wanted };
    if open < needed {
        let raised = limit.maximum.map_or(needed, |most| most.min(needed));
        match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }) {
            Ok(()) => open = open.max(raised),
            Err(e) => tracing::debug!("the limit of open files stays at {open}: {e}"),
        }
    }
    let fit = fitting(wanted, open);
    if fit < wanted {
        tracing::warn!("{fit} connections at once instead of {wanted}: this process may open {open} files");
    }
    fit
}

/// Where descriptors are few, connections get half of them.
fn fitting(wanted: usize, open: u64) -> usize {
    let left = open.saturating_sub(OTHERS).max(open / 2);
    usize::try_from(left).map_or(wanted, |left| wanted.min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_keeps_its_descriptors() {
        assert_eq!(fitting(12_000, 20_000), 12_000);
        assert_eq!(fitting(12_000, 1_024), 768);
        assert_eq!(fitting(12_000, 256), 128);
        assert_eq!(fitting(5, 256), 5);
    }

    #[test]
    fn a_few_connections_always_fit() {
        assert_eq!(connections_that_fit(3), 3);
    }
}
