//! How the server meets connections, whatever they ask.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Client, Method, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Server, answered};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_of_http_are_spoken_on_one_port() {
    let server = Server::on_sqlite().await;
    server.make_page("a").await;
    let two = Client::builder().http2_prior_knowledge().timeout(Duration::from_secs(10)).build().unwrap();
    let page = || two.get(format!("{}/sites/s/pages/%2Fa", server.url)).bearer_auth(&server.token);
    let first = page().send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.version()), (200, Version::HTTP_2));
    // Many at once on the same connection, more than it has streams.
    let all = join_all((0..300).map(|_| answered(page()))).await;
    assert!(all.iter().all(|answer| answer.json["title"] == "a"));
    let one = server.request(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!(one.version(), Version::HTTP_11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_long_is_refused_and_the_connection_ends() {
    let server = Server::on_sqlite().await;
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}", "a".repeat(70_000));
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // What was sent and never read may end the connection the hard way, behind the answer.
    let _ = connection.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_serves_one_request_after_the_other() {
    let server = Server::on_sqlite().await;
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    for _ in 0..3 {
        connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4_096];
        let mut read = 0;
        while !answer[..read].ends_with(b"ok\n") {
            let more = connection.read(&mut answer[read..]).await.unwrap();
            assert!(more > 0, "the connection ended: {}", String::from_utf8_lossy(&answer[..read]));
            read += more;
        }
    }
}
