//! A store with a site on it, and the servers that stand before it, wherever they answer at the moment.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::client::{self, Ending};
use super::process::Process;
use crate::harness::{SITE, page_path};

/// Pairs of pages that are always written together.
pub const PAIRS: usize = 8;

/// A store and its servers.
pub struct Stage {
    pub database: String,
    pub folder: PathBuf,
    more: Vec<&'static str>,
    servers: Vec<Option<Process>>,
    pub door: Door,
    restarts: Vec<Duration>,
}

/// How a caller comes in. Clones share the addresses.
#[derive(Clone)]
pub struct Door {
    pub client: Client,
    token: Arc<str>,
    urls: Arc<Mutex<Vec<Option<String>>>>,
}

impl Stage {
    /// Starts a server on a new store, and makes the site and its pages.
    pub async fn set(database: String, folder: &Path, more: &[&'static str]) -> Stage {
        let server = Process::start(&database, folder, more).await;
        let token = server.token.clone().unwrap_or_else(|| panic!("{database} is not new"));
        let urls = Arc::new(Mutex::new(vec![Some(server.url.clone())]));
        let door = Door { client: client::patient(), token: token.into(), urls };
        let (servers, restarts) = (vec![Some(server)], Vec::new());
        let stage =
            Stage { database, folder: folder.to_owned(), more: more.to_vec(), servers, door, restarts };
        stage.door.done(Method::POST, "/sites", &json!({"id": SITE, "name": "Site"})).await;
        let page = |name: String| {
            json!({
                "op": "create_page", "slug": format!("/{name}"), "title": name,
                "blocks": [{"type": "Heading", "id": format!("blk_{name}"), "props": {"text": "new"}}],
            })
        };
        let ops: Vec<_> = (0..PAIRS).flat_map(|pair| twins(pair).map(page)).collect();
        stage.door.done(Method::POST, "/ops", &json!({"site": SITE, "ops": ops})).await;
        stage
    }

    /// Another server on the same store.
    pub async fn add_server(&mut self) {
        self.servers.push(None);
        self.door.urls.lock().unwrap().push(None);
        self.start(self.servers.len() - 1).await;
    }

    /// `kill -9` of one server; callers no longer find it.
    pub fn kill(&mut self, server: usize) {
        self.servers[server].take().unwrap().kill();
        self.door.urls.lock().unwrap()[server] = None;
    }

    /// Takes one server away, as it runs; callers still look for it.
    pub fn take(&mut self, server: usize) -> Process {
        self.servers[server].take().unwrap()
    }

    /// How many servers there are.
    pub fn servers(&self) -> usize {
        self.servers.len()
    }

    pub fn server(&self, server: usize) -> &Process {
        self.servers[server].as_ref().unwrap()
    }

    /// Starts one anew and waits until it is ready.
    pub async fn start(&mut self, server: usize) {
        let began = Instant::now();
        let process = Process::start(&self.database, &self.folder, &self.more).await;
        self.door.urls.lock().unwrap()[server] = Some(process.url.clone());
        let ready = || self.door.client.get(format!("{}/readyz", process.url));
        while !matches!(client::send(ready()).await.0, Ending::Done(_)) {
            assert!(began.elapsed() < Duration::from_secs(20), "it does not get ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.servers[server] = Some(process);
        self.restarts.push(began.elapsed());
    }

    /// How long each start took until the server was ready.
    pub fn restarts(&self) -> Vec<Duration> {
        self.restarts.clone()
    }
}

impl Door {
    /// A request to one of the servers that answer, by a number drawn by chance. None where there is none now.
    pub fn knock(&self, drawn: usize, method: Method, path: &str) -> Option<RequestBuilder> {
        let open: Vec<String> = self.urls.lock().unwrap().iter().flatten().cloned().collect();
        let url = open.get(drawn % open.len().max(1))?;
        Some(self.client.request(method, format!("{url}{path}")).bearer_auth(&self.token))
    }

    /// A request to the first server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.knock(0, method, path).unwrap()
    }

    /// The first server's address, and a GET as it is sent there.
    pub fn plain_get(&self, path: &str) -> (String, String) {
        let url = self.urls.lock().unwrap().iter().flatten().next().unwrap().clone();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", self.token);
        (url.trim_start_matches("http://").to_owned(), request)
    }

    /// Makes a page of so many 100 KB, and answers where it is read.
    pub async fn make_large_page(&self, hundreds_of_kb: usize) -> String {
        let block = json!({"type": "Code", "props": {"code": "0123456789".repeat(2_000)}});
        let page = json!({"op": "create_page", "slug": "/large", "title": "Large"});
        self.done(Method::POST, "/ops", &json!({"site": SITE, "ops": [page]})).await;
        let ops = vec![json!({"op": "add_block", "page": "/large", "block": block}); 5];
        for _ in 0..hundreds_of_kb {
            self.done(Method::POST, "/ops", &json!({"site": SITE, "ops": ops})).await;
        }
        page_path("/large")
    }

    /// Sends what must succeed.
    pub async fn done(&self, method: Method, path: &str, body: &Value) -> Value {
        match client::send(self.request(method, path).json(body)).await.0 {
            Ending::Done(json) => json,
            other => panic!("{path}: {other:?}"),
        }
    }

    pub async fn get(&self, path: &str) -> Value {
        match client::send(self.request(Method::GET, path)).await.0 {
            Ending::Done(json) => json,
            other => panic!("{path}: {other:?}"),
        }
    }
}

/// The names of the two pages of a pair.
pub fn twins(pair: usize) -> [String; 2] {
    [format!("left{pair}"), format!("right{pair}")]
}
