//! The command line: one command, one file below. Each acts on the store through the service, as its operator.

mod backup;
mod completions;
mod demo;
mod diff;
mod doctor;
mod duration;
mod export;
mod health;
mod history;
mod import;
mod man;
mod migrate;
mod ops;
mod output;
mod progress;
mod restore;
mod serve;
mod settings;
mod site;
mod stop;
mod token;
mod told;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::config::{Flags, LogFormat, Settings};
use crate::service::Service;
use crate::{app, store, telemetry};
use stop::Stop;
use told::Told;

const AFTER: &str = "\
Examples:
  osier serve --demo                        a server with a demo site, on http://127.0.0.1:4200
  osier token create --name ci --scopes read,write --expires 30d
  osier import ~/blog/content --site blog --base-url https://blog.example.org
  osier ops batch.json                      a batch of ops, without a token
  osier history --site demo --limit 20      who changed what
  osier diff --site demo --from main@3      what is different since version 3
  osier backup osier-today.db               a copy of the embedded store, beside a running server
  osier verify                              whether the store is what its log says
  osier doctor                              what keeps a server from working, and how to mend it

Commands act on the store itself, with all rights: who can open it needs no token. They work beside
a running server, which sees at once what they do.

Every setting is a flag, an environment variable or a key of osier.toml, in that order:
--data-dir, OSIER_DATA_DIR, data-dir. Beside them stand DATABASE_URL, read where there is no
OSIER_DATABASE, and RUST_LOG (in the file: log), which says what is logged on stderr, as in
osier=debug. `osier config` lists them all, with what is in force and from where.

Exit codes:
  0  done
  1  it looked and found something wrong, or what was asked for can't be done; without a word where
     whoever read an export left before its end
  2  it was asked in a way it can't be: a flag, a value, a setting
  3  something it needs is missing or down: the store, the database, the address

With --json a command prints one JSON document on stdout, and an error as one line on stderr:
{\"code\", \"detail\"}, where the code is one of HTTP's (site_not_found), or found, usage, missing.";

/// Keeps the content of websites in an append-only log: every edit can be seen, undone and gone back to.
#[derive(Parser)]
#[command(name = "osier", version, after_help = AFTER, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args)]
#[command(next_help_heading = "Store and settings")]
struct Common {
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: <data dir>/osier.db]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Where the embedded store lies [default: ~/.local/share/osier]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Settings from this file, not ./osier.toml or <data dir>/osier.toml
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
    Ops(ops::Ops),
    History(history::History),
    Diff(diff::Diff),
    Migrate(migrate::Migrate),
    Doctor(doctor::Doctor),
    Health(health::Health),
    Config(settings::Config),
    Completions(completions::Completions),
    Man(man::Man),
    #[cfg(feature = "bench")]
    Bench(crate::bench::Bench),
}

/// Runs the command that the arguments name.
///
/// The exit code is 0 for done, 1 where something wrong was found, 2 for bad usage, 3 where something that is needed is
/// missing or down.
#[must_use]
pub fn main() -> ExitCode {
    let told = Told::by(std::env::args_os());
    let ended = match Cli::try_parse() {
        Ok(Cli { common, command }) => run(common, command),
        Err(said) => told.by_clap(&said),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            if !matches!(stop, Stop::CutShort) {
                told.stop(&stop);
            }
            stop.exit_code()
        }
    }
}

fn run(common: Common, command: Command) -> Result<(), Stop> {
    // What is made of the definitions alone needs no settings, and none can be in its way.
    match command {
        Command::Completions(completions) => return completions.run(),
        Command::Man(man) => return man.run(),
        _ => {}
    }
    let Common { config, database, data_dir, log_format } = common;
    let common = Flags { config, database, data_dir, log_format, ..Flags::default() };
    let flags = match &command {
        Command::Serve(serve) => serve.flags(common),
        Command::Doctor(doctor) => doctor.flags(common),
        Command::Health(health) => health.flags(common),
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
            Command::Ops(ops) => ops.run(settings).await,
            Command::History(history) => history.run(settings).await,
            Command::Diff(diff) => diff.run(settings).await,
            Command::Doctor(doctor) => doctor.run(settings).await,
            Command::Health(health) => health.run(settings).await,
            Command::Migrate(migrate) => migrate.run(settings).await,
            Command::Config(config) => config.run(settings),
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(),
            #[cfg(feature = "bench")]
            Command::Bench(bench) => Ok(bench.run(settings).await?),
        }
    }
}

