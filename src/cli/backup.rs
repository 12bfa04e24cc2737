//! `osier backup`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Stop, output, progress};
use crate::config::Settings;
use crate::service::{Depth, SiteReport, Verdict, verify_store};
use crate::store::{self, SafeCopy, Store, StoreError};

/// Copy the embedded store to a file, while a server runs or not
#[derive(Args)]
#[command(after_help = "\
Example:
  osier backup /var/backups/osier-$(date +%F).db

The copy is of one moment. It is checked before it gets its name: SQLite's integrity check, and
every hash chain. Nothing that is there is overwritten.

With --json: {file, bytes, sites: [{site, entries, version, head, …}]}")]
pub(super) struct Backup {
    /// The file to make; it must not be there yet
    file: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let store = embedded(settings, "pg_dump backs it up")?;
        if !store.exists() {
            return Err(Stop::Missing(format!("there is no store in {}", store.display())));
        }
        if self.file.symlink_metadata().is_ok() {
            return Err(Stop::Usage(format!(
                "{} is there already: nothing was written",
                self.file.display()
            )));
        }
        let refused = |error| match error {
            StoreError::Setup(line) => Stop::Usage(line),
            other => other.into(),
        };
        let sites = checked_copy(("Copying", SafeCopy::make), &store, &self.file, refused).await?;
        say(&self.file, &sites, self.json, "Backed up to")
    }
}

/// The file of the embedded store; a database of PostgreSQL has tools of its own.
pub(super) fn embedded(settings: &Settings, instead: &str) -> Result<PathBuf, Stop> {
    store::embedded_path(&settings.database.value).ok_or_else(|| {
        Stop::Usage(format!("this is for the embedded store; of a store on PostgreSQL, {instead}"))
    })
}

/// How a copy is made, from where to where.
type Making = fn(&Path, &Path) -> store::Result<SafeCopy>;

/// Copies a store's file, checks the copy, and only then gives it its name.
pub(super) async fn checked_copy(
    (what, make): (&'static str, Making),
    from: &Path,
    to: &Path,
    refused: impl FnOnce(StoreError) -> Stop,
) -> Result<Vec<SiteReport>, Stop> {
    let bar = progress::bar(what);
    let (source, target) = (from.to_owned(), to.to_owned());
    let made = tokio::task::spawn_blocking(move || make(&source, &target)).await;
    let copy = made.map_err(|e| Stop::Found(format!("copying broke off: {e}")))?.map_err(refused)?;
    let store: Arc<dyn Store> = Arc::new(copy.store()?);
    let mut tell = |_: &str, done: u64, all: u64| {
        bar.set_message("Checking");
        progress::show(&bar, done, all);
    };
    let verdict = verify_store(&store, None, Depth::Chain, &mut tell).await?;
    drop(store);
    bar.finish_and_clear();
    match verdict {
        Verdict::Sound(sites) => {
            copy.keep()?;
            Ok(sites)
        }
        Verdict::Flawed(flaw) => {
            Err(Stop::Found(format!("{} is not sound, no copy was kept: {flaw}", from.display())))
        }
    }
}

/// What was copied.
pub(super) fn say(file: &Path, sites: &[SiteReport], as_json: bool, done: &str) -> Result<(), Stop> {
    let bytes = file.metadata().map_or(0, |data| data.len());
    if as_json {
        return output::say_json(&json!({ "file": file, "bytes": bytes, "sites": sites }));
    }
    let entries: u64 = sites.iter().map(|site| site.entries).sum();
    let living = sites.iter().filter(|site| !site.removed).count();
    let size = bytes as f64 / 1e6;
    let line = format!(
        "{done} {}: {living} {}, {entries} entries, {size:.1} MB. Checked: integrity, and every hash chain.\n",
        file.display(),
        if living == 1 { "site" } else { "sites" }
    );
    output::say(&line)
}
