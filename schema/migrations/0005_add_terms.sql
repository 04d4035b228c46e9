-- 0005_add_terms.sql  Why: a search that finds nothing names words of the index that are near. Cost: instant, it holds nothing.

CREATE VIRTUAL TABLE record_term USING fts5vocab(record_fts, row);

PRAGMA user_version = 5;
