//! `osier bench`: the speed table. Every figure is a ratio of things that were measured side by side in one run.
//!
//! Only in builds with the feature `bench`. What is measured are real processes of this binary: `osier serve` against the
//! bare servers of `bare`, loaded by `load`, each in a process of its own. `docs/BENCHMARKS.md` says how each row is
//! measured; `rows` is the table of contents.

mod bare;
mod bed;
mod broken;
mod delay;
mod figure;
mod load;
mod machine;
mod peer;
mod plant;
mod plot;
mod process;
mod report;
mod rows;
mod run;
mod site;
mod stream;
mod turn;
mod wire;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::Settings;
pub use broken::Broken;

/// Measure this server beside the bare work it can't do without
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Bench {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    run: Run,
}

/// What a run measures, how long and how often.
#[derive(Args, Clone, Debug)]
struct Run {
    /// Only these rows, as in ops,page; `--only list` names them
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How long each measurement takes [default: 2, with --quick 0.5]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// How often each is repeated [default: 5, with --quick 1]
    #[arg(long, value_name = "N")]
    repeat: Option<usize>,
    /// A smoke run of at most two minutes: it says whether all works, and not how fast
    #[arg(long)]
    quick: bool,
    /// The large site at its full size: 10,000 pages, 1,000,000 commits
    #[arg(long, conflicts_with = "quick")]
    full: bool,
    /// Pages of the large site [default: 2000]
    #[arg(long, value_name = "N")]
    pages: Option<usize>,
    /// Commits of the large site [default: 100000]
    #[arg(long, value_name = "N")]
    commits: Option<usize>,
    /// Live event streams [default: 1000]
    #[arg(long, value_name = "N")]
    streams: Option<usize>,
    /// What the contents of the sites are drawn from
    #[arg(long, default_value_t = 20_261_121)]
    seed: u64,
    /// Print the JSON instead of the table
    #[arg(long)]
    json: bool,
    /// Where the JSON and the plots go
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// A PostgreSQL server on which databases may be made; without one its rows are left out
    #[arg(long, value_name = "URL", env = "OSIER_TEST_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
}

#[derive(Subcommand)]
enum Part {
    /// The load generator: reads what to send on stdin, prints what came of it
    #[command(hide = true)]
    Load,
    #[command(hide = true)]
    Bare(bare::Bare),
    Report(report::Report),
}

impl Bench {
    /// Runs what the arguments name.
    ///
    /// # Errors
    /// A row does not exist, or what is measured did not work: a line that says which.
    pub async fn run(self, settings: &Settings) -> Result<(), Broken> {
        match self.part {
            Some(Part::Load) => load::main().await,
            Some(Part::Bare(bare)) => bare.run(&settings.database.value).await,
            Some(Part::Report(report)) => report.run(),
            None => run::run(self.run).await,
        }
    }
}
