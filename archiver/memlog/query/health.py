"""How the recorder is: what lies in its files and its archive, as facts.

Opens nothing for writing and asks no witness. What the facts mean is said in checks.py.
"""

import os
import shutil
from dataclasses import asdict, dataclass
from typing import Any

from memlog.archive import connection
from memlog.archive.connection import Connection
from memlog.errors import MemlogError
from memlog.paths import Home
from memlog.query import running
from memlog.query.dates import iso, since

# index: none; sessions are counted by their rows, those that were emptied left out, and rings are few
TOTALS_SQL = """
SELECT (SELECT count(*) FROM session WHERE first_id IS NOT NULL OR links = 0),
  (SELECT coalesce(sum(records), 0) FROM session),
  (SELECT max(ended_ns) FROM session), (SELECT max(drained_ns) FROM ring)
"""
# index: none; gaps and holes are few
LOSSES_SQL = """
SELECT (SELECT count(*) FROM gap), (SELECT count(*) FROM gap WHERE healed_ns IS NOT NULL),
  (SELECT coalesce(sum(lost - recovered), 0) FROM gap WHERE healed_ns IS NULL),
  (SELECT count(*) FROM hole WHERE healed_ns IS NULL),
  (SELECT max(n) FROM (SELECT max(noticed_ns) AS n FROM gap WHERE healed_ns IS NULL
    UNION ALL SELECT max(noticed_ns) FROM hole WHERE healed_ns IS NULL))
"""
# index: record_fts for the lines, which are few; none for blobs, which are fewer. A giant line is one.
DAMAGE_SQL = """
WITH line AS (SELECT rowid AS id FROM record_fts WHERE record_fts MATCH '{tags} : "kdamage"')
SELECT (SELECT count(*) FROM (SELECT DISTINCT session_id, source_id FROM record
    WHERE id IN (SELECT id FROM line))), (SELECT count(*) FROM damage),
  (SELECT max(n) FROM (SELECT max(archived_ns) AS n FROM record WHERE id IN (SELECT id FROM line)
    UNION ALL SELECT max(noticed_ns) FROM damage))
"""
# index: the event's primary key
LAST_EVENT_SQL = """
SELECT coalesce(written_ns, ts_ns) FROM event WHERE event <> 'probe' ORDER BY id DESC LIMIT 1
"""

# index: none, a file is one row
OFFSETS_SQL = "SELECT path, archived FROM transcript"

_SPOOLED = ("RingBusyError", "RingFullError", "RingUnavailableError")
_LOGGED_NS = 2_000_000_000  # a call logs what it met after its capture is done, to the second


@dataclass(frozen=True, slots=True)
class Totals:
    """What is archived. last_ns: time of the newest record; drained_ns: of the newest batch from a ring."""

    sessions: int
    records: int
    last_ns: int | None
    drained_ns: int | None


@dataclass(frozen=True, slots=True)
class Losses:
    """What did not arrive. lost: records of gaps that are not healed. noticed_ns: the newest not healed."""

    gaps: int
    healed: int
    lost: int
    holes: int
    noticed_ns: int | None


@dataclass(frozen=True, slots=True)
class Damaged:
    """What was kept though it is no record: lines of transcripts, blobs of rings. newest_ns: the last."""

    lines: int
    blobs: int
    newest_ns: int | None


@dataclass(frozen=True, slots=True)
class Spool:
    """What waits in the spool. foreign: something under such a name that is no file."""

    files: int
    bytes: int
    oldest_ns: int | None
    foreign: str | None = None


def totals(con: Connection) -> Totals:
    """How much is archived."""
    return Totals(*con.execute(TOTALS_SQL).fetchone())


def losses(con: Connection) -> Losses:
    """How much did not arrive."""
    return Losses(*con.execute(LOSSES_SQL).fetchone())


def damaged(con: Connection) -> Damaged:
    """How much arrived that is no record."""
    return Damaged(*con.execute(DAMAGE_SQL).fetchone())


def read_offsets(con: Connection) -> dict[str, int]:
    """How many bytes of each transcript are archived, by path."""
    return dict(con.execute(OFFSETS_SQL).fetchall())


def spool_of(home: Home) -> Spool:
    """What hooks left for the witness."""
    files = size = 0
    oldest: int | None = None
    foreign: str | None = None
    try:
        with os.scandir(home.spool) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    foreign = entry.path
                elif entry.name.endswith((".frames", ".transcript")):
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
                    first = entry.name.partition("-")[0]
                    if first.isascii() and first.isdigit():
                        oldest = min(oldest or int(first), int(first))
    except (FileNotFoundError, NotADirectoryError):  # of the latter a check says so
        pass
    return Spool(files, size, oldest, foreign)


