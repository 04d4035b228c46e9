"""A stretch of a session as a person reads it: calls with their answers, subagents inside their calls."""

from dataclasses import dataclass, field
from typing import Any

from memlog.archive.connection import Connection
from memlog.query import call, record
from memlog.query.epochs import EpochRow
from memlog.query.missing import Loss
from memlog.query.outline import Outline, is_said
from memlog.query.record import Whole

# index: record_session
PROGRESS_SQL = """
SELECT source_id, block FROM record
WHERE session_id = :session AND ts_ns BETWEEN :first AND :last AND kind = 'meta' AND part = 0
ORDER BY ts_ns, id LIMIT 400
"""
# index: event_session
TOLD_SQL = """
SELECT max(CASE WHEN event IN ('PreCompact', 'PreCompress') THEN ts_ns END),
  max(CASE WHEN event = 'PostCompact' THEN ts_ns END)
FROM event WHERE session = :session AND agent = :agent AND ts_ns BETWEEN :first AND :last
"""
_SENDS = ("Task", "Agent", "task", "agent", "spawn_agent")  # tools that send a subagent


@dataclass(slots=True)
class Entry:
    """A record at its place. what: prompt, told (a host in the user's name), reply, call, or its kind.

    answer: of a call. inside: what a subagent did meanwhile. given, about, changes: of a call; about also
    of a host's line that something failed: the reason.
    """

    what: str
    record: Whole
    answer: Whole | None = None
    inside: list["Entry"] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    changes: list[call.Change] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.record.error or (self.answer and self.answer.error))

    @property
    def took_ns(self) -> int | None:
        """From a call to its answer."""
        return max(self.answer.ts_ns - self.record.ts_ns, 0) if self.answer else None


@dataclass(frozen=True, slots=True)
class Chapter:
    """Entries of one epoch. opens: it begins here; else it goes on from an earlier page."""

    epoch: int
    entries: list[Entry | Loss]
    opens: bool


@dataclass(frozen=True, slots=True)
class Compaction:
    """What lies between two epochs. took_ns: from its start to its end, where the host told both."""

    before: EpochRow
    after: EpochRow
    trigger: str | None
    tokens_before: int | None
    tokens_after: int | None
    took_ns: int | None


def chapters(con: Connection, found: Outline, first: int, last: int) -> list[Chapter]:
    """The records from `first` up to `last`, by epoch, with what is missing among them at its place."""
    entries = _entries(con, found, found.ids[first:last])
    losses = [loss for loss in found.losses if first <= loss.at < last or loss.at == last == len(found)]
    chapters: list[Chapter] = []
    for n in range(first, last):
        if not chapters or chapters[-1].epoch != found.epochs[n]:
            opens = n == 0 or found.epochs[n - 1] != found.epochs[n]
            chapters.append(Chapter(found.epochs[n], [], opens))
        chapters[-1].entries.extend(loss for loss in losses if loss.at == n)
        if found.ids[n] in entries:
            chapters[-1].entries.append(entries[found.ids[n]])
    ends: list[Entry | Loss] = [loss for loss in losses if loss.at == last]
    if ends:
        chapters = chapters or [Chapter(0, [], True)]
        chapters[-1].entries.extend(ends)
    return chapters


def compaction(con: Connection, before: EpochRow, after: EpochRow) -> Compaction:
    """The compaction that ended one epoch and opened the next."""
    values = {
        "session": after.session, "agent": after.agent, "first": before.opened_ns,
        "last": after.opened_ns + 600_000_000_000,
    }  # fmt: skip
    begun, ended = con.execute(TOLD_SQL, values).fetchone()
    took = None
    if begun is not None:
        took = max((ended if ended is not None and ended > begun else after.opened_ns) - begun, 0)
    return Compaction(before, after, before.trigger, before.tokens_before, before.tokens_after, took)


def _entries(con: Connection, found: Outline, ids: list[int]) -> dict[int, Entry]:
    """What stands for each record; one that went into another's entry has none."""
    entries: dict[int, Entry] = {}
    sides: dict[str, str] = {}  # source_id → its subagent
    calls: dict[str, Entry] = {}
    groups: dict[str, list[Entry]] = {}
    known = record.identities(con, found.row, ids)
    for id in ids:
        if id not in known:
            continue  # forgotten meanwhile
        one = record.whole(con, known[id])
        side = _side(one, sides)
        into = groups.setdefault(side, []) if side else None
        if one.kind == "tool_result":
            asked = calls.pop(call.call_id(one) or f"{one.source_id} {one.block}", None)
            asked = asked or calls.pop(f"{one.source_id} {one.block}", None) or _last_open(calls, one)
            if asked is not None:
                asked.answer = one
                continue
        entry = _entry(one)
        if entry.what == "call":
            calls[call.call_id(one) or f"{one.source_id} {one.block + 1}"] = entry
        if into is None:
            entries[id] = entry
        else:
            into.append(entry)
            if len(into) == 1:
                entries[id] = Entry("subagent", one, about=side or "", inside=into)
    _nest(entries, groups)
    for entry in entries.values():
        if entry.what == "call" and entry.record.tool in _SENDS and not entry.inside:
            entry.inside = _progress(con, found.row, entry)
    return entries


