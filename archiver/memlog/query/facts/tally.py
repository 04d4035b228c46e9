"""What a session says, each fact once: how often, and where last; and how its tools fared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.query.facts import tested
from memlog.query.facts.fact import key_of
from memlog.query.facts.listing import FactRow

# index: record_session
TOOLS_SQL = """
SELECT coalesce(tool, '') AS tool, count(*) AS answers, coalesce(sum(error), 0) AS failed,
  max(CASE WHEN error = 1 THEN id END) AS last_failed
FROM v_record
WHERE session = :session AND agent = :agent AND kind = 'tool_result' AND part = 0
  AND (:epoch IS NULL OR epoch = :epoch)
GROUP BY 1 ORDER BY failed DESC, answers DESC, 1
"""
WELL = {"ok", "exit 0", "passed"}


@dataclass(frozen=True, slots=True)
class Told:
    """A fact: details in order of their coming, how often it was told, and the record that told it last."""

    kind: str
    value: str
    details: tuple[str, ...]
    times: int
    record: int
    ts: str
    epoch: int


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool: its answers, those that were failures, and the record of the last of these."""

    tool: str
    answers: int
    failed: int
    last_failed: int | None


def told(facts: Iterable[FactRow]) -> list[Told]:
    """Each fact once, what was told last first."""
    return [fact for fact, _ in placed(facts)]


def placed(facts: Iterable[FactRow]) -> list[tuple[Told, list[FactRow]]]:
    """Each fact once with every place it was told at, what was told last first."""
    found: dict[tuple[str, str], list[FactRow]] = {}
    for row in facts:
        key = (row.kind, _key(row))
        places = found.pop(key, [])
        places.append(row)
        found[key] = places
    return [(_once(places), places) for places in reversed(found.values())]


def _once(places: list[FactRow]) -> Told:
    last = places[-1]
    details = tuple(dict.fromkeys(row.detail for row in places if row.detail))
    return Told(last.kind, last.value, details, len(places), last.record, last.ts, last.epoch)


def _key(row: FactRow) -> str:
    """A test goes by its name, so that what passed at last is what had failed before."""
    return (tested.name(row.value) if row.kind == "test" else "") or key_of(row.kind, row.value)


def failed(facts: Iterable[Told]) -> Iterator[Told]:
    """Commands and tests that ended badly at least once and never well; of tests, those that have a name."""
    for fact in facts:
        ends = set(fact.details)
        if fact.kind == "test" and not tested.name(fact.value):
            continue
        if fact.kind in ("command", "test") and ends - WELL and not ends & WELL:
            yield fact


def tools(con: Connection, session: str, agent: str, epoch: int | None) -> list[ToolUse]:
    """Tools of a session that answered, those that failed most first."""
    rows = con.execute(TOOLS_SQL, {"session": session, "agent": agent, "epoch": epoch})
    return [ToolUse(*row) for row in rows]
