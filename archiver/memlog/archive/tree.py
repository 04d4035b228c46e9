"""The snapshot tree: one folder a session, one file an epoch, readable with less.

A snapshot is a JSON array with one portable record a line, ordered by time: enough to rebuild the
archive from. Files are made from committed rows only, and only of epochs the archive marked dirty.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from memlog import portable
from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.archive.folder import Folder
from memlog.contracts import CLAUDE_CODE
from memlog.errors import UnsafePathError

if TYPE_CHECKING:
    from memlog.archive.store import Archive

SESSION_FILE = "session.json"
SNAP = re.compile(r"snap-([0-9]{5,})\.json")
_CHUNK = 1 << 18
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# What else lies in a home, today or in a later version.
_RESERVED = frozenset(
    """
    anchor archive backup cache config doctor export import jobs key lock log logs memory rebuild restore
    ring run session sessions sock socket spool state tmp tombstones trash tree watermark watermarks witness
    """.split()  # noqa: SIM905
)

# index: epoch_dirty
DIRTY_SQL = """
SELECT e.session_id, s.dir, e.id, e.number FROM epoch e JOIN session s ON s.id = e.session_id
WHERE e.dirty = 1 ORDER BY e.session_id, e.number
"""
# index: record_epoch; only ids and times are sorted, never bodies
EPOCH_IDS_SQL = "SELECT id FROM record WHERE epoch_id = :epoch ORDER BY ts_ns, id"
# index: the record's primary key
ROW_SQL = """
SELECT r.id, s.session, s.agent, s.project, e.number AS epoch,
  strftime('%Y-%m-%dT%H:%M:%S', r.ts_ns / 1000000000, 'unixepoch')
    || printf('.%03dZ', r.ts_ns / 1000000 % 1000) AS ts,
  r.kind, r.role, r.tool, r.ts_ns, r.source_id, r.block, r.part, r.parts, r.parent_id,
  g.ring_id, r.seq, r.uid, r.pid, g.attested, r.written_ns, r.archived_ns, r.bytes, r.digest, r.salt, r.link,
  r.decode_error, r.text_bytes, r.packing, r.body
FROM record r JOIN session s ON s.id = r.session_id JOIN epoch e ON e.id = r.epoch_id
LEFT JOIN ring g ON g.id = r.ring WHERE r.id = :id
"""
SESSION_SQL = """
SELECT agent, session, project, title, started_ns, ended_ns, closed_ns, records, bytes FROM session
WHERE id = :session
"""
EPOCHS_SQL = """
SELECT id, number AS epoch, boundary, place, opened_ns, closed_ns, cause, cause_before, cause_after,
  trigger, tokens_before, tokens_after, records, dirty, snapped_ns, snap_digest
FROM epoch WHERE session_id = :session ORDER BY number
"""
RINGS_SQL = """
SELECT ring_id, uid, boot_id, kind, path, attested FROM ring
WHERE id IN (SELECT ring FROM record WHERE session_id = :session) ORDER BY id
"""
_EPOCH_FACTS = (
    "epoch", "boundary", "place", "opened_ns", "closed_ns", "cause", "cause_before", "cause_after",
    "trigger", "tokens_before", "tokens_after", "records",
)  # fmt: skip
ARCHIVE_SQL = "SELECT lower(hex(archive_id)) FROM archive"
SNAPPED_SQL = "UPDATE epoch SET dirty = 0, snapped_ns = :now_ns, snap_digest = :digest WHERE id = :epoch"


class Written(NamedTuple):
    """What one pass wrote. refused: a session's folder and why nothing may be written there."""

    files: int = 0
    bytes: int = 0
    trimmed: int = 0
    swept: int = 0
    refused: tuple[tuple[str, str], ...] = ()

    def plus(self, other: "Written") -> "Written":
        """Both together."""
        return Written(
            self.files + other.files, self.bytes + other.bytes, self.trimmed + other.trimmed,
            self.swept + other.swept, self.refused + other.refused,
        )  # fmt: skip


