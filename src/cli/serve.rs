//! `osier serve`

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Stop, demo, output};
use crate::app::{self, Front, Limits};
use crate::auth::Scope;
use crate::config::{Flags, HostName, Listed, Settings, WebOrigin, mask};
use crate::service::{self, NewToken, Principal, Service};

/// Serve the HTTP API
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier serve --demo
  osier serve --addr 127.0.0.1:8080 --database postgres://osier@localhost/osier
  osier serve --public-url https://cms.example.org --rate-limit 6000   behind a proxy with TLS

The first start makes a token and prints it once. SIGTERM and Ctrl-C let running requests finish.")]
pub(super) struct Serve {
    /// Where to listen [default: 127.0.0.1:4200]
    #[arg(long, value_name = "HOST:PORT")]
    addr: Option<String>,
    /// Make the demo site, a basket workshop, if it is not there
    #[arg(long)]
    demo: bool,
    /// Connections at once; others are told to come again [default: 12000]
    #[arg(long, value_name = "COUNT")]
    max_connections: Option<usize>,
    /// Memory for pages that are being edited [default: 256]
    #[arg(long, value_name = "MB")]
    state_memory: Option<usize>,
    /// Where others find the server; requests for other names are refused
    #[arg(long, value_name = "URL")]
    public_url: Option<WebOrigin>,
    /// Further names the server goes by, as in a.example,b.example
    #[arg(long, value_name = "NAMES")]
    hosts: Option<Listed<HostName>>,
    /// Websites whose pages may call it, as in https://a.example
    #[arg(long, value_name = "URLS")]
    origins: Option<Listed<WebOrigin>>,
    /// Requests a minute for each token, or address [default: no limit]
    #[arg(long, value_name = "COUNT")]
    rate_limit: Option<NonZeroU32>,
}

impl Serve {
    /// What it says of settings, added to what is common to all commands.
    pub(super) fn flags(&self, common: Flags) -> Flags {
        Flags {
            addr: self.addr.clone(),
            demo: self.demo.then_some(true),
            max_connections: self.max_connections,
            state_memory: self.state_memory,
            public_url: self.public_url.clone(),
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            rate_limit: self.rate_limit,
            ..common
        }
    }

    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        // The signals are caught from the start, so that one during a slow start is not lost.
        let stop = stop_signal()?;
        let listener = listen(&settings.addr.value).await?;
        let here = listener.local_addr().map_err(|e| Stop::Missing(e.to_string()))?;
        let state_bytes = settings.state_memory.value.saturating_mul(1 << 20);
        let keep = service::Limits { state_bytes, ..service::Limits::default() };
        let service = app::open_within(keep, &settings.database.value)
            .await
            .map_err(|error| Stop::opening(error, &settings.database.value))?;
        let token = match prepare(&service, here, settings.demo.value).await {
            Ok(token) => token,
            Err(stop) => {
                app::close(&service).await;
                return Err(stop);
            }
        };
        output::say(&greeting(here, settings, token.as_deref()))?;
        tracing::info!(addr = %here, database = mask(&settings.database.value), "listening");
        let connections = app::connections_that_fit(settings.max_connections.value);
        let limits = Limits { connections, ..Limits::default() };
        app::serve_within(limits, front(settings), listener, service, stop)
            .await
            .map_err(|e| Stop::Missing(format!("{here}: {e}")))
    }
}

/// How the settings have callers met.
fn front(settings: &Settings) -> Front {
    Front {
        public_url: settings.public_url.value.clone(),
        hosts: settings.hosts.value.0.clone(),
        origins: settings.origins.value.0.clone(),
        rate_limit: settings.rate_limit.value,
        ..Front::default()
    }
}

/// Until SIGTERM or Ctrl-C.
fn stop_signal() -> Result<impl Future<Output = ()>, Stop> {
    let caught = |kind| signal(kind).map_err(|e| Stop::Missing(format!("signals of this machine: {e}")));
    let (mut terminate, mut interrupt) = (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
    })
}

async fn listen(addr: &str) -> Result<TcpListener, Stop> {
    TcpListener::bind(addr).await.map_err(|e| match e.kind() {
        io::ErrorKind::InvalidInput => {
            Stop::Usage(format!("'{addr}' is no address to listen on, as 127.0.0.1:4200 is"))
        }
        io::ErrorKind::AddrInUse => Stop::Missing(format!(
            "{addr} is in use, by another osier perhaps: choose another port with --addr"
        )),
        _ => Stop::Missing(format!("can't listen on {addr}: {e}")),
    })
}

/// Everything before the first request; answers the secret of the first token if it was just made.
async fn prepare(service: &Service, here: SocketAddr, with_demo: bool) -> Result<Option<String>, Stop> {
    let token = first_token(service, here).await?;
    if with_demo {
        demo::plant(service).await?;
    }
    Ok(token)
}

/// On loopback, a store without tokens gets one for its operator. Elsewhere a server without tokens would be of use to
/// nobody but those who find a way around them.
async fn first_token(service: &Service, here: SocketAddr) -> Result<Option<String>, Stop> {
    let who = Principal::operator();
    if !service.tokens(&who).await?.is_empty() {
        return Ok(None);
    }
    if !here.ip().is_loopback() {
        return Err(Stop::Usage(format!(
            "{here} can be reached from other machines, and the store has no token yet: make one with `osier token \
             create --name operator --scopes admin`"
        )));
    }
    let new = NewToken {
        name: "admin".to_owned(),
        scopes: vec![Scope::Admin],
        sites: Vec::new(),
        branches: Vec::new(),
        agent: false,
        expires_in_ms: None,
    };
    let made = service.create_token(&who, new).await?;
    Ok(Some(made.token.reveal().to_owned()))
}

/// What a person reads at the start, and copies from.
fn greeting(here: SocketAddr, settings: &Settings, token: Option<&str>) -> String {
    let mut text = format!(
        "Osier listens on http://{here} and keeps its content in {}\n",
        mask(&settings.database.value)
    );
    let url = match &settings.public_url.value {
        Some(public) => public.to_string(),
        None => format!("http://{here}"),
    };
    // Writing to a String does not fail.
    if settings.public_url.value.is_some() {
        let _ = writeln!(text, "Others find it at {url}");
    }
    let _ = match token {
        Some(token) => write!(
            text,
            "\nThis store is new. A token with all rights, shown this once, so keep it:\n\n  {token}\n\nOne with fewer \
             rights: osier token create --name ci --scopes read,write\nAll that can be asked: {url}/docs\nTry \
             it:\n\n  curl -H 'Authorization: Bearer {token}' {url}/sites{}\n",
            if settings.demo.value { "/demo/pages" } else { "" }
        ),
        None => writeln!(text, "Another token: osier token create --name me --scopes admin"),
    };
    text
}
