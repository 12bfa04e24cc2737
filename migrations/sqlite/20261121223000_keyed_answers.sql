-- Why: making a site again under the same idempotency key gets the first answer again. Requests that are entries of a log
-- have their keys there; a site that is made has no log yet, and one that was removed since is found by no id.

CREATE TABLE keyed_answer (
    who TEXT NOT NULL CHECK (who <> ''),
    key TEXT NOT NULL CHECK (key <> ''),
    request BLOB NOT NULL CHECK (length(request) = 32),
    answer BLOB NOT NULL,
    at_ms INTEGER NOT NULL CHECK (at_ms >= 0),
    PRIMARY KEY (who, key)
) STRICT, WITHOUT ROWID;
