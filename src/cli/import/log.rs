//! `osier import` of a log that `osier export` wrote.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::super::{Stop, output, progress, with_service};
use crate::config::Settings;
use crate::service::{Imported, Principal};

/// Whether a path names a log and no folder of Markdown.
pub(super) fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl")) && !path.is_dir()
}

/// Takes the log over.
pub(super) async fn run(
    settings: &Settings,
    path: &Path,
    site: Option<&str>,
    json: bool,
) -> Result<(), Stop> {
    let file = File::open(path).map_err(|e| Stop::Usage(format!("cannot read {}: {e}", path.display())))?;
    let lines = BufReader::with_capacity(1 << 20, file);
    let bar = progress::bar("Checking");
    let mut most = 0;
    let mut tell = |what: &'static str, done: u64| {
        bar.set_message(what);
        most = most.max(done);
        progress::show(&bar, done, most);
    };
    let imported = with_service(settings, async |service| {
        Ok(service.import_log(&Principal::operator(), lines, site, &mut tell).await?)
    });
    let imported = imported.await?;
    bar.finish_and_clear();
    if json {
        return output::say_json(&imported);
    }
    output::say(&account(&imported))
}

fn account(imported: &Imported) -> String {
    let Imported { site, entries, added, version, .. } = imported;
    match added {
        0 => format!("{site} has all {entries} entries already: nothing was changed.\n"),
        added if added == entries => {
            format!("Imported into {site}: {entries} entries, main is at version {version}.\n")
        }
        added => format!(
            "Imported into {site}: {added} entries behind the {} that were there, main is at version {version}.\n",
            entries - added
        ),
    }
}
