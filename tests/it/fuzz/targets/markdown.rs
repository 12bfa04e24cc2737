//! The importer: a folder with a file of any text.

use std::collections::HashSet;

use osier::content::batch::{lower, read};
use osier::content::document::Root;
use osier::content::id::Mint;
use osier::content::problem::{Code, Halt};
use osier::import::{Options, plan};
use serde_json::json;

/// Whatever the file holds, there is a plan, and the service takes what is planned.
pub fn target(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.md"), bytes).unwrap();
    std::fs::write(folder.path().join("other.md"), "# Other\n\n[page](page.md)\n").unwrap();
    let options = Options { base_url: Some("https://example.com/".into()) };
    let plan = plan(folder.path(), &options, &mut |_, _| {}).unwrap();
    let mut slugs = HashSet::new();
    let mut ops = Vec::new();
    for page in &plan.pages {
        assert!(slugs.insert(page.slug.clone()), "one address, one page");
        ops.push(json!({
            "op": "create_page", "slug": page.slug, "title": page.title, "meta": page.meta, "blocks": page.blocks,
        }));
    }
    match lower(Root::new(Default::default()), &read(ops), &mut Counted(0)) {
        Ok(_) => {}
        // A page may be larger than a page may be.
        Err(Halt::Refused(problems)) if problems.iter().all(|problem| problem.code == Code::TooLarge) => {}
        Err(halt) => panic!("what was planned is refused: {halt:?}"),
    }
}

/// Ids that nobody else has.
struct Counted(u128);

impl Mint for Counted {
    fn mint(&mut self) -> [u8; 16] {
        self.0 += 1;
        self.0.to_be_bytes()
    }
}
