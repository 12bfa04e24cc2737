//! `osier verify`: a sound store, and each thing that can be wrong with one.

use std::sync::Arc;

use osier::store::{BranchKey, Checkpoint, NodeKey, open};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Server, heading};
use crate::story;
use crate::terminal::{copy_of, execute, fail, run, succeed, succeed_json};

async fn a_sound_store_is_told_with_its_counts(server: Server) {
    story::tell(&server).await;
    story::go_on(&server).await;
    server.send(reqwest::Method::POST, "/sites", &json!({"id": "gone"})).await.ok();
    server.ask(server.request(reqwest::Method::DELETE, "/sites/gone")).await;
    let (database, _folder) = server.stopped().await;
    let told = succeed_json(&database, &["verify", "--json"]).await;
    assert_eq!((&told["sound"], told["sites"].as_array().unwrap().len()), (&json!(true), 2));
    let site = &told["sites"][0];
    let count = |name: &str| site[name].as_u64().unwrap();
    assert!(count("entries") > 120 && count("version") == count("entries") - 1, "one note: {site}");
    assert!(count("checkpoints") >= 2 && count("blobs") >= count("checkpoints"), "{site}");
    assert!(count("pages") == 4 && count("touched") > count("version"), "{site}");
    assert_eq!((&told["sites"][1]["site"], &told["sites"][1]["removed"]), (&json!("gone"), &json!(true)));
    let text = succeed(&database, &["verify", "--site", "s"]).await;
    assert!(text.contains("All is sound") && !text.contains("gone"), "{text}");
    assert!(succeed(&database, &["verify", "--quick"]).await.contains("are sound"));
    assert!(fail(&database, &["verify", "--site", "nope"], 1).await.contains("nope"));
    if let Some(path) = database.strip_prefix("sqlite:") {
        let missing = format!("{path}.not");
        assert!(fail(&format!("sqlite:{missing}"), &["verify"], 3).await.contains("no store"));
        assert!(!std::fs::exists(missing).unwrap());
    }
}

