//! From the address of a store to the store.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Memory, Postgres, Result, Sqlite, Store, StoreError};

const ACCEPTED: &str = "accepted are sqlite:PATH, postgres://USER@HOST/DATABASE and memory:";

/// Opens the store at an address and brings its schema up to this binary's.
///
/// `sqlite:PATH` (the directory is made if it is missing), `postgres://…` or `postgresql://…`, `memory:`.
///
/// # Errors
/// `Setup` for an address or a place that can't be used, `Newer` where a newer Osier migrated the store,
/// `Unavailable` where the database does not answer. No error holds a password.
pub async fn open(url: &str) -> Result<Arc<dyn Store>> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(StoreError::Setup(format!(
            "the address of the store names no kind of store; {ACCEPTED}"
        )));
    };
    match scheme {
        "memory" if rest.is_empty() => Ok(Arc::new(Memory::default())),
        "sqlite" => Ok(Arc::new(Sqlite::open(&path(rest)?).await?)),
        "postgres" | "postgresql" => Ok(Arc::new(Postgres::open(url).await?)),
        _ => Err(StoreError::Setup(format!("the store can't be of this kind: {scheme}; {ACCEPTED}"))),
    }
}

/// The file of the embedded store at an address; none where the store is not one file.
#[must_use]
pub fn embedded_path(url: &str) -> Option<PathBuf> {
    path(url.strip_prefix("sqlite:")?).ok()
}

/// `sqlite://` before a path means the same as `sqlite:`.
fn path(rest: &str) -> Result<PathBuf> {
    match rest.strip_prefix("//").unwrap_or(rest) {
        "" => Err(StoreError::Setup(format!("sqlite: without a path; {ACCEPTED}"))),
        path => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refusal(url: &str) -> String {
        match open(url).await {
            Err(StoreError::Setup(line)) => line,
            Err(other) => panic!("{url}: {other}"),
            Ok(_) => panic!("{url} was opened"),
        }
    }

    #[tokio::test]
    async fn an_address_of_no_known_kind_is_refused_with_what_is_accepted() {
        for url in ["mysql://root@localhost/osier", "osier.db", "sqlite:", "sqlite://", "memory:x", ""] {
            assert!(refusal(url).await.contains("sqlite:PATH"), "{url}");
        }
    }

    #[tokio::test]
    async fn a_refusal_never_holds_the_password() {
        for url in [
            "mysql://root:hunter2@localhost/osier",
            "postgres://root:hunter2@localhost:notaport/osier",
            "postgres://root:hunter2@[::1/osier",
            "root:hunter2@localhost/osier",
            "hunter2",
        ] {
            let line = refusal(url).await;
            assert!(!line.contains("hunter2"), "{line}");
        }
    }

    #[test]
    fn both_ways_to_write_a_path_mean_the_same() {
        assert_eq!(path("/var/lib/osier.db").ok(), path("///var/lib/osier.db").ok());
        assert_eq!(path("osier.db").ok(), path("//osier.db").ok());
    }
}
