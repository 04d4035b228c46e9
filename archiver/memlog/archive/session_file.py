"""session.json: what a session is, for who opens its folder, and for a rebuild what records do not say."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memlog import portable
from memlog.archive.connection import Connection
from memlog.archive.folder import Folder
from memlog.archive.members import members
from memlog.archive.snapshot import snap_name

NAME = "session.json"
_LARGEST = 64 << 20  # characters of what it says besides events: more is not of our making

SESSION_SQL = """
SELECT agent, session, project, title, started_ns, ended_ns, closed_ns, records, bytes FROM session
WHERE id = :session
"""
EPOCHS_SQL = """
SELECT id, number AS epoch, boundary, place, opened_ns, closed_ns, cause, cause_before, cause_after,
  trigger, tokens_before, tokens_after, records, snapped_ns, snap_digest
FROM epoch WHERE session_id = :session ORDER BY number
"""
# What an epoch began or ended with besides its records, and texts that perhaps no record has: of a prompt, a
# last message. What a tool was told and said is left out, as the transcript has it. index: event_session
EVENTS_SQL = """
SELECT v.event, v.ts_ns, v.data, v.digest, g.ring_id, v.seq, v.uid, v.pid, v.written_ns, v.archived_ns
FROM event v JOIN session s ON s.session = v.session AND s.agent = v.agent LEFT JOIN ring g ON g.id = v.ring
WHERE s.id = :session AND (v.event IN ('SessionStart', 'PreCompact', 'PostCompact', 'SessionEnd')
  OR (v.event NOT IN ('PreToolUse', 'PostToolUse')
    AND EXISTS (SELECT 1 FROM v_event_text t WHERE t.id = v.id AND t.text <> '')))
ORDER BY v.ts_ns, v.id
"""
RINGS_SQL = """
SELECT ring_id, uid, boot_id, kind, path, attested FROM ring
WHERE id IN (SELECT ring FROM record WHERE session_id = :session)
  OR id IN (SELECT v.ring FROM event v JOIN session s ON s.session = v.session AND s.agent = v.agent
    WHERE s.id = :session)
ORDER BY id
"""
_EPOCH_FACTS = (
    "epoch", "boundary", "place", "opened_ns", "closed_ns", "cause", "cause_before", "cause_after",
    "trigger", "tokens_before", "tokens_after", "records",
)  # fmt: skip


def read(folder: Folder) -> dict[str, Any]:
    """What it says but for its events; {} where it says nothing that can be read."""
    notes: dict[str, Any] = {}
    room = _LARGEST
    try:
        with folder.reader(NAME) as file:
            for member in members(file):
                if member.name == "events":
                    continue
                room -= member.size
                if room < 0:
                    return {}
                if member.is_item:
                    notes[member.name].append(member.value)
                else:
                    notes[member.name] = member.value
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return notes


def events(folder: Folder) -> Iterator[dict[str, Any]]:
    """The events it tells of, one at a time: no session's end bounds how many there are."""
    try:
        with folder.reader(NAME) as file:
            for member in members(file):
                if member.name == "events" and member.is_item and isinstance(member.value, dict):
                    yield member.value
    except (FileNotFoundError, ValueError, RecursionError):
        return


def replace_events(folder: Folder, notes: Mapping[str, Any], kept: Iterable[Mapping[str, Any]]) -> None:
    """The file's new content: these notes, and these of its events."""
    folder.replace(NAME, _spelled({name: value for name, value in notes.items() if name != "events"}, kept))


def _spelled(notes: Mapping[str, Any], kept: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    yield json.dumps(notes, indent=1, ensure_ascii=False).removesuffix("\n}").encode()
    before = ',\n "events": ['
    for event in kept:
        yield (before + "\n" + json.dumps(event, indent=1, ensure_ascii=False)).encode()
        before = ","
    yield b"\n]\n}\n" if before == "," else before.encode() + b"]\n}\n"


def listed(notes: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of one of its lists, whatever else somebody wrote there."""
    found = notes.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def epochs_of(con: Connection, session: int) -> list[dict[str, Any]]:
    """The session's epochs in order, as the archive has them."""
    return _rows(con, EPOCHS_SQL, session)


def has_moved(epoch: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """True for an epoch whose snapshot was written under another number than it has now."""
    if epoch["snap_digest"] is None:
        return False
    files = [e.get("file") for e in listed(before, "epochs") if e.get("boundary") == epoch["boundary"]]
    return files != [snap_name(epoch["epoch"])]


def events_of(con: Connection, session: int) -> list[dict[str, Any]]:
    """What the file says of a session's events."""
    return [_plain(event) for event in _rows(con, EVENTS_SQL, session)]


def noted(epoch: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of an epoch."""
    return _epoch(epoch)


def write(
    folder: Folder, con: Connection, session: int, archive_id: str, epochs: Iterable[Mapping[str, Any]]
) -> None:
    """The file's new content. epochs: as `epochs_of` gives them, with what was just written and trimmed."""
    (row,) = _rows(con, SESSION_SQL, session)
    known = {e.get("boundary"): e for e in listed(read(folder), "trimmed")}
    started = row["started_ns"]
    notes = {
        "memlog": portable.VERSION, "archive": archive_id, **row,
        "opened_at": None if started is None else started // 1_000_000_000,
        "epochs": [_epoch(epoch) for epoch in epochs],
        "trimmed": [_trimmed(e, known) for e in epochs if is_trimmed(e)],
        "rings": [_plain(ring) for ring in _rows(con, RINGS_SQL, session)],
        "events": events_of(con, session),
    }  # fmt: skip
    folder.replace(NAME, [portable.dump_line(notes, indent=1).encode(), b"\n"])


def is_trimmed(epoch: Mapping[str, Any]) -> bool:
    """True when a snapshot of it was written and removed for the quota's sake."""
    return epoch["snapped_ns"] is not None and epoch["snap_digest"] is None


def _epoch(epoch: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: epoch[name] for name in _EPOCH_FACTS if epoch[name] is not None}
    facts["closed"] = epoch["closed_ns"] is not None
    if epoch["snap_digest"] is not None:
        facts |= {"file": snap_name(epoch["epoch"]), "sha256": epoch["snap_digest"].hex()}
    return facts


def _trimmed(epoch: Mapping[str, Any], known: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    facts = {"epoch": epoch["epoch"], "boundary": epoch["boundary"], "records": epoch["records"]}
    earlier = known.get(epoch["boundary"], {})
    return facts | {
        "bytes": epoch.get("trimmed_bytes", earlier.get("bytes")), "trimmed_ns": epoch["snapped_ns"],
    }  # fmt: skip


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.hex() if isinstance(v, bytes) else v for k, v in row.items() if v is not None}


def _rows(con: Connection, sql: str, session: int) -> list[dict[str, Any]]:
    cursor = con.execute(sql, {"session": session})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
