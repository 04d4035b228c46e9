"""What the pages of a damaged archive still hold, told apart by what the rows look like."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from memlog import portable
from memlog.archive import body, chain
from memlog.archive.page_scan import Broken, Pages, Row, rows
from memlog.archive.survey import Line
from memlog.contracts import RING_ID_BYTES
from memlog.errors import DecodeError, MemlogError
from memlog.record import Event, Record, decode

Told = Callable[[str], object]

_RECORD = (
    "id", "session_id", "epoch_id", "source_id", "block", "part", "parts", "ts_ns", "written_ns",
    "archived_ns", "ring", "seq", "uid", "pid", "kind", "role", "tool", "parent_id", "error", "omitted",
    "redacted", "bytes", "text_bytes", "packing", "body", "decode_error", "link", "salt", "digest", "mac",
    "timed",
)  # fmt: skip
_SESSION = (
    "id", "agent", "session", "project", "project_ns", "title", "title_rank", "title_ns", "title_at",
    "leaves", "dir", "first_id", "last_id", "started_ns", "ended_ns", "closed_ns", "records", "metas",
    "tools", "errors", "bytes", "head", "links",
)  # fmt: skip
_EPOCH = (
    "id", "session_id", "epoch", "boundary", "place", "opened_ns", "closed_ns", "cause", "cause_before",
    "cause_after", "trigger", "tokens_before", "tokens_after", "records", "dirty", "snapped_ns",
    "snap_digest",
)  # fmt: skip
_EVENT = (
    "id", "ring", "seq", "uid", "pid", "digest", "agent", "session", "event", "ts_ns", "written_ns",
    "archived_ns", "data",
)  # fmt: skip
_RING = (
    "id", "ring_id", "uid", "boot_id", "kind", "path", "attested", "cursor", "noticed_ns", "drained_ns",
)  # fmt: skip
_GAP = (
    "id", "ring", "after_seq", "before_seq", "lost", "reason", "recovered", "healed_ns", "noticed_ns",
)  # fmt: skip
_DAMAGE = ("id", "source", "place", "bytes", "data", "reason", "noticed_ns", "digest")
_TOMBSTONE = (
    "id", "agent", "session", "source_id", "block", "part", "forgotten_ns", "chain_header", "digest", "link",
)  # fmt: skip
_ARCHIVE = ("one", "archive_id", "created_ns", "text_version", "head", "links")
_LINK = ("n", "type", "body", "head")

# table, its columns, and what some of them are: nothing else in the file looks like it. A later schema adds
# columns at the end.
_LOOKS: tuple[tuple[str, tuple[str, ...], dict[str, type]], ...] = (
    ("record", _RECORD, {"body": bytes, "salt": bytes, "digest": bytes, "mac": bytes, "kind": str}),
    ("session", _SESSION, {"agent": str, "session": str, "dir": str, "head": bytes, "links": int}),
    ("epoch", _EPOCH, {"session_id": int, "epoch": int, "boundary": str, "opened_ns": int, "dirty": int}),
    ("event", _EVENT, {"digest": bytes, "agent": str, "event": str, "data": str, "ts_ns": int}),
    ("ring", _RING, {"ring_id": bytes, "uid": int, "kind": str, "path": str, "cursor": int}),
    ("tombstone", _TOMBSTONE, {"agent": str, "session": str, "forgotten_ns": int}),
    ("gap", _GAP, {"ring": int, "after_seq": int, "before_seq": int, "reason": str}),
    ("damage", _DAMAGE, {"source": str, "data": bytes, "reason": str, "digest": bytes}),
    ("archive", _ARCHIVE, {"archive_id": bytes, "head": bytes, "links": int}),
    ("link", _LINK, {"type": str, "body": str, "head": bytes}),
)
_SMALL = ("session", "epoch", "ring", "tombstone", "gap", "archive", "link")


@dataclass(slots=True)
class Strewn:
    """The small tables, by rowid; what is many is read again each time it is asked for."""

    path: str
    tables: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {n: {} for n in _SMALL})
    broken: list[Broken] = field(default_factory=list)
    records: int = 0

    def record_rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Page and columns of every record."""
        for page, name, row in _told_apart(self.path, None):
            if name == "record":
                yield page, row

    def others(self, wanted: str) -> Iterator[dict[str, Any]]:
        """Every row of event or damage."""
        for _, name, row in _told_apart(self.path, None):
            if name == wanted:
                yield row

    def archive_id(self) -> bytes | None:
        found = [row["archive_id"] for row in self.tables["archive"].values() if len(row["archive_id"]) == 16]
        return found[0] if found else None

    def ring_facts(self, ring: int | None) -> dict[str, Any]:
        """What is known of a ring by its row's number."""
        row = self.tables["ring"].get(ring) if ring is not None else None
        return row if row is not None and len(row["ring_id"]) == RING_ID_BYTES else {}

    def line(self, row: dict[str, Any]) -> Line | None:
        """The record as a line of a snapshot; None where its bytes are not those it was archived with."""
        try:
            blob = body.unpack(row["body"], row["packing"])
            if chain.digest_of(row["salt"], blob) != row["digest"]:
                return None
            facts = portable.parse_line(portable.dump_line(portable.to_line(self._facts(row, blob), blob)))
            frame = portable.frame_of(facts)
        except (MemlogError, TypeError, ValueError, OverflowError):
            return None
        epoch = self.tables["epoch"].get(row["epoch_id"])
        return Line(facts, frame, None if epoch is None else epoch["boundary"])

    def _facts(self, row: dict[str, Any], blob: bytes) -> dict[str, Any]:
        """What ROW_SQL of snapshot.py gives of an archive that is whole."""
        facts = {name: value for name, value in row.items() if name not in ("body", "packing", "mac")}
        found = self.tables["session"].get(row["session_id"]) or _names_of(blob, row["session_id"])
        epoch = self.tables["epoch"].get(row["epoch_id"]) or {}
        ring = self.ring_facts(row["ring"])
        facts |= {name: found.get(name) for name in ("session", "agent", "project")}
        facts |= {name: ring.get(name) for name in ("ring_id", "attested")}
        facts |= {"timed": row["timed"] or None, "epoch": epoch.get("epoch"), "ts": _iso(row["ts_ns"])}
        if not row["mac"]:
            facts |= {"text": body.text_of_blob(blob), "redactions": row["redacted"]}
        return facts

    def notes(self, session_id: int) -> dict[str, Any]:
        """What session.json says of a session, as far as it is here."""
        row = self.tables["session"][session_id]
        epochs = [e for e in self.tables["epoch"].values() if e["session_id"] == session_id]
        names = ("agent", "session", "project", "title", "closed_ns")
        return {name: row[name] for name in names} | {"epochs": sorted(epochs, key=lambda e: e["epoch"])}


