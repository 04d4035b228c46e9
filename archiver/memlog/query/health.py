"""Is the recorder well: one small question each, of the archive, its files, and what the caller knows."""

import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memlog.archive import connection
from memlog.archive.connection import Connection
from memlog.contracts import ARCHIVE_VERSION
from memlog.errors import MemlogError, NotFoundError
from memlog.paths import Home

OK, WARN, BAD = "ok", "warn", "bad"

# index: none; gaps and holes are few, and sessions are counted by their rows
TOTALS_SQL = """
SELECT (SELECT count(*) FROM session), (SELECT coalesce(sum(records), 0) FROM session),
  (SELECT max(ended_ns) FROM session), (SELECT max(drained_ns) FROM ring)
"""
LOSSES_SQL = """
SELECT (SELECT count(*) FROM gap), (SELECT count(*) FROM gap WHERE healed_ns IS NOT NULL),
  (SELECT coalesce(sum(lost - recovered), 0) FROM gap WHERE healed_ns IS NULL),
  (SELECT count(*) FROM hole WHERE healed_ns IS NULL),
  (SELECT max(n) FROM (SELECT max(noticed_ns) AS n FROM gap WHERE healed_ns IS NULL
    UNION ALL SELECT max(noticed_ns) FROM hole WHERE healed_ns IS NULL))
"""
# index: session_name
FOLDERS_SQL = "SELECT dir FROM session WHERE session = :session ORDER BY agent"
SNAPSHOTS_SQL = """
SELECT s.session, s.agent, s.dir, s.records, (SELECT count(*) FROM epoch e WHERE e.session_id = s.id)
FROM session s ORDER BY s.ended_ns DESC LIMIT :limit
"""

_RECENT_NS = 86_400 * 1_000_000_000
_STUCK_NS = 300 * 1_000_000_000
_WAITING_NS = 60 * 1_000_000_000
_LOW_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. state: ok, warn (works, but look at it), bad. remedy: what to do."""

    check: str
    state: str
    detail: str
    remedy: str = ""


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
class Spool:
    """What waits in the spool."""

    files: int
    bytes: int
    oldest_ns: int | None


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """A session's folder in the snapshot tree."""

    session: str
    agent: str
    records: int
    epochs: int
    snapshots: int
    bytes: int
    folder: str


def totals(con: Connection) -> Totals:
    """How much is archived."""
    return Totals(*con.execute(TOTALS_SQL).fetchone())


def losses(con: Connection) -> Losses:
    """How much did not arrive."""
    return Losses(*con.execute(LOSSES_SQL).fetchone())


def spool_of(home: Home) -> Spool:
    """What hooks left for the witness."""
    files = size = 0
    oldest: int | None = None
    try:
        with os.scandir(home.spool) as entries:
            for entry in entries:
                if entry.name.endswith((".frames", ".transcript")):
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
                    first = entry.name.partition("-")[0]
                    if first.isascii() and first.isdigit():
                        oldest = min(oldest or int(first), int(first))
    except FileNotFoundError:
        pass
    return Spool(files, size, oldest)


def folders(con: Connection, session: str) -> list[str]:
    """Folders of the sessions of this name, one for each agent."""
    return [folder for (folder,) in con.execute(FOLDERS_SQL, {"session": session})]


def snapshots(con: Connection, home: Home, *, limit: int) -> list[SessionFiles]:
    """The newest sessions and what the tree holds of them."""
    found = []
    for session, agent, folder, records, epochs in con.execute(SNAPSHOTS_SQL, {"limit": limit}).fetchall():
        count = size = 0
        try:
            with os.scandir(os.path.join(home.root, folder)) as entries:
                for entry in entries:
                    size += entry.stat(follow_symlinks=False).st_size
                    count += entry.name.startswith("snap-")
        except OSError:
            pass
        found.append(SessionFiles(session, agent, records, epochs, count, size, folder))
    return found


def check_sqlite() -> Check:
    """Is this SQLite new enough, and safe for several processes."""
    name = f"{connection.BINDING} {'.'.join(map(str, connection.SQLITE_VERSION))}"
    try:
        connection.require_version()
    except MemlogError as exc:
        return Check("sqlite", BAD, str(exc), exc.hint)
    if not connection.wal_is_safe():
        said = f"{name} may lose pages of a WAL shared between processes: archives are made without one"
        return Check("sqlite", WARN, said, "pip install 'pysqlite3>=0.6.1'")
    return Check("sqlite", OK, name)


def check_home(home: Home) -> Check:
    """Is the home ours alone."""
    try:
        found = os.lstat(home.root)
    except FileNotFoundError:
        return Check("home", WARN, f"{home.root} is not there yet", "memlog up")
    if found.st_uid != os.geteuid():
        return Check("home", BAD, f"{home.root} belongs to uid {found.st_uid}", f"chown -R $USER {home.root}")
    open_to_others = [home.root] if stat.S_IMODE(found.st_mode) & 0o077 else []
    for name in (home.archive, home.key, home.ring, home.spool, home.log):
        try:
            if stat.S_IMODE(os.lstat(name).st_mode) & 0o077:
                open_to_others.append(name)
        except FileNotFoundError:
            continue
    if open_to_others:
        said = f"others may read {', '.join(open_to_others)}"
        return Check("home", BAD, said, f"chmod -R go-rwx {home.root}")
    return Check("home", OK, f"{home.root}, yours alone")


