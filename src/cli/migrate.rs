//! `osier migrate`

use clap::Args;

use super::{Stop, output, with_service};
use crate::config::{Settings, mask};

/// Bring the store's schema up to this binary's, and exit
#[derive(Args)]
pub(super) struct Migrate {}

impl Migrate {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        // Opening a store migrates it.
        with_service(settings, async |_| Ok(())).await?;
        output::say(&format!("{} is up to date\n", mask(&settings.database.value)))
    }
}
