//! A manifest: a branch without its page bodies, as bytes, so that a start reads stubs and not history.
//!
//! It comes in parts that are kept by content hash: the site's own fields, the order of pages, and stubs in chunks
//! whose borders follow from the page ids, so that a manifest shares with the one before all chunks nothing changed in.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::change::Step;
use super::super::id::PageId;
use super::super::json::Value;
use super::hash::Hash;
use super::reverse::Counts;
use super::root::{Root, Stamp, Stub};

/// One stub in this many, on average, ends a chunk.
const CHUNK: u8 = 128;

/// The parts of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Version, config, redirects, assets, block types.
    pub site: Vec<u8>,
    /// Page ids in site order.
    pub order: Vec<u8>,
    /// Stubs by page id.
    pub chunks: Vec<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct SiteFields {
    version: u64,
    config: Value,
    redirects: BTreeMap<String, Value>,
    assets: BTreeMap<String, Value>,
    types: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct StubFields {
    id: PageId,
    slug: Step,
    title: Step,
    hash: String,
    version: u64,
    at: i64,
    who: Arc<str>,
    blocks: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    links: Vec<(Step, u32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    types: Vec<(Step, u32)>,
    /// The short forms of its blocks' ids, eight bytes each, in base64.
    homes: String,
}

/// A manifest's bytes don't make a state.
#[derive(Debug, thiserror::Error)]
#[error("a manifest can't be read: {0}")]
pub struct BadManifest(String);

impl From<serde_json::Error> for BadManifest {
    fn from(error: serde_json::Error) -> Self {
        BadManifest(error.to_string())
    }
}

impl Root {
    /// Writes the manifest of this state.
    ///
    /// # Errors
    /// None that a state can have.
    pub fn manifest(&self) -> Result<Manifest, BadManifest> {
        let values = |map: &imbl::OrdMap<Step, Arc<Value>>| {
            map.iter().map(|(k, v)| (k.to_string(), (**v).clone())).collect()
        };
        let site = SiteFields {
            version: self.version,
            config: (*self.config).clone(),
            redirects: values(&self.redirects),
            assets: values(&self.assets),
            types: self.types.custom().map(|(name, kept)| (name.to_string(), kept.value.clone())).collect(),
        };
        let mut homes: BTreeMap<&PageId, Vec<u8>> = BTreeMap::new();
        for (short, page) in &self.homes {
            homes.entry(page).or_default().extend_from_slice(&short.to_le_bytes());
        }
        let mut chunks = Vec::new();
        let mut chunk: Vec<StubFields> = Vec::new();
        for (id, stub) in &self.pages {
            let none = Vec::new();
            chunk.push(fields_of(id, stub, homes.get(id).unwrap_or(&none)));
            if blake3::hash(id.as_str().as_bytes()).as_bytes()[0] % CHUNK == 0 {
                chunks.push(serde_json::to_vec(&std::mem::take(&mut chunk))?);
            }
        }
        if !chunk.is_empty() {
            chunks.push(serde_json::to_vec(&chunk)?);
        }
        let order = serde_json::to_vec(&self.order.iter().collect::<Vec<_>>())?;
        Ok(Manifest { site: serde_json::to_vec(&site)?, order, chunks })
    }

    /// Reads a state without bodies.
    ///
    /// # Errors
    /// The parts are no manifest, or don't belong together.
    pub fn from_manifest(manifest: &Manifest) -> Result<Root, BadManifest> {
        let site: SiteFields = serde_json::from_slice(&manifest.site)?;
        let mut root = Root::new(Default::default());
        root.version = site.version;
        root.config = Arc::new(site.config);
        let values = |map: BTreeMap<String, Value>| {
            map.into_iter().map(|(k, v)| (Step::from(k), Arc::new(v))).collect()
        };
        root.redirects = values(site.redirects);
        root.assets = values(site.assets);
        for (name, value) in &site.types {
            root.types.set(&Step::from(name.as_str()), Some(value));
        }
        root.order = serde_json::from_slice::<Vec<PageId>>(&manifest.order)?.into_iter().collect();
        for chunk in &manifest.chunks {
            for fields in serde_json::from_slice::<Vec<StubFields>>(chunk)? {
                let homes = data_encoding::BASE64_NOPAD.decode(fields.homes.as_bytes());
                let homes = homes.map_err(|e| BadManifest(e.to_string()))?;
                let shorts = homes.chunks_exact(8).filter_map(|b| b.try_into().ok()).map(u64::from_le_bytes);
                let (id, stub) = stub_of(fields)?;
                root.restore_stub(id, stub, shorts);
            }
        }
        if root.order.len() != root.pages.len() {
            return Err(BadManifest(format!(
                "{} pages in order, {} stubs",
                root.order.len(),
                root.pages.len()
            )));
        }
        Ok(root)
    }
}

fn fields_of(id: &PageId, stub: &Stub, homes: &[u8]) -> StubFields {
    StubFields {
        id: id.clone(),
        slug: stub.slug.clone(),
        title: stub.title.clone(),
        hash: stub.hash.to_string(),
        version: stub.stamp.version,
        at: stub.stamp.at_ms,
        who: stub.stamp.who.clone(),
        blocks: stub.blocks,
        links: stub.links.pairs().collect(),
        types: stub.types.pairs().collect(),
        homes: data_encoding::BASE64_NOPAD.encode(homes),
    }
}

fn stub_of(fields: StubFields) -> Result<(PageId, Stub), BadManifest> {
    let stub = Stub {
        slug: fields.slug,
        title: fields.title,
        hash: Hash::parse(&fields.hash).ok_or_else(|| BadManifest("a page's hash".into()))?,
        stamp: Stamp { version: fields.version, at_ms: fields.at, who: fields.who },
        blocks: fields.blocks,
        body: None,
        links: fields.links.into_iter().collect::<Counts>(),
        types: fields.types.into_iter().collect::<Counts>(),
    };
    Ok((fields.id, stub))
}
