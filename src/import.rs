//! A folder of Markdown becomes a plan of pages: slugs, titles, blocks and links that hold together.
//!
//! This room reads files and nothing else. It knows no store: whoever asked for the plan sends its
//! pages as ops. What a page cannot hold is in the report, by file and line, never dropped in silence.

mod address;
mod block;
mod body;
mod folder;
mod front_matter;
mod html;
mod links;
mod report;
mod rows;
mod runs;
mod site;
mod slug;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

pub use self::report::{LinkCounts, Report, Unmapped};

use self::block::Source;
use self::body::Body;
use self::folder::Folder;
use self::front_matter::Head;
use self::links::Links;
use self::report::Notes;
use self::site::{Place, Site};

/// The longest title of a page, in characters.
const LONGEST_TITLE: usize = 1_000;

/// How a folder is read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where the folder was published (`https://example.org/blog`): links to addresses below it are
    /// links between pages.
    pub base_url: Option<String>,
}

/// What an import would make.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The pages in reading order: by path, a folder's index before what lies in the folder.
    pub pages: Vec<PlannedPage>,
    /// The account of it.
    pub report: Report,
}

/// A page to create.
#[derive(Debug, Clone)]
pub struct PlannedPage {
    /// The normalised slug; no two pages of a plan have the same.
    pub slug: String,
    /// The title: the front matter's, else the first heading, else the file's name.
    pub title: String,
    /// Page meta: `description`, `canonical`, `ogImage`, `noindex` where the front matter has them.
    pub meta: Map<String, Value>,
    /// Blocks as `create_page` takes them: `{"type", "props"}`.
    pub blocks: Vec<Value>,
    /// Other addresses of the page that no page of the plan has, normalised like slugs.
    pub aliases: Vec<String>,
    /// The file, relative to the folder.
    pub file: PathBuf,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder is not there, is not a folder, or can't be listed.
    #[error("cannot read the folder {}: {source}", folder.display())]
    Folder {
        /// The folder as it was given.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Plans the import of a folder: a page for every `.md` and `.markdown` file in it.
///
/// `progress` is told after every page how many are done, of how many.
///
/// # Errors
/// The folder is not there or can't be read. A file that can't be read is skipped and reported.
pub fn plan(
    folder: &Path,
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Plan, ImportError> {
    let mut report = Report::default();
    let found = Folder::walk(folder, &mut report)
        .map_err(|source| ImportError::Folder { folder: folder.to_owned(), source })?;
    let files = found.pages.iter().zip(&found.paths);
    let drafts: Vec<Draft> = files.filter_map(|(name, path)| Draft::read(name, path, &mut report)).collect();
    let slugs = give_slugs(&drafts, &mut report);
    let places: Vec<Place<'_>> = drafts
        .iter()
        .zip(&slugs)
        .map(|(draft, slug)| Place { file: &draft.name, slug, aliases: &draft.aliases })
        .collect();
    let site = Site::new(options.base_url.as_deref(), &places, &found.assets);
    let mut pages = Vec::with_capacity(drafts.len());
    for (done, (draft, slug)) in drafts.iter().zip(&slugs).enumerate() {
        pages.push(draft.page(slug, &site, &found.root, &mut report));
        progress(done + 1, drafts.len());
    }
    report.pages = pages.len();
    report.blocks = pages.iter().map(|page| page.blocks.len()).sum();
    report.assets = found.assets.len();
    report.sort();
    Ok(Plan { pages, report })
}

/// A file whose front matter is read and whose body is not.
struct Draft {
    name: String,
    text: String,
    wanted: String,
    aliases: Vec<String>,
}

impl Draft {
    fn read(name: &str, path: &Path, report: &mut Report) -> Option<Self> {
        let text = match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => clean(name, text, report),
            Ok(Err(error)) => {
                let line =
                    error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|it| **it == b'\n');
                report.note(name, line.count() + 1, "not UTF-8: the file is skipped");
                return None;
            }
            Err(error) => {
                report.note(name, 0, format!("file that can't be read, skipped: {error}"));
                return None;
            }
        };
        let (wanted, aliases) = match front_matter::split(&text).head {
            Head::Read { values, .. } => {
                let aliases = front_matter::texts(&values, "aliases");
                (wanted_slug(name, &values), aliases.iter().map(|alias| slug::normalise(alias)).collect())
            }
            Head::None | Head::Unreadable { .. } => (wanted_slug(name, &Map::new()), Vec::new()),
        };
        Some(Self { name: name.to_owned(), text, wanted, aliases })
    }

    fn page(&self, slug: &str, site: &Site, root: &Path, report: &mut Report) -> PlannedPage {
        let split = front_matter::split(&self.text);
        let body = Body::parse(split.body);
        let (values, unread) = match split.head {
            Head::None => (Map::new(), None),
            Head::Read { values, text } => {
                for (line, key) in front_matter::unmapped(&values, text) {
                    report.note(&self.name, line, format!("front matter `{key}`"));
                }
                (values, None)
            }
            Head::Unreadable { language, text, why } => {
                let what = format!("front matter that is not {language} ({why}): kept as code");
                report.note(&self.name, 1, what);
                (Map::new(), Some(json!({ "code": text, "language": language })))
            }
        };
        let mut notes = Notes::new(report, &self.name, split.body, split.body_line);
        let links = Links::follow(&body, site, &self.name, &mut notes);
        let title = front_matter::text(&values, "title").or_else(|| first_heading(&body));
        let title = self.fitting(title.unwrap_or_else(|| name_of(&self.name, root)), &mut notes);
        let mut blocks = runs::blocks(&Source { body: &body, links: &links }, &title, &mut notes);
        if let Some(props) = unread {
            blocks.insert(0, block::block("Code", props));
        }
        PlannedPage {
            slug: slug.to_owned(),
            title,
            meta: front_matter::meta(&values),
            blocks,
            aliases: self.aliases.iter().filter(|alias| site.leads_to(alias, slug)).cloned().collect(),
            file: PathBuf::from(&self.name),
        }
    }

    fn fitting(&self, title: String, notes: &mut Notes<'_>) -> String {
        let Some((end, _)) = title.char_indices().nth(LONGEST_TITLE) else { return title };
        notes.report.note(
            &self.name,
            1,
            format!("title of more than {LONGEST_TITLE} characters: `{title}`, cut"),
        );
        title[..end].trim_end().to_owned()
    }
}

/// Line ends as `\n`, no byte order mark and no NUL.
fn clean(name: &str, text: String, report: &mut Report) -> String {
    let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    let Some(first) = text.find('\0') else { return text };
    let line = text[..first].matches('\n').count() + 1;
    let count = text.matches('\0').count();
    report.note(name, line, format!("{count} NUL characters removed"));
    text.replace('\0', "")
}

/// The slug a file asks for: its place in the folder, unless its front matter says otherwise.
fn wanted_slug(name: &str, values: &Map<String, Value>) -> String {
    let stem = folder::stem(name).unwrap_or(name);
    let place = folder::folder_of_index(stem).unwrap_or(stem);
    if let Some(path) = front_matter::text(values, "path") {
        return slug::normalise(&path);
    }
    match front_matter::text(values, "slug") {
        Some(slug) if slug.starts_with('/') => slug::normalise(&slug),
        Some(slug) => {
            let above = place.rsplit_once('/').map_or("", |(above, _)| above);
            slug::normalise(&format!("{above}/{slug}"))
        }
        None => slug::normalise(place),
    }
}

/// Gives every draft a slug of its own, and notes where it is not the one it asks for.
fn give_slugs(drafts: &[Draft], report: &mut Report) -> Vec<String> {
    let wanted: Vec<String> = drafts.iter().map(|draft| draft.wanted.clone()).collect();
    let slugs = slug::unique(&wanted);
    for (draft, slug) in drafts.iter().zip(&slugs).filter(|(draft, slug)| draft.wanted != **slug) {
        let what = format!("slug `{}` is another page's: `{slug}` instead", draft.wanted);
        report.note(&draft.name, 0, what);
    }
    slugs
}

fn first_heading(body: &Body<'_>) -> Option<String> {
    use pulldown_cmark::{Event, Tag};
    let headings = body.pieces().into_iter().map(|piece| piece.events);
    let mut headings =
        headings.filter(|it| matches!(body.events[it.start].0, Event::Start(Tag::Heading { .. })));
    headings.find_map(|it| Some(body.plain_text(it)).filter(|text| !text.is_empty()))
}

/// The name of a file, or of the folder it stands for.
fn name_of(name: &str, root: &Path) -> String {
    let stem = folder::stem(name).unwrap_or(name);
    let place = folder::folder_of_index(stem).unwrap_or(stem);
    match place.rsplit('/').next() {
        Some(last) if !last.trim().is_empty() => last.to_owned(),
        _ => root.file_name().map_or_else(|| "Home".to_owned(), |it| it.to_string_lossy().into_owned()),
    }
}
