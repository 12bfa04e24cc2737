//! The import of a real site: the posts of the Rust blog, which lie beside the project and not in it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::reader::{Reading, refusals, without};
use super::{Options, Plan, front_matter, plan};
use crate::content;

fn blog() -> Option<(PathBuf, Plan)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rust-blog/content");
    if !folder.exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    let options = Options { base_url: Some("https://blog.rust-lang.org".to_owned()) };
    let plan = plan(&folder, &options, &mut |_, _| {}).unwrap();
    Some((folder, plan))
}

fn source(folder: &Path, file: &Path) -> Reading {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    Reading::markdown(front_matter::split(&text).body)
}

#[test]
fn every_post_is_a_page_with_a_slug_of_its_own() {
    let Some((_, plan)) = blog() else { return };
    assert_eq!((plan.pages.len(), plan.report.pages, plan.report.assets), (555, 555, 198));
    assert_eq!(plan.pages.iter().map(|page| &page.slug).collect::<HashSet<_>>().len(), 555);
    assert_eq!(plan.report.blocks, plan.pages.iter().map(|page| page.blocks.len()).sum::<usize>());
    let first = plan.pages.iter().find(|page| page.file == Path::new("Rust-1.0-alpha.md")).unwrap();
    assert_eq!(
        (first.slug.as_str(), first.title.as_str()),
        ("/2015/01/09/rust-1.0-alpha", "Announcing Rust 1.0 Alpha")
    );
}

#[test]
fn no_word_of_a_post_is_lost_and_none_is_made_up() {
    let Some((folder, plan)) = blog() else { return };
    for page in &plan.pages {
        let (source, made) = (source(&folder, &page.file), Reading::blocks(&page.blocks));
        let title = Reading::markdown(&page.title);
        let lost = without(&without(&source.words, &made.words), &title.words);
        assert!(lost.is_empty(), "{}: lost {lost:?}", page.file.display());
        let name = page.file.to_string_lossy();
        let is_apart = |what: &str| what.starts_with("footnote");
        let apart = plan.report.unmapped.iter().any(|it| it.file == name && is_apart(&it.what));
        let more = without(&made.words, &source.words);
        assert!(more.is_empty() || apart, "{name}: made up {more:?}");
    }
}

#[test]
fn every_link_is_still_there_and_those_between_posts_lead_to_pages() {
    let Some((folder, plan)) = blog() else { return };
    let slugs: HashSet<&str> = plan.pages.iter().map(|page| page.slug.as_str()).collect();
    let mut rewritten = 0;
    for page in &plan.pages {
        let (source, made) = (source(&folder, &page.file), Reading::blocks(&page.blocks));
        assert_eq!(source.links.len(), made.links.len(), "{}", page.file.display());
        for link in without(&made.links, &source.links) {
            let slug = link.split(['?', '#']).next().unwrap_or_default();
            assert!(slugs.contains(slug), "{}: {link}", page.file.display());
            rewritten += 1;
        }
    }
    let links = plan.report.links;
    assert_eq!((rewritten, links.internal), (links.rewritten, links.rewritten));
    assert!(links.rewritten > 300, "{links:?}");
    let noted = plan.report.unmapped.iter().filter(|it| it.what.starts_with("link to ")).count();
    assert_eq!(noted, links.broken);
}

#[test]
fn what_is_planned_is_what_the_content_takes() {
    let Some((_, plan)) = blog() else { return };
    for page in &plan.pages {
        assert_eq!(content::slug::normalise(&page.slug).as_ref(), Ok(&page.slug));
        assert_eq!(refusals(&page.blocks), Vec::<String>::new(), "{}", page.file.display());
    }
}
