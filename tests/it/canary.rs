//! No secret stands where it does not belong: a server is driven through good and bad at its most talkative, and then
//! everything it left behind is searched.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::json;
use tempfile::TempDir;

use crate::terminal::osier;

/// A database's password that must be seen nowhere.
const PASSWORD: &str = "canary-hunter2-canary";

/// Parts that would give a secret away, though not all of it were told.
fn traces(secret: &str) -> Vec<String> {
    let middle: String = secret.chars().skip(8).take(16).collect();
    vec![secret.to_owned(), middle]
}

fn search(what: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        for trace in traces(secret) {
            let found = bytes.windows(trace.len()).position(|window| window == trace.as_bytes());
            if let Some(at) = found {
                let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
                panic!("{what} holds a secret: …{}…", String::from_utf8_lossy(around));
            }
        }
    }
}

/// Runs a command and answers all it said.
fn told(database: &str, arguments: &[&str]) -> Vec<u8> {
    let mut command = osier(database, arguments);
    let output = command.env("RUST_LOG", "trace").output().unwrap();
    [output.stdout, output.stderr].concat()
}

/// What callers do, well and badly; all that is answered.
async fn drive(client: &Client, url: &str, good: &str, others: &[String]) -> Vec<u8> {
    let mut answers = Vec::new();
    let bad = others[0].as_str();
    let ops = json!({"site": "demo", "ops": [{"op": "remove_page", "page": bad}]});
    let keyed = json!({"id": "canary", "name": "Canary"});
    let get = |path: &str| client.get(format!("{url}{path}"));
    let post = |path: &str| client.request(Method::POST, format!("{url}{path}"));
    for request in [
        get("/sites").bearer_auth(good),
        get("/sites").bearer_auth(bad),
        get("/sites").bearer_auth(&bad[..40]),
        get("/sites").header("authorization", good),
        get("/sites").basic_auth("operator", Some(good)),
        get("/sites").bearer_auth(good).bearer_auth(bad),
        get("/metrics").bearer_auth(good),
        get("/sites/demo/history").bearer_auth(good),
        get("/sites/none/pages").bearer_auth(good),
        post("/sites").bearer_auth(good).json(&keyed),
        post("/sites").bearer_auth(good).json(&json!({"id": "canary", "name": 7})),
        post("/sites").bearer_auth(good).body("{").header("content-type", "application/json"),
        post("/nowhere").bearer_auth(good),
    ] {
        let response = request.send().await.unwrap();
        answers.extend(format!("{:?}", response.headers()).into_bytes());
        answers.extend(response.bytes().await.unwrap());
    }
    // What a caller writes into an address or a body it may read again; logs and figures have it not.
    for request in [
        get(&format!("/sites?access_token={good}")),
        get(&format!("/sites?token={good}")).bearer_auth(good),
        get(&format!("/{good}")).bearer_auth(good),
        get(&format!("/sites/{good}/pages")).bearer_auth(good),
        post("/ops").bearer_auth(good).json(&ops),
        post("/sites")
            .bearer_auth(good)
            .header("idempotency-key", "key")
            .json(&json!({"id": "b", "nam": good})),
    ] {
        let _ = request.send().await.unwrap().bytes().await.unwrap();
    }
    answers.extend(get("/metrics").bearer_auth(good).send().await.unwrap().bytes().await.unwrap());
    answers
}

async fn lines_with(path: &Path, word: &str) -> String {
    let began = Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap();
        if text.contains(word) {
            return text;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn nothing_tells_a_secret(format: &str) {
    let data = TempDir::new().unwrap();
    let place = data.path().join("store");
    let database = format!("sqlite:{}", place.join("osier.db").display());
    let (out, log) = (data.path().join("out"), data.path().join("log"));
    let mut serving: Command =
        osier(&database, &["serve", "--demo", "--addr", "127.0.0.1:0", "--log-format", format]);
    serving.env("RUST_LOG", "trace");
    serving.stdout(File::create(&out).unwrap()).stderr(File::create(&log).unwrap());
    let mut child = serving.stdin(Stdio::null()).spawn().unwrap();
    let greeting = lines_with(&out, "curl").await;
    let word =
        |start: &str| greeting.split_whitespace().find(|word| word.starts_with(start)).unwrap().to_owned();
    let (url, good) = (word("http://"), word("osr_"));

    let made = told(&database, &["token", "create", "--name", "ci", "--scopes", "write"]);
    let made = String::from_utf8(made).unwrap();
    let other = made.split_whitespace().find(|word| word.starts_with("osr_")).unwrap().to_owned();
    assert_eq!(made.matches(&other).count(), 1, "it is told once");
    let secrets = vec![other, good.clone(), PASSWORD.to_owned()];
    // What speaks HTTP/2 logs frames, which is more than what speaks HTTP/1 says.
    let second = Client::builder().http2_prior_knowledge().build().unwrap();
    for client in [Client::new(), second] {
        search("an answer", &drive(&client, &url, &good, &secrets).await, &secrets);
    }

    for arguments in
        [&["token", "list"][..], &["token", "list", "--json"], &["doctor"], &["config"], &["site", "list"]]
    {
        search(&format!("{arguments:?}"), &told(&database, arguments), &secrets);
    }
    let away = format!("postgres://osier:{PASSWORD}@127.0.0.1:1/osier");
    for arguments in
        [&["config"][..], &["doctor"], &["token", "list"], &["migrate"], &["serve", "--addr", "127.0.0.1:0"]]
    {
        search(&format!("{arguments:?}"), &told(&away, arguments), &secrets);
    }
    if let Ok(server) = std::env::var("OSIER_TEST_POSTGRES") {
        let host = server.rsplit_once('@').map_or(server.as_str(), |(_, host)| host);
        for wrong in [
            format!("postgres://nobody:{PASSWORD}@{host}"),
            format!("postgres://nobody:{PASSWORD}@{host}_no"),
        ] {
            for arguments in [&["doctor"][..], &["serve", "--addr", "127.0.0.1:0"]] {
                search(&format!("{arguments:?}"), &told(&wrong, arguments), &secrets);
            }
        }
    }
    // While it runs the store has its log beside it.
    for file in fs::read_dir(&place).unwrap() {
        let path = file.unwrap().path();
        let what = path.display().to_string();
        search(&what, &fs::read(&path).unwrap(), &secrets[1..2]);
    }
    let stopped = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(stopped.success() && child.wait().unwrap().success());
    let logged = fs::read(&log).unwrap();
    assert!(logged.len() > 10_000, "it was talkative: {} bytes", logged.len());
    search("the log", &logged, &secrets);
    for file in fs::read_dir(&place).unwrap() {
        let path = file.unwrap().path();
        search(&path.display().to_string(), &fs::read(&path).unwrap(), &secrets[1..2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_stands_in_logs_as_text_nor_in_answers_figures_and_files() {
    nothing_tells_a_secret("text").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_stands_in_logs_as_json() {
    nothing_tells_a_secret("json").await;
}
