//! A real server in this process, on a port and a store of its own, and a client that speaks to it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use osier::app::{self, Front};
use osier::auth::Scope;
use osier::service::{NewToken, Principal, Service};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Runs each of these tests on SQLite, and on PostgreSQL where `OSIER_TEST_POSTGRES` names a server.
macro_rules! on_each_store {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::harness::Server::on_sqlite().await).await;
            }
        )* }

        mod on_postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(server) = $crate::harness::Server::on_postgres().await {
                    super::$test(server).await;
                }
            }
        )* }
    };
}

/// The site every server starts with.
pub const SITE: &str = "s";

/// A running server with an empty site.
pub struct Server {
    /// Where it answers.
    pub url: String,
    /// A token with all scopes.
    pub token: String,
    /// For what has no door over HTTP, as tokens.
    pub service: Arc<Service>,
    client: Client,
    database: String,
    _folder: Option<TempDir>,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HashMap<String, String>,
    pub text: String,
    pub json: Value,
}

impl Answered {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Status and code of a problem document, whose form is checked on the way.
    pub fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let code = self.json["code"].as_str().unwrap();
        assert_eq!(self.json["status"], self.status.as_u16(), "{self:?}");
        assert_eq!(self.json["type"], format!("/problems/{}", code.replace('_', "-")));
        assert!(self.json["title"].is_string() && self.json["detail"].is_string(), "{self:?}");
        (self.status.as_u16(), code)
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json
    }
}

impl Server {
    pub async fn on_sqlite() -> Server {
        let folder = TempDir::new().unwrap();
        let database = format!("sqlite:{}", folder.path().join("osier.db").display());
        Server::fresh(database, Some(folder)).await
    }

    /// None where no PostgreSQL is named.
    pub async fn on_postgres() -> Option<Server> {
        let (database, _) = Server::postgres_database().await?;
        Some(Server::fresh(database, None).await)
    }

    /// A fresh database, and the host and port it is at.
    pub async fn postgres_database() -> Option<(String, String)> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("OSIER_TEST_POSTGRES") else {
            eprintln!("not run on PostgreSQL: OSIER_TEST_POSTGRES names no server");
            return None;
        };
        // Names of databases are shared with other runs on the same server.
        let name = format!("osier_it_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let (address, _) = server.rsplit_once('/').unwrap();
        let (_, host) = address.rsplit_once('@').unwrap();
        Some((format!("{address}/{name}"), host.to_owned()))
    }

    /// On SQLite, behind a front of its own.
    pub async fn behind(front: Front) -> Server {
        let folder = TempDir::new().unwrap();
        let database = format!("sqlite:{}", folder.path().join("osier.db").display());
        let mut server = Server::start_behind(front, database, Some(folder), String::new()).await;
        server.token = server.token_with(Scope::Admin, &[], &[]).await;
        server.service.create_site(&Principal::operator(), SITE, Default::default()).await.unwrap();
        server
    }

    /// A server on a store that is there already, with a token.
    pub async fn over(database: String, folder: Option<TempDir>) -> Server {
        let mut server = Server::start(database, folder, String::new()).await;
        server.token = server.token_with(Scope::Admin, &[], &[]).await;
        server
    }

    /// A server on a store with nothing in it, with a token and a site.
    pub async fn fresh(database: String, folder: Option<TempDir>) -> Server {
        let server = Server::over(database, folder).await;
        server.send(Method::POST, "/sites", &json!({"id": SITE, "name": "Site"})).await.ok();
        server
    }

    async fn start(database: String, folder: Option<TempDir>, token: String) -> Server {
        Server::start_behind(Front::default(), database, folder, token).await
    }

    async fn start_behind(front: Front, database: String, folder: Option<TempDir>, token: String) -> Server {
        let service = app::open(&database).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let (limits, stopped) = (app::Limits::default(), stop.clone().cancelled_owned());
        let task = tokio::spawn(app::serve_within(limits, front, listener, Arc::clone(&service), stopped));
        let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Server { url, token, service, client, database, _folder: folder, stop, task }
    }

