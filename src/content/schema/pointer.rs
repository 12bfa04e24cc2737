//! JSON Pointers (RFC 6901) as text.

/// The pointer to a member or element beneath `parent`.
pub(super) fn child(parent: &str, segment: &str) -> String {
    format!("{parent}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// A pointer as people read it: no leading slash, nothing escaped; the root is called `props`.
pub(super) fn readable(pointer: &str) -> String {
    match pointer.strip_prefix('/') {
        Some(path) => path.replace("~1", "/").replace("~0", "~"),
        None => "props".to_owned(),
    }
}
