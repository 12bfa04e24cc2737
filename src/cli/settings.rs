//! `osier config`

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Stop, output};
use crate::config::Settings;

/// Print what is set and from where, secrets masked
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier config
  osier config --json --database postgres://osier@localhost/osier

In columns: key of osier.toml, value, origin: flag, the environment variable, the file, or default.

With --json: {KEY: {value, from}, …}")]
pub(super) struct Config {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Config {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Stop> {
        let listed = settings.listed();
        if self.json {
            let entry = |(key, value, from): &(&str, String, _)| {
                ((*key).to_owned(), json!({"value": value, "from": ToString::to_string(from)}))
            };
            return output::say_json(&Value::Object(listed.iter().map(entry).collect::<Map<_, _>>()));
        }
        let rows: Vec<_> = listed
            .into_iter()
            .map(|(key, value, from)| vec![key.to_owned(), value, from.to_string()])
            .collect();
        output::say(&output::table(&rows))
    }
}
