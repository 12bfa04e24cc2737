//! The real program, started as an operator starts it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A server that runs; it is killed when this is dropped.
pub struct Process {
    child: Child,
    /// Where it answers.
    pub url: String,
    /// The token that its first start on a store prints.
    pub token: Option<String>,
    log: PathBuf,
}

impl Process {
    /// Starts a server on a free port and waits until it greets. What it logs goes to a file in the folder.
    pub async fn start(database: &str, folder: &Path, more: &[&str]) -> Process {
        let (database, folder) = (database.to_owned(), folder.to_owned());
        let more: Vec<String> = more.iter().map(|word| (*word).to_owned()).collect();
        tokio::task::spawn_blocking(move || Process::spawn(&database, &folder, &more)).await.unwrap()
    }

    fn spawn(database: &str, folder: &Path, more: &[String]) -> Process {
        let log = folder.join("server.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_osier"));
        command.env_clear().env("RUST_LOG", "warn").env("OSIER_DATA_DIR", folder).current_dir(folder);
        command.args(["serve", "--addr", "127.0.0.1:0", "--database", database]).args(more);
        let errors = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let (mut url, mut token) = (None, None);
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let words = || line.split_whitespace();
            url = url.or_else(|| words().find(|word| word.starts_with("http://")).map(str::to_owned));
            token = token.or_else(|| words().find(|word| word.starts_with("osr_")).map(str::to_owned));
            // The last line of the greeting: an example with the token, or how to make one.
            if line.contains("curl -H") || line.contains("osier token create") {
                break;
            }
        }
        let Some(url) = url else { panic!("the server did not start:\n{}", tail(&log)) };
        Process { child, url, token, log }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Waits until it has ended by itself: how, and after how long.
    pub async fn ended(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not end:\n{}", tail(&self.log));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The memory it holds now, and the most it ever held, in KB.
    pub fn memory_kb(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let field = |name: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", tail(&self.log));
        }
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
