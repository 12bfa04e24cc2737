//! `osier restore`

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Stop;
use super::backup::{checked_copy, embedded, say};
use crate::config::{Origin, Settings};
use crate::store::{SafeCopy, StoreError};

/// What may lie in a data directory that is called empty.
const SETTINGS: &str = "osier.toml";

/// Put a backup back, into an empty data directory
#[derive(Args)]
#[command(after_help = "\
Example:
  osier restore /var/backups/osier-2026-11-21.db --data-dir /var/lib/osier

Nothing that is there is overwritten, and nothing is put back that does not pass the checks that
osier backup made.

With --json: {file, bytes, sites: [{site, entries, version, head, …}]}")]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let store = embedded(settings, "pg_restore puts a dump back")?;
        if !self.file.is_file() {
            return Err(Stop::Usage(format!("there is no file {}", self.file.display())));
        }
        let directory =
            store.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        refuse_occupied(&store, directory, settings)?;
        let made = make(directory)?;
        let refused = |error| match error {
            StoreError::Setup(line) => Stop::Found(line),
            other => other.into(),
        };
        let restored = checked_copy(("Restoring", SafeCopy::make_current), &self.file, &store, refused).await;
        if restored.is_err() {
            // What was made for a store that did not come is in nobody's way afterwards. One that is not empty stays.
            made.iter().for_each(|directory| drop(fs::remove_dir(directory)));
        }
        let sites = restored?;
        say(&store, &sites, self.json, "Restored to")
    }
}

/// Makes a directory and those above it; answers those that are new, the deepest first.
fn make(directory: &Path) -> Result<Vec<PathBuf>, Stop> {
    let is_new = |part: &&Path| !part.as_os_str().is_empty() && !part.exists();
    let new = directory.ancestors().take_while(is_new).map(Path::to_owned).collect();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|e| unusable(directory, &e))?;
    Ok(new)
}

/// The directory must be empty where it is Osier's own; where the file was named, nothing of a store may be in its place.
fn refuse_occupied(store: &Path, directory: &Path, settings: &Settings) -> Result<(), Stop> {
    let name = store.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = settings.database.from == Origin::Default;
    let entries = match directory.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(directory, &error)),
    };
    for entry in entries {
        let found = entry.map_err(|e| unusable(directory, &e))?.file_name().to_string_lossy().into_owned();
        if found.starts_with(&name) || (own && found != SETTINGS) {
            let directory = directory.display();
            return Err(Stop::Usage(format!(
                "{directory} is not empty, {found} is there: restore into an empty directory with --data-dir"
            )));
        }
    }
    Ok(())
}

fn unusable(directory: &Path, error: &io::Error) -> Stop {
    Stop::Usage(format!("{} can't be used: {error}", directory.display()))
}
