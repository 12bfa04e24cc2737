-- Why: the log, what is derived from it and kept (touched, checkpoint, blob), and the registries of sites and tokens.
-- No foreign keys on the log's tables: an append proves and locks its site once, and not again for every row.
-- Texts that are keys are ordered by their bytes ("C"), as the other stores order them.

CREATE TABLE site (
    site bigint PRIMARY KEY CHECK (site > 0),
    id text COLLATE "C" NOT NULL CHECK (id <> ''),
    genesis bytea NOT NULL,
    genesis_hash bytea NOT NULL CHECK (octet_length(genesis_hash) = 32),
    created_ms bigint NOT NULL CHECK (created_ms >= 0),
    removed_ms bigint CHECK (removed_ms >= 0)
);

-- An id is unique among living sites only: a removed site's may be taken again.
CREATE UNIQUE INDEX site_living ON site (id) WHERE removed_ms IS NULL;

CREATE TABLE entry (
    site bigint NOT NULL CHECK (site > 0),
    seq bigint NOT NULL CHECK (seq > 0),
    format smallint NOT NULL CHECK (format >= 0),
    kind smallint NOT NULL CHECK (kind > 0),
    at_ms bigint NOT NULL CHECK (at_ms >= 0),
    who text COLLATE "C" NOT NULL CHECK (who <> ''),
    source smallint NOT NULL CHECK (source > 0),
    branch bigint CHECK (branch > 0),
    version bigint CHECK (version > 0),
    key text COLLATE "C",
    request bytea CHECK (octet_length(request) = 32),
    body bytea NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (site, seq),
    CHECK (version IS NULL OR branch IS NOT NULL),
    CHECK (request IS NULL OR key IS NOT NULL)
);

CREATE UNIQUE INDEX entry_version ON entry (site, branch, version) WHERE version IS NOT NULL;
CREATE UNIQUE INDEX entry_key ON entry (site, who, key) WHERE key IS NOT NULL;

CREATE TABLE touched (
    site bigint NOT NULL CHECK (site > 0),
    branch bigint NOT NULL CHECK (branch > 0),
    node bigint NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    kind smallint NOT NULL CHECK (kind > 0),
    live boolean NOT NULL,
    PRIMARY KEY (site, branch, version, node)
);

-- The history and the stack of a page; it holds all that they ask for. The primary key serves those of the branch.
CREATE INDEX touched_node ON touched (site, branch, node, version, kind, live);

-- Undos (kind 2) that can be redone are rare among live rows: without these the redo stack walks all history.
CREATE INDEX touched_redoable ON touched (site, branch, version) WHERE live AND kind = 2;
CREATE INDEX touched_redoable_node ON touched (site, branch, node, version) WHERE live AND kind = 2;

CREATE TABLE checkpoint (
    site bigint NOT NULL CHECK (site > 0),
    branch bigint NOT NULL CHECK (branch > 0),
    node bigint NOT NULL,
    version bigint NOT NULL CHECK (version >= 0),
    seq bigint NOT NULL CHECK (seq >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (site, branch, node, version)
);

CREATE TABLE blob (
    site bigint NOT NULL CHECK (site > 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    bytes bytea NOT NULL,
    PRIMARY KEY (site, hash)
);

CREATE TABLE token (
    id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    name text NOT NULL,
    actor text COLLATE "C" NOT NULL UNIQUE CHECK (actor <> ''),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    "grant" text NOT NULL,
    created_ms bigint NOT NULL CHECK (created_ms >= 0),
    expires_ms bigint,
    revoked_ms bigint
);
