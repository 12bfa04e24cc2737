//! What lies in the folder: Markdown files, other files, and what is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::report::Report;

/// The files of a folder, their paths relative to it with `/` between the parts, in reading order.
pub(super) struct Folder {
    pub(super) root: PathBuf,
    pub(super) pages: Vec<String>,
    pub(super) assets: Vec<String>,
    /// Where each page's bytes are: a name that is not UTF-8 cannot be found again by its text.
    pub(super) paths: Vec<PathBuf>,
}

impl Folder {
    /// Walks a folder to the bottom. Hidden files are skipped; what can't be read and links that
    /// point elsewhere are noted.
    ///
    /// # Errors
    /// The folder is not there, is not a folder, or can't be listed.
    pub(super) fn walk(root: &Path, report: &mut Report) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let mut walk = Walk { root: &root, report, pages: Vec::new(), assets: Vec::new() };
        let mut waiting = walk.list(&root)?;
        while let Some(folder) = waiting.pop() {
            match walk.list(&folder) {
                Ok(below) => waiting.extend(below),
                Err(error) => {
                    let name = walk.name(&folder);
                    walk.report.note(&name, 0, format!("folder that can't be read, skipped: {error}"));
                }
            }
        }
        let Walk { mut pages, mut assets, .. } = walk;
        pages.sort_by_cached_key(|(name, _)| reading_order(name));
        assets.sort();
        let (pages, paths) = pages.into_iter().unzip();
        Ok(Self { root, pages, assets, paths })
    }
}

struct Walk<'a> {
    root: &'a Path,
    report: &'a mut Report,
    pages: Vec<(String, PathBuf)>,
    assets: Vec<String>,
}

impl Walk<'_> {
    /// Takes the files of one folder and returns the folders in it.
    fn list(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut below = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                below.push(path);
            } else if kind.is_symlink() {
                self.link(path);
            } else {
                self.file(path);
            }
        }
        Ok(below)
    }

    /// A link to a file in the folder is that file once more; every other link is left alone, for
    /// it leads out of the folder or round in circles.
    fn link(&mut self, path: PathBuf) {
        let target = path.canonicalize().ok();
        if target.is_some_and(|target| target.starts_with(self.root) && target.is_file()) {
            return self.file(path);
        }
        let name = self.name(&path);
        self.report.note(&name, 0, "symbolic link, not followed");
    }

    fn file(&mut self, path: PathBuf) {
        let name = self.name(&path);
        if stem(&name).is_some() {
            return self.pages.push((name, path));
        }
        if !is_picture(&name) {
            self.report.note(&name, 0, "file that is neither Markdown nor a picture, left out");
        }
        self.assets.push(name);
    }

    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(self.root).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }
}

/// The path of a Markdown file without its extension; nothing for other files.
pub(super) fn stem(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let markdown = ["md", "markdown"].iter().any(|it| extension.eq_ignore_ascii_case(it));
    (markdown && !stem.is_empty() && !stem.ends_with('/')).then_some(stem)
}

/// The folder an index file stands for; nothing for other files.
pub(super) fn folder_of_index(stem: &str) -> Option<&str> {
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    matches!(name, "index" | "_index").then_some(folder)
}

pub(super) fn is_picture(name: &str) -> bool {
    const PICTURES: [&str; 10] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "bmp", "tiff"];
    name.rsplit_once('.').is_some_and(|(_, kind)| PICTURES.iter().any(|it| kind.eq_ignore_ascii_case(it)))
}

/// A folder's index comes before what lies in the folder.
fn reading_order(name: &str) -> Vec<String> {
    let stem = stem(name).unwrap_or(name);
    let mut parts: Vec<String> =
        folder_of_index(stem).unwrap_or(stem).split('/').map(str::to_owned).collect();
    parts.retain(|part| !part.is_empty());
    parts.push(String::new());
    parts.push(name.to_owned());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        folder
    }

    fn walk(folder: &Path) -> (Folder, Report) {
        let mut report = Report::default();
        let folder = Folder::walk(folder, &mut report).unwrap();
        report.sort();
        (folder, report)
    }

    #[test]
    fn an_index_comes_before_its_folder_and_hidden_files_are_skipped() {
        let folder = folder_with(&[
            "b/z.md",
            "b/index.md",
            "a.md",
            "_index.md",
            ".git/x.md",
            ".hidden.md",
            "b.markdown",
        ]);
        let (found, report) = walk(folder.path());
        assert_eq!(found.pages, ["_index.md", "a.md", "b.markdown", "b/index.md", "b/z.md"]);
        assert!(report.unmapped.is_empty());
    }

    #[test]
    fn pictures_are_counted_and_other_files_are_also_reported() {
        let (found, report) = walk(folder_with(&["a.md", "p.PNG", "page.html", "README"]).path());
        assert_eq!(found.assets, ["README", "p.PNG", "page.html"]);
        let named: Vec<&str> = report.unmapped.iter().map(|it| it.file.as_str()).collect();
        assert_eq!(named, ["README", "page.html"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_and_links_to_folders_are_reported_and_not_followed() {
        use std::os::unix::fs::symlink;
        let outside = folder_with(&["secret.md"]);
        let folder = folder_with(&["a.md", "d/b.md"]);
        symlink(outside.path().join("secret.md"), folder.path().join("out.md")).unwrap();
        symlink(folder.path(), folder.path().join("d/round")).unwrap();
        symlink("a.md", folder.path().join("again.md")).unwrap();
        let (found, report) = walk(folder.path());
        assert_eq!(found.pages, ["a.md", "again.md", "d/b.md"]);
        let named: Vec<&str> = report.unmapped.iter().map(|it| it.file.as_str()).collect();
        assert_eq!(named, ["d/round", "out.md"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(Folder::walk(Path::new("/nowhere/at/all"), &mut Report::default()).is_err());
    }
}
