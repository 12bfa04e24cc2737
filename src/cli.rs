//! The command line: one command, one file below. Each acts on the store through the service, as its operator.

mod backup;
mod demo;
mod doctor;
mod duration;
mod export;
mod history;
mod import;
mod migrate;
mod output;
mod progress;
mod restore;
mod serve;
mod settings;
mod site;
mod stop;
mod token;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::config::{Flags, LogFormat, Settings};
use crate::service::Service;
use crate::{app, telemetry};
use stop::Stop;

const EXAMPLES: &str = "\
Examples:
  osier serve --demo                                   a server with a demo site, on http://127.0.0.1:4200
  osier serve --database postgres://osier@localhost/osier
  osier import ~/blog/content --site blog --base-url https://blog.example.org
  osier token create --name ci --scopes read,write --expires 30d
  osier history --site demo --limit 20
  osier backup osier-today.db                          a copy of the embedded store, beside a running server
  osier doctor                                         what keeps a server from working, and how to mend it
  osier verify                                         whether the store is what its log says

Every setting is a flag, an environment variable (OSIER_ADDR, OSIER_DATABASE, OSIER_DATA_DIR, …), or a key of osier.toml,
in that order; `osier config` prints what is in force and from where.";

/// Keeps the content of websites in an append-only log: every edit can be seen, undone and branched.
#[derive(Parser)]
#[command(name = "osier", version, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args)]
struct Common {
    /// The store: sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:<data dir>/osier.db]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Where the embedded store lies [default: ~/.local/share/osier]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Settings from this file instead of ./osier.toml or <data dir>/osier.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How log lines on stderr look: text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Import(import::Import),
    Export(export::Export),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Verify(verify::Verify),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Site(site::Site),
    History(history::History),
    Migrate(migrate::Migrate),
    Doctor(doctor::Doctor),
    Config(settings::Config),
    #[cfg(feature = "bench")]
    Bench(crate::bench::Bench),
}

/// Runs the command that the arguments name.
///
/// The exit code is 0 for done, 1 where something wrong was found, 2 for bad usage, 3 where something that is needed is
/// missing or down.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    match run(common, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("osier: {stop}");
            stop.exit_code()
        }
    }
}

fn run(common: Common, command: Command) -> Result<(), Stop> {
    let Common { config, database, data_dir, log_format } = common;
    let common = Flags { config, database, data_dir, log_format, ..Flags::default() };
    let flags = match &command {
        Command::Serve(serve) => serve.flags(common),
        Command::Doctor(doctor) => doctor.flags(common),
        _ => common,
    };
    let settings = Settings::load(flags)?;
    telemetry::init(&settings.log.value, settings.log_format.value).map_err(Stop::Usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Stop::Missing(format!("threads of this machine: {e}")))?;
    let ended = runtime.block_on(command.run(&settings));
    // Whatever still waits for something outside does not keep the process alive.
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

impl Command {
    async fn run(self, settings: &Settings) -> Result<(), Stop> {
        match self {
            Command::Serve(serve) => serve.run(settings).await,
            Command::Import(import) => import.run(settings).await,
            Command::Export(export) => export.run(settings).await,
            Command::Backup(backup) => backup.run(settings).await,
            Command::Restore(restore) => restore.run(settings).await,
            Command::Verify(verify) => verify.run(settings).await,
            Command::Token(token) => token.run(settings).await,
            Command::Site(site) => site.run(settings).await,
            Command::History(history) => history.run(settings).await,
            Command::Doctor(doctor) => doctor.run(settings).await,
            Command::Migrate(migrate) => migrate.run(settings).await,
            Command::Config(config) => config.run(settings),
            #[cfg(feature = "bench")]
            Command::Bench(bench) => Ok(bench.run(settings).await?),
        }
    }
}

/// Opens the service, does the work with it and closes it again, whatever came of the work.
async fn with_service<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Arc<Service>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let service = app::open(&settings.database.value).await?;
    let done = work(&service).await;
    app::close(&service).await;
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_of_all_commands_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_common_flags_stand_before_or_behind_the_command() {
        for line in ["osier --database sqlite:x site list", "osier site list --database sqlite:x"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.common.database.as_deref(), Some("sqlite:x"), "{line}");
        }
    }
}
