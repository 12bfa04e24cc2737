//! A folder of Markdown becomes a plan of pages: slugs, titles, blocks and links that hold together.
//!
//! This room reads files and nothing else. It knows no store: whoever asked for the plan sends its
//! pages as ops. What a page cannot hold is in the report, by file and line, never dropped in silence.

mod address;
mod block;
mod body;
mod draft;
mod folder;
mod front_matter;
mod html;
mod links;
#[cfg(test)]
mod reader;
mod report;
mod rows;
mod runs;
#[cfg(test)]
mod rust_blog;
mod site;
mod slug;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use self::report::{LinkCounts, Report, Unmapped};

use self::draft::Draft;
use self::folder::Folder;
use self::site::{Place, Site};

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
    /// No file in the folder can become a page.
    #[error("there is no Markdown file in {} that can be read", .0.display())]
    Empty(PathBuf),
}

/// Plans the import of a folder: a page for every `.md` and `.markdown` file in it.
///
/// `progress` is told after every page how many are done, of how many.
///
/// # Errors
/// The folder is not there or can't be read, or there is no Markdown in it. A file that can't be read is skipped and reported.
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
    let site = Site::new(options.base_url.as_deref(), &places);
    let mut pages = Vec::with_capacity(drafts.len());
    for (done, (draft, slug)) in drafts.iter().zip(&slugs).enumerate() {
        pages.push(draft.page(slug, &site, &found.root, &mut report));
        progress(done + 1, drafts.len());
    }
    if pages.is_empty() {
        return Err(ImportError::Empty(folder.to_owned()));
    }
    report.pages = pages.len();
    report.blocks = pages.iter().map(|page| page.blocks.len()).sum();
    report.assets = found.assets.len();
    report.sort();
    Ok(Plan { pages, report })
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

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn fixture() -> Plan {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/markdown");
        let options = Options { base_url: Some("https://notes.example/".to_owned()) };
        plan(&folder, &options, &mut |_, _| {}).unwrap()
    }

    /// The plan of a folder with the given files.
    fn planned(files: &[(&str, &[u8])]) -> Plan {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        plan(folder.path(), &Options::default(), &mut |_, _| {}).unwrap()
    }

    fn slugs(plan: &Plan) -> Vec<&str> {
        plan.pages.iter().map(|page| page.slug.as_str()).collect()
    }

    fn notes(plan: &Plan) -> Vec<String> {
        plan.report.unmapped.iter().map(|it| format!("{}:{}: {}", it.file, it.line, it.what)).collect()
    }

    #[test]
    fn pages_stand_at_their_paths_unless_the_front_matter_says_otherwise() {
        let expected = [
            "/",
            "/who-we-are",
            "/notes",
            "/notes/2015-05-15-first-note",
            "/2014/old",
            "/twice/a-b",
            "/twice/a-b-2",
        ];
        assert_eq!(slugs(&fixture()), expected);
        let page: &[u8] = b"+++\nslug = '/Top'\n+++\n";
        let inner: &[u8] = b"---\nslug: new name\n---\n";
        assert_eq!(
            slugs(&planned(&[("a/b.md", page), ("c/d/index.md", inner), ("E.markdown", b"")])),
            ["/e", "/top", "/c/new-name"]
        );
    }

    #[test]
    fn a_title_is_the_front_matter_s_or_the_first_heading_or_the_name_of_the_file() {
        let plan = fixture();
        let titles: Vec<&str> = plan.pages.iter().map(|page| page.title.as_str()).collect();
        assert_eq!(titles, ["Fieldnotes", "About us", "notes", "The first note", "old", "a b", "a-b"]);
    }

    #[test]
    fn page_meta_holds_what_it_knows_and_the_rest_is_reported() {
        let plan = fixture();
        assert_eq!(
            Value::Object(plan.pages[0].meta.clone()),
            json!({ "description": "Notes from the field." })
        );
        assert_eq!(Value::Object(plan.pages[1].meta.clone()), json!({ "noindex": true }));
    }

    #[test]
    fn links_between_files_become_links_between_pages() {
        let plan = fixture();
        assert_eq!(plan.report.links, LinkCounts { internal: 7, rewritten: 6, broken: 1 });
        let body = "Read [about us](/who-we-are#people), the [first note](/notes/2015-05-15-first-note) or the\n\
                    [old one](/2014/old?print=1#end). The [lost one][lost] is gone.\n\n[lost]: /2013/lost.html";
        assert_eq!(plan.pages[0].blocks, [json!({ "type": "RichText", "props": { "body": body } })]);
        let items =
            json!([{ "text": "[First](/notes/2015-05-15-first-note)" }, { "text": "[Old](/2014/old)" }]);
        assert_eq!(plan.pages[2].blocks[1]["props"]["items"], items);
        let body = "Back to [the notes](/notes) or [home](/).";
        assert_eq!(plan.pages[3].blocks[1]["props"]["body"], body);
        assert_eq!(plan.pages[3].blocks[2]["props"]["code"], "// [not a link](old.md)");
        assert_eq!(plan.pages[4].aliases, ["/2014/old.html", "/archive/old"]);
    }

    #[test]
    fn what_found_no_place_is_reported_by_file_and_line() {
        assert_eq!(
            notes(&fixture()),
            [
                "_index.md:4: front matter `authors`",
                "_index.md:7: front matter `extra.team`",
                "_index.md:13: link to `/2013/lost.html`, which is no page here: left as written",
                "about.md:4: front matter `draft`: the page is there like any other, with `noindex`",
                "about.md:7: anchor `#people` of a heading",
                "about.md:9: picture `team.png`: keeps its address",
                "page.html:0: file that is neither Markdown nor a picture, left out",
                "twice/a-b.md:0: slug `/twice/a-b` is another page's: `/twice/a-b-2` instead",
            ]
        );
    }

    #[test]
    fn the_totals_are_those_of_the_pages() {
        let report = fixture().report;
        assert_eq!((report.pages, report.blocks, report.assets), (7, 10, 2));
    }

    #[test]
    fn progress_is_told_page_by_page() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/markdown/twice");
        let mut told = Vec::new();
        plan(&folder, &Options::default(), &mut |done, all| told.push((done, all))).unwrap();
        assert_eq!(told, [(1, 2), (2, 2)]);
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_reported_and_skipped() {
        let plan = planned(&[("a.md", b"one\n\xff"), ("b.md", b"two")]);
        assert_eq!(slugs(&plan), ["/b"]);
        assert_eq!(notes(&plan), ["a.md:2: not UTF-8: the file is skipped"]);
    }

    #[test]
    fn line_ends_byte_order_marks_and_nul_are_made_plain() {
        let text = b"\xef\xbb\xbf---\r\ntitle: T\r\nx: 1\r\n---\r\none\r\ntwo\0\r\n\r\n## H {#h}\r\n";
        let plan = planned(&[("a.md", text)]);
        assert_eq!(plan.pages[0].title, "T");
        assert_eq!(plan.pages[0].blocks[0]["props"]["body"], "one\ntwo");
        assert_eq!(
            notes(&plan),
            [
                "a.md:3: front matter `x`",
                "a.md:6: 1 NUL characters removed",
                "a.md:8: anchor `#h` of a heading",
            ]
        );
    }

    #[test]
    fn an_empty_file_is_a_page_without_blocks() {
        let plan = planned(&[("a.md", b"")]);
        assert_eq!((plan.pages[0].title.as_str(), plan.pages[0].blocks.len()), ("a", 0));
    }

    #[test]
    fn front_matter_that_can_not_be_read_is_kept_as_code() {
        let plan = planned(&[("a.md", b"+++\ntitle = oops\n+++\ntext")]);
        assert_eq!(plan.pages[0].blocks[0]["props"], json!({ "code": "title = oops", "language": "toml" }));
        assert_eq!(plan.pages[0].blocks[1]["props"]["body"], "text");
        assert!(notes(&plan)[0].starts_with("a.md:1: front matter that is not toml"));
    }

    #[test]
    fn an_alias_is_only_kept_where_it_leads_to_its_page() {
        let plan = planned(&[
            ("a.md", b"---\naliases: [b, old, /A/]\n---\n"),
            ("b.md", b"---\naliases: old\n---\n"),
        ]);
        assert_eq!(plan.pages[0].aliases, ["/old"]);
        assert!(plan.pages[1].aliases.is_empty());
        assert_eq!(notes(&plan).len(), 2);
    }

    #[test]
    fn a_folder_without_markdown_makes_no_plan() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "text").unwrap();
        let error = plan(folder.path(), &Options::default(), &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().starts_with("there is no Markdown file in /"), "{error}");
    }

    #[test]
    fn a_first_heading_that_is_the_title_is_listed_where_it_went() {
        let plan = planned(&[("a.md", b"---\ntitle: One\n---\n# One\n\nText.\n"), ("b.md", b"Text.\n")]);
        assert_eq!(plan.pages[0].blocks.len(), 1);
        let heading =
            Unmapped { file: "a.md".into(), line: 4, what: "heading `One`: the page's title".into() };
        assert_eq!(plan.report.title_headings, [heading]);
        assert!(plan.report.unmapped.is_empty());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_in_the_error() {
        let error = plan(Path::new("/no/such/folder"), &Options::default(), &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().starts_with("cannot read the folder /no/such/folder: "));
    }
}
