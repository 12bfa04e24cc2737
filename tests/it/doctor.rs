//! `osier doctor` on set-ups that work and on such that don't.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{run, succeed};

/// The findings, and the exit code.
fn examined(data: &Path, more: &[&str]) -> (Vec<Value>, i32) {
    let output = run(data, &[&["doctor", "--json", "--addr", "127.0.0.1:0"], more].concat());
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

/// The one thing that is wrong: its check, what is said of it, how to mend it.
#[track_caller]
fn wrong(data: &Path, more: &[&str]) -> (String, String, String) {
    let (findings, code) = examined(data, more);
    let wrong: Vec<_> = findings.iter().filter(|finding| finding["state"] == "wrong").collect();
    assert_eq!((wrong.len(), code), (1, 1), "{findings:#?}");
    let text = |field: &str| wrong[0][field].as_str().unwrap().to_owned();
    (text("check"), text("says"), text("mend"))
}

#[test]
fn a_machine_without_a_store_is_well_and_stays_as_it_is() {
    let data = TempDir::new().unwrap();
    let (findings, code) = examined(data.path(), &[]);
    assert_eq!(code, 0, "{findings:#?}");
    assert!(!data.path().join("data").exists(), "nothing is made");
}

#[test]
fn a_store_in_use_is_well() {
    let data = TempDir::new().unwrap();
    succeed(data.path(), &["token", "create", "--name", "me", "--scopes", "admin"]);
    let (findings, code) = examined(data.path(), &[]);
    assert_eq!(code, 0, "{findings:#?}");
    let auth = findings.iter().find(|finding| finding["check"] == "auth").unwrap();
    assert_eq!(auth["says"], "one token");
    let told = succeed(data.path(), &["doctor", "--addr", "127.0.0.1:0"]);
    assert!(told.lines().all(|line| line.starts_with("ok")), "{told}");
}

#[test]
fn a_server_that_others_would_reach_is_told_to_know_its_names() {
    let data = TempDir::new().unwrap();
    let names = |more: &[&str]| {
        let output = run(data.path(), &[&["doctor", "--json"], more].concat());
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let found = findings.into_iter().find(|finding| finding["check"] == "names");
        (found.map(|finding| finding["state"].as_str().unwrap().to_owned()), output.status.code().unwrap())
    };
    assert_eq!(names(&["--addr", "0.0.0.0:0"]), (Some("warn".to_owned()), 0), "a hint is no failure");
    for addr in ["127.0.0.1:0", "[::1]:0", "localhost:0"] {
        assert_eq!(names(&["--addr", addr]).0, None, "{addr}");
    }
    fs::write(data.path().join("osier.toml"), "public-url = \"https://cms.example.org\"\n").unwrap();
    assert_eq!(names(&["--addr", "0.0.0.0:0"]), (Some("ok".to_owned()), 0));
}

#[test]
fn a_database_that_is_gone_is_named_with_its_mend() {
    let data = TempDir::new().unwrap();
    let (check, says, mend) =
        wrong(data.path(), &["--database", "postgres://anna:hunter2@127.0.0.1:1/osier"]);
    assert_eq!(check, "database");
    assert!(mend.contains("start PostgreSQL"), "{mend}");
    assert!(!says.contains("hunter2"), "{says}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named_with_its_mend() {
    let data = TempDir::new().unwrap();
    let store = format!("sqlite:{}", data.path().join("elsewhere.db").display());
    // What nobody may write, root neither; and what is no directory.
    let (check, says, mend) = wrong(data.path(), &["--data-dir", "/proc/osier", "--database", &store]);
    assert_eq!(check, "data directory");
    assert!(says.contains("/proc") && mend.contains("chown"), "{says}: {mend}");
    fs::write(data.path().join("file"), "").unwrap();
    let file = data.path().join("file").display().to_string();
    let (check, says, mend) = wrong(data.path(), &["--data-dir", &file, "--database", &store]);
    assert_eq!(check, "data directory");
    assert!(says.contains("no directory") && mend.contains("--data-dir"), "{says}: {mend}");
}

#[test]
fn a_store_of_a_newer_osier_is_named_with_its_mend() {
    let data = TempDir::new().unwrap();
    succeed(data.path(), &["migrate"]);
    let file = data.path().join("data").join("osier.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let (check, says, mend) = wrong(data.path(), &[]);
    assert_eq!(check, "migrations");
    assert!(says.contains("99") && mend.contains("newer osier"), "{says}: {mend}");
}

#[test]
fn a_file_of_another_program_is_named() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("notes.txt");
    fs::write(&file, "Lorem ipsum, and so on. ".repeat(100)).unwrap();
    let (check, says, _) = wrong(data.path(), &["--database", &format!("sqlite:{}", file.display())]);
    assert_eq!(check, "database");
    assert!(says.contains("notes.txt"), "{says}");
}

#[tokio::test]
async fn a_postgres_that_does_not_keep_what_it_promises_is_named() {
    let Some((url, _)) = crate::harness::Server::postgres_database().await else { return };
    let data = TempDir::new().unwrap();
    succeed(data.path(), &["migrate", "--database", &url]);
    let (findings, code) = examined(data.path(), &["--database", &url]);
    assert_eq!(code, 0, "{findings:#?}");
    assert!(findings.iter().any(|finding| finding["check"] == "clocks" && finding["state"] == "ok"));

    let off = format!("{url}?options=-c%20synchronous_commit%3Doff");
    let (check, says, mend) = wrong(data.path(), &["--database", &off]);
    assert_eq!(check, "durability");
    assert!(says.contains("synchronous_commit is off") && mend.contains("postgresql.conf"), "{says}: {mend}");
}
