//! `osier verify`

use clap::Args;
use serde_json::json;

use super::{Stop, output, progress};
use crate::config::Settings;
use crate::service::{Depth, SiteReport, Verdict, verify_store};
use crate::store::{self, StoreError};

/// Check the store: every log from its first entry on, and all that follows from it
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier verify
  osier verify --site demo --json
  osier verify --database sqlite:backup.db

It reads and never writes, and may run beside a server. The first thing that is wrong is told in
one line, with its place and what to do; the exit code is 1 then.

With --json: {sound: true, seconds, sites: [{site, entries, version, head, pages, …}]}, or
{sound: false, flaw}")]
pub(super) struct Verify {
    /// Only this site [default: all, removed ones too]
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Only the hash chains and the database's own check
    #[arg(long)]
    quick: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let Verify { site, quick, json } = self;
        let depth = if quick { Depth::Chain } else { Depth::Whole };
        let bar = progress::bar("Verifying");
        let mut tell = |site: &str, done: u64, all: u64| {
            bar.set_message(format!("Verifying {site}"));
            progress::show(&bar, done, all);
        };
        let database = &settings.database.value;
        let store = store::look(database).await.map_err(|error| at_open(error, database))?;
        let verdict = verify_store(&store, site.as_deref(), depth, &mut tell).await?;
        let seconds = bar.elapsed().as_secs_f64();
        bar.finish_and_clear();
        match verdict {
            Verdict::Flawed(flaw) => {
                if json {
                    output::say_json(&json!({ "sound": false, "flaw": flaw }))?;
                }
                Err(Stop::Found(flaw.to_string()))
            }
            Verdict::Sound(sites) if json => {
                output::say_json(&json!({ "sound": true, "seconds": seconds, "sites": sites }))
            }
            Verdict::Sound(sites) => output::say(&account(&sites, depth, seconds)),
        }
    }
}

/// A store that is too damaged to be opened is a finding too.
fn at_open(error: StoreError, database: &str) -> Stop {
    match error {
        StoreError::Damaged(what) => Stop::Found(format!(
            "the database: {what}; put back the newest backup that verifies (osier restore)"
        )),
        other => Stop::opening(other, database),
    }
}

/// What was looked at, as people read it.
fn account(sites: &[SiteReport], depth: Depth, seconds: f64) -> String {
    let columns = ["site", "entries", "version", "pages", "touched", "checkpoints", "blobs", "head"];
    let shown = |row: Vec<String>| match depth {
        Depth::Whole => row,
        Depth::Chain => [&row[..3], &row[7..]].concat(),
    };
    let columns = shown(columns.map(str::to_owned).into());
    let mut rows = Vec::new();
    for site in sites {
        let name = if site.removed { format!("{} (removed)", site.site) } else { site.site.clone() };
        let counts = [site.entries, site.version, site.pages, site.touched, site.checkpoints, site.blobs];
        let counts = counts.iter().map(u64::to_string);
        let head = site.head.get(..12).unwrap_or_default().to_owned();
        rows.push(shown([name].into_iter().chain(counts).chain([head]).collect()));
    }
    let entries: u64 = sites.iter().map(|site| site.entries).sum();
    let what = match depth {
        Depth::Whole => "All is sound",
        Depth::Chain => "The hash chains and the database are sound",
    };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    format!("{}{what}: {entries} entries in {seconds:.1} s.\n", output::listed(&columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_has_a_line_for_each_site() {
        let site = |name: &str, removed| SiteReport {
            site: name.into(),
            removed,
            entries: 41,
            head: "0123456789abcdef".into(),
            ..SiteReport::default()
        };
        let sites = [site("demo", false), site("old", true)];
        let whole = account(&sites, Depth::Whole, 0.25);
        assert!(whole.contains("old (removed)") && whole.ends_with("82 entries in 0.2 s.\n"), "{whole}");
        let quick = account(&sites, Depth::Chain, 0.25);
        assert!(quick.contains("0123456789ab") && !quick.contains("BLOBS"), "{quick}");
    }
}
