//! A state as a service serves it, and the same state as the log tells it, each made without the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use osier::content::commit::{Body, stored_json};
use osier::content::document::{Hash, Root, Stamp, Stub, site_hash};
use osier::content::id::PageId;
use osier::content::json::{canonical, write_string};
use osier::service::{At, Paging, Principal, Service, rfc3339};
use osier::store::{Entry, Link, Site};
use serde::Serialize;
use serde_json::{Value, json};

/// All that a reader can read of a state, byte for byte.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    config: String,
    redirects: Vec<Value>,
    lines: Vec<Value>,
    pages: BTreeMap<String, String>,
    types: Vec<String>,
}

impl Seen {
    /// As the service serves a ref, once it has seen a version of the branch.
    pub async fn served(service: &Service, site: &str, reference: &str, min_version: Option<u64>) -> Seen {
        let (who, at) = (Principal::operator(), At { reference: Some(reference.into()), min_version });
        let paging = Paging { limit: 500, cursor: None };
        let lines = service.pages(&who, site, &at, &paging).await.unwrap().items;
        let mut pages = BTreeMap::new();
        for line in &lines {
            let ready = service.page(&who, site, &at, line.id.as_str()).await.unwrap();
            pages.insert(line.id.to_string(), String::from_utf8(ready.bytes.to_vec()).unwrap());
        }
        let types = service.block_types(&who, site, &at, &paging).await.unwrap().items;
        let custom = types.iter().map(|kind| serde_json::to_string(kind).unwrap());
        let custom = custom.filter(|kind| kind.starts_with("{\"type\":\"Law"));
        Seen {
            config: String::from_utf8(service.config(&who, site, &at).await.unwrap().bytes.to_vec()).unwrap(),
            redirects: values(&service.redirects(&who, site, &at, &paging).await.unwrap().items),
            lines: values(&lines),
            pages,
            types: custom.collect(),
        }
    }
}

/// The state that the log's entries lead to, one after another from the first, without a checkpoint.
#[derive(Clone)]
pub struct Replayed {
    pub root: Root,
    pub link: Link,
}

impl Replayed {
    /// Before the first entry.
    pub fn genesis(site: &Site) -> Replayed {
        let config = serde_json::from_slice(&site.genesis).unwrap();
        let link = Link { seq: 0, hash: Site::genesis_hash(&site.genesis) };
        Replayed { root: Root::new(config), link }
    }

    /// Brings entries onto it, which must be the next ones: numbers without a gap, hashes that chain.
    pub fn follow(&mut self, entries: &[Entry]) {
        for entry in entries {
            assert_eq!(entry.seq, self.link.seq + 1, "the log has no gap");
            let digest = *blake3::hash(&stored_json(entry.format, &entry.body).unwrap()).as_bytes();
            let covering = entry.chain_hash(&self.link.hash, &digest);
            assert_eq!(entry.hash, covering, "each entry covers the one before");
            self.link = Link { seq: entry.seq, hash: entry.hash };
            let body = Body::decode(entry.format, &entry.body).unwrap();
            let Some(version) = entry.version else { continue };
            assert_eq!(version, self.root.version + 1, "versions have no gap");
            let touched = self.root.apply(&body.changes).unwrap();
            self.root.seal(&touched, &Stamp { version, at_ms: entry.at_ms, who: entry.who.clone() });
            for page in &body.pages {
                assert_eq!(
                    self.root.stub(&page.id).map(|stub| stub.hash),
                    page.hash,
                    "the entry names the hash"
                );
            }
        }
    }

    pub fn hash(&self) -> Hash {
        site_hash(&self.root)
    }

    /// What a reader should be served.
    pub fn seen(&self) -> Seen {
        let root = &self.root;
        each_item_is_there_once(root);
        let page = |id: &PageId| (id.to_string(), page_bytes(root, id, root.stub(id).unwrap()));
        let redirect = |(from, to): (&Arc<str>, &Arc<Value>)| json!({"from": &**from, "to": to["to"], "status": to["status"]});
        let custom = root.types.custom().map(|(name, kind)| {
            format!("{{\"type\":\"{name}\",\"schema\":{}}}", canonical(&kind.value["schema"]))
        });
        Seen {
            config: canonical(&root.config),
            redirects: root.redirects.iter().map(redirect).collect(),
            lines: self.lines(),
            pages: root.order.iter().map(page).collect(),
            types: custom.collect(),
        }
    }

    /// The list of pages it should be served: the home page first.
    pub fn lines(&self) -> Vec<Value> {
        let home = self.root.by_slug("/");
        let others = self.root.order.iter().filter(|id| Some(*id) != home);
        home.into_iter().chain(others).map(|id| line(id, self.root.stub(id).unwrap())).collect()
    }
}

/// Items as they are sent.
pub fn values<T: Serialize>(items: &[T]) -> Vec<Value> {
    items.iter().map(|item| serde_json::to_value(item).unwrap()).collect()
}

fn line(id: &PageId, stub: &Stub) -> Value {
    json!({
        "id": id, "slug": &*stub.slug, "title": &*stub.title, "blockCount": stub.blocks, "hash": stub.hash.to_string(),
        "version": stub.stamp.version, "updatedAt": rfc3339(stub.stamp.at_ms), "updatedBy": &*stub.stamp.who,
    })
}

fn page_bytes(root: &Root, id: &PageId, stub: &Stub) -> String {
    let mut stamp = format!(",\"version\":{},\"hash\":\"{}\",\"updatedAt\":", stub.stamp.version, stub.hash);
    write_string(&rfc3339(stub.stamp.at_ms), &mut stamp);
    stamp.push_str(",\"updatedBy\":");
    write_string(&stub.stamp.who, &mut stamp);
    root.page(id).unwrap().unwrap().to_json(&stamp)
}

/// Two items of one key in one list would be one node twice.
fn each_item_is_there_once(root: &Root) {
    for (page, block) in super::blocks(root) {
        let props = block.value();
        let keys: Vec<&Value> =
            props["items"].as_array().into_iter().flatten().map(|item| &item["key"]).collect();
        let twice = keys.iter().enumerate().any(|(at, key)| keys[..at].contains(key));
        assert!(!twice, "an item is there twice: {page} {} {props}", block.id);
    }
}
