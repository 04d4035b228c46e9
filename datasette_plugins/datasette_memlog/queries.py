"""SQL of the pages, and the questions Datasette offers by name."""

from typing import Any

NEWEST_SESSIONS_SQL = """
SELECT session, agent, project, title, started, ended, records, compactions, tools, errors, gaps, bytes
FROM v_session ORDER BY ended_ns DESC LIMIT 100
"""
# index: record_session; :session empty = the session of the newest error of all
BEFORE_LAST_ERROR_SQL = """
WITH failed AS (
  SELECT id, session, ts_ns FROM v_record
  WHERE error = 1 AND (:session = '' OR session = :session) ORDER BY id DESC LIMIT 1
)
SELECT r.id, r.ts, r.session, r.epoch, r.kind, r.role, r.tool, r.error, r.text
FROM failed JOIN v_record r ON r.session = failed.session AND (r.ts_ns, r.id) <= (failed.ts_ns, failed.id)
WHERE r.kind <> 'meta' ORDER BY r.ts_ns DESC, r.id DESC LIMIT 20
"""
# of the newest: the largest of all would read the whole archive. Texts are unpacked for the final rows only.
LARGEST_SQL = """
SELECT r.id, r.ts, r.session, r.kind, r.tool, r.bytes, r.text
FROM (
  SELECT id FROM (SELECT id, bytes FROM v_record ORDER BY id DESC LIMIT 20000) ORDER BY bytes DESC LIMIT 50
) largest JOIN v_record r ON r.id = largest.id
ORDER BY r.bytes DESC
"""
MISSING_SQL = """
SELECT 'ring' AS lost_from, ring_id AS place, lost, 'between ' || after_seq || ' and ' || before_seq AS what,
  noticed
FROM v_gap WHERE healed = 0
UNION ALL
SELECT 'transcript', session, gaps, 'passes of its capture that did not arrive', ended
FROM v_session WHERE gaps > 0
ORDER BY noticed DESC LIMIT 200
"""
COUNTS_SQL = """
SELECT (SELECT count(*) FROM v_session) AS v_session,
  (SELECT coalesce(sum(records), 0) FROM v_session) AS v_record,
  (SELECT count(*) FROM v_epoch) AS v_epoch, (SELECT count(*) FROM v_gap) AS v_gap,
  (SELECT count(*) FROM v_event) AS v_event, (SELECT count(*) FROM v_event) AS v_event_text,
  (SELECT count(*) FROM v_damage) AS v_damage
"""
# index: record_session
BEFORE_SQL = """
SELECT id, ts, kind, role, tool, error, substr(text, 1, 160) AS text FROM v_record
WHERE session = :session AND agent = :agent AND (ts_ns, id) < (:ts_ns, :id) AND part = 0
ORDER BY ts_ns DESC, id DESC LIMIT :limit
"""
# index: record_session
AFTER_SQL = """
SELECT id, ts, kind, role, tool, error, substr(text, 1, 160) AS text FROM v_record
WHERE session = :session AND agent = :agent AND (ts_ns, id) > (:ts_ns, :id) AND part = 0
ORDER BY ts_ns, id LIMIT :limit
"""
# The link a record is in its session's chain. index: the record's primary key
LINKS_SQL = """
SELECT r.id, r.link, lower(hex(r.digest)) AS digest, lower(hex(r.salt)) AS salt, lower(hex(r.mac)) AS mac,
  r.bytes, r.packing, length(r.body) AS stored, s.links, lower(hex(s.head)) AS head, s.dir
FROM record r JOIN session s ON s.id = r.session_id
WHERE r.id IN (SELECT value FROM json_each(:ids)) ORDER BY r.part
"""
# index: record_identity
SAME_LINE_SQL = """
SELECT id, kind, tool, block FROM v_record
WHERE session = :session AND agent = :agent AND source_id = :source_id AND part = 0 ORDER BY block LIMIT 50
"""


def canned() -> dict[str, Any]:
    """Datasette's canned queries of an archive."""
    return {
        "newest_sessions": {
            "title": "Newest sessions", "description": "Sessions by their last record.",
            "sql": NEWEST_SESSIONS_SQL.strip(), "hide_sql": True,
        },
        "before_last_error": {
            "title": "What ran before the last error",
            "description": "The twenty records up to the newest failure, of one session or of all.",
            "sql": BEFORE_LAST_ERROR_SQL.strip(), "hide_sql": True, "params": ["session"],
        },
        "largest_records": {
            "title": "Largest records", "description": "Of the newest 20,000.",
            "sql": LARGEST_SQL.strip(), "hide_sql": True,
        },
        "what_is_missing": {
            "title": "What is missing", "description": "Losses that were not got back.",
            "sql": MISSING_SQL.strip(), "hide_sql": True,
        },
    }  # fmt: skip
