//! Where a setting is from, and who goes before whom.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::ConfigError;

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

/// A value that nobody set.
pub(super) fn by_default<T>(value: T) -> Setting<T> {
    Setting { value, from: Origin::Default }
}

/// A text as what it stands for; `name` is whose value it is.
pub(super) fn parsed<T: FromStr>(text: Setting<String>, name: &str) -> Result<Setting<T>, ConfigError>
where
    T::Err: fmt::Display,
{
    let value = text.value.parse().map_err(|e| ConfigError(format!("{name} ({}): {e}", text.from)))?;
    Ok(Setting { value, from: text.from })
}

/// The order of precedence, said once.
pub(super) struct Sources<'a> {
    /// The variables of the environment.
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Sources<'_> {
    fn environment(&self, names: &[&'static str]) -> Option<Setting<String>> {
        names.iter().find_map(|name| {
            (self.environment)(name).map(|value| Setting { value, from: Origin::Environment(name) })
        })
    }

    /// A setting that is text.
    pub(super) fn pick<T: From<String>>(
        &self,
        flag: Option<T>,
        names: &[&'static str],
        file: Option<Setting<T>>,
    ) -> Option<Setting<T>> {
        let flag = flag.map(|value| Setting { value, from: Origin::Flag });
        let said = |text: Setting<String>| Setting { value: T::from(text.value), from: text.from };
        flag.or_else(|| self.environment(names).map(said)).or(file)
    }

    /// A setting that text stands for.
    pub(super) fn parse<T: FromStr>(
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
