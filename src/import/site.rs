//! The addresses of the folder's pages, and what a link on one of them leads to.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::address::{has_scheme, split_suffix};
use super::{folder, slug};

/// Where a page is found: its file, its slug and the addresses it had before.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) slug: &'a str,
    pub(super) aliases: &'a [String],
}

/// Every address that leads to an imported page.
pub(super) struct Site {
    base: Option<Base>,
    /// By normalised path: slugs, then aliases.
    addresses: HashMap<String, String>,
    /// By the file's path without extension, as it is and normalised.
    files: HashMap<String, String>,
}

/// What a link leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An imported page, by the address to write: its slug, with query and fragment kept.
    Page(String),
    /// No page, though it names a Markdown file or an address of the published site.
    Nowhere,
    /// A relative path to something that is no page, such as a picture.
    File,
    /// Another site, a mail address, or a place on the same page.
    Elsewhere,
}

/// The published site's host and path.
struct Base {
    host: String,
    path: String,
}

impl Site {
    pub(super) fn new(base_url: Option<&str>, places: &[Place<'_>]) -> Self {
        let mut site =
            Self { base: base_url.map(Base::new), addresses: HashMap::new(), files: HashMap::new() };
        for place in places {
            site.addresses.insert(place.slug.to_owned(), place.slug.to_owned());
            site.files.insert(place.file.to_owned(), place.slug.to_owned());
        }
        for place in places {
            for alias in place.aliases {
                site.addresses.entry(alias.clone()).or_insert_with(|| place.slug.to_owned());
            }
            let stem = folder::stem(place.file).unwrap_or(place.file);
            site.files.entry(slug::normalise(stem)).or_insert_with(|| place.slug.to_owned());
        }
        site
    }

    /// What `address`, written in `file`, leads to.
    pub(super) fn target(&self, address: &str, file: &str) -> Target {
        let (path, suffix) = split_suffix(address);
        let found = if path.is_empty() {
            return Target::Elsewhere;
        } else if let Some(below) = path.strip_prefix("@/") {
            self.file(below)
        } else if path.starts_with("//") || has_scheme(path) {
            match self.base.as_ref().and_then(|base| base.below(path)) {
                Some(below) => self.page(below),
                None => return Target::Elsewhere,
            }
        } else if path.starts_with('/') {
            let below_base = self.base.as_ref().and_then(|base| base.below_path(path));
            self.page(path).or_else(|| self.page(below_base?))
        } else {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.file(&format!("{folder}/{path}"))
        };
        match found {
            Some(slug) => Target::Page(format!("{slug}{suffix}")),
            None if is_file(path) => Target::File,
            None => Target::Nowhere,
        }
    }

    /// Whether an address leads to the page with this slug.
    pub(super) fn leads_to(&self, address: &str, slug: &str) -> bool {
        self.addresses.get(address).is_some_and(|page| page == slug)
    }

    /// The page at a path of the published site, under any of the names a path has.
    fn page(&self, path: &str) -> Option<&str> {
        let path = slug::normalise(path);
        let bare = [".html", ".htm", ".md"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
        let folder = bare.strip_suffix("/index").map(|folder| if folder.is_empty() { "/" } else { folder });
        let slug = [Some(path.as_str()), Some(bare), folder]
            .into_iter()
            .flatten()
            .find_map(|name| self.addresses.get(name))
            .or_else(|| self.files.get(bare));
        slug.map(String::as_str)
    }

    /// The page of a Markdown file, or of a folder with an index, by its path below the root.
    fn file(&self, path: &str) -> Option<&str> {
        let path = walk_dots(path)?;
        if let Some(slug) = self.files.get(&path) {
            return Some(slug);
        }
        let stem = slug::normalise(folder::stem(&path).unwrap_or(&path));
        let root = stem.trim_end_matches('/');
        [stem.clone(), format!("{root}/index"), format!("{root}/_index")]
            .iter()
            .find_map(|name| self.files.get(name))
            .map(String::as_str)
    }
}

/// Whether a path that was found to be no page is relative and names no Markdown file.
fn is_file(path: &str) -> bool {
    let is_absolute = path.starts_with('/') || path.starts_with("@/") || has_scheme(path);
    !is_absolute && folder::stem(path).is_none()
}

/// A relative path without escapes and dot segments; nothing if it leaves the root.
fn walk_dots(path: &str) -> Option<String> {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl Base {
    fn new(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_start_matches('/');
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self { host: host.to_owned(), path: path.trim_end_matches('/').to_owned() }
    }

    /// The path of a URL below the base, whichever of http and https it is written with.
    fn below<'a>(&self, url: &'a str) -> Option<&'a str> {
        let (scheme, rest) = url.split_once("//")?;
        if !["", "http:", "https:"].iter().any(|it| scheme.eq_ignore_ascii_case(it)) {
            return None;
        }
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.eq_ignore_ascii_case(&self.host) { self.below_path(path) } else { None }
    }

    fn below_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.path.as_str()).filter(|below| below.is_empty() || below.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base: &str) -> Site {
        let aliases = ["/2015/rust-1.0.html".to_owned()];
        let place = |file, slug| Place { file, slug, aliases: &[] };
        let places = [
            place("_index.md", "/"),
            place("about.md", "/about"),
            place("notes/index.md", "/notes"),
            place("notes/My First.md", "/notes/my-first"),
            Place { file: "posts/one.md", slug: "/2015/rust-1.0", aliases: &aliases },
        ];
        Site::new(Some(base), &places)
    }

