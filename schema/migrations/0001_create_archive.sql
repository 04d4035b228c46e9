-- 0001_create_archive.sql  Why: the first archive. Cost: instant, the file is new.
-- Tables may change; the views at the end are what Datasette, exports and users' SQL stand on.
-- v_record calls functions memlog registers on its connections (memlog_text, memlog_extra) and the index needs
-- SQLite 3.43: a stock sqlite3 reads the other views and the tables; `memlog export sqlite` makes a file it reads whole.

CREATE TABLE archive (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  archive_id BLOB NOT NULL,                 -- 16 random bytes
  created_ns INTEGER NOT NULL,
  text_version INTEGER NOT NULL,            -- of the preparation the index was filled with
  head BLOB NOT NULL, links INTEGER NOT NULL -- the archive's own chain: gaps, migrations, session heads
) STRICT;

CREATE TABLE archive_link (                 -- links of the archive's own chain
  n INTEGER PRIMARY KEY,
  type TEXT NOT NULL,                       -- archive, migration, gap, session
  body TEXT NOT NULL,                       -- JSON
  head BLOB NOT NULL                        -- chain value after this link
) STRICT;

CREATE TABLE ring (
  id INTEGER PRIMARY KEY,
  ring_id BLOB NOT NULL, uid INTEGER NOT NULL,
  boot_id TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,
  attested INTEGER NOT NULL,                -- 1: uid and pid stamped by the kernel
  cursor INTEGER NOT NULL,                  -- newest seq archived; 0 before the first
  noticed_ns INTEGER NOT NULL, drained_ns INTEGER,
  UNIQUE (ring_id, uid)
) STRICT;

CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  agent TEXT NOT NULL, session TEXT NOT NULL,
  project TEXT, project_ns INTEGER,         -- of the earliest record that names one
  title TEXT, title_rank INTEGER NOT NULL DEFAULT 0, -- 4 the host's, 3 a summary, 2 and 1 a first message
  title_ns INTEGER, title_at INTEGER,       -- time and place of the line it was taken from
  leaves TEXT,                              -- JSON: titles waiting for the record they name
  dir TEXT NOT NULL UNIQUE,                 -- its folder in the snapshot tree
  first_id INTEGER, last_id INTEGER,        -- of its records: a session filter is this range and session_id
  started_ns INTEGER, ended_ns INTEGER,     -- times of its first and last record
  closed_ns INTEGER,                        -- the host said it ended
  records INTEGER NOT NULL DEFAULT 0,       -- parts do not count
  metas INTEGER NOT NULL DEFAULT 0, tools INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,         -- of blobs
  head BLOB NOT NULL, links INTEGER NOT NULL DEFAULT 0, -- chain of this session
  UNIQUE (agent, session)
) STRICT;

CREATE INDEX session_name ON session (session);

CREATE TABLE epoch (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session (id),
  number INTEGER NOT NULL,                  -- rank in file order, derived: a late import may move it
  boundary TEXT NOT NULL,                   -- source_id of the boundary it begins with; '' the first; '~event.<ns>' until one is seen
  place INTEGER,                            -- byte offset of that boundary in its transcript
  opened_ns INTEGER NOT NULL, closed_ns INTEGER,
  cause TEXT, cause_before INTEGER, cause_after INTEGER, -- trigger and tokens of the compaction it begins with
  trigger TEXT, tokens_before INTEGER, tokens_after INTEGER, -- of the compaction that ended it: the next one's cause
  records INTEGER NOT NULL DEFAULT 0,
  dirty INTEGER NOT NULL DEFAULT 0,         -- 1: its snapshot must be written again
  snapped_ns INTEGER, snap_digest BLOB,
  UNIQUE (session_id, boundary)
) STRICT;
CREATE INDEX epoch_dirty ON epoch (id) WHERE dirty = 1;
CREATE INDEX epoch_open ON epoch (session_id) WHERE closed_ns IS NULL;

