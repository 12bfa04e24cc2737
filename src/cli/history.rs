//! `osier history`

use std::io::IsTerminal;

use clap::Args;

use super::{Stop, output, with_existing};
use crate::config::Settings;
use crate::service::{At, CommitLine, HistoryQuery, Paging, Principal};

/// List the commits of a site, newest first
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier history --site demo
  osier history --site demo --page /pricing --actor ana
  osier history --site demo --block blk_home_hero --limit 5 --json

The source is the door it came by: api, cli or import.

With --json: {items: [{version, commit, at, actor, source, kind, summary, pages, opCount, …}],
nextCursor?}")]
pub(super) struct History {
    /// The site's id
    #[arg(long, value_name = "ID")]
    site: String,
    /// Only commits that touched this page, by id or slug
    #[arg(long, value_name = "PAGE")]
    page: Option<String>,
    /// Only commits that touched this block, on whatever page it lay
    #[arg(long, value_name = "ID")]
    block: Option<String>,
    /// Only commits of this actor
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// The branch [default: main]
    #[arg(long)]
    branch: Option<String>,
    /// At most so many, 1 to 500
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Go on where a list ended, with the nextCursor of its JSON
    #[arg(long)]
    cursor: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl History {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let History { site, page, block, actor, branch, limit, cursor, json } = self;
        let at = At { reference: branch, min_version: None };
        let nobody = actor.clone().filter(|_| cursor.is_none());
        let query = HistoryQuery { page, block, actor };
        let paging = Paging { limit: usize::from(limit), cursor };
        let listed = with_existing(settings, async |service| {
            Ok(service.history(&Principal::operator(), &site, &at, &query, &paging).await?)
        });
        let listed = listed.await?;
        if json {
            return output::say_json(&listed);
        }
        let rows: Vec<_> = listed.items.iter().map(row).collect();
        output::say(&output::listed(&["version", "time", "actor", "source", "summary"], rows))?;
        if let Some(name) = nobody.filter(|_| listed.items.is_empty()) {
            output::remark(&format!(
                "Nobody called '{}' has changed this; `osier token list --all` has the actors.",
                output::plain(&name)
            ));
        }
        if let Some(cursor) = listed.next_cursor.filter(|_| std::io::stdout().is_terminal()) {
            output::remark(&format!("There is more: --cursor {cursor}"));
        }
        Ok(())
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
