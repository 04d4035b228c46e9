"""Are the machine and the installation what memlog needs: what doctor looks at besides the recorder."""

import os
import stat
from collections.abc import Sequence

from memlog.archive import connection
from memlog.errors import MemlogError
from memlog.paths import Home
from memlog.query.checks import BAD, OK, WARN, Check, number
from memlog.query.dates import iso


def sqlite() -> Check:
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


def home(place: Home, *, network: bool) -> Check:
    """Is the home ours alone, ours to write, and on a disk of this machine."""
    try:
        found = os.lstat(place.root)
    except FileNotFoundError:
        return Check("home", WARN, f"{place.root} is not there yet", "memlog up")
    if found.st_uid != os.geteuid():
        return Check(
            "home", BAD, f"{place.root} belongs to uid {found.st_uid}", f"chown -R $USER {place.root}"
        )
    shut = [path for path in (place.root, place.ring, place.spool) if os.path.exists(path)]
    shut = [path for path in shut if not os.access(path, os.W_OK | os.X_OK)]
    if shut:
        if os.statvfs(shut[0]).f_flag & os.ST_RDONLY:
            said = f"{shut[0]} lies on a read-only file system: nothing can be recorded"
            return Check("home", BAD, said, "mount it for writing, or set MEMLOG_HOME to another disk")
        said = f"{', '.join(shut)} cannot be written: nothing can be recorded"
        return Check("home", BAD, said, f"chmod u+rwx {' '.join(shut)}")
    open_to_others = [place.root] if stat.S_IMODE(found.st_mode) & 0o077 else []
    for name in (place.archive, place.key, place.archive_key, place.ring, place.spool, place.log):
        try:
            if stat.S_IMODE(os.lstat(name).st_mode) & 0o077:
                open_to_others.append(name)
        except FileNotFoundError:
            continue
    if open_to_others:
        said = f"others may read {', '.join(open_to_others)}"
        return Check("home", BAD, said, f"chmod -R go-rwx {place.root}")
    if network:
        said = f"{place.root} lies on a network file system: SQLite's locks cannot be trusted there"
        return Check("home", WARN, said, "set MEMLOG_HOME to a local disk")
    return Check("home", OK, f"{place.root}, yours alone")


def device(path: str, kind: str) -> Check:
    """Is the kernel module's device there, of mode 0660 and group memlog, and ours to use."""
    if kind == "shm":
        return Check("device", OK, "not used: the setting ring is shm")
    try:
        found = os.stat(path)
    except OSError:
        if kind == "kernel":
            return Check("device", BAD, f"there is no {path}", 'load the module, or set ring = "auto"')
        return Check("device", OK, f"no {path}; the shared-memory ring is used")
    mode, group = stat.S_IMODE(found.st_mode), _group(found.st_gid)
    said = f"{path} has mode {mode:04o} and group {group}"
    mend = f"sudo chgrp memlog {path}; sudo chmod 0660 {path}"
    if mode & 0o007:
        return Check("device", BAD, f"{said}: everybody may open it", mend)
    if not os.access(path, os.R_OK | os.W_OK):
        remedy = "sudo usermod -aG memlog $USER, then log in again"
        return Check("device", WARN, f"{said}: you may not open it", remedy)
    if (mode, group) != (0o660, "memlog"):
        return Check("device", WARN, f"{said}, not 0660 and memlog", mend)
    return Check("device", OK, f"{said}, and can be opened")


def probe(kind: str, seq: int, counted: int, runs: bool, archived: bool) -> Check:
    """Did an event that was written arrive. counted: by how many the ring's total_writes grew."""
    said = f"written to the {kind} ring as seq {seq}"
    if counted < 1:
        return Check("probe", BAD, f"{said}, and not counted by it", "memlog stats")
    if runs and not archived:
        return Check("probe", BAD, f"{said}, and not archived by the witness", "memlog witness status")
    return Check("probe", OK, f"{said}, " + ("and archived" if archived else "no witness runs to archive it"))


def installs(programs: Sequence[str], own: str) -> Check:
    """Is there one memlog. programs: those a shell finds, in its order; own: the one that runs now."""
    distinct = list(dict.fromkeys(map(os.path.realpath, programs)))
    if len(distinct) > 1:
        said = f"several: {', '.join(distinct)}; a shell runs the first"
        return Check("installs", WARN, said, "uninstall the others, then memlog install claude-code")
    if distinct and distinct[0] != os.path.realpath(own):
        said = f"a shell runs {distinct[0]}, this is {os.path.realpath(own)}"
        return Check("installs", WARN, said, "uninstall one of them, then memlog install claude-code")
    return Check("installs", OK, f"one: {own}")


def expiring(count: int, first_ns: int | None, days: int, now_ns: int) -> Check:
    """Will the host delete transcripts that are not archived. count: of those it deletes within a week."""
    if not count or first_ns is None:
        return Check("transcripts", OK, f"all archived that Claude Code deletes (after {days} days)")
    when = iso(first_ns)[:10] if first_ns > now_ns else "at its next start"
    said = f"{number(count, 'transcript')} not archived; Claude Code deletes the first {when}"
    return Check("transcripts", WARN, said, "memlog import claude-code")


def _group(gid: int) -> str:
    import grp  # only where there is a device

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
