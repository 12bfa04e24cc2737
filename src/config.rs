//! The settings in force, and where each is from: a flag, else the environment, else `osier.toml`, else the default.
//!
//! The only room that reads the environment.

mod file;
mod mask;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use mask::mask;

use file::File;

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
    /// `--log-format`
    pub log_format: Option<LogFormat>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(format!("'{other}' is no log format: it is `text` or `json`")),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}

/// Where a setting is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// This environment variable.
    Environment(&'static str),
    /// This file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag => f.write_str("flag"),
            Origin::Environment(name) => f.write_str(name),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A setting and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What is in force.
    pub value: T,
    /// Who said so.
    pub from: Origin,
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
        let log_format = file.setting(|keys| keys.log_format.clone()).map(|text| parsed(text, "log-format"));
        let log_format =
            from_environment.parse(flags.log_format, &["OSIER_LOG_FORMAT"], log_format.transpose()?)?;
        let log = from_environment.pick(None, &["RUST_LOG"], file.setting(|keys| keys.log.clone()));
        Ok(Settings {
            addr: addr.unwrap_or_else(|| by_default(DEFAULT_ADDR.to_owned())),
            database,
            data_dir,
            demo: demo.unwrap_or_else(|| by_default(false)),
            max_connections: max_connections.unwrap_or_else(|| by_default(DEFAULT_MAX_CONNECTIONS)),
            state_memory: state_memory.unwrap_or_else(|| by_default(DEFAULT_STATE_MEMORY)),
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
            ("log-format", self.log_format.value.to_string(), &self.log_format.from),
            ("log", self.log.value.clone(), &self.log.from),
        ]
    }
}

fn by_default<T>(value: T) -> Setting<T> {
    Setting { value, from: Origin::Default }
}

/// `$XDG_DATA_HOME/osier`, else `~/.local/share/osier`.
fn usual_data_dir(environment: &dyn Fn(&str) -> Option<String>) -> Option<Setting<PathBuf>> {
    let share = environment("XDG_DATA_HOME").map(PathBuf::from);
    let share = share.or_else(|| Some(PathBuf::from(environment("HOME")?).join(".local/share")));
    share.map(|share| by_default(share.join("osier")))
}

fn parsed<T: FromStr>(text: Setting<String>, name: &str) -> Result<Setting<T>, ConfigError>
where
    T::Err: fmt::Display,
{
    let value = text.value.parse().map_err(|e| ConfigError(format!("{name} ({}): {e}", text.from)))?;
    Ok(Setting { value, from: text.from })
}

