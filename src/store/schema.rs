//! What both databases have, whatever their SQL: named here once, so that a check can miss it.

/// The indexes beside those of the primary keys. Without a unique one, a version or a key could be given twice.
pub(super) const INDEXES: [&str; 6] = [
    "site_living",
    "entry_version",
    "entry_key",
    "touched_node",
    "touched_redoable",
    "touched_redoable_node",
];
