//! `osier doctor`

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;

use super::{Stop, health, output};
use crate::app;
use crate::config::{Flags, Settings, mask};
use crate::service::Principal;
use crate::store::{self, Condition, StoreError};

/// Less space than this is soon used up.
const LITTLE_SPACE: u64 = 1 << 30;

/// Clocks that are farther apart make a history that is hard to read.
const APART_MS: i64 = 2_000;

/// Look for what keeps a server from working, and say how to mend it
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier doctor
  osier doctor --database postgres://osier@localhost/osier --json

Nothing is changed: no store is made, no migration is run. The exit code is 1 where something is
wrong.

With --json: [{check, state: ok|warn|wrong, says, mend?}, …]")]
pub(super) struct Doctor {
    /// Where a server would listen [default: 127.0.0.1:4200]
    #[arg(long, value_name = "HOST:PORT")]
    addr: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// All is well.
    Ok,
    /// It works, but not as it should.
    Warn,
    /// It will not work.
    Wrong,
}

/// What one check came to.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

fn ok(check: &'static str, says: impl Into<String>) -> Finding {
    Finding { check, state: State::Ok, says: says.into(), mend: None }
}

fn warn(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { check, state: State::Warn, says: says.into(), mend: Some(mend.into()) }
}

fn wrong(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { state: State::Wrong, ..warn(check, says, mend) }
}

impl Doctor {
    /// What it says of settings, added to what is common to all commands.
    pub(super) fn flags(&self, common: Flags) -> Flags {
        Flags { addr: self.addr.clone(), ..common }
    }

    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let mut findings = vec![directory(&settings.data_dir.value)];
        findings.extend(database(&settings.database.value).await);
        findings.push(address(&settings.addr.value).await);
        findings.extend(names(settings));
        findings.push(descriptors(settings.max_connections.value));
        if self.json {
            output::say_json(&findings)?;
        } else {
            output::say(&told(&findings))?;
        }
        match findings.iter().filter(|finding| finding.state == State::Wrong).count() {
            0 => Ok(()),
            1 => Err(Stop::Found("one thing is wrong".into())),
            many => Err(Stop::Found(format!("{many} things are wrong"))),
        }
    }
}

fn told(findings: &[Finding]) -> String {
    let mut rows = Vec::new();
    for finding in findings {
        let state = match finding.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Wrong => "WRONG",
        };
        rows.push(vec![state.to_owned(), finding.check.to_owned(), finding.says.clone()]);
        if let Some(mend) = &finding.mend {
            rows.push(vec![String::new(), String::new(), format!("→ {mend}")]);
        }
    }
    output::table(&rows)
}

/// Whether files can be kept where they should be. A directory that is not there is made by the first start, if it can be.
fn directory(path: &Path) -> Finding {
    let check = "data directory";
    let place = path.display();
    let Some(there) = path.ancestors().find(|part| part.exists()) else {
        return wrong(check, format!("{place} has no parent that exists"), "choose another with --data-dir");
    };
    if !there.is_dir() {
        let says = format!("{} is a file and no directory", there.display());
        return wrong(check, says, "choose another with --data-dir");
    }
    if let Err(error) = tempfile_in(there) {
        let mend = format!("give it to the user that runs osier: chown \"$USER\" '{}'", there.display());
        return wrong(check, format!("{} can't be written: {error}", there.display()), mend);
    }
    let free = rustix::fs::statvfs(there).map(|space| space.f_bavail.saturating_mul(space.f_frsize));
    let free = free.unwrap_or(u64::MAX);
    if free < LITTLE_SPACE {
        let says = format!("{place}: only {} MB are free", free >> 20);
        return warn(check, says, "make room: a full disk refuses edits with store_full");
    }
    let open_to_others = path.metadata().is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
    if open_to_others {
        return warn(check, format!("{place} can be read by other users"), format!("chmod 700 '{place}'"));
    }
    match path == there {
        true => ok(check, format!("{place} can be written")),
        false => ok(check, format!("{place} will be made by the first start")),
    }
}

/// Writes something there and takes it away again.
fn tempfile_in(directory: &Path) -> std::io::Result<()> {
    let probe = directory.join(format!(".osier-doctor-{}", std::process::id()));
    std::fs::write(&probe, b"osier")?;
    std::fs::remove_file(&probe)
}

async fn database(url: &str) -> Vec<Finding> {
    let shown = mask(url);
    match store::examine(url).await {
        Ok(condition) => {
            let mut findings = condition_of(&shown, &condition);
            if condition.exists && condition.schema.0 == condition.schema.1 && condition.damage.is_none() {
                findings.push(tokens(url).await);
            }
            findings
        }
        Err(error) => vec![wrong("database", format!("{shown}: {error}"), mend_of(&error, url))],
    }
}

fn mend_of(error: &StoreError, url: &str) -> &'static str {
    match (error, url.starts_with("postgres")) {
        (StoreError::Unavailable(_), true) => {
            "start PostgreSQL, or correct host and port in --database (pg_isready says whether it answers)"
        }
        (StoreError::Unavailable(_), false) => "another process holds the file: end it, or wait for it",
        (_, true) => "correct user, password and name in --database; `createdb NAME` makes a database",
        (_, false) => "choose another place with --database or --data-dir",
    }
}