def look(home: Home, *, now_ns: int) -> dict[str, Any]:
    """Every fact that lies in files. Rings, hooks and clock are as the witness that runs last saw them.

    Shape: home, now, witness, rings, undrained, lag_s, archive, losses, damage, spool, hooks, disk, clock;
    archive, losses and damage are None where there is no archive that opens, rings where no witness runs.
    """
    said = running.line(os.path.join(home.root, "status.json"))
    witness = running.witness(home, said, now_ns)
    runs = said if witness["state"] in ("running", "degraded", "silent") else {}
    facts: dict[str, Any] = {
        "home": home.root, "now": iso(now_ns), "witness": witness, "rings": runs.get("rings"),
        "undrained": None, "lag_s": None, **_archived(home), "spool": asdict(spool_of(home)),
        "hooks": {"missing": None, "installed": None, "last_call": None, "unseen": None}
        | (runs.get("hooks") or {})
        | {"last_error": _last_line(os.path.join(home.log, "hook.log")), "failing": None},
        "disk": _disk(home), "clock": {"jump_s": None, "jumped": None, **(runs.get("clock") or {})},
    }  # fmt: skip
    stamps = [n for n in (said.get("written_ns"), facts.pop("drained_ns")) if isinstance(n, int)]
    facts["clock"]["ahead_s"] = max([0, *(n - now_ns for n in stamps)]) / 1e9
    measure(facts, now_ns=now_ns)
    captured = _last_watermark(home)
    last = max(facts.pop("event_ns") or 0, captured)
    facts["hooks"]["last_call"] = iso(last) if last else None
    facts["hooks"]["failing"] = _failing(facts["hooks"]["last_error"], captured)
    return facts


def measure(facts: dict[str, Any], *, now_ns: int) -> None:
    """Fill in what follows from the levels of the rings: what is not archived, since when, the clock."""
    rings = facts["rings"]
    if rings is None:
        return
    facts["undrained"] = sum(ring.get("undrained", 0) for ring in rings)
    since = min((n for ring in rings if (n := ring.get("undrained_since_ns"))), default=None)
    facts["lag_s"] = round(max(now_ns - since, 0) / 1e9, 3) if since else 0.0
    newest = max((n for ring in rings if (n := ring.get("newest_ns"))), default=0)
    facts["clock"]["ahead_s"] = max(facts["clock"]["ahead_s"], (newest - now_ns) / 1e9)


def _archived(home: Home) -> dict[str, Any]:
    none = {"archive": None, "losses": None, "damage": None, "drained_ns": None, "event_ns": None}
    try:
        con = connection.open_reader(home.archive)
    except MemlogError:
        return none  # checks.archive says why
    try:
        found = totals(con)
        event = con.execute(LAST_EVENT_SQL).fetchone()
        return {
            "archive": {
                "path": home.archive, "sessions": found.sessions, "records": found.records,
                "bytes": _size(home.archive), "wal_bytes": _size(home.archive + "-wal"),
                "last_record": iso(found.last_ns) if found.last_ns else None,
                "last_drained": iso(found.drained_ns) if found.drained_ns else None,
            },
            "losses": asdict(losses(con)), "damage": asdict(damaged(con)),
            "drained_ns": found.drained_ns, "event_ns": event[0] if event else None,
        }  # fmt: skip
    except connection.Error:
        return none
    finally:
        con.close()


def _last_watermark(home: Home) -> int:
    """When a hook last noted how far it came: also what no witness has archived yet."""
    try:
        with os.scandir(home.watermarks) as entries:
            return max(
                (e.stat().st_mtime_ns for e in entries if e.name.endswith((".json", ".handed"))), default=0
            )
    except OSError:
        return 0


def _failing(line: str | None, captured_ns: int) -> str | None:
    """The last line of hook.log where nothing was captured since; None also for what the spool took."""
    when, _, said = (line or "").partition(" ")
    if not said or any(name in said for name in _SPOOLED):
        return None
    try:
        at_ns = since(when, 0)
    except MemlogError:
        return None
    return line if at_ns > captured_ns + _LOGGED_NS else None


def _disk(home: Home) -> dict[str, int]:
    place = home.root
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    usage = shutil.disk_usage(place)
    return {"free": usage.free, "total": usage.total}


def _last_line(path: str) -> str | None:
    """The last line of a log; None where there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - 4_096, 0))
            lines = file.read().split(b"\n")
    except OSError:
        return None
    return lines[-2].decode("utf-8", "backslashreplace") if len(lines) > 1 else None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
