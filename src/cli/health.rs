//! `osier health`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Stop, output};
use crate::config::{Flags, Settings};

/// A server that takes longer to say whether it is well is not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read at most.
const MOST: u64 = 4096;

/// Ask a running server whether it can work: for health checks where there is no curl
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier health
  osier health --addr 127.0.0.1:8080 --json

It asks GET /readyz, over plain HTTP and without a token. The exit code is 0 where the server and
its store answer, else 3.

With --json: {addr, ready}")]
pub(super) struct Health {
    /// Where the server listens [default: 127.0.0.1:4200]
    #[arg(long, value_name = "HOST:PORT")]
    addr: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Health {
    /// What it says of settings, added to what is common to all commands.
    pub(super) fn flags(&self, common: Flags) -> Flags {
        Flags { addr: self.addr.clone(), ..common }
    }

    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let addr = &settings.addr.value;
        match status(&answer(addr, "/readyz").await?) {
            Some(200) if self.json => output::say_json(&json!({ "addr": addr, "ready": true })),
            Some(200) => output::say(&format!("{addr} is ready\n")),
            Some(status) => Err(Stop::Missing(format!("{addr} is not ready: it answers {status}"))),
            None => Err(Stop::Missing(format!("what listens on {addr} does not speak HTTP"))),
        }
    }
}

/// What a server answers, head and all.
///
/// # Errors
/// `Missing` where none answers.
pub(super) async fn answer(addr: &str, path: &str) -> Result<String, Stop> {
    let no_answer = |why: String| Stop::Missing(format!("no server answers on {addr}: {why}"));
    let asked = tokio::time::timeout(PATIENCE, ask(&reachable(addr), path)).await;
    let asked = asked.map_err(|_| no_answer(format!("nothing came within {} s", PATIENCE.as_secs())))?;
    asked.map_err(|e| no_answer(e.to_string()))
}

async fn ask(addr: &str, path: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(addr).await?;
    // A server answers to this name on every address.
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(MOST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The status in the first line of an answer, if it is one of HTTP.
fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Where a server that listens on an address can be called: one that listens everywhere, on this machine.
fn reachable(addr: &str) -> String {
    match addr.parse::<SocketAddr>() {
        Ok(everywhere) if everywhere.ip().is_unspecified() => {
            let here = match everywhere.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            };
            SocketAddr::new(here, everywhere.port()).to_string()
        }
        _ => addr.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_stands_in_the_first_line() {
        assert_eq!(status("HTTP/1.1 503 Service Unavailable\r\n\r\n"), Some(503));
        assert_eq!(status("SSH-2.0-OpenSSH_9.2\r\n"), None);
    }

    #[test]
    fn a_server_that_listens_everywhere_is_called_on_this_machine() {
        for (listens, called) in [
            ("0.0.0.0:4200", "127.0.0.1:4200"),
            ("[::]:4200", "[::1]:4200"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("localhost:4200", "localhost:4200"),
        ] {
            assert_eq!(reachable(listens), called);
        }
    }
}
