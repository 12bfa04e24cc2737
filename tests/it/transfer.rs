//! `osier export` and `osier import`: a site's whole log out, and in again.

use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::Server;
use crate::story;
use crate::terminal::{execute, fail, fresh_like, run, sqlite, succeed, succeed_json};

async fn a_log_comes_back_hash_for_hash_with_its_history_and_undo(server: Server) {
    let folder = TempDir::new().unwrap();
    story::tell(&server).await;
    story::go_on(&server).await;
    let before = story::served(&server, "s").await;
    let file = folder.path().join("s.jsonl");
    let text = succeed(server.database(), &["export", "--site", "s"]).await;
    fs::write(&file, &text).unwrap();
    let fresh = fresh_like(server.database(), &folder).await;
    let file = file.to_str().unwrap();
    let told = succeed_json(&fresh, &["import", file, "--json"]).await;
    assert_eq!(
        (&told["added"], told["entries"].as_u64()),
        (&told["entries"], Some(text.lines().count() as u64 - 2))
    );
    assert_eq!(succeed(&fresh, &["export"]).await, text, "out again, byte for byte");
    let verified = succeed_json(&fresh, &["verify", "--json"]).await;
    assert!(verified["sites"][0]["checkpoints"].as_u64().unwrap() >= 2, "{verified}");

    let other = Server::over(fresh, None).await;
    assert_eq!(story::served(&other, "s").await, before);
    for op in [json!({"op": "undo"}), json!({"op": "undo", "page": "/a"}), json!({"op": "redo"})] {
        let (here, there) = (server.ops(json!([op])).await, other.ops(json!([op])).await);
        assert_eq!(here.json["pages"], there.json["pages"], "{op}: {} {}", here.text, there.text);
        assert_eq!(here.status, there.status);
    }
    let keyed = story::batches().into_iter().find(|batch| batch["idempotencyKey"] == "the-offer").unwrap();
    let (here, there) = (server.envelope(keyed.clone()).await, other.envelope(keyed).await);
    assert!(here.json["commit"].is_string(), "{}", here.text);
    assert_eq!(there.json["commit"], here.json["commit"], "a key gets its answer there too");
}

async fn the_same_file_again_changes_nothing_and_a_longer_one_goes_on(server: Server) {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: String| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let database = server.database().to_owned();
    story::tell(&server).await;
    let short = write("short.jsonl", succeed(&database, &["export"]).await);
    story::go_on(&server).await;
    let long = write("long.jsonl", succeed(&database, &["export"]).await);
    let import = async |file: &str, site: &str| {
        succeed_json(&database, &["import", file, "--site", site, "--json"]).await
    };
    let first = import(&short, "Copy").await;
    assert_eq!((&first["site"], &first["added"]), (&json!("copy"), &first["entries"]));
    assert_eq!(import(&short, "copy").await["added"], 0);
    let rest = import(&long, "copy").await;
    let added = rest["entries"].as_u64().unwrap() - first["entries"].as_u64().unwrap();
    assert_eq!(rest["added"], added);
    for file in [&short, &long] {
        assert_eq!(import(file, "copy").await["added"], 0);
    }
    assert_eq!(import(&long, "s").await["added"], 0, "it is its own");
    succeed(&database, &["verify"]).await;
    // A server on the same store has it too, and goes on with it.
    assert_eq!(story::served(&server, "copy").await["pages"], story::served(&server, "s").await["pages"]);

    server.make_page("more").await;
    assert_eq!(import(&long, "s").await["added"], 0, "it has more than the file");
    server.send(Method::POST, "/ops", &json!({"site": "copy", "ops": [{"op": "undo"}]})).await.ok();
    let longer = write("longer.jsonl", succeed(&database, &["export", "--site", "s"]).await);
    let told = fail(&database, &["import", &longer, "--site", "copy"], 1).await;
    assert!(told.contains("another log") && told.contains("--site"), "{told}");
    server.send(Method::POST, "/sites", &json!({"id": "else", "name": "Else"})).await.ok();
    assert!(fail(&database, &["import", &long, "--site", "else"], 1).await.contains("another log"));
    let told = fail(&database, &["export"], 2).await;
    assert!(["copy", "else", " s"].iter().all(|site| told.contains(site)), "{told}");
    succeed(&database, &["verify"]).await;
}

