"""How full a host says its context is: tokens, where a record tells them."""

from typing import Any

from memlog.archive.connection import Connection
from memlog.errors import MemlogError
from memlog.record import Record, decode

# index: session's own; the newest records of each, as many as a turn's bookkeeping may be
NEWEST_SQL = """
SELECT s.id, memlog_blob(r.body, r.packing) FROM session s JOIN record r ON r.id IN (
  SELECT id FROM record WHERE session_id = s.id ORDER BY ts_ns DESC, id DESC LIMIT 20)
"""
# index: session's own
BEFORE_SQL = """
UPDATE session SET tokens = (SELECT max(cause_before) FROM epoch WHERE session_id = session.id)
"""
TAKE_SQL = "UPDATE session SET tokens = max(coalesce(tokens, 0), :tokens) WHERE id = :session"

# Of a turn of Claude Code; output becomes context with the next one.
_PARTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
_MOST = 1 << 40


def tokens(record: Record) -> int | None:
    """Tokens of the context after this record, as its line says; None where it says nothing."""
    line = record.rest.get("line") if isinstance(record.rest, dict) else None
    if not isinstance(line, dict):
        return None
    found: object = None
    if isinstance(message := line.get("message"), dict):
        usage = message.get("usage")
        if isinstance(usage, dict):
            found = sum(n for name in _PARTS if isinstance(n := usage.get(name), int))
    elif isinstance(payload := line.get("payload"), dict):
        if payload.get("type") == "token_count":
            found = _at(payload, "info", "last_token_usage", "total_tokens")
    elif "tokens" in line:
        found = _at(line, "tokens", "total")
    elif "compactMetadata" in line:
        found = _at(line, "compactMetadata", "preTokens")
    return found if isinstance(found, int) and 0 < found < _MOST else None


def fill(con: Connection) -> None:
    """Tokens of sessions archived before they were counted: at their compactions and at their end."""
    con.execute(BEFORE_SQL)
    found: dict[int, int] = {}
    for session, blob in con.execute(NEWEST_SQL):
        try:
            record = decode(blob) if blob is not None else None
        except MemlogError:
            continue  # verify's business
        if isinstance(record, Record) and (told := tokens(record)) is not None:
            found[session] = max(told, found.get(session, 0))
    con.executemany(TAKE_SQL, [{"session": s, "tokens": n} for s, n in found.items()])


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