CREATE TABLE record (
  id INTEGER PRIMARY KEY,                   -- day << 24 | n
  session_id INTEGER NOT NULL REFERENCES session (id),
  epoch_id INTEGER NOT NULL REFERENCES epoch (id),
  source_id TEXT NOT NULL, block INTEGER NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL,
  ts_ns INTEGER NOT NULL, written_ns INTEGER, archived_ns INTEGER NOT NULL,
  ring INTEGER REFERENCES ring (id), seq INTEGER, uid INTEGER, pid INTEGER,
  kind TEXT NOT NULL, role TEXT, tool TEXT, parent_id TEXT,
  error INTEGER NOT NULL, omitted TEXT, redacted INTEGER NOT NULL,
  bytes INTEGER NOT NULL,                   -- of the blob
  text_bytes INTEGER,                       -- the text is the blob's last n bytes; NULL: derived from its CBOR
  packing INTEGER NOT NULL,                 -- 0 plain, n = zstd with dictionary n
  body BLOB NOT NULL,                       -- the blob, packed
  decode_error TEXT,
  link INTEGER NOT NULL,                    -- place in the session's chain
  salt BLOB NOT NULL, digest BLOB NOT NULL, -- SHA-256(domain, salt, blob)
  mac BLOB NOT NULL,                        -- of the line as the host wrote it; empty for foreign blobs
  timed INTEGER NOT NULL                    -- 1: its epoch was found by time, no boundary is known
) STRICT;
CREATE UNIQUE INDEX record_identity ON record (session_id, source_id, block, part);
CREATE INDEX record_session ON record (session_id, ts_ns); -- the id is in every index, as its last column
CREATE INDEX record_timed ON record (session_id, ts_ns) WHERE timed = 1;
CREATE INDEX record_epoch ON record (epoch_id);
CREATE UNIQUE INDEX record_ring ON record (ring, seq) WHERE ring IS NOT NULL;

CREATE TABLE day (
  day INTEGER PRIMARY KEY, n INTEGER NOT NULL, -- next n of record ids
  last_ns INTEGER NOT NULL, lag_ns INTEGER NOT NULL -- newest event so far; most that one came after a newer one
) STRICT;

