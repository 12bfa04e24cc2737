-- Why: the log, what is derived from it and kept (touched, checkpoint, blob), and the registries of sites and tokens.
-- No foreign keys on the log's tables: an append proves its site once, and not again for every row.
-- Bodies stand last in their rows, so that reading a hash does not walk the pages a long body spills to.

CREATE TABLE site (
    site INTEGER PRIMARY KEY CHECK (site > 0),
    id TEXT NOT NULL CHECK (id <> ''),
    genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32),
    created_ms INTEGER NOT NULL CHECK (created_ms >= 0),
    removed_ms INTEGER CHECK (removed_ms >= 0),
    genesis BLOB NOT NULL
) STRICT;

-- An id is unique among living sites only: a removed site's may be taken again.
CREATE UNIQUE INDEX site_living ON site (id) WHERE removed_ms IS NULL;

CREATE TABLE entry (
    site INTEGER NOT NULL CHECK (site > 0),
    seq INTEGER NOT NULL CHECK (seq > 0),
    format INTEGER NOT NULL CHECK (format >= 0),
    kind INTEGER NOT NULL CHECK (kind > 0),
    at_ms INTEGER NOT NULL CHECK (at_ms >= 0),
    who TEXT NOT NULL CHECK (who <> ''),
    source INTEGER NOT NULL CHECK (source > 0),
    branch INTEGER CHECK (branch > 0),
    version INTEGER CHECK (version > 0),
    key TEXT,
    request BLOB CHECK (length(request) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    body BLOB NOT NULL,
    PRIMARY KEY (site, seq),
    CHECK (version IS NULL OR branch IS NOT NULL),
    CHECK (request IS NULL OR key IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX entry_version ON entry (site, branch, version) WHERE version IS NOT NULL;
CREATE UNIQUE INDEX entry_key ON entry (site, who, key) WHERE key IS NOT NULL;

CREATE TABLE touched (
    site INTEGER NOT NULL CHECK (site > 0),
    branch INTEGER NOT NULL CHECK (branch > 0),
    node INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    kind INTEGER NOT NULL CHECK (kind > 0),
    live INTEGER NOT NULL CHECK (live IN (0, 1)),
    PRIMARY KEY (site, branch, version, node)
) STRICT, WITHOUT ROWID;

-- The history and the stack of a page; it holds all that they ask for. The primary key serves those of the branch.
CREATE INDEX touched_node ON touched (site, branch, node, version, kind, live);

-- Undos (kind 2) that can be redone are rare among live rows: without these the redo stack walks all history.
CREATE INDEX touched_redoable ON touched (site, branch, version) WHERE live = 1 AND kind = 2;
CREATE INDEX touched_redoable_node ON touched (site, branch, node, version) WHERE live = 1 AND kind = 2;

CREATE TABLE checkpoint (
    site INTEGER NOT NULL CHECK (site > 0),
    branch INTEGER NOT NULL CHECK (branch > 0),
    node INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (site, branch, node, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
    site INTEGER NOT NULL CHECK (site > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (site, hash)
) STRICT;

CREATE TABLE token (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    name TEXT NOT NULL,
    actor TEXT NOT NULL UNIQUE CHECK (actor <> ''),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    "grant" TEXT NOT NULL,
    created_ms INTEGER NOT NULL CHECK (created_ms >= 0),
    expires_ms INTEGER,
    revoked_ms INTEGER
) STRICT, WITHOUT ROWID;
