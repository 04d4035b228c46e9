-- What `memlog export post-mortem` adds to the tables of export.sql: what was found in the records, and questions to
-- begin with. Plain tables any SQLite reads. What stands above the line "-- rows" is made before the rows are in.

CREATE TABLE step (                       -- a line of the timeline; calls carry the outcome of their answers
  id INTEGER PRIMARY KEY, ts TEXT NOT NULL, ts_ns INTEGER NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,
  epoch INTEGER NOT NULL, who TEXT, what TEXT NOT NULL, tool TEXT, text TEXT NOT NULL, outcome TEXT
);

CREATE TABLE fact (                       -- cited: bytes of the record's text, and the record's digest
  kind TEXT NOT NULL, value TEXT NOT NULL, detail TEXT, said_by TEXT NOT NULL, record INTEGER NOT NULL,
  start_byte INTEGER, end_byte INTEGER, digest TEXT NOT NULL, ts TEXT NOT NULL, session TEXT NOT NULL,
  epoch INTEGER NOT NULL, agent TEXT NOT NULL, aside INTEGER NOT NULL,
  place TEXT                              -- the absolute path of a file, where that is certain
);

CREATE TABLE compaction (                 -- one that ended an epoch of the bundle; counts are of all its records
  session TEXT NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL, ended TEXT, ended_ns INTEGER, trigger TEXT,
  tokens_before INTEGER, tokens_after INTEGER, records INTEGER, source TEXT, summary_chars INTEGER,
  context_chars INTEGER, unseen TEXT
);

CREATE TABLE loss (                       -- of a compaction: facts of one kind, and how they were kept
  session TEXT NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL, kind TEXT NOT NULL, facts INTEGER NOT NULL,
  verbatim INTEGER NOT NULL, by_name INTEGER NOT NULL, paraphrased INTEGER NOT NULL, lost INTEGER NOT NULL,
  came_back INTEGER NOT NULL,
  unknown INTEGER NOT NULL                -- of how many it cannot be told, because no summary was captured
);

CREATE TABLE kept (                       -- of a compaction: each fact, how it was kept (NULL: lost; unseen: unknown; done: a finished item), likeliest missed first
  session TEXT NOT NULL, agent TEXT NOT NULL, epoch INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  kept TEXT, kept_in TEXT, weight REAL NOT NULL, came_back INTEGER, uses INTEGER NOT NULL, said_by TEXT NOT NULL,
  detail TEXT, record INTEGER NOT NULL, ts TEXT NOT NULL, start_byte INTEGER, end_byte INTEGER, digest TEXT NOT NULL,
  again INTEGER                           -- the record in which the agent came back for it first
);

CREATE TABLE hole (                       -- bytes of a transcript that were captured and did not all arrive
  session TEXT NOT NULL, agent TEXT NOT NULL, path TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
  healed INTEGER NOT NULL, noticed TEXT NOT NULL, noticed_ns INTEGER NOT NULL, project TEXT
);

CREATE TABLE health (name TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, remedy TEXT);  -- of the recorder

CREATE TABLE redaction (                  -- what is not here: credentials taken out when it was recorded, names when shared
  stage TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL
);

CREATE TABLE query (name TEXT PRIMARY KEY, title TEXT NOT NULL, sql TEXT NOT NULL);   -- questions to begin with

-- Before the rows: to build an index of them is to sort them, which SQLite may do in memory.
CREATE INDEX step_session ON step (session, epoch, ts_ns);
CREATE INDEX fact_kind ON fact (kind, coalesce(place, value));
CREATE INDEX fact_record ON fact (record);
CREATE INDEX fact_todo ON fact (session, value, ts, record) WHERE kind = 'todo';
CREATE INDEX kept_epoch ON kept (session, epoch, weight);

-- rows

-- Who did what when, with what the host said and what did not arrive in its place.
CREATE VIEW timeline AS
SELECT ts, session, epoch, who, what, tool, CASE WHEN what = 'compaction' THEN coalesce((
    SELECT coalesce(c.trigger, 'compacted') || CASE WHEN c.tokens_before THEN printf(', %,d tokens', c.tokens_before) ELSE '' END
      || printf('; lost of what was asked for, decided and worked on: %d of %d', sum(l.lost), sum(l.facts))
    FROM compaction c JOIN loss l ON l.session = c.session AND l.agent = c.agent AND l.epoch = c.epoch
    WHERE c.session = step.session AND c.agent = step.agent AND c.epoch = step.epoch - 1 AND l.unknown = 0
      AND l.kind IN ('instruction', 'correction', 'decision', 'todo', 'file', 'command')
    HAVING count(*) > 0), text) ELSE text END AS text,
  outcome, id AS record, ts_ns FROM step
UNION ALL SELECT ts, session, NULL, 'host', 'hook', NULL, event, NULL, NULL, ts_ns FROM event
  WHERE event NOT IN ('captured', 'capture_pending')
