//! Tokens as they are made, used and listed.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Server, answered};
use crate::terminal::{fail, run, succeed, succeed_json};

/// When the token of this name was used last, as another process lists it.
async fn last_used(database: &str, name: &str) -> Value {
    let listed = succeed_json(database, &["token", "list", "--json"]).await;
    let tokens = listed["items"].as_array().unwrap();
    tokens.iter().find(|token| token["name"] == name).unwrap()["lastUsedAt"].clone()
}

async fn a_tokens_last_use_is_seen_by_who_lists_them(server: Server) {
    let made = succeed_json(
        server.database(),
        &["token", "create", "--name", "reader", "--scopes", "read", "--json"],
    )
    .await;
    let secret = made["token"].as_str().unwrap();
    assert_eq!(made["lastUsedAt"], Value::Null);
    let read = || server.request(Method::GET, "/sites").bearer_auth(secret);
    answered(read()).await.ok();
    let began = Instant::now();
    while last_used(server.database(), "reader").await == Value::Null {
        assert!(began.elapsed() < Duration::from_secs(20), "it is written beside the requests");
    }
    // Within the minute a use is not written; when the server stops it is.
    let first = last_used(server.database(), "reader").await;
    while server.service.principal(secret).await.is_ok() && began.elapsed() < Duration::from_millis(1500) {
        tokio::task::yield_now().await;
    }
    assert_eq!(last_used(server.database(), "reader").await, first);
    let (database, _folder) = server.stopped().await;
    assert!(last_used(&database, "reader").await.as_str() > first.as_str());
    assert!(succeed(&database, &["token", "list"]).await.contains("used 2"));
}

async fn what_a_token_is_made_with_is_judged(server: Server) {
    let create = |more: &[&str]| {
        let fixed = ["token", "create", "--name", "x", "--scopes", "write", "--json"];
        let arguments: Vec<String> = fixed.iter().chain(more).map(|&part| part.to_owned()).collect();
        let database = server.database().to_owned();
        async move {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            run(&database, &arguments).await
        }
    };
    let output = create(&["--sites", " S ,No Such", "--branches", "agent/*", "--agent"]).await;
    let card: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(card["sites"], json!(["s", "no-such"]));
    assert_eq!((&card["agent"], &card["branches"]), (&json!(true), &json!(["agent/*"])));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no site 'no-such' yet") && !told.contains("'s'"), "{told}");

    for (more, wrong) in [
        (["--sites", "../.."], "--sites: "),
        (["--branches", "a\tb"], "--branches: "),
        (["--expires", "5000d"], "ten years"),
        (["--expires", "0d"], "30d"),
    ] {
        let output = create(&more).await;
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && output.stdout.is_empty() && told.contains(wrong),
            "{more:?}: {told}"
        );
    }
    let unnamed = ["token", "create", "--name", " ", "--scopes", "read"];
    assert!(fail(server.database(), &unnamed, 2).await.contains("1 to 100 characters"));
}

async fn who_removes_a_site_is_told_of_the_tokens_that_stay_bound_to_its_id(server: Server) {
    server.send(Method::POST, "/sites", &json!({"id": "x"})).await.ok();
    let create = async |name: &str, sites: &str| {
        let made = ["token", "create", "--name", name, "--scopes", "read", "--sites", sites, "--json"];
        succeed_json(server.database(), &made).await["id"].as_str().unwrap().to_owned()
    };
    let (bound, revoked) = (create("bound", "x,s").await, create("revoked", "s").await);
    let elsewhere = create("elsewhere", "x").await;
    succeed(server.database(), &["token", "revoke", &revoked]).await;
    let output = run(server.database(), &["site", "remove", "s", "--yes"]).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.contains(&bound), "{told}");
    assert!(!told.contains(&revoked) && !told.contains(&elsewhere), "{told}");
}

on_each_store![
    who_removes_a_site_is_told_of_the_tokens_that_stay_bound_to_its_id,
    a_tokens_last_use_is_seen_by_who_lists_them,
    what_a_token_is_made_with_is_judged
];
