//! `osier ops`

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{Stop, output, with_existing};
use crate::config::Settings;
use crate::content::json::parse;
use crate::content::problem::Problem;
use crate::error::Failure;
use crate::service::{Answer, Envelope, Fault, Principal, Source};

/// Send a batch of ops, as the operator
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier ops batch.json
  osier ops batch.json --dry-run --json
  echo '[{\"op\": \"undo\"}]' | osier ops - --site demo

The file holds what POST /ops takes, or the list of ops alone; docs/OPS.md has every op. All of it
happens, as one commit, or nothing.

With --json: {site, branch, version, commit, changed, dryRun, results, ids, pages}")]
pub(super) struct Ops {
    /// The file of JSON; - is stdin
    file: PathBuf,
    /// The site [default: the file's, or the only one]
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Judge and answer as if, store nothing
    #[arg(long)]
    dry_run: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Ops {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        let bytes =
            read(&self.file).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", self.file.display())))?;
        let mut envelope = envelope(&bytes).map_err(|why| {
            let file = self.file.display();
            Stop::Usage(format!("{file} holds no batch, as in {{\"site\": …, \"ops\": [ … ]}}: {why}"))
        })?;
        envelope.site = self.site.or(envelope.site);
        envelope.dry_run |= self.dry_run;
        let answer = with_existing(settings, async |service| {
            let submitted = service.submit(&Principal::operator(), Source::Cli, &bytes, envelope).await;
            submitted.map_err(refused)
        });
        let answer = answer.await?;
        if self.json {
            return output::say_json(&answer);
        }
        output::say(&account(&answer))
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map(|_| bytes)
}

/// The batch in some bytes; of a list alone, one that says nothing else.
fn envelope(bytes: &[u8]) -> Result<Envelope, String> {
    let value = match parse(bytes).map_err(|not_json| not_json.0)? {
        ops @ Value::Array(_) => json!({ "ops": ops }),
        other => other,
    };
    serde_json::from_value(value).map_err(|e| e.to_string())
}

/// Every problem, with its place in the file.
fn refused(fault: Fault) -> Stop {
    let Fault::Refused(problems) = fault else { return fault.into() };
    let place = |problem: &Problem| match problem.op {
        Some(op) => format!("op {op}{}: {}", problem.pointer, problem.message),
        None => problem.message.clone(),
    };
    let told = problems.iter().map(place).collect::<Vec<_>>().join("; ");
    Stop::Refused(Failure::refused(problems).kind.code, told)
}

fn account(answer: &Answer) -> String {
    let Answer { site, version, commit, changed, dry_run, .. } = answer;
    match (changed, dry_run, commit) {
        (false, ..) => format!("nothing to change: {site} is at version {version}\n"),
        (true, true, _) => format!("it would be done: {site} would be at version {version}\n"),
        (true, false, Some(commit)) => format!("{site} is at version {version}, commit {commit}\n"),
        (true, false, None) => format!("{site} is at version {version}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_an_object_or_its_ops_alone() {
        assert_eq!(envelope(br#"[{"op": "undo"}]"#).unwrap().ops.len(), 1);
        let whole = envelope(br#"{"site": "demo", "ops": [], "dryRun": true}"#).unwrap();
        assert!(whole.site.as_deref() == Some("demo") && whole.dry_run);
        for wrong in ["", "7", "{}", r#"{"ops": [], "sight": "demo"}"#] {
            assert!(envelope(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
