//! `osier history`

use clap::Args;
use serde_json::Value;

use super::{Stop, output, with_service};
use crate::config::Settings;
use crate::service::{HistoryQuery, Paging, Principal};

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
        let query = HistoryQuery { branch, page, ..HistoryQuery::default() };
        let paging = Paging { limit: usize::from(limit), cursor: None };
        let listed = with_service(settings, async |service| {
            Ok(service.history(&Principal::operator(), &site, &query, &paging).await?)
        });
        let listed = listed.await?;
        if json {
            return output::say_json(&listed);
        }
        let rows: Vec<_> = listed.items.iter().map(row).collect();
        output::say(&output::table(&rows))
    }
}

fn row(commit: &Value) -> Vec<String> {
    let mut row: Vec<_> = ["version", "at", "actor", "source"].map(|name| output::field(commit, name)).into();
    let undone =
        commit.get("undone").is_some_and(|undone| *undone != Value::Bool(false) && !undone.is_null());
    let summary = output::field(commit, "summary");
    row.push(if undone { format!("{summary} (undone)") } else { summary });
    row
}
