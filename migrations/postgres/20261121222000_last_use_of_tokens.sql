-- Why: whoever lists tokens sees which of them nobody uses any more. The time is behind by a minute or so: see service/uses.rs.

ALTER TABLE token ADD COLUMN used_ms bigint;
