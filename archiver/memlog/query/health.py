"""How the recorder is: what lies in its files and its archive, as facts, and the same as metrics.

Opens nothing for writing and asks no witness. What the facts mean is said in checks.py.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from memlog.archive import connection
from memlog.archive.connection import Connection
from memlog.errors import MemlogError, SettingsError
from memlog.paths import Home, open_private
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
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # as witness/clock.py
_LOGGED_NS = 2_000_000_000  # a call logs what it met after its capture is done, to the second
_BORN_S = 30.0  # a witness that has not said by then what came of its start did not get so far


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
    said = _line(os.path.join(home.root, "status.json"))
    witness = _witness(home, said, now_ns)
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


def _witness(home: Home, said: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
    """Its state: running, degraded, silent, starting; stopped, killed or failed where none runs."""
    holder = _holder(home)
    lives = holder is not None and said.get("pid") == holder.get("pid")
    start = _start(home, now_ns)
    forbidden = os.path.lexists(home.witness_stopped)
    silent_s = _since_s(said.get("written_steady_ns"), _whole(said.get("written_ns")) or now_ns, now_ns)
    state = str(said.get("state")) if lives else "starting"
    if lives and silent_s > 300 and state != "stopped":
        state = "silent"
    if holder is None:
        state = "stopped"
        if start["state"] == "failed" and not forbidden:
            state = "failed"
        elif start["state"] in ("running", "degraded") and not forbidden:
            state = "killed"
    started = _whole(holder.get("started")) if holder else None
    return {
        "running": holder is not None, "pid": holder.get("pid") if holder else None, "state": state,
        "started": iso(started) if started else None,
        "uptime_s": round(_since_s(said.get("started_steady_ns") if lives else None, started, now_ns), 1)
        if started else None,
        "silent_s": round(silent_s, 1) if lives or state == "killed" else None,
        "last_error": said.get("last_error"),
        "drained": said.get("drained") if lives else None, "jobs": said.get("jobs", []) if lives else [],
        "forbidden": forbidden, "start": start,
    }  # fmt: skip


def _since_s(steady_ns: object, wall_ns: int, now_ns: int) -> float:
    """Seconds since then by the clock nobody sets, by the wall clock where that was not noted."""
    if isinstance(steady_ns, int):
        passed_ns = time.clock_gettime_ns(_STEADY) - steady_ns
        if passed_ns >= 0:  # else of an earlier boot
            return passed_ns / 1e9
    return max(now_ns - wall_ns, 0) / 1e9


def _start(home: Home, now_ns: int) -> dict[str, Any]:
    """What came of the last start, as witness/start.py noted it. ago_s: since when."""
    try:
        tried_ns = os.lstat(home.witness_start).st_mtime_ns
    except OSError:
        return {"state": None, "reason": "", "hint": "", "ago_s": None}
    said = _line(home.witness_start)
    ago_s = round((now_ns - (_whole(said.get("at_ns")) or tried_ns)) / 1e9, 1)
    if not said and ago_s > _BORN_S:
        said = {"state": "failed", "reason": "it ended before it could say why", "hint": "log/witness.log"}
    found = {name: str(said.get(name, "")) for name in ("reason", "hint")}
    state = said.get("state")
    if state == "failed" and found["hint"] == SettingsError.hint and _is_mended(home, tried_ns):
        return {"state": "stopped", "reason": "", "hint": "", "ago_s": ago_s}
    return {"state": state if isinstance(state, str) else None, **found, "ago_s": ago_s}


def _is_mended(home: Home, failed_ns: int) -> bool:
    """True where the settings were written since; who asks has read them without trouble."""
    try:
        return os.stat(home.config).st_mtime_ns > failed_ns
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _holder(home: Home) -> dict[str, Any] | None:
    """What the holder of the witness's lock wrote into it; None when nobody holds it."""
    try:
        fd = open_private(home.lock, os.O_RDONLY)
    except (OSError, MemlogError):
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _line(home.lock) or {"pid": 0, "started": 0}
    finally:
        os.close(fd)


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


def _line(path: str) -> dict[str, Any]:
    """The JSON object on the first line of a small file; {} where there is none."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(1 << 20).partition(b"\n")[0])
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    """The number, of a file that anything may have written to."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


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