async fn a_file_that_was_cut_off_or_changed_is_refused_and_nothing_is_written(server: Server) {
    let folder = TempDir::new().unwrap();
    story::tell(&server).await;
    let text = succeed(server.database(), &["export"]).await;
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let without = |at: usize| joined(&[&lines[..at], &lines[at + 1..]].concat());
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(7, 8);
        joined(&lines)
    };
    let again = joined(&[&lines[..], &lines[last..]].concat());
    let bad = [
        ("empty", String::new(), "first line"),
        ("no log", "{\"a\":1}\n".to_owned(), "first line"),
        ("no header", without(0), "first line"),
        ("no end", without(last), "cut off"),
        ("cut in a line", text[..text.len() - 150].to_owned(), "line "),
        ("a cut last line", text.trim_end().to_owned(), "cut off"),
        ("a line gone", without(9), "line 10: entry 9 is missing"),
        ("the last entry gone", without(last - 1), "last line"),
        ("two lines swapped", swapped, "line 8"),
        ("more behind the end", again, "behind the last line"),
        ("a body changed", text.replacen("Who we are", "Who we were", 1), "line 4: its hash"),
        ("a number written otherwise", text.replacen("1.5e-7", "1.50e-7", 1), "hash"),
        (
            "an actor changed",
            text.replacen("\"actor\":\"admin\"", "\"actor\":\"eve\"", 1),
            "line 2: its hash",
        ),
        (
            "a time changed",
            text.replacen(
                "\"seq\":3,\"kind\":\"edit\",\"at\":\"2",
                "\"seq\":3,\"kind\":\"edit\",\"at\":\"3",
                1,
            ),
            "line 4: its hash",
        ),
        (
            "a genesis changed",
            text.replacen("\"genesis\":{\"name\":\"Site\"", "\"genesis\":{\"name\":\"Sith\"", 1),
            "line 2: its hash",
        ),
        ("a newer file", text.replacen("osier-log/1", "osier-log/2", 1), "newest osier"),
        ("a newer body", text.replacen("\"format\":1,", "\"format\":2,", 1), "newer than this osier"),
        ("a foreign field", text.replacen("\"seq\":1,", "\"seq\":1,\"x\":1,", 1), "line 2"),
        ("another count", text.replacen("\"entries\":", "\"entries\":1", 1), "last line"),
    ];
    let fresh = fresh_like(server.database(), &folder).await;
    let file = folder.path().join("bad.jsonl");
    for (name, text, words) in bad {
        fs::write(&file, text).unwrap();
        let told = fail(&fresh, &["import", file.to_str().unwrap()], 1).await;
        assert!(told.contains("nothing was imported") && told.contains(words), "{name}: {told}");
        assert_eq!(succeed_json(&fresh, &["site", "list", "--json"]).await, json!({"items": []}), "{name}");
    }
    assert!(fail(&fresh, &["import", "/nowhere/x.jsonl"], 2).await.contains("x.jsonl"));
    assert!(fail(&fresh, &["export"], 1).await.contains("no site"));
}

async fn a_damaged_log_is_not_exported_as_a_whole_one(server: Server) {
    for name in ["a", "b", "c"] {
        server.make_page(name).await;
    }
    let (database, _folder) = server.stopped().await;
    execute(&database, "DELETE FROM entry WHERE seq = 2").await.unwrap();
    let output = run(&database, &["export"]).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("seq 3") && told.contains("verify"), "{told}");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("\"end\""));
}

on_each_store![
    a_log_comes_back_hash_for_hash_with_its_history_and_undo,
    the_same_file_again_changes_nothing_and_a_longer_one_goes_on,
    a_file_that_was_cut_off_or_changed_is_refused_and_nothing_is_written,
    a_damaged_log_is_not_exported_as_a_whole_one,
];

#[tokio::test]
async fn from_one_kind_of_store_into_the_other() {
    let Some(server) = Server::on_postgres().await else { return };
    story::tell(&server).await;
    let folder = TempDir::new().unwrap();
    let text = succeed(server.database(), &["export"]).await;
    fs::write(folder.path().join("s.jsonl"), &text).unwrap();
    let embedded = sqlite(folder.path(), "osier.db");
    let file = Path::new(folder.path()).join("s.jsonl");
    succeed(&embedded, &["import", file.to_str().unwrap()]).await;
    assert_eq!(succeed(&embedded, &["export"]).await, text);
    succeed(&embedded, &["verify"]).await;
}