def check_archive(home: Home) -> Check:
    """Does the archive open, and is it of this version."""
    try:
        con = connection.open_reader(home.archive)
    except NotFoundError:
        return Check("archive", WARN, "nothing is archived yet", "memlog up, or memlog import claude-code")
    except MemlogError as exc:
        return Check("archive", BAD, str(exc), exc.hint)
    try:
        version = con.execute("PRAGMA user_version").fetchone()[0]
        found = totals(con)
    except connection.Error as exc:
        return Check("archive", BAD, f"{home.archive}: {exc}", "memlog admin verify")
    finally:
        con.close()
    said = f"{found.records:,} records of {found.sessions:,} sessions, schema {version}"
    if version < ARCHIVE_VERSION:
        return Check("archive", WARN, f"{said}; this memlog writes {ARCHIVE_VERSION}", "memlog admin migrate")
    return Check("archive", OK, said)


def check_losses(found: Losses | None, now_ns: int) -> Check:
    """Did everything arrive."""
    if found is None or not (found.gaps or found.holes):
        return Check("losses", OK, "no gap, no hole")
    if found.noticed_ns is None:
        return Check("losses", OK, f"{_count(found.gaps, 'gap')}, healed")
    said = f"{found.lost:,} records lost in {_count(found.gaps - found.healed, 'gap')}, "
    said += f"{_count(found.holes, 'hole')} in transcripts"
    state = BAD if now_ns - found.noticed_ns < _RECENT_NS else WARN
    return Check("losses", state, said, "memlog query gaps")


def check_ring(levels: Sequence[Mapping[str, Any]], runs: bool, now_ns: int) -> Check:
    """Can the rings be opened, and is what they hold archived. levels: as witness/status.py has them."""
    broken = [level for level in levels if level.get("error")]
    if broken:
        return Check("ring", BAD, str(broken[0]["error"]), "memlog doctor --settings, or --ring shm")
    if not levels:
        return Check("ring", OK, "no ring yet; the first record makes it")
    waiting = sum(level["undrained"] for level in levels)
    since = min((n for level in levels if (n := level.get("undrained_since_ns"))), default=None)
    names = ", ".join(
        f"{level['kind']} {level['bytes']:,} of {level['capacity']:,} bytes" for level in levels
    )
    if not waiting:
        return Check("ring", OK, f"{names}, all archived")
    age_s = (now_ns - since) / 1e9 if since else 0.0
    said = f"{names}; {_count(waiting, 'record')} not archived, the oldest for {_age(age_s)}"
    late = since is not None and now_ns - since > _WAITING_NS
    remedy = "memlog status, and log/witness.log" if runs else "memlog witness drain, or memlog up"
    return Check("ring", BAD if late else OK, said, remedy if late else "")


def check_device(device: str, kind: str) -> Check:
    """Is the kernel module's device there and ours to use."""
    if kind == "shm":
        return Check("device", OK, "not used: the setting ring is shm")
    if not os.path.exists(device):
        if kind == "kernel":
            return Check("device", BAD, f"there is no {device}", 'load the module, or set ring = "auto"')
        return Check("device", OK, f"no {device}; the shared-memory ring is used")
    if not os.access(device, os.R_OK | os.W_OK):
        return Check("device", WARN, f"{device} may not be opened by you", "add yourself to the group memlog")
    return Check("device", OK, f"{device} can be opened")


def check_witness(pid: int | None, status: Mapping[str, Any], stopped: bool, may_start: bool) -> Check:
    """Does a witness run. pid: of the lock's holder."""
    if pid is None:
        if stopped:
            return Check(
                "witness", WARN, "stopped by `memlog witness stop`; hooks start none", "memlog witness run"
            )
        if may_start:
            return Check("witness", OK, "none runs; the next hook starts one")
        return Check("witness", WARN, "none runs, and hooks start none (start_witness)", "memlog witness run")
    if status.get("state") == "starting":
        return Check("witness", OK, f"pid {pid} holds the lock: a command at work, or a witness that starts")
    if status.get("state") == "degraded":
        remedy = "make room or mend the disk; it resumes by itself"
        return Check("witness", BAD, f"pid {pid} is degraded: {status.get('last_error')}", remedy)
    return Check(
        "witness", OK, f"pid {pid} runs, {status.get('drained', {}).get('archived', 0):,} rows archived"
    )


def check_spool(found: Spool, now_ns: int) -> Check:
    """Is what hooks put aside brought in."""
    if not found.files:
        return Check("spool", OK, "empty")
    age_ns = now_ns - found.oldest_ns if found.oldest_ns else 0
    said = f"{_count(found.files, 'file')}, {found.bytes:,} bytes, the oldest {_age(age_ns / 1e9)} old"
    if age_ns > _STUCK_NS:
        return Check("spool", BAD, said, "memlog witness drain")
    return Check("spool", OK, said)


def check_hooks(missing: Sequence[str]) -> Check:
    """Do the agents call us. missing: what is not installed, in words."""
    if missing:
        return Check("hooks", WARN, "; ".join(missing), "memlog install claude-code")
    return Check("hooks", OK, "installed for Claude Code")


def check_disk(home: Home) -> Check:
    """Is there room."""
    place = home.root
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:,.1f} GB free"
    return Check("disk", BAD if free < _LOW_BYTES else OK, said, "make room" if free < _LOW_BYTES else "")


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
