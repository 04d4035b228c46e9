"""The spool: records and transcripts a ring could not take, brought into the archive and removed."""

import os
import time
from collections.abc import Callable, Container, Iterator
from typing import Any, NamedTuple

from memlog.archive import holes
from memlog.archive.store import Archive, Outcome
from memlog.capture import spool
from memlog.capture.agents import READERS
from memlog.capture.spool import Spooled
from memlog.capture.watermark import Watermark, beginning
from memlog.contracts import CAPTURE_PENDING, CLAUDE_CODE
from memlog.errors import ContractError, InputError, NotFoundError
from memlog.record import Event, decode
from memlog.ring.image import ImageRing
from memlog.settings import Settings
from memlog.witness.batch import ingest
from memlog.witness.intake import Intake
from memlog.witness.jobs import Progress
from memlog.witness.log import log

# A hook names what it hands over in the ring a moment later; after this, nobody will.
_ORPHAN_S = 10.0

# index: transcript, its primary key
ARCHIVED_SQL = "SELECT archived FROM transcript WHERE path = :path"


class Task(NamedTuple):
    """One file of the spool. path, start, stop: the bytes of which transcript it holds; "": a ring image."""

    name: str
    agent: str = ""
    session: str = ""
    path: str = ""
    start: Watermark | None = None
    stop: int | None = None


def handed_over(event: Event) -> Task | None:
    """What a capture_pending event says; None for one that makes no sense."""
    data = event.data
    name, path, stop = data.get("spooled"), data.get("path"), data.get("to")
    if not isinstance(name, str) or not isinstance(path, str) or not isinstance(stop, int):
        return None
    if not name.endswith(spool.TRANSCRIPT) or os.path.basename(name) != name:
        return None
    return Task(name, event.agent, event.session, path, _watermark(data.get("watermark")), stop)


def waiting(
    archive: Archive, known: Container[str], *, orphan_s: float = _ORPHAN_S
) -> Iterator[tuple[str, Task]]:
    """Files of the spool no event has told of, with what their notes say.

    orphan_s: how long a hook has to say what a transcript is.
    """
    for found in spool.pending(archive.home):
        if found.name in known:
            continue
        if found.name.endswith(spool.FRAMES):
            yield found.name, Task(found.name)
        elif _age_s(found.name) > orphan_s:
            task = _task_of_note(found.name, found.note)
            yield found.name, task or _nameless(found)


def _nameless(found: Spooled) -> Task:
    """Neither event nor note: its hook was killed in between."""
    agent, plain = spool.told_by_name(found.name)
    start = beginning(os.path.join(os.path.dirname(found.path), plain))
    return Task(found.name, agent if agent in READERS else CLAUDE_CODE, path=found.path, start=start)


def bring_in(
    archive: Archive, settings: Settings, heed: Callable[[Outcome], None], task: Task
) -> Iterator[Progress]:
    """Archive one file of the spool, a batch a step, then remove it.

    A file that is gone was brought in before, or its bytes are a hole that healing reads from the transcript.
    """
    place = os.path.join(archive.home.spool, task.name)
    try:
        steps = _transcript(archive, settings, heed, task, place) if task.path else _frames(
            archive, settings, heed, place
        )  # fmt: skip
        yield from steps
    except NotFoundError:
        return
    spool.discard(archive.home, task.name)


def _frames(
    archive: Archive, settings: Settings, heed: Callable[[Outcome], None], place: str
) -> Iterator[Progress]:
    with ImageRing(place) as image:
        reader, count = image.reader(), 0
        while items := reader.read(settings.batch_records, settings.batch_bytes):
            for outcome in ingest(archive, items, ring=None, source=place):
                heed(outcome)
            count += len(items)
            yield Progress(count, count, place)
    log.info("spool drained records=%d file=%s", count, os.path.basename(place))


def _transcript(
    archive: Archive, settings: Settings, heed: Callable[[Outcome], None], task: Task, place: str
) -> Iterator[Progress]:
    intake = Intake(archive, settings, heed)
    start, stop = task.start, task.stop
    first = start.offset if start else 0
    # Holes before it are not healed by it: the row may only move on where there is none.
    covers = first == 0 or _archived(archive, task.path) >= first
    covers = covers and task.path != place
    try:
        while True:
            steps = intake.read(
                place, task.agent, start=start, session=task.session or None, stop=stop, covers=covers
            )
            for offset in steps:
                yield Progress(offset, stop or 0, task.path)
            intake.flush()
            later = _task_of_note(task.name, _note(archive, task.name))
            if later is None or later.stop is None or stop is None or later.stop <= stop:
                break
            start, stop = intake.reached, later.stop  # the host went on writing, and a hook said so
    except InputError as exc:
        log.error("spool not readable file=%s error=%s", task.name, exc)
        return
    _heal(archive, task, intake.reached, first)
    log.info("spool drained bytes=%d records=%d", (intake.reached.offset if intake.reached else 0) - first,
             intake.totals.archived)  # fmt: skip


def _heal(archive: Archive, task: Task, reached: Watermark | None, first: int) -> None:
    """The holes this hand-over left are healed."""
    if reached is None or task.path.startswith(archive.home.spool):
        return
    now_ns = time.time_ns()
    with archive.transaction() as con:
        for hole in holes.open_holes(con):
            if hole.path == task.path and hole.start >= first and hole.stop <= reached.offset:
                holes.heal(con, hole.id, now_ns=now_ns)


def _archived(archive: Archive, path: str) -> int:
    row = archive.con.execute(ARCHIVED_SQL, {"path": path}).fetchone()
    return int(row[0]) if row else 0


def _watermark(value: Any) -> Watermark | None:
    try:
        return Watermark.from_json(value)
    except ContractError:
        return None


def _note(archive: Archive, name: str) -> bytes | None:
    return next((s.note for s in spool.pending(archive.home) if s.name == name), None)


def _task_of_note(name: str, note: bytes | None) -> Task | None:
    try:
        event = decode(note) if note else None
    except ContractError:
        return None
    if not isinstance(event, Event) or event.event != CAPTURE_PENDING:
        return None
    task = handed_over(event)
    return task if task is not None and task.name == name else None


def _age_s(name: str) -> float:
    """Since it was handed over: its name begins with the time."""
    first = name.partition("-")[0]
    return time.time() - int(first) / 1e9 if first.isascii() and first.isdigit() else _ORPHAN_S * 2
