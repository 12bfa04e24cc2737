//! `osier.toml`: the same keys as the flags.

use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ConfigError, Origin, Setting};

const NAME: &str = "osier.toml";

/// What the file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Keys {
    pub(super) addr: Option<String>,
    pub(super) database: Option<String>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) demo: Option<bool>,
    pub(super) max_connections: Option<usize>,
    pub(super) state_memory: Option<usize>,
    pub(super) public_url: Option<String>,
    pub(super) hosts: Option<Vec<String>>,
    pub(super) origins: Option<Vec<String>>,
    pub(super) rate_limit: Option<NonZeroU32>,
    pub(super) log_format: Option<String>,
    pub(super) log: Option<String>,
}

/// The file that was found, or the empty one.
pub(super) struct File {
    path: PathBuf,
    keys: Keys,
}

impl File {
    /// The file that is named; else the one in the working directory; else the one in the data directory.
    pub(super) fn find(
        named: Option<PathBuf>,
        data_dir: Option<&Path>,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, ConfigError> {
        let must_be_there = named.is_some();
        let usual = || [Some(PathBuf::from(NAME)), data_dir.map(|dir| dir.join(NAME))].into_iter().flatten();
        let candidates = named.map_or_else(|| usual().collect(), |path| vec![path]);
        for path in candidates {
            match read(&path) {
                Ok(text) => return Self::parse(path, &text),
                // A data directory that is a file is told by the store, which needs it.
                Err(e)
                    if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
                        && !must_be_there => {}
                Err(e) => return Err(ConfigError(format!("{}: {e}", closed(&path).display()))),
            }
        }
        Ok(File { path: NAME.into(), keys: Keys::default() })
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, ConfigError> {
        match toml::from_str(text) {
            Ok(keys) => Ok(File { path, keys }),
            Err(e) => Err(ConfigError(format!("{}: {}", path.display(), one_line(&e, text)))),
        }
    }

    /// A key's value with this file as its origin.
    pub(super) fn setting<T>(&self, key: impl Fn(&Keys) -> Option<T>) -> Option<Setting<T>> {
        key(&self.keys).map(|value| Setting { value, from: Origin::File(self.path.clone()) })
    }
}

/// What keeps a file from being read: its directory, where that can't be entered, for nobody said that there is a file.
fn closed(path: &Path) -> &Path {
    let is_hidden =
        path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    path.parent().filter(|_| is_hidden).unwrap_or(path)
}

/// Where and what, without the picture of the line.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
    line.map_or_else(|| error.message().to_owned(), |line| format!("line {line}: {}", error.message()))
}
