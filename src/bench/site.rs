//! The sites that are measured, drawn from a seed, and the requests to them.

use serde_json::{Value, json};

use super::wire::{Request, SLOT};

/// The one site of every store.
pub(super) const SITE: &str = "bench";

/// Words for contents that compress like words.
const WORDS: [&str; 40] = [
    "willow", "basket", "weave", "rod", "river", "autumn", "course", "workshop", "handle", "base", "season",
    "maker", "pattern", "round", "frame", "harvest", "soak", "bench", "knife", "market", "order", "colour",
    "green", "brown", "under", "over", "before", "every", "small", "large", "the", "and", "of", "with",
    "for", "a", "we", "you", "learn", "take",
];

/// Numbers that follow from a seed alone (splitmix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below another.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound.max(1) as u64).unwrap_or_default()
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<_> = (0..count).map(|_| WORDS[self.below(WORDS.len())]).collect();
        words.join(" ")
    }
}

/// The op that makes page `number`: a heading, then texts, each fourth block a heading again. Some 330 bytes a block.
pub(super) fn page(dice: &mut Dice, number: usize, blocks: usize) -> Value {
    let block = |at: usize, dice: &mut Dice| {
        let id = block_id(number, at);
        if at % 4 == 0 {
            json!({"type": "Heading", "id": id, "props": {"text": dice.words(6), "level": 2}})
        } else {
            json!({"type": "RichText", "id": id, "props": {"body": dice.words(70)}})
        }
    };
    let blocks: Vec<Value> = (0..blocks).map(|at| block(at, dice)).collect();
    json!({
        "op": "create_page", "id": page_id(number), "slug": format!("/page-{number}"), "title": dice.words(4),
        "blocks": blocks,
    })
}

/// "An op": `update_props` of the first heading of a page. The body has a slot, so that each is another text.
pub(super) fn heading(page: usize) -> String {
    let words = format!("Courses this autumn, number {SLOT}, and a few words more");
    batch(&json!({
        "op": "update_props", "page": page_id(page), "block": block_id(page, 0), "patch": {"text": words},
    }))
}

/// A batch of one op, as its body.
pub(super) fn batch(op: &Value) -> String {
    json!({"site": SITE, "ops": [op]}).to_string()
}

/// `POST /ops`
pub(super) fn post(group: &str, token: &str, body: &str) -> Request {
    Request::new(group, "POST", "/ops", token, body)
}

/// The ops on the headings of so many pages, one each.
pub(super) fn headings(token: &str, pages: usize) -> Vec<Request> {
    (0..pages).map(|page| post("op", token, &heading(page))).collect()
}

/// `GET` of a page, now or at a version.
pub(super) fn get(token: &str, page: usize, version: Option<u64>) -> Request {
    let at = version.map(|version| format!("?ref=main%40{version}")).unwrap_or_default();
    Request::new("get", "GET", &format!("/sites/{SITE}/pages/{}{at}", page_id(page)), token, "")
}

fn page_id(number: usize) -> String {
    format!("pg_{number:06}")
}

fn block_id(page: usize, at: usize) -> String {
    format!("blk_{page:06}_{at:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_site_again_and_another_seed_another() {
        let draw = |seed| page(&mut Dice::of(seed), 7, 20).to_string();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!((4_000..9_000).contains(&draw(1).len()), "{}", draw(1).len());
    }
}