    /// Another process on the same store.
    pub async fn beside(&self) -> Arc<Service> {
        app::open(&self.database).await.unwrap()
    }

    /// Another server on the same store, which takes the same token.
    pub async fn sibling(&self) -> Server {
        Server::start(self.database.clone(), None, self.token.clone()).await
    }

    /// The address of its store.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Stops it in good order; the store stays as long as the folder is held.
    pub async fn stopped(self) -> (String, Option<TempDir>) {
        self.tell_to_stop();
        self.task.await.unwrap().unwrap();
        (self.database, self._folder)
    }

    /// Tells it to stop, as SIGTERM does.
    pub fn tell_to_stop(&self) {
        self.stop.cancel();
    }

    /// Stops it in good order and starts another on the same store.
    pub async fn restarted(self) -> Server {
        self.tell_to_stop();
        self.task.await.unwrap().unwrap();
        drop(self.service);
        Server::start(self.database, self._folder, self.token).await
    }

    /// The secret of a new token.
    pub async fn token_with(&self, scope: Scope, sites: &[&str], branches: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let new = NewToken {
            name: format!("{scope:?}"),
            scopes: vec![scope],
            sites: owned(sites),
            branches: owned(branches),
            agent: false,
            expires_in_ms: None,
        };
        let made = self.service.create_token(&Principal::operator(), new).await.unwrap();
        made.token.reveal().to_owned()
    }

    /// A request without a token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends it with the admin's token.
    pub async fn ask(&self, request: RequestBuilder) -> Answered {
        answered(request.bearer_auth(&self.token)).await
    }

    pub async fn get(&self, path: &str) -> Answered {
        self.ask(self.request(Method::GET, path)).await
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answered {
        self.ask(self.request(method, path).json(body)).await
    }

    /// Sends bytes as they are, called JSON.
    pub async fn raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Answered {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        self.ask(request.body(body)).await
    }

    /// A whole envelope; the site is added.
    pub async fn envelope(&self, mut envelope: Value) -> Answered {
        envelope["site"] = SITE.into();
        self.send(Method::POST, "/ops", &envelope).await
    }

    /// A batch.
    pub async fn ops(&self, ops: Value) -> Answered {
        self.envelope(json!({"ops": ops})).await
    }

    /// One op that must succeed: the answer.
    #[track_caller]
    pub fn done(&self, op: Value) -> impl Future<Output = Value> + '_ {
        let sent = self.ops(json!([op]));
        async move { sent.await.ok() }
    }

    /// A page of the site, whole.
    pub async fn page(&self, page: &str) -> Value {
        self.get(&page_path(page)).await.ok()
    }

    /// A page with a heading (`blk_<name>`) at `/<name>`.
    pub async fn make_page(&self, name: &str) -> Value {
        self.done(json!({
            "op": "create_page", "slug": format!("/{name}"), "title": name,
            "blocks": [{"type": "Heading", "id": format!("blk_{name}"), "props": {"text": name}}],
        }))
        .await
    }

    /// Sets the heading of a page that `make_page` made.
    pub async fn set_heading(&self, name: &str, text: &str) -> Value {
        self.done(heading(name, text)).await
    }
}

/// The op that sets the heading of a page that `make_page` made.
pub fn heading(name: &str, text: &str) -> Value {
    json!({
        "op": "update_props", "page": format!("/{name}"), "block": format!("blk_{name}"), "patch": {"text": text},
    })
}

/// The address of a page by id or slug.
pub fn page_path(page: &str) -> String {
    format!("/sites/{SITE}/pages/{}", page.replace('/', "%2F"))
}

/// Sends a request and reads the answer whole.
pub async fn answered(request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let status = response.status();
    let pairs = response.headers().iter();
    let headers: HashMap<String, String> =
        pairs.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    // A stream has no end to read to.
    let endless = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
    let text = if endless { String::new() } else { response.text().await.unwrap() };
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answered { status, headers, text, json }
}