/// What is done to a store, for SQLite and for PostgreSQL, and what the line must then name.
fn damages() -> Vec<(&'static str, String, String, Vec<&'static str>)> {
    let both =
        |name, sql: &str, words: &[&'static str]| (name, sql.to_owned(), sql.to_owned(), words.to_vec());
    let zeros = ("zeroblob(32)", "decode(repeat('00', 32), 'hex')");
    let with_zeros = |name, sql: &str, words: &[&'static str]| {
        (name, sql.replace("ZEROS", zeros.0), sql.replace("ZEROS", zeros.1), words.to_vec())
    };
    let swap = |columns: &str| format!("UPDATE entry SET {columns} WHERE site = 1 AND seq");
    vec![
        (
            "a body",
            format!("{} = 3", swap("body = CAST(replace(CAST(body AS TEXT), 'Story', 'Stork') AS BLOB)")),
            format!("{} = 3", swap("body = convert_to(replace(convert_from(body, 'UTF8'), 'Story', 'Stork'), 'UTF8')")),
            vec!["seq 3, version 3", "hash"],
        ),
        with_zeros("a compressed body", &format!("{} = 2", swap("body = ZEROS")), &["seq 2, version 2", "body"]),
        with_zeros("a hash", &format!("{} = 7", swap("hash = ZEROS")), &["seq 7", "hash"]),
        with_zeros("the hash of the genesis", "UPDATE site SET genesis_hash = ZEROS", &["seq 0", "genesis"]),
        with_zeros("the genesis", "UPDATE site SET genesis = ZEROS", &["seq 0", "genesis"]),
        both("an actor", &format!("{} = 5", swap("who = 'eve'")), &["seq 5, version 5", "hash"]),
        both("a time", &format!("{} = 6", swap("at_ms = at_ms + 1")), &["seq 6", "hash"]),
        both("a key", &format!("{} = 5", swap("key = 'other'")), &["seq 5", "hash"]),
        both("an entry that is gone", "DELETE FROM entry WHERE seq = 9", &["seq 10", "entry 9 is missing"]),
        both("the last entry", "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)", &["checkpoint", "ends at"]),
        both(
            "two entries in each other's place",
            &format!("{0} = 5; {1} = 6; {2} = 1000000",
                swap("seq = 1000000, version = 1000000"), swap("seq = 5, version = 5"), swap("seq = 6, version = 6")),
            &["seq 5", "hash"],
        ),
        (
            "what is live",
            "UPDATE touched SET live = 1 - live WHERE version = 3".into(),
            "UPDATE touched SET live = NOT live WHERE version = 3".into(),
            vec!["version 3", "touched.live"],
        ),
        (
            "what was undone",
            "UPDATE touched SET live = 1 WHERE live = 0 AND version = (SELECT min(version) FROM touched WHERE live = 0)".into(),
            "UPDATE touched SET live = TRUE WHERE NOT live AND version = (SELECT min(version) FROM touched WHERE NOT live)".into(),
            vec!["version ", "touched.live"],
        ),
        both("a touched row that is gone", "DELETE FROM touched WHERE version = 8", &["version 8", "touched index"]),
        both("a touched row too many", "UPDATE touched SET version = 100000 WHERE version = 8", &["version 8", "touched index"]),
        both("a touched row of another node", "UPDATE touched SET node = node + 1 WHERE version = 2 AND node <> 0", &["version 2", "touched index"]),
        with_zeros("the blobs of checkpoints", "UPDATE blob SET bytes = ZEROS", &["seq ", "version ", "blob", "hash to its name"]),
        both("blobs that are gone", "DELETE FROM blob", &["seq ", "blob", "is missing"]),
        both("a checkpoint at another version", "UPDATE checkpoint SET version = version + 1", &["checkpoint of version"]),
        with_zeros("a blob that nobody names", "INSERT INTO blob (site, hash, bytes) VALUES (1, ZEROS, ZEROS)", &["blob 0000000000000000"]),
        (
            "an index over something else",
            "DROP INDEX entry_key; CREATE UNIQUE INDEX entry_key ON entry (site, who, key) WHERE seq > 9".into(),
            "DROP INDEX entry_key".into(),
            vec!["the database", "entry_key is "],
        ),
        both("an index", "DROP INDEX entry_key", &["the database", "entry_key is missing"]),
    ]
}

async fn each_damage_is_found_at_its_place(server: Server) {
    story::tell(&server).await;
    story::go_on(&server).await;
    let (database, _folder) = server.stopped().await;
    let copies = TempDir::new().unwrap();
    for (name, on_sqlite, on_postgres, words) in damages() {
        let copy = copy_of(&database, &copies).await;
        let sql = if copy.starts_with("sqlite:") { on_sqlite } else { on_postgres };
        execute(&copy, &sql).await.unwrap();
        let told = fail(&copy, &["verify"], 1).await;
        assert!(words.iter().all(|word| told.contains(word)), "{name}: {told}");
        assert!(told.contains("site s") || told.contains("the database"), "{name}: {told}");
        assert!(told.contains("; "), "{name} without what to do: {told}");
    }
}

async fn a_document_that_is_not_what_the_log_makes_is_found(server: Server) {
    server.make_page("a").await;
    let page: Value = server.page("/a").await;
    let (database, _folder) = server.stopped().await;
    let store = open(&database).await.unwrap();
    let site = store.site("s").await.unwrap().unwrap();
    let node = store.touched(site.key, BranchKey::MAIN, 1).await.unwrap();
    let node = node.iter().map(|row| row.node).find(|node| *node != NodeKey::SITE).unwrap();
    // Sound in itself: it reads, and hashes to its name.
    let text =
        format!("{{\"id\":{},\"slug\":\"/a\",\"title\":\"A\",\"meta\":{{}},\"blocks\":[]}}", page["id"]);
    let packed: bytes::Bytes = zstd::bulk::compress(text.as_bytes(), 3).unwrap().into();
    let hash = *blake3::hash(&packed).as_bytes();
    let row = Checkpoint { branch: BranchKey::MAIN, node, version: 1, seq: 1, hash };
    let at = store.head(site.key).await.unwrap();
    store.put(site.key, at, &[row], &[(hash, packed)]).await.unwrap();
    let told = fail(&database, &["verify", "--json"], 1).await;
    assert!(told.contains("seq 1, version 1") && told.contains("document"), "{told}");
    let output = run(&database, &["verify", "--json"]).await;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["sound"], &told["flaw"]["seq"]), (&json!(false), &json!(1)));
    succeed(&database, &["verify", "--quick"]).await;
}

async fn beside_writers_who_undo_and_redo_a_sound_store_stays_sound(server: Server) {
    for name in ["a", "b", "c", "d"] {
        server.make_page(name).await;
    }
    let server = Arc::new(server);
    let writers: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|name| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                for round in 0.. {
                    server.ops(json!([heading(name, &round.to_string())])).await;
                    server.ops(json!([{"op": "undo", "page": format!("/{name}")}])).await;
                    server.ops(json!([{"op": if round % 2 == 0 { "redo" } else { "undo" }, "page": format!("/{name}")}])).await;
                }
            })
        })
        .collect();
    for _ in 0..5 {
        succeed(server.database(), &["verify"]).await;
    }
    writers.iter().for_each(tokio::task::JoinHandle::abort);
}

on_each_store![
    a_sound_store_is_told_with_its_counts,
    each_damage_is_found_at_its_place,
    a_document_that_is_not_what_the_log_makes_is_found,
    beside_writers_who_undo_and_redo_a_sound_store_stays_sound,
];
