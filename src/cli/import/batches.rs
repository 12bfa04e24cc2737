//! Pages in batches: large enough that a thousand pages are twenty commits, small enough for any limit on the way.

use serde_json::Value;

use super::create_page;
use crate::import::PlannedPage;

/// Pages in a batch.
const MAX_PAGES: usize = 50;

/// Bytes in a batch, unless one page alone has more.
const MAX_BYTES: usize = 700_000;

/// The ops that make the pages, in order, each with the name of its file.
pub(super) fn batches(pages: Vec<PlannedPage>) -> Vec<Vec<(String, Value)>> {
    let mut batches: Vec<Vec<(String, Value)>> = Vec::new();
    let mut bytes = 0;
    for (file, op) in pages.into_iter().map(create_page) {
        let size = op.to_string().len();
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_PAGES && bytes + size <= MAX_BYTES => {
                batch.push((file, op));
                bytes += size;
            }
            _ => {
                batches.push(vec![(file, op)]);
                bytes = size;
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn page(at: usize, bytes: usize) -> PlannedPage {
        PlannedPage {
            slug: format!("/{at}"),
            title: "T".into(),
            meta: Map::new(),
            blocks: vec![json!("x".repeat(bytes))],
            aliases: Vec::new(),
            file: format!("{at}.md").into(),
        }
    }

    fn sizes(pages: Vec<PlannedPage>) -> Vec<usize> {
        batches(pages).iter().map(Vec::len).collect()
    }

    #[test]
    fn a_batch_has_at_most_fifty_pages() {
        assert_eq!(sizes((0..120).map(|at| page(at, 10)).collect()), [50, 50, 20]);
        assert!(sizes(Vec::new()).is_empty());
    }

    #[test]
    fn a_batch_is_small_and_a_large_page_stands_alone() {
        let pages = vec![page(0, 300_000), page(1, 300_000), page(2, 900_000), page(3, 10), page(4, 10)];
        assert_eq!(sizes(pages), [2, 1, 2]);
    }

    #[test]
    fn a_page_becomes_the_op_that_makes_it() {
        let (file, op) = batches(vec![page(7, 1)]).remove(0).remove(0);
        assert_eq!(file, "7.md");
        assert_eq!(op, json!({"op": "create_page", "slug": "/7", "title": "T", "blocks": ["x"]}));
    }
}
