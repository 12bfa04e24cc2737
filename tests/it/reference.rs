//! What the server says of its own doors is what its doors do: `/openapi.json`, `/docs`, `/problems`.
//!
//! `OSIER_WRITE=1` writes `docs/openapi.json` and the answers in `docs/examples/` anew.

use std::path::{Path, PathBuf};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::Serving;

/// A server with the demo site, described by itself.
struct Described {
    server: Serving,
    document: Value,
    _data: TempDir,
}

impl Described {
    async fn start() -> Described {
        let data = TempDir::new().unwrap();
        let server = Serving::start(data.path(), &["--demo"]);
        let document =
            reqwest::get(format!("{}/openapi.json", server.url)).await.unwrap().json().await.unwrap();
        Described { server, document, _data: data }
    }

    /// Every operation: its path, its method, and what is said of it.
    fn operations(&self) -> Vec<(&str, &str, &Value)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().iter();
                methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
            })
            .collect()
    }

    async fn send(&self, method: &str, operation: &Value) -> Response {
        let address = format!("{}{}", self.server.url, operation["x-example"].as_str().unwrap());
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let mut request =
            reqwest::Client::new().request(method, address).bearer_auth(self.server.token.as_ref().unwrap());
        if let Some(body) = operation.pointer("/requestBody/content/application~1json/example") {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    /// Whether a value is what a schema of the document says; else why not.
    fn judge(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let judge = jsonschema::validator_for(&schema).unwrap();
        judge.validate(value).map_err(|e| format!("{}: {e}", e.instance_path()).chars().take(400).collect())
    }
}

/// What was answered, as far as it goes: of a stream the first few events.
async fn told(mut response: Response) -> String {
    let is_stream = response.headers()["content-type"] == "text/event-stream";
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes.extend_from_slice(&chunk);
        if is_stream && bytes.windows(2).filter(|pair| pair == b"\n\n").count() > 3 {
            break;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Compares a file with what it should be, or writes it.
fn keep(file: &Path, wanted: &str) {
    if std::env::var_os("OSIER_WRITE").is_some() {
        std::fs::write(file, wanted).unwrap();
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(found == wanted, "{} has drifted: run the tests once with OSIER_WRITE=1", file.display());
}

#[tokio::test]
async fn every_operation_does_on_the_demo_site_what_is_said_of_it() {
    let described = Described::start().await;
    for (path, method, operation) in described.operations() {
        let named = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        let response = described.send(method, operation).await;
        let status = response.status();
        let answers = &operation["responses"][status.as_str()];
        assert!(answers.is_object(), "{named}: {status} is not said");
        // The one example that would take something away names what is not there.
        assert!(status.is_success() || id == "remove_site", "{named}: {status}");
        let kind = response.headers()["content-type"].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert!(answers["content"][&kind].is_object(), "{named}: {kind} is not said");
        let text = told(response).await;
        if kind.ends_with("json") {
            let value: Value = serde_json::from_str(&text).unwrap();
            described
                .judge(&answers["content"][&kind]["schema"], &value)
                .unwrap_or_else(|e| panic!("{named}: {e}"));
        }
        if status.is_success() && !["text/html", ""].contains(&kind.as_str()) && id != "openapi" {
            example(&described, id, operation, &kind, &text);
        }
    }
}

/// The answer that the reference shows is of the shape that is served.
fn example(described: &Described, id: &str, operation: &Value, kind: &str, text: &str) {
    let is_json = kind == "application/json";
    let file = docs(&format!("examples/{id}.{}", if is_json { "json" } else { "txt" }));
    if std::env::var_os("OSIER_WRITE").is_some() {
        let text =
            if is_json { indented(text) } else { text.lines().take(14).collect::<Vec<_>>().join("\n") };
        std::fs::write(&file, text + "\n").unwrap();
    }
    let shown = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(!shown.trim().is_empty(), "{} is missing: run once with OSIER_WRITE=1", file.display());
    if is_json {
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let answers = operation["responses"].as_object().unwrap().iter();
        let mut schemas = answers.filter(|(status, _)| status.starts_with('2'));
        let fits =
            schemas.any(|(_, answer)| described.judge(&answer["content"][kind]["schema"], &shown).is_ok());
        assert!(fits, "{} has drifted: run the tests once with OSIER_WRITE=1", file.display());
    }
}

/// JSON with a line for each member, in the order it was sent.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut in_text, mut escaped) = (String::new(), 0, false, false);
    let mut marks = json.chars().peekable();
    while let Some(mark) = marks.next() {
        match mark {
            '"' if !escaped => in_text = !in_text,
            '{' | '[' if !in_text && !matches!(marks.peek(), Some('}' | ']')) => {
                depth += 1;
                out.extend([mark.to_string(), format!("\n{}", "  ".repeat(depth))]);
                continue;
            }
            '}' | ']' if !in_text && !out.ends_with(['{', '[']) => {
                depth -= 1;
                out.push_str(&format!("\n{}", "  ".repeat(depth)));
            }
            ',' if !in_text => {
                out.push_str(&format!(",\n{}", "  ".repeat(depth)));
                continue;
            }
            ':' if !in_text => {
                out.push_str(": ");
                continue;
            }
            _ => {}
        }
        escaped = in_text && mark == '\\' && !escaped;
        out.push(mark);
    }
    out
}

#[tokio::test]
async fn the_description_is_frozen_in_a_file() {
    let described = Described::start().await;
    keep(&docs("openapi.json"), &(serde_json::to_string_pretty(&described.document).unwrap() + "\n"));
}

#[tokio::test]
async fn each_operation_has_a_name_of_its_own_and_says_how_it_fails() {
    let described = Described::start().await;
    let mut ids: Vec<_> = described.operations().iter().map(|of| of.2["operationId"].clone()).collect();
    let count = ids.len();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), count);
    for (path, method, operation) in described.operations() {
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        let needs_token = operation["security"] != json!([]);
        let says = |status: &str| statuses.iter().any(|said| *said == status);
        assert!(says("403") && says("429") && says("500") && says("503"), "{method} {path}: {statuses:?}");
        assert_eq!(says("401"), needs_token, "{method} {path}: {statuses:?}");
    }
}

#[tokio::test]
async fn the_reference_has_every_operation_and_every_type_and_nothing_from_elsewhere() {
    let described = Described::start().await;
    let response = reqwest::get(format!("{}/docs", described.server.url)).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    let page = response.text().await.unwrap();
    for (path, method, operation) in described.operations() {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{method} {path}");
    }
    for name in described.document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"type-{name}\"")), "{name}");
    }
    for reference in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{reference}\"")), "#{reference} leads nowhere");
    }
    for foreign in ["<script", "src=\"", "@import", "<style", " style=\""] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let style =
        page.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let response = reqwest::get(format!("{}{style}", described.server.url)).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/css; charset=utf-8".parse().unwrap())
    );
}

#[tokio::test]
async fn the_type_of_every_problem_leads_to_a_page_that_explains_it() {
    let described = Described::start().await;
    let url = &described.server.url;
    let list = reqwest::get(format!("{url}/problems")).await.unwrap().text().await.unwrap();
    let codes: std::collections::BTreeSet<String> = described
        .operations()
        .iter()
        .flat_map(|(_, _, operation)| operation["responses"].as_object().unwrap().values())
        .flat_map(|answer| answer["x-codes"].as_array().cloned().unwrap_or_default())
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        let address = format!("/problems/{}", code.replace('_', "-"));
        assert!(list.contains(&address), "{code} is not listed");
        let response = reqwest::get(format!("{url}{address}")).await.unwrap();
        assert_eq!(response.status(), 200, "{address}");
        let page = response.text().await.unwrap();
        assert!(page.contains(&code) && page.contains("What to do"), "{address}");
    }
    let missing = reqwest::get(format!("{url}/problems/no-such")).await.unwrap();
    assert_eq!(missing.status(), 404);
}
