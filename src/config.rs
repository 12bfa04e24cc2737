//! The settings in force, and where each is from: a flag, else the environment, else `osier.toml`, else the default.
//!
//! The only room that reads the environment.

mod file;
mod log_format;
mod mask;
mod sources;
mod web;

use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use log_format::LogFormat;
pub use mask::mask;
pub use sources::{Origin, Setting};
pub use web::{HostName, Listed, WebOrigin};

use file::{File, Keys};
use sources::{Sources, by_default, parsed};

/// Where `osier serve` listens unless told otherwise.
pub const DEFAULT_ADDR: &str = "127.0.0.1:4200";

/// How many connections may be open at once unless told otherwise.
pub const DEFAULT_MAX_CONNECTIONS: usize = 12_000;

/// How many megabytes of page bodies are kept in memory unless told otherwise.
pub const DEFAULT_STATE_MEMORY: usize = 256;

/// What the command line says, as far as it says something.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--addr`
    pub addr: Option<String>,
    /// `--database`
    pub database: Option<String>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--demo`
    pub demo: Option<bool>,
    /// `--max-connections`
    pub max_connections: Option<usize>,
    /// `--state-memory`
    pub state_memory: Option<usize>,
    /// `--public-url`
    pub public_url: Option<WebOrigin>,
    /// `--hosts`
    pub hosts: Option<Listed<HostName>>,
    /// `--origins`
    pub origins: Option<Listed<WebOrigin>>,
    /// `--rate-limit`
    pub rate_limit: Option<NonZeroU32>,
    /// `--log-format`
    pub log_format: Option<LogFormat>,
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen: `host:port`.
    pub addr: Setting<String>,
    /// The store: `sqlite:PATH` or `postgres://…`.
    pub database: Setting<String>,
    /// Where the embedded store and other files lie.
    pub data_dir: Setting<PathBuf>,
    /// Whether to make the demo site.
    pub demo: Setting<bool>,
    /// How many connections may be open at once.
    pub max_connections: Setting<usize>,
    /// How much memory page bodies may take, megabytes.
    pub state_memory: Setting<usize>,
    /// The address that people and programs know the server by, if it has one.
    pub public_url: Setting<Option<WebOrigin>>,
    /// Further names that requests may be addressed to.
    pub hosts: Setting<Listed<HostName>>,
    /// Websites whose pages may call the server.
    pub origins: Setting<Listed<WebOrigin>>,
    /// How many requests a minute a token may make, and an address without one.
    pub rate_limit: Setting<Option<NonZeroU32>>,
    /// How log lines look.
    pub log_format: Setting<LogFormat>,
    /// What is logged, as `RUST_LOG` has it.
    pub log: Setting<String>,
}

