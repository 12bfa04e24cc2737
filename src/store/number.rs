//! The log counts in `u64`, the databases keep `i64`: nothing wraps between the two.

use super::{Result, StoreError};

/// A count as the databases keep it.
///
/// # Errors
/// `Damaged` beyond `i64`: no log gets that far.
pub(super) fn kept(count: u64) -> Result<i64> {
    i64::try_from(count).map_err(|_| StoreError::Damaged(format!("{count} is no number a log can reach")))
}

/// A count as the databases gave it.
///
/// # Errors
/// `Damaged` below 0.
pub(super) fn counted(kept: i64) -> Result<u64> {
    u64::try_from(kept).map_err(|_| StoreError::Damaged(format!("{kept} stands where a count should")))
}

/// The bound of a question: beyond `i64` nothing is kept, so the largest one means the same.
pub(super) fn bound(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The limit of a question.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_beyond_the_databases_is_refused_and_a_bound_is_cut() {
        assert!(kept(u64::MAX).is_err());
        assert!(counted(-1).is_err());
        assert_eq!(bound(u64::MAX), i64::MAX);
    }
}
