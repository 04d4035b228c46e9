"""Every fact of a session, cited."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from memlog.archive.connection import Connection
from memlog.query.facts import (
    calls,
    failures,
    names,
    outcomes,
    pasted,
    places,
    plans,
    prose,
    results,
    sentences,
    settled,
)
from memlog.query.facts.calls import Found
from memlog.query.facts.fact import Fact, Said
from memlog.query.facts.stream import records

Reading = Callable[[Said, str | None], Iterable[Found]]

_MOST_WAITING = 256  # commands whose answer has not come
_FETCHERS = ("web", "fetch", "search_web", "browser")


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


def step(said: Said, waiting: dict[str, Fact], read: "Reading | None" = None) -> Iterator[Fact]:
    """Facts of one record; its commands wait for their answer in `waiting`, oldest given up first.

    read: gives what `found` does, for who has it already.
    """
    command = None
    if said.kind == "tool_result" and said.call in waiting:
        asked = waiting.pop(said.call)
        command = asked.value
        yield replace(asked, detail=results.ending(said, command))
    for fact in cited(said, (read or found)(said, command)):
        if fact.kind == "command" and said.call:
            while len(waiting) >= _MOST_WAITING:
                yield waiting.pop(next(iter(waiting)))
            waiting[said.call] = fact
        else:
            yield fact


def found(said: Said, command: str | None = None) -> Iterator[Found]:
    """What a record says, uncited. command: the one a result answers, if it is known."""
    if said.kind == "tool_use":
        yield from calls.facts(said)
        yield from plans.of_call(said)
        yield from names.urls(said.text)
    elif said.kind == "tool_result":
        yield from _of_result(said, command)
    elif said.role == "user" and said.kind == "message":
        if not said.injected and not sentences.is_hosts(said.text):
            yield from _of_user(said)
    elif said.kind in ("message", "thinking") and said.role == "assistant":
        yield from settled.of_agent(said.text)
        yield from plans.boxes(said.text)
        yield from names.urls(said.text)
        yield from names.identifiers(said.text)


def unread(said: Said) -> int:
    """How many sentences of a record are too long to be read for what somebody wants or settles."""
    if len(said.text) <= sentences.LONGEST or said.kind not in ("message", "thinking"):
        return 0
    if said.role == "assistant":
        return sentences.unread(said.text)
    if said.role != "user" or said.injected or sentences.is_hosts(said.text):
        return 0
    return sum(sentences.unread(said.text[start:end]) for start, end in sentences.own(said.text))


def said_unread(count: int) -> str:
    """What a person is told of them."""
    what = "1 sentence" if count == 1 else f"{count:,} sentences"
    return f"{what} of more than {sentences.LONGEST:,} characters not read: too long to be somebody's"


def _of_user(said: Said) -> Iterator[Found]:
    wanted = list(prose.of_user(said.text, answers=not said.opening))
    yield from wanted
    yield from plans.boxes(said.text)
    yield from outcomes.outcomes(said.text)  # also of what was pasted
    yield from failures.errors(
        said.text, printed=pasted.looks_like_a_log(said.text), except_at=_spoken(wanted)
    )
    for start, end in sentences.own(said.text):
        part = said.text[start:end]
        for one in (*names.urls(part), *names.identifiers(part)):
            yield one._replace(start=one.start + start, end=one.end + start)


def _spoken(wanted: Iterable[Found]) -> frozenset[int]:
    """Where sentences begin that somebody said: `that file does not exist` is no program's."""
    return frozenset(one.start for one in wanted if one.kind == "correction")


def _of_result(said: Said, command: str | None) -> Iterator[Found]:
    told = results.said_on_refusal(said)
    if told is not None:
        text, at = told
        for one in prose.of_user(text, refused=True):
            yield one._replace(start=one.start + at, end=one.end + at)
        return
    yield from results.answers(said)
    yield from results.facts(said, command)
    tool = (said.tool or "").lower()
    if tool.startswith(_FETCHERS) or (command is not None and not results.reads(command)):
        yield from names.urls(said.text)


def cited(said: Said, found: Iterable[Found]) -> Iterator[Fact]:
    """Facts with the bytes they stand at."""
    plain = said.text.isascii()
    command = None
    for one in found:
        start, end = one.start, one.end
        if not plain:
            start = len(said.text[:start].encode("utf-8", "surrogatepass"))
            end = start + len(said.text[one.start : one.end].encode("utf-8", "surrogatepass"))
        command = one.value if one.kind == "command" else command  # it comes before the files it names
        where = places.place(said, one.value, command) if one.kind == "file" else None
        yield Fact(
            one.kind, one.value, one.detail, _by(said, one.kind), said.id, start, end, said.digest,
            said.session, said.agent, said.epoch, said.ts_ns, said.aside, where,
        )  # fmt: skip


def _by(said: Said, kind: str) -> str:
    if said.role == "user" or (said.kind == "tool_result" and kind in ("instruction", "correction")):
        return "user"
    return "tool" if said.kind == "tool_result" else "agent"
