//! Who is calling, and what a token lets its holder do. Judging a request is the service's business.

mod grant;
mod secret;

pub use grant::{Grant, Scope, matches_pattern};
pub use secret::{NewSecret, PREFIX, digest, hash};

use std::sync::Arc;

/// Who a request comes from: a token's holder, or the operator of a local store.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The actor's name in the log.
    pub actor: Arc<str>,
    /// What it may do and where.
    pub grant: Arc<Grant>,
}

impl Principal {
    /// The person at the machine where the store lies: all scopes.
    #[must_use]
    pub fn operator() -> Self {
        Principal { actor: "operator".into(), grant: Arc::new(Grant::everything()) }
    }
}
