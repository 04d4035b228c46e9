"""What is found in the records of an incident: facts, what compactions took, what did not arrive, health."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from memlog.query import gaps, health, lost, slice
from memlog.query.before import Image
from memlog.query.checks import number
from memlog.query.epochs import EpochRow, epochs
from memlog.query.facts import extract, listing
from memlog.query.facts.fact import Fact
from memlog.query.names import sessions

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.ahead import Ahead
    from memlog.export.tables import OnRows
    from memlog.query.checks import Check
    from memlog.query.lost import Loss
    from memlog.query.slice import Row, Slice

# Of the file that is made. index: the record's primary key
HERE_SQL = "SELECT 1 FROM record WHERE id = :id"
_SESSIONS_SQL = (
    "SELECT session, agent FROM session WHERE id IN (SELECT DISTINCT r.session_id FROM record r WHERE "
)

Rows = Iterator[tuple[str, "Row"]]


def rows(
    con: "Connection",
    out: "Connection",
    part: "Slice",
    names: Iterable[tuple[str, str]],
    checks: "Iterable[Check]",
    on_rows: "OnRows",
    ahead: "Ahead",
) -> Rows:
    """Table and row of all that is found in the records `out` holds. names: its sessions, their agents."""
    unread: list[int] = []
    for name, agent in list(names):
        for row in sessions(con, name, agent):
            if (row[1], row[2]) == (name, agent):
                yield from _of_session(con, out, part, row[0], name, agent, on_rows, unread, ahead)
    if unread:
        yield "health", ("facts", "warn", extract.said_unread(sum(unread)), None)
    yield from _health(con, checks)


def wanted(con: "Connection", part: "Slice") -> list[tuple[int, int, int]]:
    """The epochs whose records will be read: session's row, number, records; about in that order."""
    found = []
    sql = f"{_SESSIONS_SQL}{part.condition})"
    for name, agent in list(slice.names(con) if part.whole else con.execute(sql, part.values)):
        for row in sessions(con, name, agent):
            if (row[1], row[2]) == (name, agent):
                known = epochs(con, name, agent=agent)
                here = _numbers(con, part, row[0], {one.epoch for one in known})
                found += [(row[0], e.epoch, e.records) for e in known if {e.epoch, e.epoch - 1} & here]
    return found


def _of_session(
    con: "Connection",
    out: "Connection",
    part: "Slice",
    session_id: int,
    name: str,
    agent: str,
    on_rows: "OnRows",
    unread: list[int],
    ahead: "Ahead",
) -> Rows:
    known = epochs(con, name, agent=agent)
    yield from _of_epochs(con, out, part, session_id, known, on_rows, unread, ahead)
    for hole in gaps.holes(con, name, agent=agent):
        if hole.session == name:
            yield (
                "hole",
                (
                    hole.session,
                    hole.agent,
                    hole.path,
                    hole.start,
                    hole.stop,
                    hole.healed,
                    hole.noticed,
                    hole.noticed_ns,
                    hole.project,
                ),
            )


def _of_epochs(
    con: "Connection",
    out: "Connection",
    part: "Slice",
    session_id: int,
    known: "list[EpochRow]",
    on_rows: "OnRows",
    unread: list[int],
    ahead: "Ahead",
) -> Rows:
    """Facts of each epoch, and what the compaction that ended it took: its records are read once."""
    here = _numbers(con, part, session_id, {row.epoch for row in known})
    waiting: dict[str, Fact] = {}
    ending: tuple[EpochRow, Image] | None = None
    for row in known:
        image = Image(row.epoch)
        if row.epoch in here or ending is not None:
            for said, read in ahead.records(con, session_id, row.epoch):
                on_rows(1)
                left = read.unread(said) if part.whole or _is_here(out, said.id) else 0
                if left:
                    unread.append(left)
                yield from _facts(out, part, image.add(said, waiting, read.found))
            image.close(waiting)
        if ending is not None:
            yield from _loss(out, part, lost.loss(con, session_id, ending, (row, image)))
        ending = (row, image) if row.epoch in here else None
    yield from _facts(out, part, waiting.values())


def _facts(out: "Connection", part: "Slice", found: Iterable[Fact]) -> Rows:
    for fact in found:
        if part.whole or _is_here(out, fact.record):
            yield "fact", _fact(fact)


def _numbers(con: "Connection", part: "Slice", session_id: int, known: set[int]) -> set[int]:
    if part.whole:
        return known
    condition = f"{part.only or part.condition} AND r.session_id = :of"
    sql = "SELECT DISTINCT e.number FROM record r JOIN epoch e ON e.id = r.epoch_id WHERE "
    return {number for (number,) in con.execute(sql + condition, {**part.values, "of": session_id})}


def _is_here(out: "Connection", record: int) -> bool:
    return out.execute(HERE_SQL, {"id": record}).fetchone() is not None


def _fact(fact: Fact) -> "Row":
    row = listing.row_of(fact)
    return (
        row.kind,
        row.value,
        row.detail,
        row.by,
        row.record,
        row.start,
        row.end,
        row.digest,
        row.ts,
        row.session,
        row.epoch,
        row.agent,
        int(fact.aside),
        fact.place,
    )


def _loss(out: "Connection", part: "Slice", one: "Loss") -> Rows:
    whose = (one.session, one.agent, one.epoch)
    yield "compaction", (
        *whose, one.ended, one.ended_ns, one.trigger, one.tokens_before, one.tokens_after, one.records,
        one.source, one.summary_chars, one.context_chars, "; ".join(one.unseen),
    )  # fmt: skip
    for kind in one.kinds:
        yield "loss", (
            *whose, kind.kind, kind.facts, kind.verbatim, kind.name, kind.paraphrased, kind.lost,
            kind.came_back, kind.unknown,
        )  # fmt: skip
    for row in one.rows:
        if part.whole or _is_here(out, row.record):
            yield "kept", (
                row.session, row.agent, row.epoch, row.kind, row.value, row.kept, row.where, row.weight,
                row.came_back, row.uses, row.by, row.detail, row.record, row.ts, row.start, row.end,
                row.digest, row.again,
            )  # fmt: skip


def _health(con: "Connection", checks: "Iterable[Check]") -> Rows:
    for check in checks:
        yield "health", (check.check, check.state, check.detail, check.remedy or None)
    lost_, damage = health.losses(con), health.damaged(con)
    bad = bool(lost_.lost or lost_.holes)
    said = (
        f"{number(lost_.gaps, 'gap')}, {lost_.healed} healed; {number(lost_.lost, 'record')} lost;"
        f" {number(lost_.holes, 'hole')}"
    )
    yield (
        "health",
        ("losses of the archive", "warn" if bad else "ok", said, "memlog query gaps" if bad else None),
    )
    said = f"no records: {number(damage.lines, 'line')} and {number(damage.blobs, 'blob')}"
    yield "health", ("damage in the archive", "warn" if damage.lines or damage.blobs else "ok", said, None)
