//! What the history says of a batch whose caller gave no summary.

use std::collections::BTreeSet;

use crate::content::batch::Asked;
use crate::content::document::Root;
use crate::content::draft::Drafted;

/// How many pages or kinds of ops are named.
const NAMED: usize = 3;

/// Ops by name, and the pages they touched: `Update props on /pricing`.
pub(in super::super) fn summary(asked: &[Asked], drafted: &Drafted, before: &Root) -> String {
    let mut ops: Vec<String> = Vec::new();
    for op in asked.iter().flat_map(|asked| &asked.op) {
        let words = op.name().replace('_', " ");
        if !ops.contains(&words) {
            ops.push(words);
        }
    }
    let slug = |id| {
        drafted
            .root
            .page(id)
            .ok()
            .flatten()
            .map(|page| page.slug.to_string())
            .or_else(|| before.stub(id).map(|stub| stub.slug.to_string()))
    };
    let pages: BTreeSet<String> = drafted.touched.iter().filter_map(slug).collect();
    let mut text = list(&ops);
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), &text[1..]);
    }
    if !pages.is_empty() {
        text = format!("{text} on {}", list(&pages.into_iter().collect::<Vec<_>>()));
    }
    text
}

fn list(names: &[String]) -> String {
    match names.len() {
        0..=NAMED => names.join(", "),
        n => format!("{} and {} more", names[..NAMED].join(", "), n - NAMED),
    }
}
