-- Why: making a site again under the same idempotency key gets the first answer again. Requests that are entries of a log
-- have their keys there; a site that is made has no log yet, and one that was removed since is found by no id.

CREATE TABLE keyed_answer (
    who text COLLATE "C" NOT NULL CHECK (who <> ''),
    key text COLLATE "C" NOT NULL CHECK (key <> ''),
    request bytea NOT NULL CHECK (octet_length(request) = 32),
    answer bytea NOT NULL,
    at_ms bigint NOT NULL CHECK (at_ms >= 0),
    PRIMARY KEY (who, key)
);
