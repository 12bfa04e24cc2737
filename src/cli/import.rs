//! `osier import`

mod batches;
mod log;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Map, Value};

use super::{Stop, output, progress, with_service};
use crate::config::Settings;
use crate::import::{self, Options, Plan, PlannedPage, Report};
use crate::service::{At, Envelope, Fault, Paging, Principal, Service, Source};
use batches::batches;

/// Notes on what could not be mapped that are printed as text; all of them are in the JSON.
const NOTES_SHOWN: usize = 20;

/// Import a folder of Markdown, a page per file; or a log that `osier export` wrote
#[derive(Args)]
#[command(after_help = "\
Examples:
  osier import content/
  osier import ~/blog/content --site blog --base-url https://blog.example.org --json
  osier import demo.jsonl --site copy

Headings, paragraphs, lists, code, pictures and tables become blocks; links between the files, and
links below the base URL, become links between the pages. What can't be mapped is in the report: so
is draft: true, which becomes noindex, and a first heading that says the title, which is no block.
A site that has pages already is imported into only where --site names it.

A .jsonl file is the whole log of a site, and is taken over entry for entry, under its own id or
another. The same file again changes nothing.

With --json, of a folder: {pages, blocks, links: {internal, rewritten, broken}, assets,
unmapped: [{file, line, what}], titleHeadings: [{file, line, what}]}; of a log: {site, entries,
added, version, head}")]
pub(super) struct Import {
    /// The folder, or the .jsonl file
    path: PathBuf,
    /// The site, made if need be [default: the folder's name, the log's site]
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Where the folder was published: links below it become links between pages
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Stop> {
        if log::is_log(&self.path) {
            if self.base_url.is_some() {
                return Err(Stop::Usage(
                    "--base-url is for folders of Markdown: a log has its links already".into(),
                ));
            }
            return log::run(settings, &self.path, self.site.as_deref(), self.json).await;
        }
        let (id, named) = match self.site {
            Some(id) => (id, Named::ByFlag),
            None => (folder_name(&self.path)?, Named::ByFolder),
        };
        let options = Options { base_url: self.base_url };
        let path = self.path;
        // Reading and parsing keep a thread busy for seconds: not one that others wait for.
        let plan = tokio::task::spawn_blocking(move || {
            let bar = progress::bar("Reading");
            import::plan(&path, &options, &mut |done, all| show(&bar, done, all))
        });
        let plan = plan.await.map_err(|e| Stop::Found(format!("reading the folder: {e}")))??;
        let report = plan.report.clone();
        let site = with_service(settings, async |service| send(service, &id, named, plan).await).await?;
        if self.json {
            return output::say_json(&report);
        }
        output::say(&account(&site, &report))
    }
}

/// Who says which site it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// `--site`.
    ByFlag,
    /// The folder, which may be called as a site is by chance.
    ByFolder,
}

fn folder_name(path: &Path) -> Result<String, Stop> {
    let whole = path
        .canonicalize()
        .map_err(|e| Stop::Usage(format!("cannot read the folder {}: {e}", path.display())))?;
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    name.ok_or_else(|| Stop::Usage("the folder has no name: say which site with --site".into()))
}

/// Sends the plan as batches of `create_page`; answers the site's id.
async fn send(service: &Arc<Service>, id: &str, named: Named, plan: Plan) -> Result<String, Stop> {
    let who = Principal::operator();
    let site = the_site(service, id).await?;
    refuse_taken(service, &site, named, &plan.pages).await?;
    let bar = progress::bar("Importing");
    let all = plan.pages.len();
    let mut done = 0;
    show(&bar, done, all);
    for batch in batches(plan.pages) {
        let (first, last) = (done + 1, done + batch.len());
        let (files, ops): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let envelope = Envelope {
            site: Some(site.clone()),
            ops,
            summary: Some(format!("Import {first}–{last} of {all}")),
            ..Envelope::default()
        };
        // The request's bytes matter to idempotency keys only, and there is none.
        service
            .submit(&who, Source::Import, &[], envelope)
            .await
            .map_err(|fault| refused(fault, &files, done))?;
        done = last;
        show(&bar, done, all);
    }
    bar.finish_and_clear();
    Ok(site)
}

async fn the_site(service: &Arc<Service>, id: &str) -> Result<String, Stop> {
    let who = Principal::operator();
    match service.site(&who, id, &At::default()).await {
        Ok(card) => return Ok(card.id),
        Err(Fault::SiteNotFound(_)) => {}
        Err(fault) => return Err(fault.into()),
    }
    match service.create_site(&who, id, Map::new()).await {
        Ok((card, _)) => Ok(card.id),
        // Its id is written another way there.
        Err(Fault::SiteTaken(taken)) => Ok(service.site(&who, &taken, &At::default()).await?.id),
        Err(fault) => Err(fault.into()),
    }
}

