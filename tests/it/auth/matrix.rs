//! Every operation × every kind of caller, as a table. An operation of the reference without a row fails.

use osier::auth::Scope;
use osier::service::{NewToken, Principal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answered, SITE, Server, answered, heading};

/// Who calls. `site` and `branch` are admins bound to another site, to other branches; `late` and `gone` admins whose
/// token has expired, was revoked; `agent` an admin who is an agent.
///
/// `ok` is a success; of all others the table has the status, and `challenged` judges the rest.
const MATRIX: &str = "
                                              none read write review merge publish admin site branch late gone agent
POST   /ops                                   401  403  ok    ok     ok    ok      ok    404  403    401  401  ok
GET    /sites                                 401  ok   ok    ok     ok    ok      ok    ok   ok     401  401  ok
POST   /sites                                 401  403  403   403    403   403     ok    404  403    401  401  403
GET    /sites/{site}                          401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
PATCH  /sites/{site}                          401  403  ok    ok     ok    ok      ok    404  403    401  401  ok
GET    /sites/{site}/config                   401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/redirects                401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/pages                    401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/pages/{page}             401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/pages/{page}/blame       401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/block-types              401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/block-types/{type}       401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/history                  401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/history/status           401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/history/{version}        401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/diff                     401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /sites/{site}/events                   401  ok   ok    ok     ok    ok      ok    404  ok     401  401  ok
GET    /metrics                               401  ok   ok    ok     ok    ok      ok    403  ok     401  401  ok
GET    /.well-known/oauth-protected-resource  ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
GET    /healthz                               ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
GET    /readyz                                ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
GET    /openapi.json                          ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
GET    /docs                                  ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
GET    /problems                              ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
GET    /problems/{code}                       ok   ok   ok    ok     ok    ok      ok    ok   ok     ok   ok   ok
DELETE /sites/{site}                          401  403  403   403    403   403     ok    404  403    401  401  403
";

/// An operation and what each caller is answered, in the order of the first line.
struct Row {
    method: Method,
    path: &'static str,
    answers: Vec<&'static str>,
}

fn table() -> (Vec<&'static str>, Vec<Row>) {
    let mut lines = MATRIX.lines().filter(|line| !line.is_empty());
    let callers: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let columns = callers.len();
    let rows = lines.map(move |line| {
        let mut words = line.split_whitespace();
        let method = words.next().unwrap().parse().unwrap();
        let row = Row { method, path: words.next().unwrap(), answers: words.collect() };
        assert_eq!(row.answers.len(), columns, "{line}");
        row
    });
    (callers, rows.collect())
}

