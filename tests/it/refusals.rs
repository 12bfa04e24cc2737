//! What is no request of HTTP, or two in one: answered with one problem document, and nothing of it is done.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::{Client, Method, Version};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::front::dressed;
use crate::harness::{Answered, Server};

/// Sends bytes and no end, and reads what comes back until the server ends the connection.
async fn said_to(server: &Server, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let (mut reading, mut writing) = connection.split();
    let mut heard = Vec::new();
    let conversation = async {
        // All of it is taken: a caller that is reset while it sends never reads the answer.
        let (sent, read) = tokio::join!(writing.write_all(bytes), reading.read_to_end(&mut heard));
        sent.unwrap();
        read.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(20), conversation).await.expect("the connection ends");
    String::from_utf8(heard).unwrap()
}

/// The one answer that stands there; nothing stands behind it.
#[track_caller]
fn only_answer(heard: &str) -> Answered {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{heard:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pairs = lines.map(|line| line.split_once(": ").unwrap());
    let headers: HashMap<String, String> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    assert_eq!(headers["content-length"], body.len().to_string(), "{heard}");
    let json = serde_json::from_str(body).unwrap_or(Value::Null);
    Answered { status, headers, text: body.to_owned(), json }
}

fn megabyte() -> String {
    "a".repeat(1 << 20)
}

fn with_header(header: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n\r\n").into_bytes()
}

/// What hyper does not even take for a request.
fn no_requests() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let line = |line: &str| format!("{line}\r\nHost: localhost\r\n\r\n").into_bytes();
    let many: String = (0..200).map(|n| format!("X-{n}: {n}\r\n")).collect();
    vec![
        ("a header of 1 MB", with_header(&format!("X-Long: {}", megabyte())), 431, "headers_too_large"),
        ("a name of 1 MB", with_header(&format!("{}: x", megabyte())), 431, "headers_too_large"),
        ("200 headers", with_header(many.trim_end()), 431, "headers_too_large"),
        ("a line of 1 MB", line(&format!("GET /{} HTTP/1.1", megabyte())), 414, "uri_too_long"),
        ("a method of 1 MB", line(&format!("{} / HTTP/1.1", megabyte())), 414, "uri_too_long"),
        ("bytes of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), 400, "malformed_request"),
        ("NULs", vec![0; 100], 400, "malformed_request"),
        ("text", b"hello?\r\n\r\n".to_vec(), 400, "malformed_request"),
        ("a version to come", line("GET / HTTP/9.9"), 400, "malformed_request"),
        ("an address of raw bytes", line("GET /\x01 HTTP/1.1"), 400, "malformed_request"),
        ("NUL in a header", with_header("X-Nul: a\0b"), 400, "malformed_request"),
        ("NUL in a name", with_header("X-N\0l: a"), 400, "malformed_request"),
        ("a space before the colon", with_header("X-Space : a"), 400, "malformed_request"),
        ("a folded header", with_header("X-Folded: a\r\n b"), 400, "malformed_request"),
        ("two lengths", with_header("Content-Length: 3\r\nContent-Length: 4"), 400, "malformed_request"),
        ("a length below nothing", with_header("Content-Length: -1"), 400, "malformed_request"),
        (
            "a length beyond all",
            with_header("Content-Length: 99999999999999999999"),
            400,
            "malformed_request",
        ),
        ("another encoding", with_header("Transfer-Encoding: gzip"), 400, "malformed_request"),
        ("chunks in between", with_header("Transfer-Encoding: chunked, gzip"), 400, "malformed_request"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_answered_with_a_problem_document_and_the_connection_ends() {
    let server = Server::on_sqlite().await;
    for (what, bytes, status, code) in no_requests() {
        let answer = only_answer(&said_to(&server, &bytes).await);
        assert_eq!(answer.problem(), (status, code), "{what}");
        assert_eq!(answer.header("connection"), "close", "{what}");
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        assert!(answer.header("date").ends_with("GMT"), "{what}: {answer:?}");
        dressed(&answer);
    }
    let counted = r#"osier_http_request_seconds_count{route="none",method="other",status="4xx"}"#;
    assert!(server.get("/metrics").await.text.contains(counted), "refusals are counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_behind_a_request_is_refused_after_the_request_is_answered() {
    let server = Server::on_sqlite().await;
    for version in ["1.1", "1.0"] {
        let head =
            format!("GET /healthz HTTP/{version}\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
        let heard = said_to(&server, &[head.as_bytes(), &[0; 4]].concat()).await;
        let (first, second) = heard.split_once("ok\n").unwrap();
        assert!(first.starts_with(&format!("HTTP/{version} 200 ")), "{heard}");
        assert_eq!(only_answer(second).problem(), (400, "malformed_request"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_names_its_host_once() {
    let server = Server::on_sqlite().await;
    for hosts in ["", "Host: localhost\r\nHost: localhost\r\n", "Host:\r\n", "Host: a@localhost\r\n"] {
        let request = format!("GET /healthz HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n");
        let answer = only_answer(&said_to(&server, request.as_bytes()).await);
        assert_eq!(answer.problem(), (400, "malformed_request"), "{hosts:?}");
        dressed(&answer);
    }
    let other = "GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(only_answer(&said_to(&server, other.as_bytes()).await).problem(), (400, "malformed_request"));
    let old = only_answer(&said_to(&server, b"GET /healthz HTTP/1.0\r\n\r\n").await);
    assert_eq!((old.status.as_u16(), old.text.as_str()), (200, "ok\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_inside_of_another_is_not_heard() {
    let server = Server::on_sqlite().await;
    let body = r#"{"id":"smuggled"}"#;
    let inner = format!(
        "POST /sites HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        server.token,
        body.len()
    );
    // By its length the first request holds the second; by its encoding it ends before it.
    let length = format!("Content-Length: {}", inner.len() + 5);
    for framing in [
        format!("{length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\n{length}"),
        format!("Transfer-Encoding: chunked\r\n{length}\r\n{length}"),
    ] {
        let outer = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n0\r\n\r\n{inner}");
        let answer = only_answer(&said_to(&server, outer.as_bytes()).await);
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "ok\n"), "{framing}");
    }
    assert_eq!(server.get("/sites/smuggled").await.problem(), (404, "site_not_found"));
    // Alone it is heard, so that the above can fail.
    let alone = inner.replace("Host: localhost", "Host: localhost\r\nConnection: close");
    assert_eq!(only_answer(&said_to(&server, alone.as_bytes()).await).status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_refused_while_it_sends_reads_why() {
    let server = Server::on_sqlite().await;
    let body = "a".repeat(4 << 20);
    let head = "POST /ops HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(only_answer(&said_to(&server, request.as_bytes()).await).problem(), (401, "unauthenticated"));
    let authorized = format!("Authorization: Bearer {}\r\nContent-Length", server.token);
    let request = request.replacen("Content-Length", &authorized, 1);
    let request = request.replacen("Host", "Connection: close\r\nHost", 1);
    assert_eq!(only_answer(&said_to(&server, request.as_bytes()).await).problem(), (413, "too_large"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_refused_and_sends_for_ever_is_cut_off() {
    let server = Server::on_sqlite().await;
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(b"no request\r\n\r\n").await.unwrap();
    let piece = vec![b'a'; 1 << 16];
    let endless = async { while connection.write_all(&piece).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), endless).await.expect("the connection is cut");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_large_is_refused_in_http2_too() {
    let server = Server::on_sqlite().await;
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    let ask = async |bytes: usize| {
        let request = client.request(Method::GET, format!("{}/healthz", server.url));
        let answer = request.header("x-long", "a".repeat(bytes)).send().await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        answer.status().as_u16()
    };
    assert_eq!(ask(1_000).await, 200);
    assert_eq!(ask(20_000).await, 431);
    assert_eq!(ask(1_000).await, 200, "the connection goes on");
}
