"""Facts of a session as rows."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.query.dates import iso
from memlog.query.facts import extract
from memlog.query.facts.fact import Fact, Said
from memlog.query.facts.stream import records
from memlog.query.names import sessions


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact with its citation: bytes start to end of the record's text (UTF-8), and the record's digest."""

    kind: str
    value: str
    detail: str | None
    by: str
    record: int
    start: int
    end: int
    digest: str
    ts: str
    session: str
    epoch: int
    agent: str


def facts(
    con: Connection, name: str, *, epoch: int | None = None, agent: str | None = None,
    kinds: Collection[str] = (), unread: Callable[[int], object] = lambda count: None,
) -> Iterator[FactRow]:  # fmt: skip
    """Facts of a session's records in order; a command where its answer says how it ended.

    unread: told how many sentences of a record were too long to be read.
    Raises: NotFoundError with the nearest names, QueryError for an ambiguous prefix.
    """
    for row in sessions(con, name, agent):
        for fact in extract.of_records(_noted(records(con, row[0], epoch), unread)):
            if not kinds or fact.kind in kinds:
                yield row_of(fact)


def _noted(found: Iterable[Said], unread: Callable[[int], object]) -> Iterator[Said]:
    for said in found:
        count = extract.unread(said)
        if count:
            unread(count)
        yield said


def row_of(fact: Fact) -> FactRow:
    """The row of a fact."""
    return FactRow(
        fact.kind, fact.value, fact.detail, fact.by, fact.record, fact.start, fact.end, fact.digest,
        iso(fact.ts_ns), fact.session, fact.epoch, fact.agent,
    )  # fmt: skip
