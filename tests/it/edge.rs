//! How the server meets connections, whatever they ask.

use std::time::Duration;

use futures::future::join_all;
use osier::app;
use reqwest::{Client, Method, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

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
async fn a_connection_serves_one_request_after_the_other() {
    let server = Server::on_sqlite().await;
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    for _ in 0..3 {
        connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4_096];
        let mut read = 0;
        while !answer[..read].ends_with(b"ok\n") {
            let more = connection.read(&mut answer[read..]).await.unwrap();
            assert!(more > 0, "the connection ended: {}", String::from_utf8_lossy(&answer[..read]));
            read += more;
        }
    }
}

/// A request of HTTP/2 for `/` by a caller who lets no byte of any answer through: the preface, its settings, whose
/// window of a stream is 0, and the head (RFC 9113, RFC 7541).
const WITHOUT_WINDOW: &[&[u8]] = &[
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    &[0, 0, 6, 4, 0, 0, 0, 0, 0, /* SETTINGS_INITIAL_WINDOW_SIZE */ 0, 4, 0, 0, 0, 0],
    &[
        0, 0, 6, 1, 5, 0, 0, 0, 1, /* GET, http, / */ 0x82, 0x86, 0x84, /* :authority: x */ 0x41,
        1, b'x',
    ],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_of_http2_that_grants_no_window_is_parted_with() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut connection = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "an answer" }));
    let limits = app::Limits { stall: Duration::from_millis(300), ..app::Limits::default() };
    let server = tokio::spawn(app::serve_router(limits, listener, router, CancellationToken::new()));
    connection.write_all(&WITHOUT_WINDOW.concat()).await.unwrap();
    let mut heard = Vec::new();
    let parted = tokio::time::timeout(Duration::from_secs(10), connection.read_to_end(&mut heard));
    parted.await.expect("the connection stays").unwrap();
    // The answer's head (a frame of type 1 on stream 1) came; its body could not.
    assert!(heard.windows(6).any(|bytes| bytes[0] == 1 && bytes[2..] == [0, 0, 0, 1]), "{heard:?}");
    assert!(!String::from_utf8_lossy(&heard).contains("an answer"));
    server.abort();
}
