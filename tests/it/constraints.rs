//! The database refuses what the code never writes, whoever writes it.

use crate::harness::Server;
use crate::terminal::{execute, succeed};

async fn the_database_refuses_what_the_code_refuses(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    let (database, _folder) = server.stopped().await;
    let embedded = database.starts_with("sqlite:");
    let bytes = |count: u32| match embedded {
        true => format!("zeroblob({count})"),
        false => format!("decode(repeat('00', {count}), 'hex')"),
    };
    let (hash, body) = (bytes(32), bytes(2));
    let live = if embedded { "1" } else { "TRUE" };
    let entry = |fields: &str, values: &str| {
        format!(
            "INSERT INTO entry (site, format, at_ms, who, source, body, seq, kind, hash, {fields})
            VALUES (1, 1, 1, 'eve', 1, {body}, {values})"
        )
    };
    let sound = entry("branch, version, key", &format!("3, 1, {hash}, 1, 3, 'k'"));
    execute(&database, &sound).await.unwrap();
    let short = bytes(31);
    let refused = [
        ("a doubled seq", entry("branch, version", &format!("2, 1, {hash}, 1, 4"))),
        ("a doubled version", entry("branch, version", &format!("4, 1, {hash}, 1, 2"))),
        ("a doubled key", entry("branch, version, key", &format!("4, 1, {hash}, 1, 4, 'k'"))),
        ("a short hash", entry("branch, version", &format!("4, 1, {short}, 1, 4"))),
        ("a short request", entry("key, request", &format!("4, 36, {hash}, 'other', {short}"))),
        ("a request without a key", entry("request", &format!("4, 36, {hash}, {hash}"))),
        ("a version without a branch", entry("version", &format!("4, 1, {hash}, 4"))),
        ("seq 0", entry("branch, version", &format!("0, 1, {hash}, 1, 4"))),
        ("version 0", entry("branch, version", &format!("4, 1, {hash}, 1, 0"))),
        ("no kind", entry("branch, version", &format!("4, 0, {hash}, 1, 4"))),
        ("nobody's", "UPDATE entry SET who = '' WHERE seq = 1".into()),
        ("a time before all time", "UPDATE entry SET at_ms = -1 WHERE seq = 1".into()),
        (
            "a doubled touched row",
            format!(
                "INSERT INTO touched (site, branch, node, version, kind, live)
                SELECT site, branch, node, version, kind, {live} FROM touched WHERE version = 1"
            ),
        ),
        (
            "a site's id twice",
            format!(
                "INSERT INTO site (site, id, genesis, genesis_hash, created_ms) VALUES (9, 's', {body}, {hash}, 1)"
            ),
        ),
        ("a short hash of a genesis", format!("UPDATE site SET genesis_hash = {short}")),
        (
            "a short hash of a blob",
            format!("INSERT INTO blob (site, hash, bytes) VALUES (1, {short}, {body})"),
        ),
        (
            "a short hash of a checkpoint",
            format!(
                "INSERT INTO checkpoint (site, branch, node, version, seq, hash) VALUES (1, 1, 0, 1, 1, {short})"
            ),
        ),
    ];
    for (name, sql) in refused {
        assert!(execute(&database, &sql).await.is_err(), "{name} was taken");
    }
    execute(&database, "DELETE FROM entry WHERE seq = 3").await.unwrap();
    succeed(&database, &["verify"]).await;
}

on_each_store![the_database_refuses_what_the_code_refuses];
