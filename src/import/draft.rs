//! One file on its way to a page.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Tag};
use serde_json::{Map, Value, json};

use super::block::{self, Source};
use super::body::Body;
use super::front_matter::{self, Head};
use super::links::Links;
use super::report::{Notes, Report};
use super::site::Site;
use super::{PlannedPage, folder, runs, slug};

/// The longest title of a page, in characters.
const LONGEST_TITLE: usize = 1_000;

/// A file whose front matter is read and whose body is not.
pub(super) struct Draft {
    /// The file, relative to the folder.
    pub(super) name: String,
    text: String,
    /// The slug it asks for.
    pub(super) wanted: String,
    pub(super) aliases: Vec<String>,
}

impl Draft {
    /// Reads a file; nothing, and a note, if it can't be read as text.
    pub(super) fn read(name: &str, path: &Path, report: &mut Report) -> Option<Self> {
        let text = match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => clean(name, &text, report),
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

    /// Makes the page. Its links are those of `site`; `root` names it if nothing else does.
    pub(super) fn page(&self, slug: &str, site: &Site, root: &Path, report: &mut Report) -> PlannedPage {
        let split = front_matter::split(&self.text);
        let (values, unread) = self.head(split.head, report);
        let aliases = self.own_aliases(slug, site, report);
        let body = Body::parse(split.body);
        let mut notes = Notes::new(report, &self.name, split.body, split.body_line);
        let links = Links::follow(&body, site, &self.name, &mut notes);
        let title = front_matter::text(&values, "title").or_else(|| first_heading(&body));
        let title = self.fitting(title.unwrap_or_else(|| name_of(&self.name, root)), &mut notes);
        let mut blocks = runs::blocks(&Source { body: &body, links: &links }, &title, &mut notes);
        blocks.splice(0..0, unread);
        let (meta, file) = (front_matter::meta(&values), PathBuf::from(&self.name));
        PlannedPage { slug: slug.to_owned(), title, meta, blocks, aliases, file }
    }

    /// What the front matter says; if it can't be read, its text as a block.
    fn head(&self, head: Head<'_>, report: &mut Report) -> (Map<String, Value>, Option<Value>) {
        match head {
            Head::None => (Map::new(), None),
            Head::Read { values, text } => {
                for (line, key) in front_matter::unmapped(&values, text) {
                    report.note(&self.name, line, format!("front matter `{key}`"));
                }
                if let Some(line) = front_matter::draft(&values, text) {
                    let what = "front matter `draft`: the page is there like any other, with `noindex`";
                    report.note(&self.name, line, what);
                }
                (values, None)
            }
            Head::Unreadable { language, text, why } => {
                let what = format!("front matter that is not {language} ({why}): kept as code");
                report.note(&self.name, 1, what);
                let code = text.trim_end();
                let props = json!({ "code": code, "language": language });
                (Map::new(), (!code.is_empty()).then(|| block::block("Code", props)))
            }
        }
    }

    /// The aliases that lead to this page and not to another.
    fn own_aliases(&self, slug: &str, site: &Site, report: &mut Report) -> Vec<String> {
        let mut own: Vec<String> = Vec::new();
        for alias in self.aliases.iter().filter(|alias| *alias != slug) {
            if !site.leads_to(alias, slug) {
                report.note(&self.name, 1, format!("alias `{alias}` is another page's address"));
            } else if !own.contains(alias) {
                own.push(alias.clone());
            }
        }
        own
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
fn clean(name: &str, text: &str, report: &mut Report) -> String {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
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

fn first_heading(body: &Body<'_>) -> Option<String> {
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
