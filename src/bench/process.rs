//! Processes of this binary: servers that are measured, and what the system says of them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::broken::{Broken, Result};
use super::load::{Outcome, Spec};
use super::wire::{Line, Ready, Request};

/// A server has so long to answer for the first time: a large log is folded first.
const START: Duration = Duration::from_secs(120);

/// And so long to end when it is told to.
const END: Duration = Duration::from_secs(15);

/// Linux counts processor time for `/proc` in hundredths of a second.
const TICK_US: u64 = 10_000;

/// A server in a process of its own; it is killed when this is dropped.
pub(super) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(super) addr: String,
}

impl Server {
    /// Starts `osier` with these arguments and an address to listen on. It need not answer yet.
    pub(super) fn spawn(arguments: &[&str], log: &Path) -> Result<Server> {
        let addr = free_address()?;
        let log = fs::File::options().create(true).append(true).open(log)?;
        let child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .args(["--addr", &addr])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Server { child, addr })
    }

    /// Waits until it answers a request, and says with what status.
    pub(super) async fn ready(&mut self, request: &Request) -> Result<u16> {
        let since = Instant::now();
        let mut ready = Ready::of(request);
        loop {
            if let Ok(mut line) = Line::to(&self.addr).await
                && let Ok(answer) = line.ask(ready.numbered(0)).await
            {
                return Ok(answer.status);
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(Broken(format!("a server ended at its start: {status}; its log says why")));
            }
            if since.elapsed() > START {
                return Err(Broken("a server does not answer".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Tells it to end and waits until it has: with its checkpoints written, as an operator stops it.
    pub(super) async fn stop(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let since = Instant::now();
        while self.child.try_wait()?.is_none() {
            if since.elapsed() > END {
                return Err(Broken("a server does not stop".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// The processor time it has used.
    pub(super) fn cpu_us(&self) -> u64 {
        cpu_us(self.child.id()).unwrap_or_default()
    }

    /// The memory it holds, in KB.
    pub(super) fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the load generator in a process of its own.
pub(super) async fn load(spec: Spec) -> Result<Outcome> {
    let run = move || -> Result<Outcome> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bench", "load"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let text = serde_json::to_vec(&spec)?;
        child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&text))?;
        let done = child.wait_with_output()?;
        if !done.status.success() {
            return Err(Broken(format!("the load generator ended with {}", done.status)));
        }
        Ok(serde_json::from_slice(&done.stdout)?)
    };
    tokio::task::spawn_blocking(run).await.map_err(Broken::at("the load generator"))?
}

/// The processor time a process has used, its own and the system's for it.
pub(super) fn cpu_us(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything; behind it stand `state ppid …`, utime and stime 12th and 13th.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * TICK_US)
}

/// The processor time of the whole machine.
pub(super) fn machine_us() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let all = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<u64> = all.filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let busy = [0, 1, 2, 5, 6].into_iter().filter_map(|at| ticks.get(at)).sum::<u64>();
    busy * TICK_US
}

/// An address nobody listens on.
fn free_address() -> Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