def session_dir(agent: str, session: str) -> str:
    """The name of a session's folder: distinct for distinct sessions, also where case is folded.

    Limits: the id itself for ids of Claude Code that are safe as a name; else `x-` and 32 hex.
    """
    if (
        agent == CLAUDE_CODE
        and _SAFE.fullmatch(session)
        and not session.startswith("x-")
        and session not in _RESERVED
    ):
        return session
    # The length first: an agent with a NUL in its name must not pass for another's session.
    words = f"{len(agent)}\0{agent}\0{session}".encode("utf-8", "surrogatepass")
    return "x-" + hashlib.sha256(words).hexdigest()[:32]


def snap_name(epoch: int) -> str:
    return f"snap-{epoch:05d}.json"


def write_dirty(archive: "Archive", *, now_ns: int | None = None, limit: int | None = None) -> Written:
    """Write the snapshot of every dirty epoch; after `limit` files stop between two sessions.

    now_ns: the time to note; None = that of the archive's newest record.
    Raises: OSError (a full disk ...) with old snapshots in place and the rest still dirty.
    """
    con = archive.con
    if now_ns is None:
        now_ns = con.execute("SELECT coalesce(max(archived_ns), 0) FROM record").fetchone()[0]
    quota = archive.settings.session_quota_bytes
    total = Written()
    for (session, folder), epochs in groupby(con.execute(DIRTY_SQL).fetchall(), key=lambda row: row[:2]):
        if limit is not None and total.files >= limit:
            break
        numbers = {epoch: number for _, _, epoch, number in epochs}
        try:
            total = total.plus(_write_session(archive, session, folder, numbers, quota, now_ns))
        except UnsafePathError as exc:
            # One bad folder must not keep the others from being written.
            total = total.plus(Written(refused=((folder, str(exc)),)))
    return total


def _write_session(
    archive: "Archive", session: int, name: str, dirty: Mapping[int, int], quota: int, now_ns: int
) -> Written:
    con = archive.con
    archive_id: str = con.execute(ARCHIVE_SQL).fetchone()[0]
    with _folder_of(archive.home.root, name, archive_id) as folder:
        done = Written(swept=folder.sweep())
        before = _read_notes(folder)
        stored = {}
        for epoch, number in dirty.items():
            stored[epoch] = folder.replace(snap_name(number), snapshot(con, epoch))
            done = done.plus(Written(1, stored[epoch].size))
        epochs = _rows(con, EPOCHS_SQL, session)
        for row in epochs:
            if row["id"] in stored:
                row.update(dirty=0, snapped_ns=now_ns, snap_digest=stored[row["id"]].digest)
        trimmed = _over_quota(folder, epochs, quota, now_ns)
        notes = _notes(con, session, archive_id, epochs, trimmed, before)
        # Said before it is done: a crash between the two leaves a file too many, never one unexplained.
        folder.replace(SESSION_FILE, [portable.dump_line(notes, indent=1).encode(), b"\n"])
        done = done.plus(Written(trimmed=_clean(folder, epochs)))
        con.execute("BEGIN IMMEDIATE")
        try:
            marks = [
                {"epoch": row["id"], "now_ns": row["snapped_ns"], "digest": row["snap_digest"]}
                for row in epochs
                if row["id"] in stored or row["id"] in trimmed
            ]
            con.executemany(SNAPPED_SQL, marks)
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise
    return done


def snapshot(con: Connection, epoch: int) -> Iterator[bytes]:
    """The bytes of an epoch's snapshot, piece by piece."""
    piece, separator = bytearray(b"["), b"\n"
    cursor = con.cursor()
    cursor.execute(ROW_SQL, {"id": -1})
    names = [column[0] for column in cursor.description]
    for (record_id,) in con.execute(EPOCH_IDS_SQL, {"epoch": epoch}):
        row = dict(zip(names, cursor.execute(ROW_SQL, {"id": record_id}).fetchone(), strict=True))
        blob = body.unpack(row.pop("body"), row.pop("packing"))
        if row.pop("text_bytes") is None:
            row["text"] = body.text_of_blob(blob)
        piece += separator + portable.dump_line(portable.to_line(row, blob)).encode()
        separator = b",\n"
        if len(piece) >= _CHUNK:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b"\n]\n"


