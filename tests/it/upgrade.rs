//! A store that an older Osier left behind.

use std::fs;

use reqwest::Method;
use tempfile::TempDir;

use crate::harness::{Server, answered};
use crate::terminal::{execute, fail, sqlite, succeed};

/// Takes from a store what migrations after the first one brought.
async fn age(database: &str) {
    for taken in ["ALTER TABLE token DROP COLUMN used_ms", "DROP TABLE keyed_answer"] {
        execute(database, taken).await.unwrap();
    }
    let forget = match database.starts_with("sqlite:") {
        true => "PRAGMA user_version = 1",
        false => "DELETE FROM _sqlx_migrations WHERE version > 20261121160000",
    };
    execute(database, forget).await.unwrap();
}

async fn a_store_of_an_older_osier_is_brought_up_with_all_that_is_in_it(server: Server) {
    server.make_page("a").await;
    let token = server.token.clone();
    let (database, folder) = server.stopped().await;
    age(&database).await;
    assert!(succeed(&database, &["doctor", "--addr", "127.0.0.1:0"]).await.contains("`osier migrate`"));
    succeed(&database, &["migrate"]).await;
    succeed(&database, &["verify"]).await;
    assert!(succeed(&database, &["doctor", "--addr", "127.0.0.1:0"]).await.contains("up to date"));
    let server = Server::over(database, folder).await;
    let read = server.request(Method::GET, "/sites/s/pages/%2Fa").bearer_auth(&token);
    assert_eq!(answered(read).await.ok()["slug"], "/a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_an_older_osier_made_is_restored_and_brought_up() {
    let server = Server::on_sqlite().await;
    server.make_page("a").await;
    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("old.db");
    succeed(server.database(), &["backup", backup.to_str().unwrap()]).await;
    let old = sqlite(folder.path(), "old.db");
    age(&old).await;
    let before = fs::read(&backup).unwrap();
    assert!(fail(&old, &["verify"], 3).await.contains("`osier migrate`"));
    assert!(fail(&old, &["backup", "/tmp/never.db"], 2).await.contains("`osier migrate`"));

    let restored = sqlite(&folder.path().join("again"), "osier.db");
    succeed(&restored, &["restore", backup.to_str().unwrap()]).await;
    succeed(&restored, &["verify"]).await;
    assert!(succeed(&restored, &["token", "list"]).await.contains("never used"));
    assert_eq!(fs::read(&backup).unwrap(), before, "the backup stays as it is");
}

on_each_store![a_store_of_an_older_osier_is_brought_up_with_all_that_is_in_it];
