//! `osier backup` and `osier restore`, and stores that are not this binary's.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Server, heading};
use crate::story;
use crate::terminal::{execute, fail, sqlite, succeed, succeed_json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_64_writers_verifies_and_is_put_back() {
    let server = Arc::new(Server::on_sqlite().await);
    for number in 0..64 {
        server.make_page(&format!("p{number}")).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..64)
        .map(|number| {
            let (server, stop, name) = (Arc::clone(&server), Arc::clone(&stop), format!("p{number}"));
            tokio::spawn(async move {
                let mut done = 0;
                while !stop.load(Ordering::Relaxed) {
                    done += 1;
                    server.ops(json!([heading(&name, &format!("{done}"))])).await.ok();
                }
                done
            })
        })
        .collect();
    let folder = TempDir::new().unwrap();
    let mut entries = 64;
    for number in 0..3 {
        // The writers are at work, and have been since the last backup.
        while server.get("/sites/s/history?limit=1").await.ok()["items"][0]["seq"].as_u64() <= Some(entries) {
        }
        let file = folder.path().join(format!("{number}.db"));
        let told = succeed_json(server.database(), &["backup", file.to_str().unwrap(), "--json"]).await;
        let now = told["sites"][0]["entries"].as_u64().unwrap();
        assert!(now > entries, "{now} entries after {entries}: a backup of before it began");
        entries = now;
        let verified =
            succeed_json(&sqlite(folder.path(), &format!("{number}.db")), &["verify", "--json"]).await;
        assert_eq!(verified["sites"][0]["entries"], entries);
    }
    stop.store(true, Ordering::Relaxed);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    let all = succeed_json(server.database(), &["verify", "--json"]).await;
    assert_eq!(all["sites"][0]["entries"], 64 + written, "the backups took nothing from anybody");

    fs::create_dir(folder.path().join("again")).unwrap();
    let restored = sqlite(&folder.path().join("again"), "osier.db");
    succeed(&restored, &["restore", folder.path().join("0.db").to_str().unwrap()]).await;
    succeed(&restored, &["verify"]).await;
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("part")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_nothing_unsound_is_kept() {
    let server = Server::on_sqlite().await;
    story::tell(&server).await;
    let (database, _folder) = server.stopped().await;
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let into = |name: &str| sqlite(&folder.path().join(name), "osier.db");

    succeed(&database, &["backup", &path("good.db")]).await;
    let before = fs::read(path("good.db")).unwrap();
    succeed(&sqlite(folder.path(), "good.db"), &["verify"]).await;
    assert!(fail(&database, &["backup", &path("good.db")], 2).await.contains("there already"));
    assert_eq!(fs::read(path("good.db")).unwrap(), before, "neither that nor verify touches a backup");
    assert!(fail(&database, &["backup", &path("no/such/folder.db")], 2).await.contains("no/such"));
    fs::write(path("cut.db.part"), "").unwrap();
    assert!(fail(&database, &["backup", &path("cut.db")], 2).await.contains("cut.db.part"));
    assert!(fail(&sqlite(folder.path(), "none.db"), &["backup", &path("x.db")], 3).await.contains("none.db"));
    assert!(fail(&database, &["restore", &path("good.db")], 2).await.contains("not empty"));

    let no_stores = [("text.db", "Lorem ipsum dolor. ".repeat(300)), ("empty.db", String::new())];
    for (name, text) in no_stores {
        fs::write(path(name), text).unwrap();
        assert!(
            fail(&into("r1"), &["restore", &path(name)], 1).await.contains("no store of Osier's"),
            "{name}"
        );
    }
    rusqlite::Connection::open(path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE recipe (name TEXT)")
        .unwrap();
    assert!(fail(&into("r1"), &["restore", &path("other.db")], 1).await.contains("no store of Osier's"));
    assert!(fail(&into("r1"), &["restore", &path("nowhere.db")], 2).await.contains("nowhere.db"));
    fs::write(path("short.db"), &before[..before.len() / 2]).unwrap();
    fail(&into("r1"), &["restore", &path("short.db")], 1).await;

    let flipped = sqlite(folder.path(), "flipped.db");
    fs::copy(path("good.db"), path("flipped.db")).unwrap();
    execute(&flipped, "UPDATE entry SET who = 'eve' WHERE seq = 3").await.unwrap();
    for (store, command) in
        [(into("r1"), ["restore", &path("flipped.db")]), (flipped, ["backup", &path("y.db")])]
    {
        let told = fail(&store, &command, 1).await;
        assert!(told.contains("site s, seq 3") && told.contains("no copy was kept"), "{told}");
    }
    assert!(!fs::exists(path("y.db")).unwrap());
    assert!(!fs::exists(path("r1")).unwrap(), "what was made for a store that did not come is taken away");

    succeed(&into("r1"), &["restore", &path("good.db")]).await;
    succeed(&into("r1"), &["verify"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_postgresql_has_tools_of_its_own() {
    let Some(server) = Server::on_postgres().await else { return };
    assert!(fail(server.database(), &["backup", "/tmp/never.db"], 2).await.contains("pg_dump"));
    assert!(fail(server.database(), &["restore", "/tmp/never.db"], 2).await.contains("pg_restore"));
}

async fn every_command_refuses_a_store_of_a_newer_osier(server: Server) {
    server.make_page("a").await;
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("s.jsonl");
    fs::write(&log, succeed(server.database(), &["export"]).await).unwrap();
    let (database, _folder) = server.stopped().await;
    let embedded = database.starts_with("sqlite:");
    let newer = match embedded {
        true => "PRAGMA user_version = 9999",
        false => {
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (99999999999999, 'tomorrow', TRUE, '', 0)"
        }
    };
    execute(&database, newer).await.unwrap();
    let (log, copy) = (log.to_str().unwrap(), folder.path().join("copy.db"));
    let commands: &[&[&str]] = &[
        &["serve", "--addr", "127.0.0.1:0"],
        &["import", log],
        &["export"],
        &["verify"],
        &["token", "list"],
        &["site", "list"],
        &["history", "--site", "s"],
        &["migrate"],
    ];
    for command in commands {
        assert!(fail(&database, command, 3).await.contains("newer osier"), "{command:?}");
    }
    if embedded {
        assert!(fail(&database, &["backup", copy.to_str().unwrap()], 3).await.contains("newer osier"));
        let file = database.strip_prefix("sqlite:").unwrap();
        let empty = sqlite(&folder.path().join("empty"), "osier.db");
        assert!(fail(&empty, &["restore", file], 3).await.contains("newer osier"));
        assert!(!copy.exists());
    }
}

on_each_store![every_command_refuses_a_store_of_a_newer_osier];
