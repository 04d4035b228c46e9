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
# index: record_session; :session empty = the session that was used last
COMMANDS_SQL = """
SELECT r.id, r.ts, r.session, r.epoch, r.kind, r.tool, substr(r.text, 1, 400) AS text
FROM v_record r
WHERE r.session = CASE WHEN :session <> '' THEN :session
    ELSE (SELECT session FROM v_session ORDER BY ended_ns DESC LIMIT 1) END
  AND r.kind = 'tool_use' AND r.part = 0
  AND lower(r.tool) IN ('bash', 'shell', 'exec_command', 'local_shell', 'run_shell_command',
    'execute_bash', 'powershell')
ORDER BY r.ts_ns, r.id
"""
# The calls of tools that write, as an IN of SQL.
WRITERS = """('edit', 'write', 'multiedit', 'notebookedit', 'replace', 'write_file', 'create',
      'create_file', 'edit_file', 'str_replace_editor', 'apply_patch')"""
# Of `calls`: a path a call names. Claude Code's and Copilot's lie in the JSON, wherever in it; other agents'
# calls begin with it; a patch names each of its files on a line of its own, which none of its text can be.
PATHS_SQL = """
), patches(session, ts, path, rest) AS (
  SELECT session, ts, NULL, replace(replace(replace(char(10) || text || char(10), char(13), ''),
      char(10) || '*** Add File: ', char(10) || '*** Update File: '),
      char(10) || '*** Delete File: ', char(10) || '*** Update File: ')
  FROM calls WHERE tool = 'apply_patch'
  UNION ALL
  SELECT session, ts,
    substr(rest, instr(rest, char(10) || '*** Update File: ') + 18,
      instr(substr(rest, instr(rest, char(10) || '*** Update File: ') + 18), char(10)) - 1),
    substr(rest, instr(rest, char(10) || '*** Update File: ') + 18)
  FROM patches WHERE instr(rest, char(10) || '*** Update File: ')
), named AS (
  SELECT session, ts, substr(text, 1, instr(text || char(10), char(10)) - 1) AS line,
    CASE WHEN json_valid(extra) THEN coalesce(json_extract(extra, '$.input.file_path'),
      json_extract(extra, '$.input.path'), json_extract(extra, '$.input.filePath'),
      json_extract(extra, '$.input.notebook_path'), json_extract(extra, '$.block.arguments.path')) END AS path
  FROM calls WHERE tool <> 'apply_patch'
), written AS (
  SELECT session, ts, coalesce(path,
    CASE WHEN substr(line, 1, instr(line, ': ')) IN ('file_path:', 'path:', 'filePath:')
      THEN substr(line, instr(line, ': ') + 2) END) AS path
  FROM named
  UNION ALL SELECT session, ts, path FROM patches
)"""
# A blob is unpacked for every mention of its extra, unless that is kept: four times as slow.
FILES_SQL = f"""
WITH RECURSIVE calls AS MATERIALIZED (
  SELECT session, ts, lower(tool) AS tool, text, extra FROM v_record
  WHERE id IN (SELECT id FROM v_record WHERE kind = 'tool_use' AND part = 0
    AND lower(tool) IN {WRITERS}
    ORDER BY id DESC LIMIT 3000){PATHS_SQL}
SELECT path, count(DISTINCT session) AS sessions, count(*) AS changes, min(ts) AS first, max(ts) AS last
FROM written WHERE path IS NOT NULL
GROUP BY path HAVING sessions > 1 ORDER BY sessions DESC, changes DESC
"""  # noqa: S608
# index: record_session; :session empty = the session that was used last
WRITTEN_SQL = f"""
WITH RECURSIVE calls AS MATERIALIZED (
  SELECT session, ts, lower(tool) AS tool, text, extra FROM v_record
  WHERE session = CASE WHEN :session <> '' THEN :session
      ELSE (SELECT session FROM v_session ORDER BY ended_ns DESC LIMIT 1) END
    AND kind = 'tool_use' AND part = 0
    AND lower(tool) IN {WRITERS}{PATHS_SQL}
SELECT path, count(*) AS writes, min(ts) AS first, max(ts) AS last
FROM written WHERE path IS NOT NULL GROUP BY path ORDER BY writes DESC, path
"""  # noqa: S608
# of the newest 200,000 records; a week begins on Monday
ERRORS_SQL = """
SELECT date(ts_ns / 1000000000, 'unixepoch', '-6 days', 'weekday 1') AS week, coalesce(tool, kind) AS tool,
  count(*) AS errors, count(DISTINCT session) AS sessions
FROM v_record
WHERE error = 1 AND part = 0
  AND id >= coalesce((SELECT id FROM v_record ORDER BY id DESC LIMIT 1 OFFSET 199999), 0)
GROUP BY 1, 2 ORDER BY week DESC, errors DESC
"""
# of the newest: the largest of all would read the whole archive. Texts are unpacked for the final rows only.
# A record in slices is as large as all of them, and stands as its first.
LARGEST_SQL = """
SELECT r.id, r.ts, r.session, r.kind, r.tool, largest.bytes, r.text
FROM (
  SELECT max(CASE part WHEN 0 THEN id END) AS id, sum(bytes) AS bytes
  FROM (
    SELECT id, session, agent, source_id, block, part, parts, bytes FROM v_record ORDER BY id DESC LIMIT 20000
  )
  GROUP BY CASE WHEN parts > 1 THEN json_array(session, agent, source_id, block) ELSE id END
  HAVING max(CASE part WHEN 0 THEN id END) ORDER BY 2 DESC LIMIT 50
) largest JOIN v_record r ON r.id = largest.id
ORDER BY largest.bytes DESC
"""
MISSING_SQL = """
SELECT 'ring' AS lost_from, ring_id AS place, lost, 'between ' || after_seq || ' and ' || before_seq AS what,
  noticed
FROM v_gap WHERE healed = 0
UNION ALL
SELECT 'transcript', session, gaps, 'passes of its capture that did not arrive', ended
FROM v_session WHERE gaps > 0
ORDER BY noticed DESC
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
            "title": "Newest sessions", "description": "The 100 whose last record is newest.",
            "sql": NEWEST_SESSIONS_SQL.strip(),
        },
        "before_last_error": {
            "title": "What ran before the last error",
            "description": "The 20 records up to the newest failure, of a session (its whole id) or of all.",
            "sql": BEFORE_LAST_ERROR_SQL.strip(), "params": ["session"],
        },
        "commands": {
            "title": "All commands of a session",
            "description": "Of the session whose whole id is given; of the one used last where none is.",
            "sql": COMMANDS_SQL.strip(), "params": ["session"],
        },
        "shared_files": {
            "title": "Files touched by several sessions",
            "description": "Of the newest 3,000 calls that write a file.", "sql": FILES_SQL.strip(),
        },
        "written_files": {
            "title": "Files a session wrote most",
            "description": "Calls that write a file, of the session whose whole id is given, or of the one "
            "used last; what a shell command writes is on the page of a session's facts.",
            "sql": WRITTEN_SQL.strip(), "params": ["session"],
        },
        "errors_by_tool": {
            "title": "Errors by tool and week", "description": "Of the newest 200,000 records.",
            "sql": ERRORS_SQL.strip(),
        },
        "largest_records": {
            "title": "Largest records", "description": "The 50 largest of the newest 20,000.",
            "sql": LARGEST_SQL.strip(),
        },
        "what_is_missing": {
            "title": "What is missing", "description": "Losses that were not got back.",
            "sql": MISSING_SQL.strip(),
        },
    }  # fmt: skip