def read(path: str, told: Told = lambda note: None) -> Strewn:
    """Everything of a file that is few, and how many records there are."""
    found = Strewn(path)
    for page, name, row in _told_apart(path, found.broken):
        if name == "record":
            found.records += 1
        elif name in found.tables:
            found.tables[name][row[next(iter(row))]] = row
        if page % 1_000 == 0:
            told(f"page {page:,}")
    return found


def _told_apart(path: str, broken: list[Broken] | None) -> Iterator[tuple[int, str, dict[str, Any]]]:
    if not os.path.exists(path):
        return  # there is only the tree
    pages = Pages(path)
    try:
        for found in rows(pages):
            if isinstance(found, Row):
                name, columns = _look(found.values)
                if name:
                    row = dict(zip(columns, found.values, strict=False))
                    row[columns[0]] = found.rowid
                    yield found.page, name, row
            elif broken is not None:
                broken.append(found)
    finally:
        pages.close()


def _look(values: tuple[Any, ...]) -> tuple[str, tuple[str, ...]]:
    """The table a row is of, and its columns; "" for none of ours that is kept."""
    if values[:1] != (None,):  # the first column of all of them is the rowid
        return "", ()
    for name, columns, kinds in _LOOKS:
        if len(values) >= len(columns) and all(
            isinstance(values[columns.index(column)], kind) for column, kind in kinds.items()
        ):
            return name, columns
    return "", ()


def _names_of(blob: bytes, session_id: int) -> dict[str, Any]:
    """Agent and session of a record whose session's row is lost."""
    try:
        found = decode(blob)
    except DecodeError:
        found = None
    if isinstance(found, (Record, Event)):
        return {"agent": found.agent, "session": found.session}
    return {"agent": "unknown", "session": f"lost-{session_id}"}


def _iso(ts_ns: int) -> str:
    from datetime import UTC, datetime

    seconds = datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{seconds}.{ts_ns // 10**6 % 1000:03d}Z"