/// Opens the service, does the work with it and closes it again, whatever came of the work. A store that is not there is
/// made, and that is said: whoever forgot to say which store is meant would look for the work in another.
async fn with_service<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Arc<Service>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let database = &settings.database.value;
    let new = store::embedded_path(database).filter(|path| !path.exists());
    let service = app::open(database).await.map_err(|error| Stop::opening(error, database))?;
    if let Some(path) = new {
        let path = output::plain(&path.display().to_string());
        output::remark(&format!("Made a new store in {path}; --data-dir or OSIER_DATA_DIR names another."));
    }
    let done = work(&service).await;
    app::close(&service).await;
    done
}

/// The same for those who only ask for what is there: a path that was mistyped is told, and no store is made at it.
async fn with_existing<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Arc<Service>) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let path = store::embedded_path(&settings.database.value);
    if let Some(path) = path.filter(|path| !path.exists()) {
        let path = path.display();
        return Err(Stop::Missing(format!(
            "there is no store in {path}: say another place with --database or --data-dir, or make one with osier serve"
        )));
    }
    with_service(settings, work).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_of_all_commands_are_sound() {
        Cli::command().debug_assert();
    }

    /// A command and all below it, with the words it is called by.
    fn with_all_below(command: clap::Command, called: &str) -> Vec<(String, clap::Command)> {
        let called = format!("{called} {}", command.get_name()).trim().to_owned();
        let below = command.get_subcommands().cloned().collect::<Vec<_>>();
        let below =
            below.into_iter().flat_map(|command| with_all_below(command, &called)).collect::<Vec<_>>();
        [vec![(called, command)], below].concat()
    }

    #[test]
    fn every_help_fits_a_terminal_and_teaches_by_example() {
        let mut top = Cli::command();
        top.build();
        for (called, mut command) in with_all_below(top, "") {
            if called.split(' ').any(|word| word == "help") {
                continue;
            }
            for help in [command.render_help(), command.render_long_help()] {
                let help = help.to_string();
                for line in help.lines() {
                    assert!(
                        line.chars().count() <= 100,
                        "{called}: {} columns: {line}",
                        line.chars().count()
                    );
                }
                assert!(
                    help.contains(&format!("  {called} ")) || help.contains(&format!("  {called}\n")),
                    "{help}"
                );
                assert!(help.contains("Example"), "{called} --help has no example");
            }
        }
    }

    /// A line as a shell splits it.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quote) = (vec![String::new()], None);
        for sign in line.trim().chars() {
            match (sign, quote) {
                (sign, Some(open)) if sign == open => quote = None,
                ('\'' | '"', None) => quote = Some(sign),
                (' ', None) => words.push(String::new()),
                (sign, _) => words.last_mut().unwrap().push(sign),
            }
        }
        words
    }

    #[test]
    fn the_examples_of_every_help_can_be_parsed() {
        let (mut top, mut seen) = (Cli::command(), 0);
        top.build();
        for (called, mut command) in with_all_below(top, "") {
            let help = command.render_help().to_string();
            let examples = help.split_once("Example").map_or("", |(_, examples)| examples);
            for line in examples.lines().filter(|line| line.starts_with("  osier ")) {
                // Behind two spaces stands what the line does.
                let line = line.trim_start().split("  ").next().unwrap_or_default();
                let line = line.split(['>', '|']).next().unwrap_or_default().replace("$(date +%F)", "today");
                let words = words(&line);
                assert!(Cli::try_parse_from(words).is_ok(), "{called} --help: {line}");
                seen += 1;
            }
        }
        assert!(seen > 25, "{seen}");
    }

    #[test]
    fn the_common_flags_stand_before_or_behind_the_command() {
        for line in ["osier --database sqlite:x site list", "osier site list --database sqlite:x"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.common.database.as_deref(), Some("sqlite:x"), "{line}");
        }
    }
}