    fn page(slug: &str) -> Target {
        Target::Page(slug.to_owned())
    }

    #[test]
    fn the_base_url_is_compared_without_scheme_case_and_trailing_slash() {
        let site = site("https://x.org/");
        for address in
            ["http://X.ORG/about", "https://x.org/about/", "//x.org/About.html", "/about/index.html"]
        {
            assert_eq!(site.target(address, "a.md"), page("/about"), "{address}");
        }
        assert_eq!(site.target("https://x.org", "a.md"), page("/"));
        assert_eq!(site.target("https://x.org/?q#f", "a.md"), page("/?q#f"));
        assert_eq!(site.target("https://y.org/about", "a.md"), Target::Elsewhere);
        assert_eq!(site.target("ftp://x.org/about", "a.md"), Target::Elsewhere);
    }

    #[test]
    fn a_base_with_a_path_covers_only_what_is_below_it() {
        let site = site("https://x.org/blog");
        assert_eq!(site.target("https://x.org/blog/about", "a.md"), page("/about"));
        assert_eq!(site.target("/blog/about", "a.md"), page("/about"));
        assert_eq!(site.target("https://x.org/blogger/about", "a.md"), Target::Elsewhere);
    }

    #[test]
    fn an_alias_leads_to_its_page_with_query_and_fragment() {
        let site = site("https://x.org");
        for path in ["/2015/Rust-1.0.html", "/2015/Rust-1.0", "/2015/Rust-1.0/"] {
            assert_eq!(site.target(&format!("{path}?a=b#c"), "a.md"), page("/2015/rust-1.0?a=b#c"));
        }
    }

    #[test]
    fn a_relative_path_is_read_from_the_file_s_folder() {
        let site = site("https://x.org");
        for address in ["My%20First.md#x", "./My First.md#x", "../notes/my-first.md#x", "my-first#x"] {
            assert_eq!(site.target(address, "notes/index.md"), page("/notes/my-first#x"), "{address}");
        }
        assert_eq!(site.target("../posts/one.md", "notes/index.md"), page("/2015/rust-1.0"));
        assert_eq!(site.target("@/posts/one.md#x", "notes/index.md"), page("/2015/rust-1.0#x"));
        assert_eq!(site.target("../notes/", "posts/one.md"), page("/notes"));
        assert_eq!(site.target("..", "notes/index.md"), page("/"));
    }

    #[test]
    fn what_points_into_the_site_and_finds_nothing_leads_nowhere() {
        let site = site("https://x.org");
        for address in ["gone.md", "@/gone.md", "/gone", "https://x.org/gone.html", "../../up.md"] {
            assert_eq!(site.target(address, "notes/index.md"), Target::Nowhere, "{address}");
        }
        for address in ["team.png", "../gone/", "./gone.html#a"] {
            assert_eq!(site.target(address, "notes/index.md"), Target::File, "{address}");
        }
        for address in ["#here", "?q", "mailto:a@x.org", ""] {
            assert_eq!(site.target(address, "notes/index.md"), Target::Elsewhere, "{address}");
        }
    }
}
