"""The records of a session as the extractor reads them, one after the other."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.errors import MemlogError
from memlog.query.facts import places
from memlog.query.facts.fact import Said
from memlog.query.record import extra_of
from memlog.record import Record, decode

# The index gives the order, so bodies are never sorted. index: record_session
SAID_SQL = """
SELECT r.id, s.session, s.agent, e.number, r.ts_ns, r.kind, r.role, r.tool, r.error, r.digest, r.parts,
  r.body, r.packing, r.text_bytes, r.session_id, r.source_id, r.block
FROM record r JOIN session s ON s.id = r.session_id JOIN epoch e ON e.id = r.epoch_id
WHERE r.session_id = :session AND r.part = 0 AND r.kind <> 'meta'
  AND (:epoch IS NULL OR r.epoch_id = (SELECT id FROM epoch WHERE session_id = :session AND number = :epoch))
  AND r.ts_ns >= :since AND r.ts_ns < :until
ORDER BY r.ts_ns, r.id
"""
# index: record_identity
PARTS_SQL = """
SELECT body, packing, text_bytes FROM record
WHERE session_id = :session AND source_id = :source_id AND block = :block ORDER BY part
"""
SIDECHAIN = b"\x6bisSidechain\xf5"  # the CBOR of "isSidechain": true, which no text can hold
_NEVER = (1 << 63) - 1


def records(
    con: Connection, session_id: int, epoch: int | None = None, *, since_ns: int = 0, until_ns: int = _NEVER
) -> Iterator[Said]:
    """Records of a session, or of one of its epochs, by time; bookkeeping and damaged ones left out.

    session_id: the row of the session. Limits: one record is in memory at a time.
    """
    values = {"session": session_id, "epoch": epoch, "since": since_ns, "until": until_ns}
    opening = not epoch and not since_ns
    for row in con.cursor().execute(SAID_SQL, values):
        try:
            said = _said(con, row)
        except MemlogError:
            continue  # `memlog admin verify` names damaged bodies
        opening = opening and said.role != "assistant"
        yield replace(said, opening=True) if opening else said


def _said(con: Connection, row: Any) -> Said:
    id_, session, agent, epoch, ts_ns, kind, role, tool, error, digest, parts, packed, packing, size = row[
        :14
    ]
    blob = body.unpack(packed, packing)
    text = body.text_of(blob, body.PLAIN, size)
    rest: Any = {}
    project = None
    if kind in ("tool_use", "tool_result", "compaction") or role == "user":
        found = decode(blob) if size is not None else None
        rest = found.rest if isinstance(found, Record) else {}
        project = found.project if isinstance(found, Record) else None
    if parts > 1:
        identity = {"session": row[14], "source_id": row[15], "block": row[16]}
        text = "".join(body.text_of(*part) for part in con.cursor().execute(PARTS_SQL, identity))
        rest = json.loads(extra_of(con, id_) or "{}")  # long arguments, an answer a host tells twice
    if not isinstance(rest, dict):
        rest = {}
    line = rest.get("line")
    return Said(
        id_, session, agent, epoch, ts_ns, kind, role, tool, text, bool(error), digest.hex(),
        given(rest) if kind == "tool_use" else None, call_of(rest),
        aside=SIDECHAIN in blob or (isinstance(line, dict) and line.get("isSidechain") is True),
        injected=isinstance(line, dict) and line.get("isMeta") is True,
        repeated=_repeated(rest) if kind == "compaction" else 0,
        cwd=places.cwd_of(agent, project, rest) if kind == "tool_use" else None,
    )  # fmt: skip


def given(rest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A call's arguments, wherever its agent puts them; None where only the text has them."""
    line, block = rest.get("line"), rest.get("block")
    payload = line.get("payload") if isinstance(line, dict) else None
    for part in (rest, block, payload):
        if not isinstance(part, dict):
            continue
        for name in ("input", "arguments", "args", "action"):
            found = part.get(name)
            if isinstance(found, str) and found[:1] == "{":
                try:
                    found = json.loads(found)
                except (ValueError, RecursionError):
                    found = None
            if isinstance(found, dict):
                return found
    return None


def call_of(rest: Mapping[str, Any]) -> str | None:
    """The id a call and its answer share."""
    line, block = rest.get("line"), rest.get("block")
    inner = [rest, block]
    if isinstance(line, dict):
        inner += [line.get("payload"), line.get("data")]
        ids = line.get("tool_call_ids")
        if isinstance(ids, list) and ids and isinstance(ids[0], str):
            return ids[0]
    for part in inner:
        for name in ("tool_use_id", "call_id", "toolCallId", "callID", "id"):
            if isinstance(part, dict) and isinstance(part.get(name), str):
                found: str = part[name]
                return found
    return None


def _repeated(rest: Mapping[str, Any]) -> int:
    """How many messages of the user a new context repeats that an earlier line holds: Codex's."""
    line = rest.get("line")
    payload = line.get("payload") if isinstance(line, dict) else None
    history = payload.get("replacement_history") if isinstance(payload, dict) else None
    messages = [i for i in history if isinstance(i, dict)] if isinstance(history, list) else []
    contents = [i.get("content") for i in messages if i.get("role") == "user"]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return sum(isinstance(part, dict) and part.get("text") == {"same": True} for part in parts)
