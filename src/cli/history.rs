//! `osier history`

use clap::Args;

use super::{Stop, output, with_service};
use crate::config::Settings;
use crate::service::{At, CommitLine, HistoryQuery, Paging, Principal};

/// List the commits of a site, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  osier history --site demo --page /pricing --json")]
pub(super) struct History {
    /// The site's id
    #[arg(long)]
    site: String,
    /// Only commits that touched this page, by id or slug
    #[arg(long)]
    page: Option<String>,
    /// The branch [default: main]
    #[arg(long)]
    branch: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl History {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let History { site, page, branch, limit, json } = self;
        let at = At { reference: branch, min_version: None };
        let query = HistoryQuery { page, ..HistoryQuery::default() };
        let paging = Paging { limit: usize::from(limit), cursor: None };
        let listed = with_service(settings, async |service| {
            Ok(service.history(&Principal::operator(), &site, &at, &query, &paging).await?)
        });
        let listed = listed.await?;
        if json {
            return output::say_json(&listed);
        }
        let rows: Vec<_> = listed.items.iter().map(row).collect();
        output::say(&output::table(&rows))
    }
}

fn row(commit: &CommitLine) -> Vec<String> {
    let summary = commit.summary.clone();
    vec![
        commit.version.to_string(),
        commit.at.clone(),
        commit.actor.to_string(),
        commit.source.as_str().to_owned(),
        if commit.undone { format!("{summary} (undone)") } else { summary },
    ]
}