def _last_open(calls: dict[str, Entry], answer: Whole) -> Entry | None:
    """The call an answer that names none can only be of: the last without an id, of the same tool."""
    for key in reversed(calls):
        asked = calls[key]
        if asked.record.tool == answer.tool and call.call_id(asked.record) is None:
            return calls.pop(key)
    return None


def _entry(one: Whole) -> Entry:
    if one.kind == "tool_use":
        given = call.arguments(one)
        return Entry("call", one, given=given, about=call.about(one, given), changes=call.changes(one, given))
    if one.kind == "message":
        if one.role != "user":
            return Entry("reply" if one.role == "assistant" else "told", one)
        return Entry("prompt" if is_said(one.text) and not _is_hosts(one) else "told", one)
    about = _reason(one) if one.kind == "meta" and one.error else ""
    return Entry("result" if one.kind == "tool_result" else one.kind, one, about=about)


def _line(one: Whole) -> dict[str, Any]:
    """What its line held besides the text."""
    line = one.extra.get("line") if isinstance(one.extra, dict) else None
    return line if isinstance(line, dict) else {}


def _reason(one: Whole) -> str:
    """Status and innermost message of an error a host met: its text begins with the answer's headers."""
    at, status, told = _line(one).get("error"), None, None
    for _ in range(8):  # an error of an error of an error
        if not isinstance(at, dict):
            break
        status = status or at.get("status")
        told = at.get("message") or told
        at = at.get("error") or at.get("cause")
    told = at if isinstance(at, str) else told
    return (
        " ".join(str(said) for said in (status, told) if isinstance(said, (str, int)))[:300] if told else ""
    )


def _is_hosts(one: Whole) -> bool:
    return _line(one).get("isMeta") is True


def _side(one: Whole, sides: dict[str, str]) -> str | None:
    """The subagent that said it; further blocks of a line do not say so themselves."""
    line = _line(one)
    if line.get("isSidechain") is True:
        sides[one.source_id] = str(line.get("agentId") or "subagent")
    return sides.get(one.source_id)


def _nest(entries: dict[int, Entry], groups: dict[str, list[Entry]]) -> None:
    """Put what a subagent did into the call that sent it, where that stands in the same stretch."""
    for entry in list(entries.values()):
        if entry.what != "call" or entry.record.tool not in _SENDS:
            continue
        name = _sent(entry)
        prompt = entry.given.get("prompt")
        for side, group in groups.items():
            if side == name or (prompt and group and group[0].record.text.strip() == str(prompt).strip()):
                entry.inside = group
                for key in [k for k, e in entries.items() if e.what == "subagent" and e.inside is group]:
                    del entries[key]


def _sent(entry: Entry) -> str | None:
    extra = entry.answer.extra if entry.answer else None
    line = extra.get("line") if isinstance(extra, dict) else None
    told = line.get("toolUseResult") if isinstance(line, dict) else None
    return told.get("agentId") if isinstance(told, dict) else None


def _progress(con: Connection, row: int, entry: Entry) -> list[Entry]:
    """What a host noted of a subagent while its call ran, where it keeps no transcript of it."""
    name = call.call_id(entry.record)
    last = entry.answer.ts_ns if entry.answer else entry.record.ts_ns + 3_600_000_000_000
    found = []
    values = {"session": row, "first": entry.record.ts_ns, "last": last}
    for source_id, block in con.execute(PROGRESS_SQL, values).fetchall():
        one = record.whole(con, (row, source_id, block))
        line = one.extra.get("line") if isinstance(one.extra, dict) else None
        data = line.get("data") if isinstance(line, dict) else None
        if not (isinstance(line, dict) and isinstance(data, dict) and data.get("type") == "agent_progress"):
            continue
        if name is None or line.get("parentToolUseID") == name:
            found.append(Entry("progress", one, about=" ".join(one.text[:300].split())))
    return found
