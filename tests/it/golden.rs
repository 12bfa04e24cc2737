//! Logs as each release wrote them, and what they must be served as by every later one.
//!
//! `tests/golden/<release>/<name>.jsonl` is an export, `<name>.json` beside it what was served of it. A new release adds a
//! folder of its own: with its version in `Cargo.toml`, run `OSIER_WRITE=1 cargo test --test it golden` once. What is there
//! is never written anew; during the work on a release, remove its folder first.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use osier::content::commit::{Body, FORMAT};
use osier::content::ops::catalogue;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Server;
use crate::story;
use crate::terminal::{fresh_like, succeed};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The folder of this release, by its first two numbers: patches read and write what their release does.
fn this_release() -> PathBuf {
    let version: Vec<_> = env!("CARGO_PKG_VERSION").split('.').take(2).collect();
    golden().join(version.join("."))
}

/// All logs of all releases.
fn logs() -> Vec<PathBuf> {
    let inside =
        |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let releases = inside(&golden()).into_iter().filter(|path| path.is_dir());
    let files = releases.flat_map(|release| inside(&release));
    let mut logs: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "jsonl")).collect();
    logs.sort();
    logs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_release_has_its_logs_and_they_meet_every_op_and_kind() {
    let folder = this_release();
    if std::env::var_os("OSIER_WRITE").is_some() && !folder.exists() {
        write(&folder).await;
    }
    let (mut ops, mut kinds, mut long) = (BTreeSet::new(), BTreeSet::new(), false);
    for log in logs().into_iter().filter(|log| log.starts_with(&folder)) {
        for line in fs::read_to_string(log).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let Some(kind) = line["kind"].as_str() else { continue };
            let json = serde_json::to_vec(&line["body"]).unwrap();
            let body = Body::decode(FORMAT, &json).unwrap();
            kinds.insert(kind.to_owned());
            ops.extend(body.ops.iter().map(|op| op["op"].as_str().unwrap().to_owned()));
            long |= json.len() > 512;
        }
    }
    let all: BTreeSet<_> = catalogue().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(ops, all, "run once with OSIER_WRITE=1 where the folder of this release is missing");
    let written = ["edit", "note", "redo", "restore", "restore_page", "undo"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), written);
    assert!(long);
}

async fn write(folder: &Path) {
    let server = Server::on_sqlite().await;
    let mut files = Vec::new();
    for name in ["empty", "story"] {
        if name == "story" {
            story::tell(&server).await;
        }
        let served = serde_json::to_string_pretty(&story::served(&server, "s").await).unwrap();
        files.push((format!("{name}.jsonl"), succeed(server.database(), &["export", "--site", "s"]).await));
        files.push((format!("{name}.json"), served + "\n"));
    }
    // All or none: a folder that is there is never written to again.
    fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

async fn logs_of_every_release_are_served_as_they_were(server: Server) {
    let folder = TempDir::new().unwrap();
    for log in logs() {
        let name = log.display().to_string();
        let database = fresh_like(server.database(), &folder).await;
        succeed(&database, &["import", log.to_str().unwrap(), "--site", "s"]).await;
        succeed(&database, &["verify"]).await;
        let text = fs::read_to_string(&log).unwrap();
        let again = succeed(&database, &["export", "--site", "s"]).await;
        let entries = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(entries(&again), entries(&text), "{name}");
        let other = Server::over(database, None).await;
        let wanted: Value =
            serde_json::from_str(&fs::read_to_string(log.with_extension("json")).unwrap()).unwrap();
        assert_eq!(story::served(&other, "s").await, wanted, "{name}");
        other.make_page("later").await;
        other.done(serde_json::json!({"op": "undo"})).await;
    }
}

on_each_store![logs_of_every_release_are_served_as_they_were];
