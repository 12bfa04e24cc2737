//! The databases themselves, without any server of ours: pgbench, and one commit after another to a SQLite file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sqlx::Executor;

use super::bed::connect;
use super::broken::{Broken, Result};
use super::load::Latency;

/// One row.
const ROW_BYTES: usize = 1024;

/// What a database does by itself.
#[derive(Clone, Debug)]
pub(super) struct Bare {
    pub(super) rate: f64,
    /// None where only the rate was measured.
    pub(super) latency: Option<Latency>,
}

/// A database with the table that pgbench inserts into.
pub(super) async fn prepare_pgbench(url: &str) -> Result<()> {
    let mut connection = connect(url).await?;
    connection.execute("CREATE TABLE row (id bigserial PRIMARY KEY, body text NOT NULL)").await?;
    Ok(())
}

/// `pgbench -M prepared`: one row of 1 KB inserted per transaction, over TCP as our servers are. Latencies are read from
/// its log, which many clients would pay for: of one client only.
pub(super) async fn pgbench(url: &str, clients: usize, seconds: f64, folder: &Path) -> Result<Bare> {
    let (url, folder) = (url.to_owned(), folder.to_owned());
    let run = move || run_pgbench(&url, clients, seconds, &folder);
    tokio::task::spawn_blocking(run).await.map_err(Broken::at("pgbench"))?
}

fn run_pgbench(url: &str, clients: usize, seconds: f64, folder: &Path) -> Result<Bare> {
    let script = folder.join("pgbench.sql");
    fs::write(&script, "INSERT INTO row (body) VALUES (:body);\n")?;
    let log = folder.join("pgbench.log");
    let mut command = Command::new("pgbench");
    // Only whole seconds; one more is the warm-up of the others.
    let whole = seconds.ceil().max(1.0);
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
    command.args([format!("--client={clients}"), format!("--time={whole}")]);
    command.arg(format!("--define=body={}", "x".repeat(ROW_BYTES)));
    command.arg(format!("--file={}", script.display()));
    if clients == 1 {
        command.arg("--log").arg(format!("--log-prefix={}", log.display()));
    }
    let done = command.arg(url).output().map_err(Broken::at("pgbench can't be run"))?;
    let text = String::from_utf8_lossy(&done.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let rate = rate.ok_or_else(|| Broken(format!("pgbench: {}", String::from_utf8_lossy(&done.stderr))))?;
    Ok(Bare { rate, latency: if clients == 1 { Some(read_log(folder)?) } else { None } })
}

/// The third field of a line is the transaction's time in microseconds.
fn read_log(folder: &Path) -> Result<Latency> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_log = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench.log"));
        if is_log {
            let text = fs::read_to_string(&path)?;
            all.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
            fs::remove_file(path)?;
        }
    }
    Ok(Latency::of(all))
}

/// One row of 1 KB per transaction into a SQLite file, WAL and `synchronous = FULL`, from one thread.
pub(super) async fn commits(file: PathBuf, seconds: f64) -> Result<Bare> {
    let run = move || -> Result<Bare> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;",
        )?;
        let mut insert = connection.prepare("INSERT INTO row (body) VALUES (?1)")?;
        let body = vec![b'x'; ROW_BYTES];
        let mut all = Vec::new();
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs_f64(seconds) {
            let begun = Instant::now();
            insert.execute([&body])?;
            all.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        let rate = all.len() as f64 / since.elapsed().as_secs_f64();
        Ok(Bare { rate, latency: Some(Latency::of(all)) })
    };
    tokio::task::spawn_blocking(run).await.map_err(Broken::at("the bare commits"))?
}
