-- 0003_add_project_columns.sql  Why: epochs and events of one project are asked for like its sessions and records.
-- Cost: instant, views only.

DROP VIEW v_epoch;
CREATE VIEW v_epoch AS
SELECT s.session, e.number AS epoch,
  strftime('%Y-%m-%dT%H:%M:%S', e.opened_ns / 1000000000, 'unixepoch') || printf('.%03dZ', e.opened_ns / 1000000 % 1000) AS opened,
  strftime('%Y-%m-%dT%H:%M:%S', e.closed_ns / 1000000000, 'unixepoch') || printf('.%03dZ', e.closed_ns / 1000000 % 1000) AS closed,
  e.trigger, e.tokens_before, e.tokens_after, e.records, s.agent, e.boundary, e.opened_ns, e.closed_ns, s.project
FROM epoch e JOIN session s ON s.id = e.session_id;

DROP VIEW v_event;
CREATE VIEW v_event AS
SELECT e.id, e.session, e.agent, e.event,
  strftime('%Y-%m-%dT%H:%M:%S', e.ts_ns / 1000000000, 'unixepoch') || printf('.%03dZ', e.ts_ns / 1000000 % 1000) AS ts,
  nullif(lower(hex(g.ring_id)), '') AS ring_id, e.seq, e.uid, e.pid, e.ts_ns, e.written_ns, e.archived_ns, e.data,
  s.project
FROM event e LEFT JOIN ring g ON g.id = e.ring LEFT JOIN session s ON s.agent = e.agent AND s.session = e.session;

PRAGMA user_version = 3;
