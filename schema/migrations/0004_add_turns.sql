-- 0004_add_turns.sql  Why: a list of sessions shows, sorts and filters by turns and tokens without reading records.
-- Cost: one pass over the records, without their bodies, and the newest of each session unpacked: a second or two a million.

ALTER TABLE session ADD COLUMN turns INTEGER NOT NULL DEFAULT 0; -- messages of role user, parts not counted
ALTER TABLE session ADD COLUMN tokens INTEGER; -- most its context was said to hold; NULL: never said

UPDATE session SET turns = (SELECT count(*) FROM record r
  WHERE r.session_id = session.id AND r.kind = 'message' AND r.role = 'user' AND r.part = 0);

DROP VIEW v_session;
CREATE VIEW v_session AS
SELECT s.session, s.agent, s.project, s.title,
  strftime('%Y-%m-%dT%H:%M:%S', s.started_ns / 1000000000, 'unixepoch') || printf('.%03dZ', s.started_ns / 1000000 % 1000) AS started,
  strftime('%Y-%m-%dT%H:%M:%S', s.ended_ns / 1000000000, 'unixepoch') || printf('.%03dZ', s.ended_ns / 1000000 % 1000) AS ended,
  s.records, (SELECT count(*) FROM epoch e WHERE e.session_id = s.id) AS epochs,
  (SELECT count(*) FROM epoch e WHERE e.session_id = s.id AND e.boundary <> '') AS compactions,
  s.tools, s.errors,
  (SELECT count(*) FROM hole h WHERE h.session_id = s.id AND h.healed_ns IS NULL) AS gaps,
  s.bytes, s.metas, s.dir, s.started_ns, s.ended_ns, s.first_id, s.last_id, s.turns, s.tokens
FROM session s;

PRAGMA user_version = 4;
