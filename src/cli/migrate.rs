//! `osier migrate`

use clap::Args;
use serde_json::json;

use super::{Stop, output, with_service};
use crate::config::{Settings, mask};

/// Bring the store's schema up to this binary's, and exit
#[derive(Args)]
#[command(after_help = "\
Example:
  osier migrate --database postgres://osier@localhost/osier

`osier serve`, and every other command that opens the store, does it too. Migrations only go
forward: make a backup before.

With --json: {database, upToDate: true}")]
pub(super) struct Migrate {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        // Opening a store migrates it.
        with_service(settings, async |_| Ok(())).await?;
        let database = mask(&settings.database.value);
        if self.json {
            return output::say_json(&json!({ "database": database, "upToDate": true }));
        }
        output::say(&format!("{database} is up to date\n"))
    }
}
