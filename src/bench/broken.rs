//! What a bench stops with.

use std::fmt::Display;

use crate::service::Fault;
use crate::store::StoreError;

/// One line that says what did not work: a bench is run by a person, who reads it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

impl Broken {
    /// What was done, and what went wrong with it.
    pub(super) fn at<E: Display>(what: impl Display) -> impl FnOnce(E) -> Broken {
        move |error| Broken(format!("{what}: {error}"))
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Broken(error.to_string())
    }
}

impl From<serde_json::Error> for Broken {
    fn from(error: serde_json::Error) -> Self {
        Broken(format!("JSON: {error}"))
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Broken(error.to_string())
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Broken(format!("{fault:?}"))
    }
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Broken(format!("PostgreSQL: {error}"))
    }
}

impl From<rusqlite::Error> for Broken {
    fn from(error: rusqlite::Error) -> Self {
        Broken(format!("SQLite: {error}"))
    }
}

/// The answer of everything here.
pub(super) type Result<T, E = Broken> = std::result::Result<T, E>;
