"""One session as a person reads it: chapters between compactions, losses where they are."""

import os.path
from collections import deque
from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.query import record
from memlog.query.epochs import EpochRow, epochs
from memlog.query.gaps import HoleRow, holes
from memlog.query.record import Whole
from memlog.query.selection import Selection
from memlog.query.sessions import SessionRow, session
from memlog.query.where import where


@dataclass(frozen=True, slots=True)
class Chapter:
    """An epoch and what was said in it, by time; a hole stands where records are missing."""

    epoch: EpochRow
    entries: list[Whole | HoleRow]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session's row and its chapters in order."""

    session: SessionRow
    chapters: list[Chapter]


def transcript(
    con: Connection, name: str, selection: Selection | None = None, *, meta: bool = False,
    last: int | None = None,
) -> Transcript:  # fmt: skip
    """The session a person means, or the part of it that was selected.

    meta: with the host's bookkeeping lines. last: only so many records from its end.
    Raises: NotFoundError with the nearest names, QueryError for an ambiguous prefix.
    """
    row = session(con, name, selection.agent if selection else None)
    chosen = where(
        con, (selection or Selection()).replace(session=row.session, agent=row.agent)
    )  # fmt: skip
    chapters = {e.epoch: Chapter(e, []) for e in epochs(con, row.session) if e.agent == row.agent}
    asked = (
        one for one in record.selected(con, chosen)
        if meta or one.kind != "meta" or (selection and selection.kind)
    )  # fmt: skip
    for one in asked if last is None else deque(asked, maxlen=last):
        chapters[one.epoch].entries.append(one)
    found = list(chapters.values())
    for hole in holes(con, row.session, healed=False):
        if hole.agent == row.agent:
            _place(found, hole)
    partial = last is not None or (selection is not None and selection != Selection())
    return Transcript(row, [c for c in found if c.entries or not partial])


def why_nothing(con: Connection, name: str, selection: Selection) -> str:
    """What of a selection the session cannot answer, in a sentence.

    Raises: as transcript().
    """
    row = session(con, name, selection.agent)
    numbers = [e.epoch for e in epochs(con, row.session) if e.agent == row.agent]
    if selection.epoch is not None and selection.epoch not in numbers:
        there = f"0–{max(numbers)}" if len(numbers) > 1 else "only 0"
        return f"session {row.session} has no epoch {selection.epoch} ({there})"
    if selection.since_ns is not None or selection.until_ns is not None:
        return f"nothing of session {row.session} in that time: it runs from {row.started} to {row.ended}"
    return f"no record of session {row.session} is one of these"


def _place(chapters: list[Chapter], hole: HoleRow) -> None:
    """Put a hole before the first record after it in its file; else where it was noticed."""
    own = os.path.basename(hole.path).startswith(hole.session)
    last: tuple[Chapter, int] | None = None
    for chapter in chapters:
        for n, entry in enumerate(chapter.entries):
            if not isinstance(entry, Whole):
                continue
            last = (chapter, n + 1)
            if own and entry.at is not None and entry.at >= hole.start:
                chapter.entries.insert(n, hole)
                return
            if not own and entry.ts_ns > hole.noticed_ns:
                chapter.entries.insert(n, hole)
                return
    if last is not None:
        last[0].entries.insert(last[1], hole)
    elif chapters:
        chapters[-1].entries.append(hole)
