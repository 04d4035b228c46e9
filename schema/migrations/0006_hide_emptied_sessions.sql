-- 0006_hide_emptied_sessions.sql  Why: a session all of whose records were forgotten or let go keeps its row for its
-- chain's sake, and is no session anybody means any more. Cost: instant, a view only.

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
FROM session s WHERE s.first_id IS NOT NULL OR s.links = 0;

PRAGMA user_version = 6;
