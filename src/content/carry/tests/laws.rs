//! Laws.

use proptest::prelude::*;

/// At least so many cases; more where the environment asks for more.
pub fn cases(least: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.max(least),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..usual
    }
}
