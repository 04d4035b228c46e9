"""Is the recorder well: one small question each, and what to do where the answer is no.

status shows these, which follow from health.look(); surroundings.py has what doctor adds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memlog.archive import connection
from memlog.contracts import ARCHIVE_VERSION
from memlog.errors import MemlogError, NotFoundError
from memlog.paths import Home, read_key
from memlog.query import folders, glance
from memlog.query.dates import iso
from memlog.query.health import Damaged, Losses, Spool, totals

OK, WARN, BAD = "ok", "warn", "bad"

_RECENT_NS = 86_400 * 1_000_000_000
_STUCK_NS = 300 * 1_000_000_000
_WAITING_NS = 60 * 1_000_000_000
_LOW_BYTES = 200_000_000
_AHEAD_S = 60.0
_ABSENT, _NO_PROGRAM = "no hook of memlog", " cannot be run"
_CLOCK_BUILT_NS = 1_700_000_000 * 1_000_000_000  # memlog is younger than this


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. state: ok, warn (works, but look at it), bad. remedy: what to do."""

    check: str
    state: str
    detail: str
    remedy: str = ""


def witness(facts: Mapping[str, Any], may_start: bool) -> Check:
    """Does a witness run, and does it archive. facts: health.look()'s `witness`."""
    state, pid, start = facts["state"], facts["pid"], facts["start"]
    if state == "failed":
        said = f"last start failed {age(start['ago_s'])} ago: {start['reason']}"
        return Check("witness", BAD, said, start["hint"] or "memlog witness run")
    if state == "killed":
        said = (
            f"it ended without a word at most {age(facts['silent_s'])} ago: killed, or gone with the machine"
        )
        if may_start:
            return Check("witness", WARN, f"{said}; the next hook starts one", "memlog witness run")
        return Check("witness", BAD, f"{said}; hooks start none (start_witness)", "memlog witness run")
    if state == "stopped":
        return _stopped(facts["forbidden"], may_start)
    if state == "starting":
        return Check("witness", OK, f"pid {pid} holds the lock: a command at work, or a witness that starts")
    if state == "degraded":
        remedy = "make room or mend the disk; it resumes by itself"
        return Check("witness", BAD, f"pid {pid} is degraded: {facts['last_error']}", remedy)
    if state == "silent":
        said = f"pid {pid} holds the lock and has said nothing for {age(facts['silent_s'])}"
        return Check("witness", BAD, said, f"kill {pid}, then memlog witness run")
    count = (facts["drained"] or {}).get("records", 0)
    return Check(
        "witness", OK, f"pid {pid} runs for {age(facts['uptime_s'] or 0)}, archived {number(count, 'record')}"
    )


def _stopped(forbidden: bool, may_start: bool) -> Check:
    if forbidden:
        return Check(
            "witness", WARN, "stopped by `memlog witness stop`; hooks start none", "memlog witness run"
        )
    if may_start:
        return Check("witness", OK, "none runs; the next hook starts one")
    return Check("witness", WARN, "none runs, and hooks start none (start_witness)", "memlog witness run")


def ring(levels: Sequence[Mapping[str, Any]], runs: bool, now_ns: int) -> Check:
    """Can the rings be opened, and is what they hold archived. levels: as witness/status.py has them."""
    broken = [level for level in levels if level.get("error")]
    if broken:
        return Check("ring", BAD, str(broken[0]["error"]), "memlog doctor --settings, or --ring shm")
    if not levels:
        return Check("ring", OK, "no ring yet; the first record makes it")
    lost = sum(level.get("overwritten", 0) for level in levels)
    if lost:
        said = f"{number(lost, 'record')} overwritten before anything archived them"
        remedy = "memlog witness drain, then memlog query gaps: transcripts are read again for what they held"
        return Check("ring", BAD, said, remedy)
    waiting = sum(level["undrained"] for level in levels)
    since = min((n for level in levels if (n := level.get("undrained_since_ns"))), default=None)
    names = ", ".join(
        f"{level['kind']} {level['bytes']:,} of {level['capacity']:,} bytes" for level in levels
    )
    if not waiting:
        return Check("ring", OK, f"{names}, all archived")
    age_s = (now_ns - since) / 1e9 if since else 0.0
    said = f"{names}; {number(waiting, 'ring record')} not archived, the oldest for {age(age_s)}"
    late = since is not None and now_ns - since > _WAITING_NS
    remedy = "memlog status, and log/witness.log" if runs else "memlog witness drain, or memlog up"
    return Check("ring", BAD if late else OK, said, remedy if late else "")


