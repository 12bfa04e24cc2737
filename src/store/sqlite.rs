//! The embedded store: one file, one thread that writes it, and connections of their own that read it.
//!
//! Two processes may share the file: each sees the other's commits with its next read.

mod append;
mod audit;
mod checkpoints;
mod connection;
mod copy;
mod examine;
mod fault;
mod hold;
mod log;
mod migrate;
mod readers;
mod registry;
mod row;
mod tokens;
mod writer;

use std::path::Path;

use super::{Result, StoreError};
pub use copy::SafeCopy;
use readers::Readers;
use writer::Writer;

/// Keeps all in a SQLite file.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
}

impl Sqlite {
    /// Opens the file, makes it and its directory if they are missing, and brings its schema up to this binary's.
    ///
    /// # Errors
    /// `Setup` where the path can't be used or is not a store of Osier's, `Newer` where a newer Osier migrated it,
    /// `Unavailable` where another process keeps it locked.
    pub async fn open(path: &Path) -> Result<Self> {
        let place = path.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            connection::make_place(&place)?;
            let mut connection = connection::to_write(&place)?;
            migrate::run(&mut connection, &place)?;
            Ok::<_, StoreError>((connection, place))
        });
        let (connection, place) = opening.await.map_err(interrupted)??;
        Ok(Self { writer: Writer::start(connection)?, readers: Readers::of(place) })
    }
}

impl Sqlite {
    /// Opens a file that is there to be read only: nothing is made, migrated or switched, and every write is refused.
    ///
    /// # Errors
    /// `Setup` where there is no store of Osier's with this binary's schema, `Newer` where a newer Osier migrated it.
    pub fn look(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Err(StoreError::Setup(format!("there is no store in {}", path.display())));
        }
        let connection = connection::to_read(path)?;
        migrate::expect_known(&connection, path)?;
        Ok(Self { writer: Writer::start(connection)?, readers: Readers::of(path.to_owned()) })
    }
}

/// A reading task ended without an answer: a panic, or the runtime going down.
fn interrupted(error: tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable(format!("a task of the store was interrupted: {error}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use futures::future::join_all;
    use tempfile::TempDir;

    use super::*;
    use crate::store::contract::first_append;
    use crate::store::{Appended, Log, Registry, SiteKey};

    fn place() -> (TempDir, std::path::PathBuf) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("osier.db");
        (directory, path)
    }

    fn execute(path: &Path, sql: &str) {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }

    async fn refusal(path: &Path) -> String {
        match Sqlite::open(path).await {
            Err(StoreError::Setup(line)) => line,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{} was opened", path.display()),
        }
    }

    async fn append_first(store: &Sqlite, site: SiteKey) -> Result<Appended> {
        let start = store.head(site).await?;
        store.append(site, &first_append(start)).await
    }

    #[tokio::test]
    async fn directory_and_file_are_made_for_their_owner_only() {
        let (directory, _) = place();
        let path = directory.path().join("a").join("b").join("osier.db");
        let store = Sqlite::open(&path).await.unwrap();
        store.create_site("s", b"{}", 1).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&path.with_file_name("osier.db-wal")), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_refused_by_its_path() {
        let (directory, file) = place();
        std::fs::write(&file, "").unwrap();
        for path in [directory.path().to_owned(), file.join("osier.db"), "/proc/osier/osier.db".into()] {
            assert!(refusal(&path).await.contains(path.to_str().unwrap()));
        }
    }

    #[tokio::test]
    async fn the_file_of_another_program_is_refused_and_left_as_it_is() {
        let (directory, path) = place();
        execute(&path, "CREATE TABLE recipe (name TEXT)");
        let text = directory.path().join("notes.txt");
        std::fs::write(&text, "Lorem ipsum, and so on. ".repeat(100)).unwrap();
        for path in [path, text] {
            let before = std::fs::read(&path).unwrap();
            refusal(&path).await;
            assert_eq!(std::fs::read(&path).unwrap(), before);
        }
    }

    #[tokio::test]
    async fn a_store_of_a_newer_osier_is_not_opened() {
        let (_directory, path) = place();
        drop(Sqlite::open(&path).await.unwrap());
        execute(&path, "PRAGMA user_version = 99");
        let refused = Sqlite::open(&path).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Newer { found: 99, .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn who_only_looks_makes_changes_and_writes_nothing() {
        let (_directory, path) = place();
        assert!(matches!(Sqlite::look(&path), Err(StoreError::Setup(_))) && !path.exists());
        let store = Sqlite::open(&path).await.unwrap();
        let (site, _) = store.create_site("s", b"{}", 1).await.unwrap();
        let looking = Sqlite::look(&path).unwrap();
        append_first(&store, site.key).await.unwrap();
        assert_eq!(looking.head(site.key).await.unwrap().seq, 1);
        assert!(looking.create_site("other", b"{}", 1).await.is_err());
        execute(&path, "PRAGMA user_version = 99");
        assert!(matches!(Sqlite::look(&path), Err(StoreError::Newer { found: 99, .. })));
    }

    #[tokio::test]
    async fn a_store_that_a_newer_osier_migrates_while_it_is_open_is_not_written() {
        let (_directory, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        let (site, _) = store.create_site("s", b"{}", 1).await.unwrap();
        execute(&path, "PRAGMA user_version = 99");
        let refused = append_first(&store, site.key).await;
        assert!(matches!(refused, Err(StoreError::Newer { found: 99, .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn all_is_there_after_reopening() {
        let (_directory, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        let (site, _) = store.create_site("s", b"{}", 1).await.unwrap();
        append_first(&store, site.key).await.unwrap();
        let entries = store.entries(site.key, 0, 10).await.unwrap();
        drop(store);
        let store = Sqlite::open(&path).await.unwrap();
        assert_eq!(store.site("s").await.unwrap(), Some(site.clone()));
        assert_eq!(store.entries(site.key, 0, 10).await.unwrap(), entries);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_that_open_a_new_file_at_once_all_find_the_schema() {
        let (_directory, path) = place();
        let stores = join_all((0..8).map(|_| Sqlite::open(&path))).await;
        for store in stores {
            store.unwrap().ping().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_leaves_the_next_ones_their_thread() {
        let (_directory, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        let broken: Result<()> = store.writer.run(|_| panic!("on purpose")).await;
        assert!(matches!(broken, Err(StoreError::Unknown(_))), "{broken:?}");
        assert!(store.create_site("s", b"{}", 1).await.unwrap().1);
    }

    #[tokio::test]
    async fn a_full_store_refuses_keeps_reading_and_recovers() {
        let (_directory, path) = place();
        let store = Sqlite::open(&path).await.unwrap();
        let (site, _) = store.create_site("s", b"{}", 1).await.unwrap();
        let limit_pages = async |pages: u32| {
            let work = move |connection: &mut rusqlite::Connection| {
                Ok(connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
            };
            store.writer.run(work).await.unwrap();
        };
        let start = store.head(site.key).await.unwrap();
        let mut large = first_append(start);
        large.blobs.push(([1; 32], bytes::Bytes::from(vec![0; 1_000_000])));
        limit_pages(1).await;
        let refused = store.append(site.key, &large).await;
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
        assert_eq!(store.head(site.key).await.unwrap(), start);
        limit_pages(1_000_000).await;
        assert_eq!(store.append(site.key, &large).await.unwrap(), Appended::Done);
    }
}