/// A folder is imported whole or not at all: pages that are there already are named before anything is written.
async fn refuse_taken(
    service: &Arc<Service>,
    site: &str,
    named: Named,
    pages: &[PlannedPage],
) -> Result<(), Stop> {
    let mut slugs = std::collections::HashSet::new();
    let mut cursor = None;
    loop {
        let paging = Paging { limit: 500, cursor };
        let listed = service.pages(&Principal::operator(), site, &At::default(), &paging).await?;
        slugs.extend(listed.items.iter().map(|page| page.slug.to_string()));
        cursor = listed.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if named == Named::ByFolder && !slugs.is_empty() {
        let count = slugs.len();
        return Err(Stop::Found(format!(
            "nothing was imported: there is a site {site} already, with {count} pages; --site {site} adds to it, another \
             name makes another"
        )));
    }
    let taken: Vec<_> = pages.iter().filter(|page| slugs.contains(&page.slug)).collect();
    let named: Vec<_> =
        taken.iter().take(5).map(|page| format!("{} ({})", page.slug, page.file.display())).collect();
    match taken.len() {
        0 => Ok(()),
        count => Err(Stop::Found(format!(
            "nothing was imported: {count} of {} pages are on the site {site} already: {}{}; import into another with --site",
            pages.len(),
            named.join(", "),
            if count > named.len() { ", …" } else { "" }
        ))),
    }
}

/// What was wrong with a batch, by file.
fn refused(fault: Fault, files: &[String], done: usize) -> Stop {
    let Fault::Refused(problems) = &fault else { return fault.into() };
    let place = |op: Option<usize>| op.and_then(|op| files.get(op)).map_or("the batch", String::as_str);
    let told =
        problems.iter().take(5).map(|p| format!("{}: {} ({})", place(p.op), p.message, p.code.as_str()));
    let told: Vec<_> = told.collect();
    Stop::Found(format!("{done} pages were imported, then some were refused: {}", told.join("; ")))
}

fn show(bar: &ProgressBar, done: usize, all: usize) {
    progress::show(bar, done as u64, all as u64);
}

/// The report as people read it.
fn account(site: &str, report: &Report) -> String {
    let Report { pages, blocks, links, assets, unmapped, title_headings } = report;
    let mut text = format!(
        "Imported into {site}: {pages} pages with {blocks} blocks.\nLinks between pages: {} ({} rewritten, {} broken). \
         Other files: {assets}.\n",
        links.internal, links.rewritten, links.broken
    );
    if !title_headings.is_empty() {
        let count = title_headings.len();
        text.push_str(&format!(
            "First headings that are the page's title and no block: {count}; --json has them.\n"
        ));
    }
    if unmapped.is_empty() {
        return text;
    }
    text.push_str(&format!("{} things were not imported as they stand:\n", unmapped.len()));
    for note in unmapped.iter().take(NOTES_SHOWN) {
        text.push_str(&format!("  {}:{}  {}\n", note.file, note.line, note.what));
    }
    if unmapped.len() > NOTES_SHOWN {
        text.push_str(&format!("  … and {} more; --json has them all\n", unmapped.len() - NOTES_SHOWN));
    }
    text
}

/// The op that makes a page, with the name of its file.
fn create_page(page: PlannedPage) -> (String, Value) {
    let mut op = Map::new();
    op.insert("op".into(), "create_page".into());
    op.insert("slug".into(), page.slug.into());
    op.insert("title".into(), page.title.into());
    if !page.meta.is_empty() {
        op.insert("meta".into(), page.meta.into());
    }
    op.insert("blocks".into(), page.blocks.into());
    (page.file.display().to_string(), op.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::problem::{Code, Problem};

    #[test]
    fn a_refused_page_is_told_by_its_file() {
        let problem = Problem { op: Some(1), ..Problem::new(Code::SlugTaken, "/slug", "taken by pg_x") };
        let stop = refused(Fault::Refused(vec![problem]), &["a.md".to_owned(), "b.md".to_owned()], 50);
        assert!(
            matches!(&stop, Stop::Found(line) if line.contains("b.md: taken by pg_x") && line.contains("50 pages"))
        );
    }

    #[test]
    fn the_account_stays_short() {
        let note = |line| import::Unmapped { file: "a.md".into(), line, what: "a picture".into() };
        let report = Report { unmapped: (0..100).map(note).collect(), ..Report::default() };
        let text = account("blog", &report);
        assert!(text.lines().count() < 30 && text.contains("80 more"));
    }
}