def spool(found: Spool, now_ns: int) -> Check:
    """Is what hooks put aside brought in."""
    if not found.files and not found.foreign:
        return Check("spool", OK, "empty")
    age_ns = now_ns - found.oldest_ns if found.oldest_ns else 0
    if found.foreign:
        return Check(
            "spool", BAD, f"{found.foreign} is no file, and cannot be taken in", f"mv {found.foreign} away"
        )
    said = f"{number(found.files, 'file')}, {found.bytes:,} bytes, the oldest {age(age_ns / 1e9)} old"
    if age_ns > _STUCK_NS:
        return Check("spool", BAD, f"grows: {said}", "memlog witness drain")
    return Check("spool", OK, said)


def losses(found: Losses | None, now_ns: int) -> Check:
    """Did everything arrive."""
    if found is None or not (found.gaps or found.holes):
        return Check("losses", OK, "no gap, no hole")
    if found.noticed_ns is None:
        return Check("losses", OK, f"{number(found.gaps, 'gap')}, healed")
    said = f"{number(found.lost, 'ring record')} lost in {number(found.gaps - found.healed, 'gap')}, "
    said += f"{number(found.holes, 'hole')} in transcripts"
    state = BAD if now_ns - found.noticed_ns < _RECENT_NS else WARN
    return Check("losses", state, said, "memlog query gaps")


def damage(found: Damaged | None, now_ns: int) -> Check:
    """Did something arrive that is no record. It is kept as it was."""
    if found is None or not (found.lines or found.blobs):
        return Check("damage", OK, "none")
    said = f"kept as they were: {number(found.lines, 'line')} that are no JSON, "
    said += f"{number(found.blobs, 'piece')} of rings that are no record"
    if found.newest_ns is None or now_ns - found.newest_ns > _RECENT_NS:
        return Check("damage", OK, said)
    said += f"; the newest {age((now_ns - found.newest_ns) / 1e9)} ago"
    return Check("damage", WARN, said, "memlog query search --kind damage, or: select * from v_damage")


def archive(home: Home) -> Check:
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
        wrong = glance.fault(con)
        strange = 0 if wrong else folders.unknown(con, home)
    except connection.Error as exc:
        wrong = str(exc)
    finally:
        con.close()
    if wrong:
        said = f"{home.archive} is damaged: {wrong}"
        return Check(
            "archive", BAD, said, "memlog admin verify, then memlog admin rebuild archive --from-tree"
        )
    said = f"{number(found.records, 'record')} of {number(found.sessions, 'session')}, schema {version}"
    if strange:
        said += f"; the snapshot tree has {number(strange, 'session')} more"
        return Check("archive", BAD, said, "memlog admin rebuild archive --from-tree")
    if version < ARCHIVE_VERSION:
        return Check("archive", WARN, f"{said}; this memlog writes {ARCHIVE_VERSION}", "memlog admin migrate")
    return Check("archive", OK, said)


def hooks(facts: Mapping[str, Any]) -> Check:
    """Do the agents call us. facts: `hooks` of health.look(), with what is missing, in whose settings
    hooks were installed, and what no hook saw.

    Hooks that were installed and are gone, or are there and not called, are not "nothing to do". Those of
    a plugin or a project are called without being missed by the user's settings.
    """
    missing, last, unseen = facts["missing"], facts["last_call"], facts["unseen"]
    agents = facts["installed"] or ()
    called = f"last called {last}" if last else "never called yet"
    if missing:
        lost = ("not installed", "no hook", "there is no")
        gone = bool(agents) and any(word in line for line in missing for word in lost)
        said = f"{'removed' if gone else 'missing'}: {'; '.join(_brief(missing))}; {called}"
        return Check("hooks", BAD if gone else WARN, said, _mend(missing, facts.get("remedies") or ()))
    if facts.get("failing"):
        said = f"called, but the last call captured nothing: {facts['failing']}"
        return Check("hooks", BAD, said, "memlog doctor; log/hook.log says what hooks met")
    if unseen:
        said = f"installed, but {called}, and {unseen['path']} changed {unseen['changed']}"
        remedy = "start a new session of the agent; log/hook.log says what hooks met"
        return Check("hooks", BAD, said, remedy)
    return Check("hooks", OK, f"installed for {', '.join(agents) or 'claude-code'}, {called}")