CREATE TABLE record_sighting (              -- a record met again in a ring
  ring INTEGER NOT NULL REFERENCES ring (id), seq INTEGER NOT NULL, record_id INTEGER NOT NULL,
  PRIMARY KEY (ring, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (                        -- what a host told a hook
  id INTEGER PRIMARY KEY,
  ring INTEGER REFERENCES ring (id), seq INTEGER, uid INTEGER, pid INTEGER,
  digest BLOB NOT NULL UNIQUE,              -- HMAC of header and blob: an event met again is one row
  agent TEXT NOT NULL, session TEXT NOT NULL, event TEXT NOT NULL,
  ts_ns INTEGER NOT NULL, written_ns INTEGER, archived_ns INTEGER NOT NULL,
  data TEXT NOT NULL                        -- JSON
) STRICT;
CREATE INDEX event_session ON event (session, ts_ns);

CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  ring INTEGER NOT NULL REFERENCES ring (id),
  after_seq INTEGER NOT NULL, before_seq INTEGER NOT NULL, lost INTEGER NOT NULL,
  reason TEXT NOT NULL,                     -- evicted, cleared
  recovered INTEGER NOT NULL DEFAULT 0,     -- records got back from transcripts
  healed_ns INTEGER, noticed_ns INTEGER NOT NULL,
  UNIQUE (ring, after_seq)
) STRICT;

CREATE TABLE hole (                         -- bytes of a transcript whose capture did not arrive
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session (id),
  path TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
  state TEXT,                               -- the reader's watermark at start, JSON; NULL: read from the beginning
  noticed_ns INTEGER NOT NULL, healed_ns INTEGER
) STRICT;
CREATE UNIQUE INDEX hole_open ON hole (path, start) WHERE healed_ns IS NULL;
CREATE INDEX hole_session ON hole (session_id) WHERE healed_ns IS NULL;

CREATE TABLE transcript (                   -- how far each file is archived
  path TEXT PRIMARY KEY, session_id INTEGER REFERENCES session (id),
  archived INTEGER NOT NULL,                -- all bytes before it are archived
  state TEXT,                               -- the reader's watermark there, JSON; NULL: unknown, read from the beginning
  seen INTEGER NOT NULL, seen_state TEXT,   -- the same for what was captured, holes counted in
  updated_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE arriving (                     -- records of a capture pass whose `captured` event has not come yet
  ring INTEGER NOT NULL,                    -- 0: the spool
  pid INTEGER NOT NULL, records INTEGER NOT NULL, updated_ns INTEGER NOT NULL,
  PRIMARY KEY (ring, pid)
) STRICT, WITHOUT ROWID;

CREATE TABLE damage (                       -- bytes that are no record, kept as they were
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL, place INTEGER NOT NULL, bytes INTEGER NOT NULL, data BLOB NOT NULL,
  reason TEXT NOT NULL, noticed_ns INTEGER NOT NULL,
  digest BLOB NOT NULL UNIQUE               -- HMAC of source and data: met again is one row
) STRICT;

CREATE TABLE tombstone (                    -- what was forgotten and must not come back
  id INTEGER PRIMARY KEY,
  agent TEXT NOT NULL, session TEXT NOT NULL,
  source_id TEXT, block INTEGER, part INTEGER, -- NULL: the whole session, with its future lines
  forgotten_ns INTEGER NOT NULL,
  chain_header BLOB, digest BLOB, link INTEGER -- what its chain link was made of, without the text
) STRICT;
CREATE INDEX tombstone_identity ON tombstone (agent, session, source_id);

CREATE VIRTUAL TABLE record_fts USING fts5 (
  text, tags, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO record_fts (record_fts, rank) VALUES ('rank', 'bm25(1.0, 0.0)');

CREATE VIEW v_record AS
SELECT r.id, s.session, s.project, s.agent, e.number AS epoch, nullif(lower(hex(g.ring_id)), '') AS ring_id, r.seq,
  strftime('%Y-%m-%dT%H:%M:%S', r.ts_ns / 1000000000, 'unixepoch') || printf('.%03dZ', r.ts_ns / 1000000 % 1000) AS ts,
  r.ts_ns, r.written_ns, r.archived_ns, r.uid, r.pid, g.attested, r.kind, r.role, r.tool, r.source_id, r.parent_id,
  r.block, r.part, r.parts, r.bytes, CAST(memlog_text(r.body, r.packing, r.text_bytes) AS TEXT) AS text, r.decode_error,
  lower(hex(r.digest)) AS digest, r.error, r.omitted, r.redacted,
  memlog_extra(r.body, r.packing) AS extra
FROM record r JOIN session s ON s.id = r.session_id JOIN epoch e ON e.id = r.epoch_id
LEFT JOIN ring g ON g.id = r.ring;

CREATE VIEW v_session AS
SELECT s.session, s.agent, s.project, s.title,
  strftime('%Y-%m-%dT%H:%M:%S', s.started_ns / 1000000000, 'unixepoch') || printf('.%03dZ', s.started_ns / 1000000 % 1000) AS started,
  strftime('%Y-%m-%dT%H:%M:%S', s.ended_ns / 1000000000, 'unixepoch') || printf('.%03dZ', s.ended_ns / 1000000 % 1000) AS ended,
  s.records, (SELECT count(*) FROM epoch e WHERE e.session_id = s.id) AS epochs,
  (SELECT count(*) FROM epoch e WHERE e.session_id = s.id AND e.boundary <> '') AS compactions,
  s.tools, s.errors,
  (SELECT count(*) FROM hole h WHERE h.session_id = s.id AND h.healed_ns IS NULL) AS gaps,
  s.bytes, s.metas, s.dir, s.started_ns, s.ended_ns, s.first_id, s.last_id
FROM session s;

CREATE VIEW v_epoch AS
SELECT s.session, e.number AS epoch,
  strftime('%Y-%m-%dT%H:%M:%S', e.opened_ns / 1000000000, 'unixepoch') || printf('.%03dZ', e.opened_ns / 1000000 % 1000) AS opened,
  strftime('%Y-%m-%dT%H:%M:%S', e.closed_ns / 1000000000, 'unixepoch') || printf('.%03dZ', e.closed_ns / 1000000 % 1000) AS closed,
  e.trigger, e.tokens_before, e.tokens_after, e.records, s.agent, e.boundary, e.opened_ns, e.closed_ns
FROM epoch e JOIN session s ON s.id = e.session_id;

CREATE VIEW v_gap AS
SELECT lower(hex(r.ring_id)) AS ring_id, r.uid, g.after_seq, g.before_seq, g.lost,
  g.healed_ns IS NOT NULL AS healed,
  strftime('%Y-%m-%dT%H:%M:%S', g.noticed_ns / 1000000000, 'unixepoch') || printf('.%03dZ', g.noticed_ns / 1000000 % 1000) AS noticed, g.reason, g.recovered
FROM gap g JOIN ring r ON r.id = g.ring;

CREATE VIEW v_event AS
SELECT e.id, e.session, e.agent, e.event,
  strftime('%Y-%m-%dT%H:%M:%S', e.ts_ns / 1000000000, 'unixepoch') || printf('.%03dZ', e.ts_ns / 1000000 % 1000) AS ts,
  nullif(lower(hex(g.ring_id)), '') AS ring_id, e.seq, e.uid, e.pid, e.ts_ns, e.written_ns, e.archived_ns, e.data
FROM event e LEFT JOIN ring g ON g.id = e.ring;

CREATE VIEW v_damage AS
SELECT id, source, place, bytes, reason,
  strftime('%Y-%m-%dT%H:%M:%S', noticed_ns / 1000000000, 'unixepoch') || printf('.%03dZ', noticed_ns / 1000000 % 1000) AS noticed, hex(data) AS data
FROM damage;

PRAGMA application_id = 1296846663;
PRAGMA user_version = 1;