UNION ALL SELECT noticed, session, NULL, 'memlog', 'hole', NULL,
  'bytes ' || start || ' to ' || stop || ' of ' || path || ' did not arrive', 'lost', NULL, noticed_ns
  FROM hole WHERE healed = 0
UNION ALL SELECT noticed, NULL, NULL, 'memlog', 'gap', NULL,
  lost || CASE lost WHEN 1 THEN ' record' ELSE ' records' END || ' lost (' || coalesce(reason, 'unknown') || ')', 'lost', NULL,
  CAST(strftime('%s', noticed) AS INTEGER) * 1000000000 FROM gap WHERE healed = 0
ORDER BY 10, 9;

-- Commands as they ran, and how they ended.
CREATE VIEW commands AS
SELECT ts, session, epoch, value AS command, detail AS ended, record FROM fact WHERE kind = 'command'
ORDER BY ts, record;

-- Files: what was done with each, how often, when last.
CREATE VIEW files AS
SELECT coalesce(place, value) AS path, group_concat(DISTINCT detail) AS done, count(*) AS uses, min(ts) AS first,
  max(ts) AS last, max(record) AS record
FROM fact WHERE kind = 'file' GROUP BY coalesce(place, value) ORDER BY uses DESC, path;

-- What went wrong, as it was said.
CREATE VIEW errors AS
SELECT ts, session, epoch, value AS error, record FROM fact WHERE kind = 'error' ORDER BY ts, record;

-- What the user asked for, what was corrected, what was decided; of a plan, which is told whole each time, what changed.
-- A window over all of it would be held in memory.
CREATE VIEW said AS
SELECT ts, session, epoch, kind, said_by, value, detail, record FROM fact
WHERE kind IN ('instruction', 'correction', 'decision', 'todo')
  AND (kind <> 'todo' OR coalesce(detail, '') IS NOT (SELECT coalesce(was.detail, '') FROM fact AS was
    WHERE was.kind = 'todo' AND was.session = fact.session AND was.value = fact.value
      AND (was.ts, was.record, was.rowid) < (fact.ts, fact.record, fact.rowid)
    ORDER BY was.ts DESC, was.record DESC, was.rowid DESC LIMIT 1))
ORDER BY ts, record;

-- What compactions took and nothing kept, likeliest missed first.
CREATE VIEW lost_facts AS
SELECT session, epoch, kind, value, weight, came_back, uses, record, again FROM kept WHERE kept IS NULL
ORDER BY session, epoch, weight DESC;

INSERT INTO query VALUES
('timeline', 'Who did what when', 'SELECT ts, who, what, tool, text, outcome FROM timeline'),
('lost', 'What compactions took', 'SELECT * FROM lost_facts'),
('missed', 'Lost, and the agent came back for it',
 'SELECT session, epoch, kind, value, came_back, record, again FROM kept WHERE kept IS NULL AND came_back > 0 ORDER BY came_back DESC'),
('constraints lost', 'Instructions and corrections no summary kept',
 'SELECT session, epoch, kind, value, ts, record FROM kept WHERE kept IS NULL AND kind IN (''instruction'', ''correction'') ORDER BY weight DESC, ts'),
('failed commands', 'Commands that did not end well',
 'SELECT * FROM commands WHERE ended IS NOT NULL AND ended NOT IN (''ok'', ''exit 0'')'),
('never succeeded', 'Commands that failed and never went well',
 'SELECT command, count(*) AS times, max(ts) AS last, record FROM commands GROUP BY command HAVING sum(ended IN (''ok'', ''exit 0'')) = 0 AND count(ended) > 0 ORDER BY last'),
('changed after it was lost', 'Files no summary kept that were changed afterwards',
 'SELECT f.ts, k.session, k.epoch, k.value, f.detail, f.record FROM kept k JOIN fact f ON f.kind = ''file'' AND coalesce(f.place, f.value) = k.value AND f.session = k.session AND f.epoch = k.epoch + 1 WHERE k.kind = ''file'' AND k.kept IS NULL AND f.detail IN (''edit'', ''write'', ''delete'') ORDER BY f.ts'),
('written files', 'Files that were changed', 'SELECT * FROM files WHERE done LIKE ''%write%'' OR done LIKE ''%edit%'' OR done LIKE ''%delete%'''),
('errors', 'What went wrong', 'SELECT * FROM errors'),
('said', 'Instructions, corrections, decisions, plans', 'SELECT * FROM said'),
('conversation', 'What was said, in order', 'SELECT ts, who, text, id FROM conversation'),
('missing', 'What did not arrive', 'SELECT ts, session, what, text FROM timeline WHERE outcome = ''lost'''),
('search', 'Records with a word',
 'SELECT r.ts, r.session, r.kind, snippet(record_fts, 0, ''['', '']'', ''…'', 16) AS text FROM record_fts JOIN record r ON r.id = record_fts.rowid WHERE record_fts MATCH :words ORDER BY rank LIMIT 50 /* in the sqlite3 shell before: .parameter set :words deadlock */');
