-- 0007_add_prepared.sql  Why: texts are prepared for the index in another way (docs/search.md); the witness does the
-- archive's own anew, in batches, and remembers how far it is. Cost: instant; the batches come when nothing else does.

ALTER TABLE archive ADD COLUMN prepared INTEGER NOT NULL DEFAULT 0; -- up to this record; read while text_version is older

PRAGMA user_version = 7;
