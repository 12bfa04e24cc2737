//! A PostgreSQL of a test's own, which can be killed.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A server and its folder; both are gone when this is dropped.
pub struct Postgres {
    programs: PathBuf,
    home: TempDir,
    /// Who it runs as: it refuses to run as root.
    owner: Option<(u32, u32)>,
    port: u16,
    child: Option<Child>,
}

impl Postgres {
    /// None, with the reason printed, where its programs are not installed.
    pub async fn make() -> Option<Postgres> {
        let skipped = |why: &str| eprintln!("not run on a PostgreSQL of its own: {why}");
        let Some(programs) = programs() else {
            skipped("initdb and postgres are not installed");
            return None;
        };
        let owner = getuid().is_root().then(|| user("postgres"));
        if owner == Some(None) {
            skipped("this is root, and there is no user postgres");
            return None;
        }
        let home = TempDir::with_prefix_in("osier-faults-", "/tmp").unwrap();
        let mut postgres = Postgres { programs, home, owner: owner.flatten(), port: 0, child: None };
        postgres.initialise();
        postgres.start().await;
        Some(postgres)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres?sslmode=disable", self.address())
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn initialise(&self) {
        if let Some((uid, gid)) = self.owner {
            std::os::unix::fs::chown(self.home.path(), Some(uid), Some(gid)).unwrap();
        }
        let mut initdb = self.program("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let made = initdb.arg("--pgdata").arg(self.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Starts it, on the port it had or a free one, and waits until it takes connections.
    pub async fn start(&mut self) {
        let began = Instant::now();
        loop {
            if self.port == 0 {
                self.port = free_port();
            }
            if self.started().await {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether it stays and takes connections.
    async fn started(&mut self) -> bool {
        let log = fs::File::options().create(true).append(true).open(self.home.path().join("log")).unwrap();
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        let mut child = postgres.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if PgConnection::connect(&self.url()).await.is_ok() {
                self.child = Some(child);
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `kill -9` of every process of it.
    pub fn kill(&mut self) {
        let Some(mut postmaster) = self.child.take() else { return };
        let backends = children(postmaster.id());
        postmaster.kill().unwrap();
        for backend in &backends {
            let _ = kill_process(*backend, Signal::KILL);
        }
        postmaster.wait().unwrap();
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.home.path()).env_clear().env("LC_ALL", "C");
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Debian keeps the programs out of PATH.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.into_iter().rev().find(|folder| has(folder, "initdb") && has(folder, "postgres"))
}

fn has(folder: &Path, program: &str) -> bool {
    folder.join(program).is_file()
}

/// The ids of a user and its group.
fn user(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The processes that a process has started and that still run.
fn children(parent: u32) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |id: &i32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Behind the name, which may hold anything: the state and the parent.
        let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        after_name.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    ids.filter(is_child).filter_map(Pid::from_raw).collect()
}

fn free_port() -> u16 {
    // Below the range from which the system hands out ports of its own, so that it is still free after a kill.
    let start = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (start..start + 1_000).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