def _brief(missing: Sequence[str]) -> list[str]:
    """The sentences, those that differ in the event only as one."""
    groups: dict[tuple[str, str], list[str]] = {}
    for line in missing:
        before, _, what = line.rpartition(": ") if line.endswith(_ABSENT) else line.partition(": runs ")
        agent = before.partition(": ")[0] + ": " if ": " in before else ""
        kind = "absent" if what == _ABSENT else "other" if " instead of " in what else line
        groups.setdefault((agent, kind), []).append(line)
    return [
        lines[0] if len(lines) == 1
        else f"{agent}{len(lines)} events have no hook of memlog" if kind == "absent"
        else f"{lines[0]}, and so {len(lines) - 1} more"
        for (agent, kind), lines in groups.items()
    ]  # fmt: skip


def _mend(missing: Sequence[str], install: Sequence[str]) -> str:
    """What helps: a switch that is off, or a program that cannot run, is not mended by installing."""
    steps = []
    for line in missing:
        for switch, wanted in ((" is true", "false"), (" is false", "true")):
            if switch in line:
                steps.append(f"set to {wanted}: {line.partition(switch)[0]}")
        if line.endswith(_NO_PROGRAM):
            steps.append(f"chmod +x {line.removesuffix(_NO_PROGRAM).rpartition(': ')[2]}")
        elif "hooksConfig.disabled" in line:
            steps.append("take memlog out of hooksConfig.disabled")
    if len(steps) < len(missing):
        steps += install or ["memlog install claude-code"]
    return ", then ".join(dict.fromkeys(steps))


def disk(facts: Mapping[str, int]) -> Check:
    """Is there room. facts: `disk` of health.look()."""
    free = facts["free"]
    if free < _LOW_BYTES:
        return Check("disk", BAD, f"full: {free / 1e6:,.0f} MB free", "make room")
    return Check("disk", OK, f"{free / 1e9:,.1f} GB free")


def clock(facts: Mapping[str, Any], now_ns: int) -> Check:
    """Is the clock where the records' stamps say. facts: `clock` of health.look()."""
    remedy = "set the clock (timedatectl); records keep the stamps they have"
    if now_ns < _CLOCK_BUILT_NS:
        return Check("clock", BAD, f"it says {iso(now_ns)[:10]}", remedy)
    if facts["ahead_s"] > _AHEAD_S:
        said = f"it jumped back: the newest stamp lies {age(facts['ahead_s'])} in the future"
        return Check("clock", BAD, said, remedy)
    if facts["jump_s"]:
        way = "ahead" if facts["jump_s"] > 0 else "back"
        return Check(
            "clock", WARN, f"it jumped {age(abs(facts['jump_s']))} {way} at {facts['jumped']}", remedy
        )
    return Check("clock", OK, "no jump")


def key(place: Home) -> Check:
    """Is the key there, whole, and the one the archive was made with."""
    try:
        read_key(place)
    except FileNotFoundError:
        return Check("key", OK, "the first record makes it, or brings it back")
    except (OSError, MemlogError) as exc:
        remedy = exc.hint if isinstance(exc, MemlogError) else "memlog doctor"
        return Check("key", BAD, f"{exc}; transcripts wait in the spool", remedy)
    return Check("key", OK, "there")


def age(seconds: float) -> str:
    """A span of time in its largest unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def number(n: int, noun: str) -> str:
    """1 record, 2,000 records."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