/// The settings can't be read: one line that says which and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Settings {
    /// Reads the environment and `osier.toml`.
    ///
    /// # Errors
    /// A file that can't be read or has an unknown key; a value that is none.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::resolve(flags, &environment, &|path| std::fs::read_to_string(path))
    }

    fn resolve(
        flags: Flags,
        environment: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Result<Self, ConfigError> {
        let from_environment = Sources { environment };
        let data_dir = from_environment.pick(flags.data_dir, &["OSIER_DATA_DIR"], None);
        let usual_dir = data_dir.clone().or_else(|| usual_data_dir(environment));
        let named = flags.config.or_else(|| environment("OSIER_CONFIG").map(PathBuf::from));
        let file = File::find(named, usual_dir.as_ref().map(|dir| dir.value.as_path()), read)?;

        let data_dir =
            data_dir.or_else(|| file.setting(|keys| keys.data_dir.clone())).or(usual_dir).ok_or_else(
                || ConfigError("no place for data: set OSIER_DATA_DIR or HOME, or pass --data-dir".into()),
            )?;
        let database = from_environment
            .pick(
                flags.database,
                &["OSIER_DATABASE", "DATABASE_URL"],
                file.setting(|keys| keys.database.clone()),
            )
            .unwrap_or_else(|| by_default(format!("sqlite:{}", data_dir.value.join("osier.db").display())));
        let addr = from_environment.pick(flags.addr, &["OSIER_ADDR"], file.setting(|keys| keys.addr.clone()));
        if let Some(Setting { value, from }) = addr.as_ref().filter(|addr| !is_address(&addr.value)) {
            return Err(ConfigError(format!(
                "addr ({from}): '{value}' is no address to listen on, as 127.0.0.1:4200 is"
            )));
        }
        let demo = from_environment.parse(flags.demo, &["OSIER_DEMO"], file.setting(|keys| keys.demo))?;
        let max_connections = from_environment.parse(
            flags.max_connections,
            &["OSIER_MAX_CONNECTIONS"],
            file.setting(|keys| keys.max_connections),
        )?;
        if let Some(none @ Setting { value: 0, .. }) = &max_connections {
            return Err(ConfigError(format!("max-connections ({}): a server needs one at least", none.from)));
        }
        let state_memory = from_environment.parse(
            flags.state_memory,
            &["OSIER_STATE_MEMORY"],
            file.setting(|keys| keys.state_memory),
        )?;
        let public_url = text(&file, |keys| keys.public_url.clone(), "public-url")?;
        let public_url = from_environment.parse(flags.public_url, &["OSIER_PUBLIC_URL"], public_url)?;
        let hosts = text(&file, |keys| keys.hosts.clone().map(|names| names.join(",")), "hosts")?;
        let hosts = from_environment.parse(flags.hosts, &["OSIER_HOSTS"], hosts)?;
        let origins = text(&file, |keys| keys.origins.clone().map(|urls| urls.join(",")), "origins")?;
        let origins = from_environment.parse(flags.origins, &["OSIER_ORIGINS"], origins)?;
        let rate_limit = file.setting(|keys| keys.rate_limit);
        let rate_limit = from_environment.parse(flags.rate_limit, &["OSIER_RATE_LIMIT"], rate_limit)?;
        let log_format = text(&file, |keys| keys.log_format.clone(), "log-format")?;
        let log_format = from_environment.parse(flags.log_format, &["OSIER_LOG_FORMAT"], log_format)?;
        let log = from_environment.pick(None, &["RUST_LOG"], file.setting(|keys| keys.log.clone()));
        Ok(Settings {
            addr: addr.unwrap_or_else(|| by_default(DEFAULT_ADDR.to_owned())),
            database,
            data_dir,
            demo: demo.unwrap_or_else(|| by_default(false)),
            max_connections: max_connections.unwrap_or_else(|| by_default(DEFAULT_MAX_CONNECTIONS)),
            state_memory: state_memory.unwrap_or_else(|| by_default(DEFAULT_STATE_MEMORY)),
            public_url: optional(public_url),
            hosts: hosts.unwrap_or_else(|| by_default(Listed::default())),
            origins: origins.unwrap_or_else(|| by_default(Listed::default())),
            rate_limit: optional(rate_limit),
            log_format: log_format.unwrap_or_else(|| by_default(LogFormat::Text)),
            log: log.unwrap_or_else(|| by_default("info".to_owned())),
        })
    }

    /// Every setting with its key, value and origin, secrets masked.
    #[must_use]
    pub fn listed(&self) -> Vec<(&'static str, String, &Origin)> {
        vec![
            ("addr", self.addr.value.clone(), &self.addr.from),
            ("database", mask(&self.database.value), &self.database.from),
            ("data-dir", self.data_dir.value.display().to_string(), &self.data_dir.from),
            ("demo", self.demo.value.to_string(), &self.demo.from),
            ("max-connections", self.max_connections.value.to_string(), &self.max_connections.from),
            ("state-memory", format!("{} MB", self.state_memory.value), &self.state_memory.from),
            ("public-url", told(&self.public_url.value, "none"), &self.public_url.from),
            ("hosts", self.hosts.value.to_string(), &self.hosts.from),
            ("origins", self.origins.value.to_string(), &self.origins.from),
            ("rate-limit", told(&self.rate_limit.value, "off"), &self.rate_limit.from),
            ("log-format", self.log_format.value.to_string(), &self.log_format.from),
            ("log", self.log.value.clone(), &self.log.from),
        ]
    }
}

/// A key of the file whose text stands for something.
fn text<T: FromStr<Err: Display>>(
    file: &File,
    key: impl Fn(&Keys) -> Option<String>,
    name: &str,
) -> Result<Option<Setting<T>>, ConfigError> {
    file.setting(key).map(|text| parsed(text, name)).transpose()
}

/// Whether a text is a host and a port; what the host is called by is for the system to find out.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// A setting that need not have a value.
fn optional<T>(setting: Option<Setting<T>>) -> Setting<Option<T>> {
    setting.map_or(by_default(None), |Setting { value, from }| Setting { value: Some(value), from })
}

fn told(value: &Option<impl Display>, none: &str) -> String {
    value.as_ref().map_or_else(|| none.to_owned(), ToString::to_string)
}

/// `$XDG_DATA_HOME/osier`, else `~/.local/share/osier`.
fn usual_data_dir(environment: &dyn Fn(&str) -> Option<String>) -> Option<Setting<PathBuf>> {
    let share = environment("XDG_DATA_HOME").map(PathBuf::from);
    let share = share.or_else(|| Some(PathBuf::from(environment("HOME")?).join(".local/share")));
    share.map(|share| by_default(share.join("osier")))
}

#[cfg(test)]
mod tests;
