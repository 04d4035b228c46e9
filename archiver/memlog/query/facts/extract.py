"""Every fact of a session, cited."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from memlog.archive.connection import Connection
from memlog.query.facts import calls, results
from memlog.query.facts.calls import Found
from memlog.query.facts.fact import Fact, Said
from memlog.query.facts.stream import records

_MOST_WAITING = 256  # commands whose answer has not come


def facts(con: Connection, session_id: int, epoch: int | None = None) -> Iterator[Fact]:
    """Facts of a session's records, or of one epoch's; a command when its answer says how it ended.

    session_id: the row of the session. Limits: in memory are one record and the commands that wait.
    """
    yield from of_records(records(con, session_id, epoch))


def of_records(said: Iterable[Said]) -> Iterator[Fact]:
    """Facts of records in order."""
    waiting: dict[str, Fact] = {}
    for one in said:
        yield from step(one, waiting)
    yield from waiting.values()


def step(said: Said, waiting: dict[str, Fact]) -> Iterator[Fact]:
    """Facts of one record; its commands wait for their answer in `waiting`, oldest given up first."""
    if said.kind == "tool_result" and said.call in waiting:
        command = waiting.pop(said.call)
        yield replace(command, detail=results.ending(said))
    for fact in cited(said, found(said)):
        if fact.kind == "command" and said.call:
            while len(waiting) >= _MOST_WAITING:
                yield waiting.pop(next(iter(waiting)))
            waiting[said.call] = fact
        else:
            yield fact


def found(said: Said) -> Iterator[Found]:
    """What a record says, uncited."""
    if said.kind == "tool_use":
        yield from calls.facts(said)


def cited(said: Said, found: Iterable[Found]) -> Iterator[Fact]:
    """Facts with the bytes they stand at."""
    plain = said.text.isascii()
    for one in found:
        start, end = one.start, one.end
        if not plain:
            start = len(said.text[:start].encode("utf-8", "surrogatepass"))
            end = start + len(said.text[one.start : one.end].encode("utf-8", "surrogatepass"))
        yield Fact(
            one.kind, one.value, one.detail, _by(said, one.kind), said.id, start, end, said.digest,
            said.session, said.agent, said.epoch, said.ts_ns, said.aside,
        )  # fmt: skip


def _by(said: Said, kind: str) -> str:
    if said.role == "user" or (said.kind == "tool_result" and kind in ("instruction", "correction")):
        return "user"
    return "tool" if said.kind == "tool_result" else "agent"
