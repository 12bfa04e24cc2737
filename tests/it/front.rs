//! What holds of every request and every answer, whatever is asked.

use std::future::pending;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use osier::app::{self, Front};
use osier::auth::Scope;
use reqwest::{Client, Method};
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::{Answered, SITE, Server, answered};

/// What must stand on every answer.
#[track_caller]
pub fn dressed(answer: &Answered) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ] {
        assert_eq!(answer.header(name), value, "{answer:?}");
    }
    assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
}

fn public(url: &str) -> Front {
    Front { public_url: Some(url.parse().unwrap()), ..Front::default() }
}

fn open_to(origin: &str) -> Front {
    Front { origins: vec![origin.parse().unwrap()], ..Front::default() }
}

fn limited(a_minute: u32) -> Front {
    Front { rate_limit: NonZeroU32::new(a_minute), ..Front::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_an_id_and_the_security_headers() {
    let server = Server::on_sqlite().await;
    let get = |path: &str| server.request(Method::GET, path);
    let ops = |body: &str| {
        let request = server.request(Method::POST, "/ops").bearer_auth(&server.token);
        request.header("content-type", "application/json").body(body.to_owned())
    };
    let text = server.request(Method::POST, "/ops").bearer_auth(&server.token).body("ops");
    for (status, request) in [
        (200, get("/healthz")),
        (200, get("/sites").bearer_auth(&server.token)),
        (400, ops("{")),
        (401, get("/sites")),
        (403, get("/healthz").header("host", "evil.example")),
        (403, get("/healthz").header("origin", "https://evil.example")),
        (404, get("/nowhere")),
        (404, get("/sites/nowhere").bearer_auth(&server.token)),
        (405, server.request(Method::PUT, "/sites")),
        (413, ops(&" ".repeat((1 << 20) + 1))),
        (415, text),
        (422, ops(r#"{"site":"s","ops":[{"op":"nonsense"}]}"#)),
    ] {
        let answer = answered(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.status.is_success() || answer.problem().0 == status);
        assert_eq!(answer.header("strict-transport-security"), "", "it is not known to be reached encrypted");
        dressed(&answer);
        if status == 405 {
            assert!(answer.header("allow").contains("POST"), "{answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_house_says_so_with_an_id_and_the_security_headers() {
    let server = Server::on_sqlite().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/healthz", listener.local_addr().unwrap());
    let limits = app::Limits { connections: 0, ..app::Limits::default() };
    let service = Arc::clone(&server.service);
    let task = tokio::spawn(app::serve_within(limits, Front::default(), listener, service, pending()));
    let answer = answered(Client::new().get(url)).await;
    assert_eq!(answer.problem(), (503, "overloaded"));
    assert_eq!(answer.header("retry-after"), "1");
    dressed(&answer);
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_id_of_the_caller_is_taken_over() {
    let server = Server::on_sqlite().await;
    let asked = async |id: &str| {
        let answer = answered(server.request(Method::GET, "/nowhere").header("x-request-id", id)).await;
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(asked("agent-7_run.3").await, "agent-7_run.3");
    assert_ne!(asked("a b").await, "a b");
    assert_ne!(asked(&"a".repeat(129)).await.len(), 129);
    assert_ne!(asked("").await, asked("").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_this_machine_only_its_own_names_are_answered() {
    let server = Server::on_sqlite().await;
    let port = server.url.rsplit(':').next().unwrap();
    let named = async |host: &str| {
        let request = server.request(Method::GET, "/sites").bearer_auth(&server.token);
        answered(request.header("host", host)).await
    };
    for host in ["localhost", "127.0.0.1", "[::1]", "cms.localhost"] {
        assert_eq!(named(host).await.status, 200, "{host}");
        assert_eq!(named(&format!("{host}:{port}")).await.status, 200, "{host} with a port");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", "10.0.0.7"] {
        assert_eq!(named(&format!("{host}:{port}")).await.problem(), (403, "host_refused"), "{host}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_names_its_host_in_another_place_and_it_counts_as_much() {
    let server = Server::on_sqlite().await;
    let at = server.url.trim_start_matches("http://").parse().unwrap();
    let client = Client::builder().http2_prior_knowledge().resolve("evil.example", at).build().unwrap();
    let port = server.url.rsplit(':').next().unwrap();
    let evil = answered(client.get(format!("http://evil.example:{port}/healthz"))).await;
    assert_eq!(evil.problem(), (403, "host_refused"));
    let own = answered(client.get(format!("{}/sites", server.url))).await;
    assert_eq!(own.status, 401);
    assert!(own.header("www-authenticate").contains(&server.url), "{own:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_others_reach_goes_by_any_name_until_it_is_told_its_own() {
    let server = Server::on_sqlite().await;
    for (front, status) in [(Front::default(), 200), (public("https://cms.example.org"), 403)] {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/healthz", listener.local_addr().unwrap().port());
        let (limits, service) = (app::Limits::default(), Arc::clone(&server.service));
        let task = tokio::spawn(app::serve_within(limits, front, listener, service, pending()));
        let ask = |host: &str| answered(Client::new().get(&url).header("host", host));
        assert_eq!(ask("10.0.0.7").await.status, status);
        assert_eq!(ask("cms.example.org").await.status, 200);
        task.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_url_is_what_callers_are_told_whatever_they_say() {
    let server = Server::behind(public("https://cms.example.org")).await;
    let request = server.request(Method::GET, "/sites").header("host", "localhost");
    let refused = answered(request.header("x-forwarded-host", "evil.example")).await;
    let metadata = "resource_metadata=\"https://cms.example.org/.well-known/oauth-protected-resource\"";
    assert!(refused.header("www-authenticate").contains(metadata), "{refused:?}");
    assert_eq!(refused.header("strict-transport-security"), "max-age=31536000");
    let told = server.get("/.well-known/oauth-protected-resource").await;
    assert_eq!(told.json["resource"], "https://cms.example.org");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_may_neither_read_nor_write() {
    let server = Server::behind(open_to("https://editor.example")).await;
    let from = async |method: Method, origin: &str| {
        let request = server.request(method, "/sites").bearer_auth(&server.token);
        let request = request.header("origin", origin).json(&json!({"id": "forged"}));
        answered(request).await
    };
    for origin in
        ["https://evil.example", "null", "http://localhost:1", "https://editor.example.evil.example"]
    {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let answer = from(method, origin).await;
            assert_eq!(answer.problem(), (403, "origin_refused"), "{origin}");
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
    let request = server.request(Method::POST, "/sites").bearer_auth(&server.token);
    let request = request.header("sec-fetch-site", "cross-site").json(&json!({"id": "forged"}));
    assert_eq!(answered(request).await.problem(), (403, "origin_refused"));
    assert_eq!(server.get("/sites/forged").await.problem(), (404, "site_not_found"));
    assert_eq!(from(Method::GET, &server.url).await.status, 200, "the server's own");
    assert_eq!(from(Method::POST, "https://editor.example").await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_are_told_what_pages_of_the_named_sites_may_do_and_nothing_of_others() {
    let origin = "https://editor.example";
    let server = Server::behind(open_to(origin)).await;
    let preflight = server.request(Method::OPTIONS, "/ops").header("origin", origin);
    let preflight = preflight.header("access-control-request-method", "POST");
    let told = answered(preflight.header("access-control-request-headers", "authorization")).await;
    assert_eq!((told.status.as_u16(), told.header("access-control-allow-origin")), (200, origin));
    assert!(told.header("access-control-allow-methods").contains("PATCH"), "{told:?}");
    let allowed = told.header("access-control-allow-headers");
    for name in
        ["authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "x-request-id"]
    {
        assert!(allowed.contains(name), "{name}: {allowed}");
    }
    assert_eq!(told.header("access-control-allow-credentials"), "");
    dressed(&told);
    // A refusal can be read by the page, too.
    let refused = answered(server.request(Method::GET, "/sites").header("origin", origin)).await;
    assert_eq!(refused.problem(), (401, "unauthenticated"));
    assert_eq!(refused.header("access-control-allow-origin"), origin);
    let exposed = refused.header("access-control-expose-headers");
    for name in ["etag", "location", "retry-after", "x-request-id", "www-authenticate", "allow"] {
        assert!(exposed.contains(name), "{name}: {exposed}");
    }

    let closed = Server::on_sqlite().await;
    let own = answered(closed.request(Method::GET, "/sites").header("origin", &closed.url)).await;
    assert!(own.headers.keys().all(|name| !name.starts_with("access-control")), "{own:?}");
}

/// What is asked with these headers: the answer, and its bytes as they came.
async fn bytes_of(server: &Server, path: &str, headers: &[(&str, &str)]) -> (reqwest::Response, Vec<u8>) {
    let mut request = server.request(Method::GET, path).bearer_auth(&server.token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send().await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    (response, bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_answer_has_a_tag_of_its_own_and_is_sent_once() {
    let server = Server::on_sqlite().await;
    let text = "All work and no play. ".repeat(500);
    let block = json!({"type": "Code", "props": {"code": text}});
    server.done(json!({"op": "create_page", "slug": "/a", "title": "A", "blocks": [block]})).await;
    let path = crate::harness::page_path("/a");
    let (plain, whole) = bytes_of(&server, &path, &[]).await;
    assert_eq!(plain.headers()["vary"], "accept-encoding");
    assert!(!plain.headers().contains_key("content-encoding"));
    let tag = plain.headers()["etag"].to_str().unwrap();

    for coding in ["gzip", "br"] {
        let accept = ("accept-encoding", coding);
        let (packed, bytes) = bytes_of(&server, &path, &[accept]).await;
        assert_eq!(packed.headers()["content-encoding"], coding);
        assert_eq!(packed.headers()["vary"], "accept-encoding");
        let own = packed.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(own, format!("{}-{coding}\"", tag.trim_end_matches('"')));
        assert!(bytes.len() < whole.len() / 2, "{} of {}", bytes.len(), whole.len());
        if coding == "gzip" {
            // Its last four bytes say how much it holds (RFC 1952).
            let length = u32::from_le_bytes(*bytes.last_chunk().unwrap());
            assert_eq!((&bytes[..2], length as usize), (&[0x1f, 0x8b][..], whole.len()));
        }
        let (again, nothing) = bytes_of(&server, &path, &[accept, ("if-none-match", &own)]).await;
        assert_eq!((again.status().as_u16(), nothing.len()), (304, 0));
        assert_eq!(again.headers()["etag"].to_str().unwrap(), own, "the tag the 200 would have");
        assert_eq!(again.headers()["vary"], "accept-encoding");
        let (other, _) = bytes_of(&server, &path, &[("if-none-match", &own)]).await;
        assert_eq!(other.status(), 200, "whoever can't unpack has other bytes");
        let head = server.request(Method::HEAD, &path).bearer_auth(&server.token);
        let head = answered(head.header("accept-encoding", coding)).await;
        assert_eq!((head.header("etag"), head.header("content-encoding")), (own.as_str(), coding));
    }
    let (small, _) = bytes_of(&server, &format!("/sites/{SITE}"), &[("accept-encoding", "gzip")]).await;
    assert!(!small.headers().contains_key("content-encoding"), "little is sent as it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_sent_as_they_come_to_those_who_unpack_too() {
    let server = Server::on_sqlite().await;
    let request = server.request(Method::GET, &format!("/sites/{SITE}/events")).bearer_auth(&server.token);
    let mut stream = request.header("accept-encoding", "gzip, br").send().await.unwrap();
    assert!(!stream.headers().contains_key("content-encoding"));
    let first =
        tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap().unwrap();
    assert!(first.starts_with(b"retry: "), "{first:?}");
}

/// How many of these are answered, and the first answer that is none.
async fn until_refused(most: usize, ask: impl AsyncFn(usize) -> Answered) -> (usize, Answered) {
    for n in 0..most {
        let answer = ask(n).await;
        if answer.status == 429 {
            return (n, answer);
        }
    }
    panic!("{most} requests and no limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_token_has_a_share_of_its_own() {
    let server = Server::behind(limited(5)).await;
    let other = server.token_with(Scope::Read, &[], &[]).await;
    let (answered_before, refused) =
        until_refused(20, async |n| server.send(Method::POST, "/ops", &json!({"site": n.to_string()})).await)
            .await;
    assert_eq!(answered_before, 5);
    assert_eq!(refused.problem(), (429, "rate_limited"));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=12).contains(&wait), "one in 12 s comes back: {wait}");
    dressed(&refused);
    let fresh = answered(server.request(Method::GET, "/sites").bearer_auth(&other)).await;
    assert_eq!(fresh.status, 200);
    for path in ["/healthz", "/readyz"] {
        for _ in 0..20 {
            assert_eq!(answered(server.request(Method::GET, path)).await.status, 200, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_good_token_is_counted_by_the_address_and_can_change_nothing_about_it() {
    let server = Server::behind(limited(5)).await;
    let good = server.token_with(Scope::Read, &[], &[]).await;
    let known = || answered(server.request(Method::GET, "/sites").bearer_auth(&good));
    assert_eq!(known().await.status, 200);
    let (answered_before, refused) = until_refused(20, async |n| {
        let request = server.request(Method::GET, if n % 2 == 0 { "/sites" } else { "/nowhere" });
        let request = request.header("x-forwarded-for", format!("10.0.0.{n}"));
        let request =
            request.header("forwarded", format!("for=10.0.0.{n}")).header("x-real-ip", format!("10.1.0.{n}"));
        answered(request.bearer_auth(format!("osr_{n}"))).await
    })
    .await;
    assert_eq!(
        (answered_before, refused.problem()),
        (4, (429, "rate_limited")),
        "one went for the good token"
    );
    dressed(&refused);
    assert_eq!(known().await.status, 200, "a token that was good here has nothing to do with it");
    assert_eq!(server.get("/sites").await.status, 429, "one that nobody knows here is not looked up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_limit_nobody_is_counted() {
    let server = Server::on_sqlite().await;
    for _ in 0..200 {
        assert_eq!(answered(server.request(Method::GET, "/sites")).await.status, 401);
    }
}