fn condition_of(shown: &str, condition: &Condition) -> Vec<Finding> {
    let Condition { database, exists, schema: (found, known), unsafe_settings, clock_ms, damage } = condition;
    let mut findings = vec![match exists {
        true => ok("database", format!("{database} at {shown}")),
        false => ok("database", format!("{database} at {shown}: no store yet, the first start makes it")),
    }];
    if found > known {
        let says = format!("the store has schema {found}, this osier knows up to {known}");
        findings.push(wrong("migrations", says, "run the newer osier that wrote it, or restore a backup"));
    } else if *exists && found < known {
        let says = format!("the store has schema {found}, this osier brings {known}");
        findings.push(warn(
            "migrations",
            says,
            "`osier migrate`, or the next `osier serve`, brings it up to date",
        ));
    } else if *exists {
        findings.push(ok("migrations", "up to date"));
    }
    if let Some(damage) = damage {
        let mend = "restore a backup into an empty data directory; `osier verify` names the first bad place";
        findings.push(wrong("damage", damage.clone(), mend));
    }
    for (name, value, lost) in unsafe_settings {
        let mend = format!("set {name} back in postgresql.conf and restart PostgreSQL");
        findings.push(wrong("durability", format!("{name} is {value}: {lost}"), mend));
    }
    if let Some(clock_ms) = clock_ms {
        findings.push(clocks(*clock_ms));
    }
    findings
}

fn clocks(theirs_ms: i64) -> Finding {
    let apart = theirs_ms.saturating_sub(app::now_ms());
    if apart.abs() <= APART_MS {
        return ok("clocks", "this machine's and the database's agree");
    }
    let says = format!(
        "the database's clock is {} s {}",
        apart.abs() / 1000,
        if apart > 0 { "ahead" } else { "behind" }
    );
    warn("clocks", says, "keep both machines on time with NTP")
}

async fn tokens(url: &str) -> Finding {
    let listed = match app::open(url).await {
        Ok(service) => {
            let listed = service.tokens(&Principal::operator()).await;
            app::close(&service).await;
            listed.map(|tokens| tokens.len()).map_err(|fault| fault.reason())
        }
        Err(error) => Err(error.to_string()),
    };
    match listed {
        Ok(0) => warn("auth", "there is no token", "osier token create --name me --scopes admin"),
        Ok(1) => ok("auth", "one token"),
        Ok(many) => ok("auth", format!("{many} tokens")),
        Err(why) => wrong("auth", format!("the tokens can't be read: {why}"), "see the line on the database"),
    }
}

/// Whether a server can listen, or one does already.
async fn address(addr: &str) -> Finding {
    let check = "address";
    let taken = match TcpListener::bind(addr).await {
        Ok(_) => return ok(check, format!("{addr} is free")),
        Err(error) => error,
    };
    match taken.kind() {
        std::io::ErrorKind::AddrInUse if is_osier(addr).await => {
            ok(check, format!("an osier answers on {addr}"))
        }
        std::io::ErrorKind::AddrInUse => wrong(
            check,
            format!("another program listens on {addr}"),
            "choose another port with --addr, or end that program",
        ),
        _ => wrong(check, format!("can't listen on {addr}: {taken}"), "choose another with --addr"),
    }
}

/// Whether a server that others reach knows its names.
fn names(settings: &Settings) -> Option<Finding> {
    let addr = &settings.addr.value;
    let host = addr.rsplit_once(':').map_or(addr.as_str(), |(host, _)| host);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback()) {
        return None;
    }
    let has_names = settings.public_url.value.is_some() || !settings.hosts.value.0.is_empty();
    Some(match has_names {
        true => ok("names", "requests for other names than the server's are refused"),
        false => warn(
            "names",
            format!("{addr} can be reached from other machines, under any name"),
            "say how it is called, with --public-url https://… or --hosts",
        ),
    })
}

async fn is_osier(addr: &str) -> bool {
    health::answer(addr, "/healthz").await.is_ok_and(|answer| answer.ends_with("ok\n"))
}

fn descriptors(wanted: usize) -> Finding {
    let fit = app::connections_that_fit(wanted);
    if fit >= wanted {
        return ok("open files", format!("enough for {wanted} connections"));
    }
    let says = format!("{fit} connections at once instead of {wanted}");
    warn("open files", says, "raise the limit (ulimit -n, LimitNOFILE=), or set --max-connections")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(condition: &Condition) -> Vec<(&'static str, State)> {
        condition_of("here", condition).into_iter().map(|finding| (finding.check, finding.state)).collect()
    }

    #[test]
    fn every_finding_that_is_not_well_says_how_to_mend_it() {
        let condition = Condition {
            exists: true,
            schema: (9, 3),
            unsafe_settings: vec![("fsync".into(), "off".into(), "all is lost")],
            clock_ms: Some(0),
            damage: Some("row 3 missing from index".into()),
            ..Condition::default()
        };
        let findings = condition_of("here", &condition);
        assert!(findings.iter().all(|finding| (finding.state == State::Ok) == finding.mend.is_none()));
        let wrong = [("migrations", State::Wrong), ("damage", State::Wrong), ("durability", State::Wrong)];
        assert!(wrong.iter().all(|found| states(&condition).contains(found)), "{findings:?}");
        assert!(states(&condition).contains(&("clocks", State::Warn)));
    }

    #[test]
    fn a_store_that_is_not_there_yet_is_well() {
        let condition = Condition { schema: (0, 3), ..Condition::default() };
        assert_eq!(states(&condition), [("database", State::Ok)]);
        let older = Condition { exists: true, schema: (1, 3), ..Condition::default() };
        assert!(states(&older).contains(&("migrations", State::Warn)));
    }
}