/// The order of precedence, said once.
struct Sources<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Sources<'_> {
    fn environment(&self, names: &[&'static str]) -> Option<Setting<String>> {
        names.iter().find_map(|name| {
            (self.environment)(name).map(|value| Setting { value, from: Origin::Environment(name) })
        })
    }

    fn pick<T: From<String>>(
        &self,
        flag: Option<T>,
        names: &[&'static str],
        file: Option<Setting<T>>,
    ) -> Option<Setting<T>> {
        let flag = flag.map(|value| Setting { value, from: Origin::Flag });
        let said = |text: Setting<String>| Setting { value: T::from(text.value), from: text.from };
        flag.or_else(|| self.environment(names).map(said)).or(file)
    }

    fn parse<T: FromStr>(
        &self,
        flag: Option<T>,
        names: &[&'static str],
        file: Option<Setting<T>>,
    ) -> Result<Option<Setting<T>>, ConfigError>
    where
        T::Err: fmt::Display,
    {
        if let Some(value) = flag {
            return Ok(Some(Setting { value, from: Origin::Flag }));
        }
        match self.environment(names) {
            Some(text) => parsed(text, "the environment").map(Some),
            None => Ok(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn resolve(
        flags: Flags,
        environment: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<Settings, ConfigError> {
        let find = |pairs: &[(&str, &str)], name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::resolve(flags, &|name| find(environment, name), &|path| {
            find(files, &path.display().to_string()).ok_or(io::ErrorKind::NotFound.into())
        })
    }

    const HOME: (&str, &str) = ("HOME", "/home/wilf");

    #[test]
    fn without_a_word_from_anyone_the_store_lies_in_the_home_directory() {
        let settings = resolve(Flags::default(), &[HOME], &[]).unwrap();
        assert_eq!(settings.database.value, "sqlite:/home/wilf/.local/share/osier/osier.db");
        assert_eq!((settings.addr.value.as_str(), &settings.addr.from), (DEFAULT_ADDR, &Origin::Default));
        assert_eq!(settings.max_connections.value, DEFAULT_MAX_CONNECTIONS);
        let moved = resolve(Flags::default(), &[HOME, ("XDG_DATA_HOME", "/x")], &[]).unwrap();
        assert_eq!(moved.data_dir.value, PathBuf::from("/x/osier"));
    }

    #[test]
    fn a_data_directory_that_is_a_file_is_left_for_the_store_to_refuse() {
        let read = |_: &Path| Err(io::ErrorKind::NotADirectory.into());
        let flags = Flags { data_dir: Some("/dev/null/x".into()), ..Flags::default() };
        let settings = Settings::resolve(flags, &|_| None, &read).unwrap();
        assert_eq!(settings.database.value, "sqlite:/dev/null/x/osier.db");
    }

    #[test]
    fn a_flag_goes_before_the_environment_which_goes_before_the_file() {
        let text = "addr = \"file:1\"\ndata-dir = \"/file\"\nlog-format = \"json\"\nmax-connections = 7\n";
        let file = ("osier.toml", text);
        let environment = [HOME, ("OSIER_ADDR", "environment:1")];
        let flags = Flags { addr: Some("flag:1".into()), ..Flags::default() };
        let all = resolve(flags, &environment, &[file]).unwrap();
        assert_eq!((all.addr.value.as_str(), all.addr.from), ("flag:1", Origin::Flag));
        let two = resolve(Flags::default(), &environment, &[file]).unwrap();
        assert_eq!(
            (two.addr.value.as_str(), two.addr.from),
            ("environment:1", Origin::Environment("OSIER_ADDR"))
        );
        let one = resolve(Flags::default(), &[HOME], &[file]).unwrap();
        assert_eq!((one.addr.value.as_str(), one.addr.from), ("file:1", Origin::File("osier.toml".into())));
        assert_eq!(one.database.value, "sqlite:/file/osier.db");
        assert_eq!(one.log_format.value, LogFormat::Json);
        assert_eq!(one.max_connections.value, 7);
    }

    #[test]
    fn osiers_own_variable_goes_before_the_common_one() {
        let common = ("DATABASE_URL", "postgres://a/b");
        let own = ("OSIER_DATABASE", "sqlite:x");
        assert_eq!(resolve(Flags::default(), &[HOME, common], &[]).unwrap().database.value, "postgres://a/b");
        assert_eq!(resolve(Flags::default(), &[HOME, common, own], &[]).unwrap().database.value, "sqlite:x");
    }

    #[test]
    fn a_file_in_the_data_directory_is_found_and_one_beside_us_goes_before_it() {
        let far = ("/home/wilf/.local/share/osier/osier.toml", "addr = \"far:1\"");
        let near = ("osier.toml", "addr = \"near:1\"");
        assert_eq!(resolve(Flags::default(), &[HOME], &[far]).unwrap().addr.value, "far:1");
        assert_eq!(resolve(Flags::default(), &[HOME], &[far, near]).unwrap().addr.value, "near:1");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        let refusal = |flags, environment: &[(&str, &str)], files: &[(&str, &str)]| {
            resolve(flags, environment, files).unwrap_err().0
        };
        assert!(refusal(Flags::default(), &[HOME], &[("osier.toml", "adr = 1")]).contains("adr"));
        assert!(
            refusal(Flags::default(), &[HOME, ("OSIER_LOG_FORMAT", "xml")], &[]).contains("OSIER_LOG_FORMAT")
        );
        let no_number = [HOME, ("OSIER_MAX_CONNECTIONS", "many")];
        assert!(refusal(Flags::default(), &no_number, &[]).contains("OSIER_MAX_CONNECTIONS"));
        let none = Flags { max_connections: Some(0), ..Flags::default() };
        assert!(refusal(none, &[HOME], &[]).contains("max-connections"));
        let named = Flags { config: Some("gone.toml".into()), ..Flags::default() };
        assert!(refusal(named, &[HOME], &[]).contains("gone.toml"));
        assert!(refusal(Flags::default(), &[], &[]).contains("OSIER_DATA_DIR"));
    }

    #[test]
    fn the_list_of_settings_holds_no_password() {
        let flags = Flags { database: Some("postgres://osier:hunter2@db/osier".into()), ..Flags::default() };
        let settings = resolve(flags, &[HOME], &[]).unwrap();
        assert!(settings.listed().iter().all(|(_, value, _)| !value.contains("hunter2")));
    }
}
