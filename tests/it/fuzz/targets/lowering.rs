//! A batch as it comes in: bytes through the door to an envelope, its ops read, and lowered on a fixed site.

use std::sync::OnceLock;

use osier::content::batch::{Asked, lower, read};
use osier::content::change::invert;
use osier::content::commit::{Body, FORMAT};
use osier::content::document::{Root, Stamp, site_hash};
use osier::content::id::Mint;
use osier::content::json::parse;
use osier::content::problem::Halt;
use osier::service::Envelope;
use serde_json::{Value, json};

/// An envelope, a list of ops or one op. It is refused or it changes the site as its changes say, there and back.
pub fn target(bytes: &[u8]) {
    let Ok(value) = parse(bytes) else { return };
    let ops = match value {
        Value::Array(ops) => ops,
        Value::Object(fields) if fields.contains_key("ops") => {
            let Ok(envelope) = serde_json::from_value::<Envelope>(Value::Object(fields)) else { return };
            envelope.ops
        }
        other => vec![other],
    };
    batch(&read(ops.into_iter().take(40).collect()));
}

fn batch(asked: &[Asked]) {
    let before = site();
    let (drafted, results) = match lower(before.clone(), asked, &mut Counted(0)) {
        Ok(done) => done,
        Err(Halt::Refused(problems)) => {
            assert!(!problems.is_empty() && problems.iter().all(|p| p.op.is_some_and(|op| op < asked.len())));
            return;
        }
        Err(halt) => panic!("{halt:?}"),
    };
    assert_eq!(results.len(), asked.len());
    let applied = |root: &Root, changes: &[_]| {
        let mut root = root.clone();
        let touched = root.apply(changes).unwrap();
        root.seal(&touched, &Stamp { version: root.version + 1, at_ms: 0, who: "fuzz".into() });
        root
    };
    let after = applied(before, &drafted.changes);
    let mut sealed = drafted.root;
    sealed.seal(&drafted.touched, &Stamp { version: 1, at_ms: 0, who: "fuzz".into() });
    assert_eq!(site_hash(&after), site_hash(&sealed), "the changes are what happened");
    let back = applied(&after, &invert(&drafted.changes));
    assert_eq!(site_hash(&back), site_hash(before), "and their inverse leads back");
    let ops = asked.iter().map(|asked| asked.raw.clone()).collect();
    let body = Body { ops, results, changes: drafted.changes, ids: drafted.ids, ..Body::default() };
    let kept = Body::decode(FORMAT, &body.encode().unwrap().bytes).unwrap();
    assert_eq!(kept.changes, body.changes, "the log keeps them exactly");
}

/// The site that everything is lowered on: each kind of op finds something to do.
fn site() -> &'static Root {
    static SITE: OnceLock<Root> = OnceLock::new();
    SITE.get_or_init(|| {
        let ops = read(first_batch().as_array().unwrap().clone());
        let (drafted, _) = lower(Root::new(Default::default()), &ops, &mut Counted(1 << 64)).unwrap();
        let mut root = drafted.root;
        root.seal(&drafted.touched, &Stamp { version: 1, at_ms: 0, who: "fuzz".into() });
        root
    })
}

fn first_batch() -> Value {
    let faq =
        json!({"items": [{"key": "k1", "q": "one", "a": "[b](/b)"}, {"key": "k2", "q": "two", "a": "-"}]});
    let schema = json!({"type": "object", "additionalProperties": false,
        "properties": {"note": {"type": "string"}, "to": {"type": "string", "format": "uri-reference"}},
        "x-osier": {"label": "Box", "slots": {"in": {"label": "In", "accepts": ["*"]}}}});
    json!([
        {"op": "register_block_type", "type": "LawBox", "schema": schema},
        {"op": "create_page", "id": "pg_h", "slug": "/", "title": "Home", "blocks": [
            {"id": "blk_h", "type": "Heading", "props": {"text": "Home"}},
            {"id": "blk_r", "type": "RichText", "props": {"body": "See [a](/a)."}}]},
        {"op": "create_page", "id": "pg_a", "slug": "/a", "title": "A", "blocks": [
            {"id": "blk_f", "type": "FAQAccordion", "props": faq},
            {"id": "blk_t", "type": "TwoColumn", "props": {}, "slots": {"left": [
                {"id": "blk_x", "type": "Button", "props": {"label": "Go", "href": "/b"}}]}}]},
        {"op": "create_page", "id": "pg_b", "slug": "/b", "title": "B", "blocks": [
            {"id": "blk_n", "type": "LawBox", "props": {"note": "n", "to": "/a"}, "slots": {"in": [
                {"id": "blk_m", "type": "LawBox", "props": {"note": "m"}}]}}]},
        {"op": "set_redirect", "from": "/r", "to": "/a"},
        {"op": "update_site_config", "patch": {"name": "Fuzz", "navLabels": {"/a": "A"}, "navGroups": {"Main": ["/a", "/b"]}}},
    ])
}

/// Ids that nobody else has.
struct Counted(u128);

impl Mint for Counted {
    fn mint(&mut self) -> [u8; 16] {
        self.0 += 1;
        self.0.to_be_bytes()
    }
}