def _folder_of(root: str, name: str, archive_id: str) -> Folder:
    """The session's folder. One another archive wrote is set aside first: it may hold what ours lacks."""
    folder = Folder.open(root, name, create=True)
    notes = _read_notes(folder)
    found = notes.get("archive")
    if isinstance(found, str) and found != archive_id:
        folder.close()
        folder = Folder.set_aside(root, name, f"{name}.of-{hashlib.sha256(found.encode()).hexdigest()[:8]}")
    return folder


def _read_notes(folder: Folder) -> dict[str, Any]:
    """What session.json says; {} where it says nothing that can be read."""
    try:
        with folder.reader(SESSION_FILE) as file:
            value = json.loads(file.read())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _over_quota(folder: Folder, epochs: list[dict[str, Any]], quota: int, now_ns: int) -> set[int]:
    """Ids of the epochs whose files must go, oldest first, never the newest; their rows lose the digest."""
    sizes = {}
    for row in epochs:  # in order of number: as names, 100000 would come before 99999
        if row["snap_digest"] is not None:
            row["bytes"] = folder.size(snap_name(row["epoch"]))
            if row["bytes"] is not None:
                sizes[row["id"]] = row["bytes"]
    total = sum(sizes.values())
    gone: set[int] = set()
    if quota:
        for row in epochs:
            if total <= quota or len(sizes) - len(gone) <= 1:
                break
            if row["id"] in sizes:
                total -= sizes[row["id"]]
                row["sha256"] = row["snap_digest"].hex()
                row.update(snap_digest=None, snapped_ns=now_ns)
                gone.add(row["id"])
    return gone


def _clean(folder: Folder, epochs: list[dict[str, Any]]) -> int:
    """How many trimmed snapshots were removed; those of numbers no epoch has any more go too."""
    keep = {row["epoch"] for row in epochs if row["snap_digest"] is not None}
    known = {row["epoch"] for row in epochs if row["snapped_ns"] is not None}
    trimmed = 0
    for name in folder.names():
        found = SNAP.fullmatch(name)
        if found and int(found[1]) not in keep:
            trimmed += folder.remove(name) and int(found[1]) in known
    return trimmed


def _notes(
    con: Connection, session: int, archive_id: str, epochs: list[dict[str, Any]], gone: set[int],
    before: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    (row,) = _rows(con, SESSION_SQL, session)
    known = {t["boundary"]: t for t in before.get("trimmed", ()) if isinstance(t, dict) and "boundary" in t}
    told, trimmed = [], []
    for epoch in epochs:
        name = snap_name(epoch["epoch"])
        facts = {k: epoch[k] for k in _EPOCH_FACTS if epoch[k] is not None}
        facts["closed"] = epoch["closed_ns"] is not None
        if epoch["snap_digest"] is not None:
            facts.update(file=name, sha256=epoch["snap_digest"].hex())
        told.append(facts)
        if epoch["snapped_ns"] is not None and epoch["snap_digest"] is None:
            earlier = {} if epoch["id"] in gone else known.get(epoch["boundary"], {})
            note = {"epoch": epoch["epoch"], "boundary": epoch["boundary"], "records": epoch["records"]}
            note |= {k: epoch.get(k, earlier.get(k)) for k in ("bytes", "sha256")}
            trimmed.append(note | {"trimmed_ns": epoch["snapped_ns"]})
    return {
        "memlog": portable.VERSION, "archive": archive_id,
        "agent": row["agent"], "session": row["session"], "project": row["project"], "title": row["title"],
        "opened_at": None if row["started_ns"] is None else row["started_ns"] // 1_000_000_000,
        "started_ns": row["started_ns"], "ended_ns": row["ended_ns"], "closed_ns": row["closed_ns"],
        "records": row["records"], "bytes": row["bytes"],
        "rings": [r | {"ring_id": r["ring_id"].hex()} for r in _rows(con, RINGS_SQL, session)],
        "epochs": told, "trimmed": trimmed,
    }  # fmt: skip


def _rows(con: Connection, sql: str, session: int) -> list[dict[str, Any]]:
    cursor = con.execute(sql, {"session": session})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
