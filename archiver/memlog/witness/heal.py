"""After a loss: what transcripts still hold is read again, and gaps and holes are healed by it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from memlog.archive import gaps, holes
from memlog.archive.gaps import OpenGap
from memlog.archive.store import Archive, Outcome
from memlog.capture.watermark import Watermark
from memlog.contracts import CLAUDE_CODE
from memlog.errors import ContractError, InputError, NotFoundError
from memlog.paths import open_private
from memlog.settings import Settings
from memlog.witness.intake import Intake
from memlog.witness.jobs import Progress
from memlog.witness.log import log

# index: transcript, its primary key
TRANSCRIPT_SQL = """
SELECT t.archived, t.state, s.agent, s.session
FROM transcript t LEFT JOIN session s ON s.id = t.session_id WHERE t.path = :path
"""
# index: record_ring
BEFORE_SQL = """
SELECT written_ns FROM record WHERE ring = :ring AND seq <= :after ORDER BY seq DESC LIMIT 1
"""

_SLACK_NS = 2_000_000_000  # a watermark is written a moment after its records


class Captured(NamedTuple):
    """A transcript hooks have put into a ring, up to `offset`; when they last did."""

    path: str
    offset: int
    written_ns: int


class Known(NamedTuple):
    """What the archive knows of a transcript."""

    archived: int = 0
    state: Watermark | None = None
    agent: str = CLAUDE_CODE
    session: str | None = None


def is_needed(archive: Archive) -> bool:
    """True when something is missing that a transcript may still hold."""
    return bool(gaps.open_gaps(archive.con)) or bool(holes.open_holes(archive.con))


def heal(archive: Archive, settings: Settings, heed: Callable[[Outcome], None]) -> Iterator[Progress]:
    """Read transcripts again where something is missing, a batch a step."""
    open_gaps = gaps.open_gaps(archive.con)
    captured = {found.path: found for found in _captured(archive)} if open_gaps else {}
    wanted = {path: found.offset for path, found in captured.items()}
    for hole in holes.open_holes(archive.con):
        wanted[hole.path] = max(wanted.get(hole.path, 0), hole.stop)
    if not wanted and not open_gaps:
        return
    unread: set[str] = set()
    for path, stop in sorted(wanted.items()):
        known = _known(archive, path)
        if known.archived >= stop:
            continue
        intake = Intake(archive, settings, heed, [gap.id for gap in open_gaps])
        try:
            steps = intake.read(
                path, known.agent, start=known.state, session=known.session, stop=stop, settled=False
            )
            for offset in steps:
                yield Progress(offset, stop, path)
            intake.flush()
        except (NotFoundError, InputError) as exc:
            log.warning("transcript gone, what is missing of it stays missing error=%s", exc)
            unread.add(path)
        _close_holes(archive, path, intake.reached)
        if _known(archive, path).archived < stop:
            unread.add(path)
        yield Progress(stop, stop, path)
    _close_gaps(archive, {gap.id for gap in open_gaps}, captured, unread)


def _close_holes(archive: Archive, path: str, reached: Watermark | None) -> None:
    # A file that was replaced is read from its beginning: what its predecessor held is gone.
    if reached is None:
        return
    now_ns = time.time_ns()
    for hole in holes.open_holes(archive.con):
        if hole.path == path and hole.stop <= reached.offset and _is_same(hole.state, reached):
            with archive.transaction() as con:
                holes.heal(con, hole.id, now_ns=now_ns)
            log.info("hole healed bytes=%d", hole.stop - hole.start)


def _close_gaps(
    archive: Archive, looked_at: set[int], captured: dict[str, Captured], unread: set[str]
) -> None:
    """A gap is healed when all that hooks had put there was read again, now or before a kill.

    What no transcript held does not come back: a gap of which nothing was recovered stays a loss.
    """
    for gap in gaps.open_gaps(archive.con):
        since = _time_before(archive, gap)
        concerned = {path for path, mark in captured.items() if mark.written_ns >= since}
        if gap.id not in looked_at or not gap.recovered or not concerned or concerned & unread:
            continue
        with archive.transaction() as con:
            healed = gaps.mark_recovered(con, gap.id, 0, complete=True, now_ns=time.time_ns())
        log.info("gap read again lost=%d recovered=%d healed=%d", gap.lost, gap.recovered, healed)


def _time_before(archive: Archive, gap: OpenGap) -> int:
    row = archive.con.execute(BEFORE_SQL, {"ring": gap.ring, "after": gap.after}).fetchone()
    return int(row[0] or 0) - _SLACK_NS if row else 0


def _captured(archive: Archive) -> Iterator[Captured]:
    """What the watermarks of capture say is in a ring."""
    folder = archive.home.watermarks
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    for name in names:
        if not name.endswith(".json"):
            continue
        try:
            fd = open_private(os.path.join(folder, name), os.O_RDONLY)
            with open(fd, "rb") as file:
                mark = Watermark.from_json(json.loads(file.read()))
                yield Captured(mark.path, mark.offset, os.fstat(file.fileno()).st_mtime_ns)
        except (OSError, ValueError, RecursionError, ContractError):
            continue


def _known(archive: Archive, path: str) -> Known:
    row = archive.con.execute(TRANSCRIPT_SQL, {"path": path}).fetchone()
    if row is None:
        return Known()
    archived, state, agent, session = row
    return Known(archived, _mark(state), agent or CLAUDE_CODE, session)


def _mark(state: str | None) -> Watermark | None:
    try:
        found: Any = json.loads(state) if state else None
        return Watermark.from_json(found)
    except (ValueError, ContractError):
        return None


def _is_same(state: str | None, reached: Watermark) -> bool:
    mark = _mark(state)
    return mark is None or 0 in (mark.ino, reached.ino) or (mark.dev, mark.ino) == (reached.dev, reached.ino)
