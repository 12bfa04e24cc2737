//! `osier export`

use std::io::IsTerminal;

use clap::Args;

use super::{Stop, output, progress, with_existing};
use crate::config::Settings;
use crate::service::{Principal, Service};

/// Write a site's whole log to stdout, a JSON object a line
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier export --site demo > demo.jsonl
  osier import demo.jsonl --site copy

The log is the site: its history, undo and every version come back with it, hash for hash. The first
line says what the file is, the last one how many entries there are, and the hash of the newest.
Where the reader leaves before the end (… | head) the exit code is 1, without a word.")]
pub(super) struct Export {
    /// The site's id [default: the only one]
    #[arg(long, value_name = "ID")]
    site: Option<String>,
}

impl Export {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        with_existing(settings, async |service| {
            let site = match self.site {
                Some(site) => site,
                None => the_only_site(service).await?,
            };
            write(service, &site).await
        })
        .await
    }
}

async fn write(service: &Service, site: &str) -> Result<(), Stop> {
    let mut export = service.export(&Principal::operator(), site).await?;
    let bar = progress::bar("Exporting");
    if std::io::stdout().is_terminal() {
        // The lines themselves are what is to be seen.
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    while let Some(lines) = export.next().await? {
        output::write(&lines)?;
        progress::show(&bar, export.done(), export.entries());
    }
    bar.finish_and_clear();
    Ok(())
}

async fn the_only_site(service: &Service) -> Result<String, Stop> {
    let ids = service.site_ids(&Principal::operator()).await?;
    match ids.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Stop::Found("there is no site to export".into())),
        several => Err(Stop::Usage(format!(
            "there are several sites, say which with --site: {}",
            several.join(", ")
        ))),
    }
}
