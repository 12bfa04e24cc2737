//! State: a persistent tree. Readers share it, an edit copies the path to what it changes and nothing else.
//!
//! `Root` is a branch at a version: stubs of all pages, their bodies loaded when touched. `Page` is a body.

mod apply;
mod block;
mod hash;
mod manifest;
mod order;
mod page;
mod reverse;
mod root;
mod types;

pub use apply::fold_page;
pub use block::Block;
pub use hash::{Hash, site_hash};
pub use manifest::{BadManifest, Manifest};
pub use page::{Effects, Page};
pub use root::{Amiss, Root, Stamp, Stub};
pub use types::{Registered, Types};