# name → what it measures and where in the facts it lies; docs/operations.md has a row for each
METRICS = {
    "memlog_witness_up": ("1 while a witness runs", ("witness", "running")),
    "memlog_witness_healthy": ("1 while it runs and archives", ("witness", "healthy")),
    "memlog_witness_uptime_seconds": ("since it started", ("witness", "uptime_s")),
    "memlog_witness_silent_seconds": ("since it last wrote its status", ("witness", "silent_s")),
    "memlog_hooks_missing": ("reasons why hooks do not run", ("hooks", "missing")),
    "memlog_last_capture_timestamp_seconds": ("when a hook was last called", ("hooks", "last_call")),
    "memlog_undrained_records": ("in rings, not archived", ("undrained",)),
    "memlog_drain_lag_seconds": ("age of the oldest of them", ("lag_s",)),
    "memlog_archive_sessions": ("sessions archived", ("archive", "sessions")),
    "memlog_archive_records": ("records archived, parts not counted", ("archive", "records")),
    "memlog_archive_bytes": ("size of archive.db", ("archive", "bytes")),
    "memlog_archive_wal_bytes": ("size of its write-ahead log", ("archive", "wal_bytes")),
    "memlog_last_record_timestamp_seconds": ("time of the newest record", ("archive", "last_record")),
    "memlog_gaps": ("ranges a ring lost", ("losses", "gaps")),
    "memlog_gaps_healed": ("of them, read again from transcripts", ("losses", "healed")),
    "memlog_lost_records": ("records of gaps not healed", ("losses", "lost")),
    "memlog_holes": ("ranges of transcripts that did not arrive", ("losses", "holes")),
    "memlog_damaged_lines": ("lines that are no JSON, kept", ("damage", "lines")),
    "memlog_damaged_blobs": ("bytes of rings that are no record, kept", ("damage", "blobs")),
    "memlog_spool_files": ("files hooks put aside", ("spool", "files")),
    "memlog_spool_bytes": ("their size", ("spool", "bytes")),
    "memlog_disk_free_bytes": ("free where the home lies", ("disk", "free")),
    "memlog_clock_ahead_seconds": ("how far the newest stamp lies in the future", ("clock", "ahead_s")),
}
RING_METRICS = {
    "memlog_ring_bytes": ("bytes held", "bytes"),
    "memlog_ring_capacity_bytes": ("bytes it can hold", "capacity"),
    "memlog_ring_records": ("records held", "records"),
    "memlog_ring_undrained_records": ("of them, not archived", "undrained"),
    "memlog_ring_evicted_records": ("records overwritten since it was made", "evicted"),
}


def metrics(archives: Mapping[str, Mapping[str, Any]]) -> str:
    """Facts of archives, by name, in Prometheus's text format; what is not known is left out."""
    lines: list[str] = []
    for name, (meaning, path) in METRICS.items():
        found = [(label, _number(_at(facts, path))) for label, facts in archives.items()]
        lines += _series(name, meaning, [(f'archive="{_escaped(label)}"', n) for label, n in found])
    for name, (meaning, key) in RING_METRICS.items():
        rings = [(label, ring) for label, facts in archives.items() for ring in facts["rings"] or ()]
        lines += _series(
            name, meaning, [(_ring_labels(a, ring), _number(ring.get(key))) for a, ring in rings]
        )
    return "".join(line + "\n" for line in lines)


def _series(name: str, meaning: str, samples: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    known = [(labels, value) for labels, value in samples if value is not None]
    if known:
        yield f"# HELP {name} {meaning}"
        yield f"# TYPE {name} gauge"
        yield from (f"{name}{{{labels}}} {value}" for labels, value in known)


def _ring_labels(archive: str, ring: Mapping[str, Any]) -> str:
    pairs = {"archive": archive, "kind": ring.get("kind"), "path": ring.get("path")}
    return ",".join(f'{name}="{_escaped(str(value))}"' for name, value in pairs.items())


def _at(facts: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = facts
    if path == ("witness", "healthy"):
        return facts["witness"]["state"] == "running"
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _number(value: Any) -> str | None:
    if isinstance(value, str):
        from memlog.query.dates import since

        return str(since(value, 0) / 1e9)
    if isinstance(value, list):
        return str(len(value))
    return None if value is None else str(float(value) if isinstance(value, float) else int(value))


def _escaped(text: str) -> str:
    safe = text.encode("utf-8", "backslashreplace").decode()
    return safe.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
