"""Import: transcripts that were there before memlog was, through the same reader as capture."""

import json
import os
import shlex
import time
from collections.abc import Generator, Iterator
from typing import Any

from memlog.archive import tree
from memlog.archive.store import Archive
from memlog.capture import agents, transcript, whose
from memlog.capture.watermark import Watermark
from memlog.errors import ContractError, InputError, NotFoundError
from memlog.settings import Settings
from memlog.witness import trouble
from memlog.witness.intake import AGENT_MARK, Intake
from memlog.witness.jobs import Progress
from memlog.witness.log import log

# index: transcript, its primary key
KNOWN_SQL = "SELECT archived, state FROM transcript WHERE path = :path"
SESSIONS_SQL = "SELECT count(*) FROM session"

Steps = Generator[Progress, None, dict[str, Any]]

_MOST_NAMED = 20  # of what could not be read
_SNAPSHOTS_AT_ONCE = 4  # a large one takes as long as a batch


class _Count:
    """How far an import is. rows: what each agent's part of it was."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = self.files = self.unchanged = self.torn = 0
        self.unreadable: list[dict[str, str]] = []
        self.rows: list[dict[str, Any]] = []


def import_job(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """Archive every transcript under some paths; what is archived already is met again, never doubled.

    args: agent and paths (absolute), or sources, a list of such; again: also read files that have not
    changed since they were archived. A file that grew is read from where it was left, so an import that
    was interrupted goes on there. Progress in bytes of transcript.
    Result: files, unchanged, lines, records, already, sessions, damage, redacted, omitted, torn (bytes of
    lines not finished), unreadable (path and why), seconds, agents (files, unchanged, records, already,
    sessions of each).
    Raises: InputError for an unknown agent or a path that does not exist, before anything is read.
    """
    started = time.monotonic()
    sources = args.get("sources")
    sources = sources if isinstance(sources, list) else [args]
    found = {str(one.get("agent")): _find(str(one.get("agent")), one.get("paths")) for one in sources}
    count = _Count(sum(size for files in found.values() for _, size in files))
    intake = Intake(archive, settings)
    yield Progress(0, count.total, "")
    for agent, files in found.items():
        before = _reached(archive, intake, count)
        yield from _read(archive, intake, count, agent, files, args.get("again") is True)
        intake.flush()
        after = _reached(archive, intake, count)
        count.rows.append({"agent": agent, **{name: after[name] - before[name] for name in before}})
    yield Progress(count.total, count.total, "")
    yield from _write_tree(archive, count.total)
    sums = {name: sum(row[name] for row in count.rows) for name in _reached(archive, intake, count)}
    return {
        "agent": args.get("agent"), **sums, "lines": intake.lines, "tombstoned": intake.totals.tombstoned,
        "damage": intake.damaged, "redacted": dict(intake.redacted), "omitted": dict(intake.omitted),
        "torn": count.torn, "unreadable": count.unreadable[:_MOST_NAMED], "unread": len(count.unreadable),
        "bytes": count.total, "seconds": round(time.monotonic() - started, 3), "agents": count.rows,
    }  # fmt: skip


def _reached(archive: Archive, intake: Intake, count: _Count) -> dict[str, int]:
    return {
        "files": count.files, "unchanged": count.unchanged, "records": intake.totals.records,
        "already": intake.totals.met, "sessions": archive.con.execute(SESSIONS_SQL).fetchone()[0],
    }  # fmt: skip


def _read(
    archive: Archive, intake: Intake, count: _Count, agent: str, found: list[tuple[str, int]], again: bool
) -> Iterator[Progress]:
    """Each file of an agent, as far as it is not archived."""
    for path, size in found:
        try:
            _require(path, agent)
            start = None if again else _known(archive, path, agent)
            if start is not None and transcript.is_whole(path, start):
                count.unchanged += 1
            else:
                for offset in intake.read(path, agent, start=start):
                    yield Progress(count.done + min(offset, size), count.total, path)
                has_more = start is None or intake.reached != start
                count.files += has_more
                count.unchanged += not has_more
                count.torn += _left(path, size, intake.reached)
        except (InputError, NotFoundError, OSError) as exc:
            said = str(exc) if path in str(exc) else f"{path}: {exc}"
            log.warning("transcript not readable error=%s", said)
            count.unreadable.append({"path": path, "error": said})
        count.done += size


def _write_tree(archive: Archive, total: int) -> Iterator[Progress]:
    """Sessions that are silent by now end, and what has ended goes into the tree."""
    archive.close_silent(now_ns=time.time_ns())
    files = 0
    try:
        while (step := tree.write_dirty(archive, limit=_SNAPSHOTS_AT_ONCE)).files:
            files += step.files
            yield Progress(total, total, f"{files:,} snapshots written")
    except OSError as exc:
        # All of it is archived, and stays marked for the next pass.
        log.error("snapshots not written error=%s", trouble.sentence(exc))


def _find(agent: str, paths: object) -> list[tuple[str, int]]:
    """Every transcript under the paths, once, and its size."""
    reader = agents.reader(agent)
    found: dict[str, int] = {}
    for path in paths if isinstance(paths, list) else []:
        if not isinstance(path, str) or not os.path.exists(path):
            raise InputError(f"there is no {path}", hint="memlog import --help")
        for each in reader.find(path):
            try:
                found[each] = os.stat(each).st_size
            except OSError:
                continue  # gone since it was listed
    return list(found.items())


def _require(path: str, agent: str) -> None:
    """Raises: InputError for what is no transcript, or another agent's: its lines would be archived and mean
    nothing."""
    if not whose.is_anything(path):
        raise InputError(f"{path} is no transcript: its lines are no JSON; nothing of it was archived")
    other = whose.stranger(path, agent)
    if other is not None:
        said = f"{path} is no transcript of {agent}: it looks like {other}"
        raise InputError(f"{said}; next: memlog import {other} {shlex.quote(path)}")


def _known(archive: Archive, path: str, agent: str) -> Watermark | None:
    """Up to where everything of a file is archived as this agent's; None where nothing is known or it is
    another file now."""
    row = archive.con.execute(KNOWN_SQL, {"path": path}).fetchone()
    try:
        mark = Watermark.from_json(json.loads(row[1])) if row and row[1] else None
    except (ValueError, ContractError):
        return None
    if mark is None or mark.offset != row[0] or mark.state.pop(AGENT_MARK, agent) != agent:
        return None
    return mark if transcript.matches(path, mark) else None


def _left(path: str, size: int, reached: Watermark | None) -> int:
    """Bytes after the last line that was read: of one its host had not finished."""
    return 0 if path.endswith(".gz") else max(size - (reached.offset if reached else 0), 0)