/// The operations that the server names itself.
async fn operations(server: &Server) -> Vec<(String, String)> {
    let document = answered(server.request(Method::GET, "/openapi.json")).await.ok();
    let paths = document["paths"].as_object().unwrap().clone();
    let operations = paths.into_iter().flat_map(|(path, methods)| {
        let methods: Vec<_> = methods.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(move |method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

async fn secret(server: &Server, caller: &str) -> Option<String> {
    let scope = Scope::parse(caller).unwrap_or(Scope::Admin);
    let named = |name: &str, value: &str| if caller == name { vec![value.to_owned()] } else { Vec::new() };
    let new = NewToken {
        name: caller.to_owned(),
        scopes: vec![scope],
        sites: named("site", "other"),
        branches: named("branch", "agent/*"),
        agent: caller == "agent",
        expires_in_ms: (caller == "late").then_some(1),
    };
    let operator = Principal::operator();
    let made = server.service.create_token(&operator, new).await.unwrap();
    match caller {
        "none" => return None,
        // It ends a millisecond after it was made.
        "late" => while server.service.principal(made.token.reveal()).await.is_ok() {},
        "gone" => assert!(server.service.revoke_token(&operator, &made.card.id).await.unwrap()),
        _ => {}
    }
    Some(made.token.reveal().to_owned())
}

async fn call(server: &Server, row: &Row, site: &str, secret: Option<&str>) -> Answered {
    let mut path = row.path.to_owned();
    for (name, value) in
        [("site", site), ("page", "%2Fa"), ("type", "Heading"), ("version", "1"), ("code", "slug-taken")]
    {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    if path.ends_with("/diff") {
        path.push_str("?from=main%400&to=main");
    }
    let mut request = server.request(row.method.clone(), &path);
    let body: Option<Value> = match (row.method.as_str(), row.path) {
        ("POST", "/ops") => Some(json!({"site": site, "dryRun": true, "ops": [heading("a", "x")]})),
        ("POST", "/sites") => Some(json!({"id": site, "name": "Site"})),
        ("PATCH", "/sites/{site}") => Some(json!({"tone": "warm"})),
        _ => None,
    };
    if let Some(body) = body {
        request = request.json(&body);
    }
    if let Some(secret) = secret {
        request = request.bearer_auth(secret);
    }
    answered(request).await
}

/// That a refusal says what it should.
fn challenged(row: &Row, caller: &str, answer: &Answered) {
    let challenge = answer.header("www-authenticate");
    match answer.problem() {
        (401, "unauthenticated") => {
            assert!(
                challenge.starts_with("Bearer ") && challenge.contains("resource_metadata="),
                "{answer:?}"
            );
            assert!(answer.json["detail"].as_str().unwrap().contains("osier token create"), "{answer:?}");
        }
        (403, "insufficient_scope") => {
            let needed = match (row.method.as_str(), row.path) {
                (_, "/metrics") => "read",
                (_, "/ops") | ("PATCH", _) => "write",
                _ => "admin",
            };
            let wanted = format!("error=\"insufficient_scope\", scope=\"{needed}\"");
            assert!(challenge.contains(&wanted), "{challenge}");
        }
        (403, "branch_protected") => assert_eq!(caller, "branch"),
        (404, "site_not_found") => assert_eq!(caller, "site"),
        other => panic!("{} {} by {caller}: {other:?}", row.method, row.path),
    }
}

async fn each_caller_is_answered_as_the_table_says(server: Server) {
    server.make_page("a").await;
    let (callers, rows) = table();
    for (method, path) in operations(&server).await {
        let has_row = rows.iter().any(|row| row.method.as_str() == method && row.path == path);
        assert!(has_row, "{method} {path} has no row: say who may do it");
    }
    let mut secrets = Vec::new();
    for caller in &callers {
        secrets.push(secret(&server, caller).await);
    }
    let there = operations(&server).await;
    for row in &rows {
        let operation = (row.method.to_string(), row.path.to_owned());
        assert!(there.contains(&operation), "{operation:?} is no operation any more");
        for ((caller, secret), wanted) in callers.iter().zip(&secrets).zip(&row.answers) {
            let answer = call(&server, row, SITE, secret.as_deref()).await;
            let got = if answer.status.is_success() { "ok" } else { answer.status.as_str() };
            assert_eq!(got, *wanted, "{} {} by {caller}: {}", row.method, row.path, answer.text);
            if got != "ok" {
                challenged(row, caller, &answer);
            }
            if got == "404" {
                // Byte for byte as a site that is not there, up to its name.
                let missing = call(&server, row, "other", secret.as_deref()).await;
                let told = |answer: &Answered, site: &str| answer.text.replace(&format!("'{site}'"), "''");
                if missing.status == 404 {
                    assert_eq!(told(&answer, SITE), told(&missing, "other"), "{} {}", row.method, row.path);
                } else {
                    assert_eq!((row.method.as_str(), row.path), ("POST", "/sites"), "{}", missing.text);
                    server.ask(server.request(Method::DELETE, "/sites/other")).await.ok();
                }
            }
        }
    }
}

on_each_store![each_caller_is_answered_as_the_table_says];
