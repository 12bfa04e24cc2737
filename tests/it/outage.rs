//! A database that goes away and comes back: told within its deadline, nothing half done, well again by itself.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::harness::{Server, answered, heading};

/// A way to PostgreSQL that can be cut.
struct Way {
    port: u16,
    open: watch::Sender<bool>,
}

impl Way {
    async fn to(target: String) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (mut is_open, target) = (is_open.clone(), target.clone());
                tokio::spawn(async move {
                    if !*is_open.borrow_and_update() {
                        return;
                    }
                    let mut far = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = is_open.changed() => {}
                    }
                });
            }
        });
        Way { port, open }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_a_503_and_comes_back_by_itself() {
    let Some((database, target)) = Server::postgres_database().await else { return };
    let way = Way::to(target.clone()).await;
    let server = Server::fresh(database.replace(&target, &format!("127.0.0.1:{}", way.port)), None).await;
    server.make_page("a").await;

    way.open.send(false).unwrap();
    let asked = Instant::now();
    let write = server.envelope(json!({"idempotencyKey": "k", "ops": [heading("a", "one")]})).await;
    assert_eq!(write.problem(), (503, "store_unavailable"));
    assert_eq!(write.header("retry-after"), "1");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let ready = answered(server.request(Method::GET, "/readyz")).await;
    assert_eq!(ready.problem(), (503, "store_unavailable"));
    assert_eq!(answered(server.request(Method::GET, "/healthz")).await.status, 200);

    way.open.send(true).unwrap();
    let write = server.envelope(json!({"idempotencyKey": "k", "ops": [heading("a", "one")]})).await.ok();
    assert_eq!(write["version"], 2);
    // The refusal stands for a second.
    let back = Instant::now();
    while answered(server.request(Method::GET, "/readyz")).await.status != 200 {
        assert!(back.elapsed() < Duration::from_secs(5), "it is ready again by itself");
    }
    assert_eq!(server.page("/a").await["blocks"][0]["props"]["text"], "one");
}
