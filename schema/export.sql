-- The shape of an exported file (`memlog export sql|sqlite`): plain tables any SQLite reads, no function of memlog.
-- A table has the columns of the archive's view of that name, in its order; the views carry the same names, so SQL
-- written for the archive runs here too. What stands above the line "-- rows" is made before the rows are in.

CREATE TABLE export (key TEXT PRIMARY KEY, value TEXT);   -- what this file is and when it was made

CREATE TABLE record (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL, project TEXT, agent TEXT NOT NULL, epoch INTEGER NOT NULL,
  ring_id TEXT, seq INTEGER, ts TEXT NOT NULL, ts_ns INTEGER NOT NULL, written_ns INTEGER, archived_ns INTEGER,
  uid INTEGER, pid INTEGER, attested INTEGER, kind TEXT NOT NULL, role TEXT, tool TEXT,
  source_id TEXT NOT NULL, parent_id TEXT, block INTEGER NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL,
  bytes INTEGER NOT NULL, text TEXT, decode_error TEXT, digest TEXT, error INTEGER, omitted TEXT, redacted INTEGER,
  extra TEXT
);

CREATE TABLE session (
  session TEXT NOT NULL, agent TEXT NOT NULL, project TEXT, title TEXT, started TEXT, ended TEXT,
  records INTEGER, epochs INTEGER, compactions INTEGER, tools INTEGER, errors INTEGER, gaps INTEGER,
  bytes INTEGER, metas INTEGER, dir TEXT, started_ns INTEGER, ended_ns INTEGER, first_id INTEGER, last_id INTEGER,
  turns INTEGER, tokens INTEGER,
  PRIMARY KEY (session, agent)
);

CREATE TABLE epoch (
  session TEXT NOT NULL, epoch INTEGER NOT NULL, opened TEXT, closed TEXT, trigger TEXT,
  tokens_before INTEGER, tokens_after INTEGER, records INTEGER, agent TEXT NOT NULL, boundary TEXT,
  opened_ns INTEGER, closed_ns INTEGER, project TEXT,
  PRIMARY KEY (session, agent, epoch)
);

CREATE TABLE gap (
  ring_id TEXT NOT NULL, uid INTEGER NOT NULL, after_seq INTEGER NOT NULL, before_seq INTEGER NOT NULL,
  lost INTEGER NOT NULL, healed INTEGER NOT NULL, noticed TEXT NOT NULL, reason TEXT, recovered INTEGER
);

CREATE TABLE event (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL, agent TEXT NOT NULL, event TEXT NOT NULL, ts TEXT NOT NULL,
  ring_id TEXT, seq INTEGER, uid INTEGER, pid INTEGER, ts_ns INTEGER NOT NULL, written_ns INTEGER,
  archived_ns INTEGER, data TEXT NOT NULL, project TEXT
);

-- Before the rows: to build an index of them is to sort them, which SQLite may do in memory.
CREATE INDEX record_session ON record (session, epoch, ts_ns);
CREATE INDEX record_time ON record (ts_ns);
CREATE INDEX event_session ON event (session, ts_ns);

-- rows

-- content="record" in just this spelling is how Datasette finds it.
CREATE VIRTUAL TABLE record_fts USING fts5 (
  text, content="record", content_rowid="id", tokenize="unicode61 remove_diacritics 2"
);
INSERT INTO record_fts (record_fts) VALUES ('rebuild');

CREATE VIEW v_record AS SELECT * FROM record;
CREATE VIEW v_session AS SELECT * FROM session;
CREATE VIEW v_epoch AS SELECT * FROM epoch;
CREATE VIEW v_gap AS SELECT * FROM gap;
CREATE VIEW v_event AS SELECT * FROM event;

-- What was said, in order: no tools, no bookkeeping.
CREATE VIEW conversation AS
SELECT session, epoch, ts, coalesce(role, kind) AS who, text, id FROM record
WHERE kind IN ('message', 'summary') AND text <> '' ORDER BY ts_ns, id;

-- Which tools each session used, how often, and how often they failed.
CREATE VIEW tools AS
SELECT session, tool, count(*) FILTER (WHERE kind = 'tool_use') AS calls, sum(error) AS errors,
  min(ts) AS first, max(ts) AS last
FROM record WHERE tool IS NOT NULL AND part = 0 GROUP BY session, tool ORDER BY calls DESC;

-- What failed, newest first.
CREATE VIEW failures AS
SELECT ts, session, epoch, tool, kind, text, id FROM record WHERE error = 1 ORDER BY ts_ns DESC, id DESC;

-- Each day: how much happened.
CREATE VIEW days AS
SELECT substr(ts, 1, 10) AS day, count(DISTINCT session) AS sessions, count(*) AS records, sum(bytes) AS bytes
FROM record GROUP BY day ORDER BY day;
