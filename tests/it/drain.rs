//! A server that is told to stop finishes what is under way, and takes nothing new.

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::harness::{SITE, Server};

async fn a_request_under_way_is_answered_and_kept(server: Server) {
    let body = json!({"site": SITE, "ops": [{"op": "create_page", "slug": "/a", "title": "A"}]}).to_string();
    let head = format!(
        "POST /ops HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: \
         {}\r\nExpect: 100-continue\r\n\r\n",
        server.token,
        body.len()
    );
    let addr = server.url.strip_prefix("http://").unwrap().to_owned();
    let mut connection = BufReader::new(TcpStream::connect(&addr).await.unwrap());
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut line = String::new();
    connection.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("HTTP/1.1 100"), "the handler is at the body: {line}");

    server.tell_to_stop();
    let again = tokio::spawn(server.restarted());
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");

    assert!(again.await.unwrap().page("/a").await["title"] == "A");
    assert!(TcpStream::connect(&addr).await.is_err(), "the port is free");
}

async fn an_idle_connection_does_not_hold_the_server_up(server: Server) {
    let addr = server.url.strip_prefix("http://").unwrap().to_owned();
    let mut idle = TcpStream::connect(&addr).await.unwrap();
    server.get("/sites").await.ok();
    let started = tokio::time::Instant::now();
    server.restarted().await;
    assert!(started.elapsed().as_secs() < 5);
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
}

on_each_store![a_request_under_way_is_answered_and_kept, an_idle_connection_does_not_hold_the_server_up];
