//! What is served is what its type says: every answer of a site with a history validates against the schema of its type,
//! and the type has no field less.

use std::time::Duration;

use osier::service::{
    Answer, Blame, BlockTypeLine, Commit, CommitLine, Comparison, HistoryStatus, Listed, LogEvent, Page,
    PageLine, Redirect, SiteCard, SiteConfig,
};
use reqwest::Method;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{SITE, Server};
use crate::story;

/// Validates an answer against a type's schema, of which no object takes a field that it does not name.
fn validate<T: JsonSchema>(path: &str, answer: &Value) {
    let mut schema = schema_for!(T).to_value();
    close(&mut schema);
    let judge = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let problems: Vec<String> =
        judge.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{path} is not as {} says:\n{}", T::schema_name(), problems.join("\n"));
}

/// Takes unknown fields away from every object that names its fields and does not say what it thinks of others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".into(), false.into());
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// An answer that is read as its type and written again is the same JSON.
fn round_trip<T: Serialize + DeserializeOwned>(path: &str, answer: &Value) {
    let read: T = serde_json::from_value(answer.clone()).unwrap_or_else(|e| panic!("{path}: {e}"));
    assert_eq!(serde_json::to_value(read).unwrap(), *answer, "{path}");
}

/// The demo site, and the story that meets every op and every kind of entry.
async fn populated() -> Server {
    let server = Server::on_sqlite().await;
    story::tell(&server).await;
    let mut site: Value = serde_json::from_str(include_str!("../../demo/site.json")).unwrap();
    site["id"] = "demo".into();
    server.send(Method::POST, "/sites", &site).await.ok();
    let batches: Vec<Value> = serde_json::from_str(include_str!("../../demo/history.json")).unwrap();
    for mut batch in batches {
        batch["site"] = "demo".into();
        let answer = server.send(Method::POST, "/ops", &batch).await.ok();
        validate::<Answer>("/ops", &answer);
        round_trip::<Answer>("/ops", &answer);
    }
    server
}

const SITES: [&str; 2] = [SITE, "demo"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_what_its_type_says() {
    let server = populated().await;
    let get = async |path: &str| server.get(path).await.ok();
    validate::<Listed<SiteCard>>("/sites", &get("/sites?limit=1").await);
    for site in SITES {
        let of = |path: &str| format!("/sites/{site}{path}");
        let card = get(&of("")).await;
        validate::<SiteCard>("/sites/{site}", &card);
        round_trip::<SiteCard>("/sites/{site}", &card);
        validate::<SiteConfig>("/config", &get(&of("/config")).await);
        validate::<Listed<Redirect>>("/redirects", &get(&of("/redirects")).await);
        validate::<Listed<BlockTypeLine>>("/block-types", &get(&of("/block-types?limit=500")).await);
        validate::<BlockTypeLine>("/block-types/Hero", &get(&of("/block-types/Hero")).await);
        validate::<Listed<PageLine>>("/pages", &get(&of("/pages?limit=2")).await);
        for path in ["/history/status", "/history/status?page=/"] {
            let status = get(&of(path)).await;
            validate::<HistoryStatus>(path, &status);
            round_trip::<HistoryStatus>(path, &status);
        }
        let diff = get(&of("/diff?from=main@2&to=main")).await;
        assert!(diff["pages"].as_array().unwrap().len() > 2);
        validate::<Comparison>("/diff", &diff);
        validate::<Comparison>("/diff", &get(&of("/diff?from=main&to=main@0")).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_what_its_type_says_and_the_type_leaves_nothing_out() {
    let server = populated().await;
    for site in SITES {
        let pages = server.get(&format!("/sites/{site}/pages?limit=500")).await.ok();
        for line in pages["items"].as_array().unwrap() {
            round_trip::<PageLine>("/pages", line);
            let path = format!("/sites/{site}/pages/{}", line["id"].as_str().unwrap());
            let page = server.get(&path).await.ok();
            validate::<Page>(&path, &page);
            round_trip::<Page>(&path, &page);
            let told = server.get(&format!("{path}/blame")).await.ok();
            validate::<Blame>(&path, &told);
            round_trip::<Blame>(&path, &told);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_commit_is_what_its_type_says_and_the_type_leaves_nothing_out() {
    let server = populated().await;
    for site in SITES {
        let history = server.get(&format!("/sites/{site}/history?limit=500")).await.ok();
        validate::<Listed<CommitLine>>("/history", &history);
        for line in history["items"].as_array().unwrap() {
            round_trip::<CommitLine>("/history", line);
            let path = format!("/sites/{site}/history/{}", line["version"]);
            let commit = server.get(&path).await.ok();
            validate::<Commit>(&path, &commit);
            round_trip::<Commit>(&path, &commit);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_what_its_type_says_and_the_type_leaves_nothing_out() {
    let server = populated().await;
    let request = server.request(Method::GET, "/sites/s/events?after=0").bearer_auth(&server.token);
    let (mut stream, mut text) = (request.send().await.unwrap(), String::new());
    let last = server.get("/sites/s/history?limit=1").await.ok()["items"][0]["seq"].clone();
    while !text.contains(&format!("id: {last}\n")) {
        let chunk = timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert!(events.iter().any(|event| event["kind"] == "note"));
    assert!(events.iter().any(|event| event["undoes"].is_u64()));
    for event in events {
        validate::<LogEvent>("/events", &event);
        round_trip::<LogEvent>("/events", &event);
    }
}

#[test]
fn a_list_goes_by_the_name_of_its_items() {
    assert_eq!(Listed::<PageLine>::schema_name(), "ListOfPageLine");
    let schema = schema_for!(Listed<PageLine>).to_value();
    assert_eq!(schema["properties"]["items"]["items"], json!({"$ref": "#/$defs/PageLine"}));
}

#[test]
fn a_field_too_many_and_one_too_few_are_noticed() {
    let line = json!({"from": "/a", "to": "/b", "status": 308});
    validate::<Redirect>("", &line);
    for (name, value) in [("more", json!(1)), ("status", json!("308"))] {
        let mut other = line.clone();
        other[name] = value;
        assert!(std::panic::catch_unwind(|| validate::<Redirect>("", &other)).is_err(), "{name}");
    }
}
