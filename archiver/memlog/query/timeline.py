"""Who did what when, a line each: prompts, answers, tool calls with their outcome, compactions, losses."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from memlog.archive import body
from memlog.archive.connection import Connection
from memlog.contracts import CAPTURED, DAY_BITS
from memlog.errors import MemlogError, NotFoundError
from memlog.query.dates import iso, since
from memlog.query.facts.endings import HIDDEN, hidden
from memlog.query.facts.stream import call_of
from memlog.query.hit import DAMAGED
from memlog.query.names import session_name
from memlog.query.record import extra_of
from memlog.query.selection import LAST_ID, Selection
from memlog.query.typed import META, typed
from memlog.query.where import Where, where
from memlog.record import Record, decode

# Ids follow the days, so the day of the last row wanted is read whole and sorted by time.
EDGE_SQL = {
    "before": ("SELECT r.id FROM record r WHERE ", " ORDER BY r.id DESC LIMIT 1 OFFSET :offset"),
    "after": ("SELECT r.id FROM record r WHERE ", " ORDER BY r.id LIMIT 1 OFFSET :offset"),
}
_STEP = """SELECT r.id, r.ts_ns, s.session, s.agent, e.number, r.kind, r.role, r.tool, r.error, r.body,
  r.packing, r.text_bytes, s.project
  FROM record r JOIN session s ON s.id = r.session_id JOIN epoch e ON e.id = r.epoch_id WHERE """
STEPS_SQL = {
    "before": (_STEP, " ORDER BY r.ts_ns DESC, r.id DESC LIMIT :limit"),
    "after": (_STEP, " ORDER BY r.ts_ns, r.id LIMIT :limit"),
}
SHOWN = " AND r.part = 0 AND r.kind NOT IN ('meta', 'thinking')"
THOUGHT = " AND r.part = 0 AND r.kind <> 'meta'"
# Before a record and from it on: many lines of a session may have one time.
SAME_TIME = (" AND (r.ts_ns, r.id) < (:at, :of)", " AND (r.ts_ns, r.id) >= (:at, :of)")
# index: event_session where a session is given
EVENTS_SQL = """
SELECT e.ts_ns, e.session, e.agent, e.event, e.data, s.project
FROM event e LEFT JOIN session s ON s.agent = e.agent AND s.session = e.session
WHERE e.ts_ns BETWEEN :first AND :last AND e.event NOT IN (SELECT value FROM json_each(:own))
  AND (:session IS NULL OR e.session = :session) AND (:agent IS NULL OR e.agent = :agent)
  AND (:project IS NULL OR s.project = :project OR substr(s.project, -length(:project) - 1) = '/' || :project)
ORDER BY e.ts_ns, e.id LIMIT :limit
"""
HOLES_SQL = """
SELECT s.session, s.agent, h.path, h.start, h.stop, h.noticed_ns, s.project
FROM hole h JOIN session s ON s.id = h.session_id
WHERE h.healed_ns IS NULL AND h.noticed_ns BETWEEN :first AND :last
  AND (:session IS NULL OR s.session = :session) AND (:agent IS NULL OR s.agent = :agent)
  AND (:project IS NULL OR s.project = :project OR substr(s.project, -length(:project) - 1) = '/' || :project)
"""
# A gap stands before the first record its ring gave after it. index: record_ring
GAPS_SQL = """
SELECT g.lost, g.reason, g.after_seq, g.before_seq, lower(hex(n.ring_id)), g.noticed_ns,
  (SELECT r.ts_ns FROM record r WHERE r.ring = g.ring AND r.seq >= g.before_seq ORDER BY r.seq LIMIT 1) AS at
FROM gap g JOIN ring n ON n.id = g.ring WHERE g.healed_ns IS NULL
"""
# The epoch it ended knows of the compaction. index: session_name, epoch (session_id, boundary)
COMPACTED_SQL = """
SELECT trigger, tokens_before, tokens_after FROM v_epoch
WHERE session = :session AND agent = :agent AND epoch = :epoch
"""
# index: the record's primary key
AROUND_SQL = """
SELECT r.ts_ns, s.session, s.agent FROM record r JOIN session s ON s.id = r.session_id WHERE r.id = :id
"""
WIDTH = 160  # characters of a line's text
LINE_END = " ⏎ "  # between the lines of a command that is shown in one
HOST = "host"
DOUBLED = "UserPromptSubmit"  # a hook that is told the prompt, which is a record, too
DAMAGED_LINE = "a damaged line"
# What hosts write behind a command.
_BESIDE = (
    "description: ", "timeout: ", "run_in_background: ", "workdir: ", "dangerouslyDisableSandbox: ",
    "yield_time_ms: ", "max_output_tokens: ",
)  # fmt: skip
_ABOUT = ("command: ", "cmd: ", "file_path: ", "notebook_path: ", "pattern: ", "url: ", "query: ", "path: ")
_WHAT = {"tool_use": "tool", "tool_result": "result", "thinking": "thought"}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline. outcome: of a call: ok, or how it failed; id: of its record, if it is one.

    answer: of a call, the record that answers it.
    """

    ts: str
    session: str | None
    epoch: int | None
    who: str
    what: str
    tool: str | None
    text: str
    outcome: str | None
    agent: str | None
    ts_ns: int
    id: int | None
    project: str | None = None
    answer: int | None = None


def timeline(
    con: Connection, selection: Selection | None = None, *, now_ns: int, around: str | None = None,
    limit: int = 100, thoughts: bool = False, before: int | None = None, after: int | None = None,
) -> list[Step]:  # fmt: skip
    """The latest steps of a selection, oldest first.

    around: a record's id (its session, unless one is selected) or a time: half of the steps before
    it, half after, or as many as `before` and `after` say. limit: records; a call and its answer are
    one step.
    Raises: NotFoundError, QueryError.
    """
    selection = selection or Selection()
    condition = THOUGHT if thoughts else SHOWN
    back, on = limit, 0
    older: list[Any] = []
    newer: list[Any] = []
    if around is None:
        older = _read(con, where(con, selection), "before", condition, back)[::-1]
    else:
        at, of, selection = moment(con, selection, around, now_ns)
        half = max(limit // 2, 1)
        back, on = half if before is None else before, half if after is None else after
        until_ns = at if of is None else at + 1
        earlier, later = ("", "") if of is None else SAME_TIME
        until, since_ = selection.replace(until_ns=until_ns), selection.replace(since_ns=at)
        older = _read(con, where(con, until), "before", condition + earlier, back, at, of)[::-1]
        newer = _read(con, where(con, since_), "after", condition + later, on, at, of)
    rows = older + newer
    # What is no record stands among those that are shown; beyond them only where there are no more.
    first = rows[0][1] if rows and len(older) >= back else selection.since_ns or 0
    ends = around is None or len(newer) < on
    last = (selection.until_ns or LAST_ID + 1) - 1 if ends or not rows else rows[-1][1]
    told = _answered(_steps(con, rows))
    steps = [_compacted(con, step) if step.what == "compaction" else step for step in told]
    steps += _others(con, where(con, selection), selection, first, last, back + on)
    return _joined(sorted(steps, key=lambda step: (step.ts_ns, step.id is None, step.id or 0)))


def _joined(steps: list[Step]) -> list[Step]:
    """The steps with a run of damaged lines as one, which keeps time and id of the first."""
    found: list[Step] = []
    run = 0
    for step in steps:
        same = run and step.what == "damage" and step.session == found[-1].session
        run = run + 1 if same else int(step.what == "damage")
        if same:
            found[-1] = replace(found[-1], text=f"{run} damaged lines")
        else:
            found.append(step)
    return found


def moment(
    con: Connection, selection: Selection, around: str, now_ns: int
) -> tuple[int, int | None, Selection]:
    """When that was; the record's id, if it names one; and the selection, which then is of its session.

    Raises: NotFoundError, QueryError.
    """
    number = around.strip().removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        row = con.execute(AROUND_SQL, {"id": int(number)}).fetchone()
        if row is not None:
            session = selection.session or row[1]
            return row[0], int(number), selection.replace(session=session)
        if number != around.strip() or len(number) in (
            11,
            12,
        ):  # ids of the years to come; no time has as many
            raise NotFoundError(f"no record has the id {number}", hint="memlog query search WORDS")
    return since(around, now_ns), None, selection


def _read(
    con: Connection, chosen: Where, way: str, condition: str, limit: int, at: int = 0, of: int | None = None
) -> list[Any]:  # fmt: skip
    values: dict[str, Any] = {**chosen.values, "at": at, "of": of}
    condition = chosen.sql + condition
    head, tail = EDGE_SQL[way]
    if not chosen.one_session:
        edge = con.execute(head + condition + tail, values | {"offset": max(limit - 1, 0)}).fetchone()
        if edge is not None:
            day = edge[0] >> DAY_BITS
            if way == "before":
                values["low"] = max(chosen.low, day << DAY_BITS)
            else:
                values["high"] = min(chosen.high, (day + 1 << DAY_BITS) - 1)
    head, tail = STEPS_SQL[way]
    return con.execute(head + condition + tail, values | {"limit": limit}).fetchall()


def _steps(con: Connection, rows: list[Any]) -> Iterator[tuple[Step, str | None, str]]:
    """Each record's step, the id of the call it is or answers, and its text."""
    for (
        id_, ts_ns, session, agent, epoch, kind, role, tool, error, packed, packing, text_bytes, project,
    ) in rows:  # fmt: skip
        text, call, injected = "", None, False
        try:
            blob = body.unpack(packed, packing)
            text = body.text_of(blob, body.PLAIN, text_bytes)
            call = _call(con, id_, blob) if kind in ("tool_use", "tool_result") else None
            injected = role == "user" and META in blob
        except MemlogError:
            text = DAMAGED
        what, said, outcome = told(kind, role, text, bool(error), injected=injected)
        who = HOST if what == "note" else role or agent
        step = Step(
            iso(ts_ns), session, epoch, who, what, tool, said, outcome, agent, ts_ns, id_, project
        )  # fmt: skip
        yield step, call, text


def told(
    kind: str, role: str | None, text: str, error: bool, *, injected: bool = False
) -> tuple[str, str, str | None]:
    """What a record is in a timeline, its line, and how it ended: of a result, or of anything that failed.

    injected: its host says that nobody typed it.
    """
    what = _WHAT.get(kind, kind)
    if kind == "damage":  # its bytes are no text anybody wrote: `memlog query record` shows them
        return what, DAMAGED_LINE, "damaged"
    if kind == "message":
        what, text = typed(text, injected=injected) if role == "user" else ("reply", text)
    outcome = f"failed: {_line(text, 80)}" if error else None
    if kind == "tool_result" and not error:
        outcome = "ok"
    said = "" if kind == "tool_result" else _line(_in_lines(text) if kind == "tool_use" else text)
    return what, said, outcome


def _compacted(con: Connection, step: Step) -> Step:
    """A compaction's step with what is known of it; as its host wrote it where nothing is."""
    values = {"session": step.session, "agent": step.agent, "epoch": (step.epoch or 0) - 1}
    for trigger, before, after in con.execute(COMPACTED_SQL, values):
        tokens = f"{before:,} tokens" + (f" became {after:,}" if after else "") if before else None
        said = ", ".join(filter(None, (trigger, tokens)))
        return replace(step, text=said) if said else step
    return step


def answered(call: str, answer: str, outcome: str | None) -> str | None:
    """The outcome of a call, of the texts of both and of what its answer is called."""
    if outcome == "ok" and "|" in call and hidden(_call_said(call), answer):
        return HIDDEN
    return outcome


def _answered(steps: Iterator[tuple[Step, str | None, str]]) -> list[Step]:
    """Calls with the outcome of their answers; an answer whose call is not here stands by itself."""
    found: list[Step] = []
    calls: dict[tuple[str | None, str], tuple[int, str]] = {}
    for step, call, text in steps:
        key = (step.session, call or "")
        if step.what == "tool" and call:
            calls[key] = len(found), text
        elif step.what == "result" and call and key in calls:
            at, asked = calls.pop(key)
            outcome = answered(asked, text, step.outcome)
            found[at] = replace(found[at], outcome=outcome, answer=step.id)
            continue
        found.append(step)
    return found


def _call(con: Connection, id_: int, blob: bytes) -> str | None:
    """The id of the call a record is or answers; where that is larger than a blob, its parts are read."""
    record = decode(blob)
    rest: Any = record.rest if isinstance(record, Record) else {}
    if isinstance(record, Record) and record.parts > 1:
        rest = json.loads(extra_of(con, id_) or "{}")
    return call_of(rest) if isinstance(rest, dict) else None


def _others(
    con: Connection, chosen: Where, selection: Selection, first: int, last: int, limit: int
) -> Iterator[Step]:
    """Hook events, holes and gaps between two times."""
    if selection.kind or selection.role or selection.tool or selection.epoch is not None:
        return  # they have none of these
    name = None
    if selection.session is not None:
        name = session_name(con, selection.session)
    values = {
        "first": first, "last": last, "session": name, "agent": selection.agent, "limit": limit,
        "project": selection.project,
        "own": json.dumps([CAPTURED]),
    }  # fmt: skip
    for ts_ns, session, agent, event, data, project in con.execute(EVENTS_SQL, values):
        text = f"{event} {_said(event, data)}".strip()
        yield Step(iso(ts_ns), session, None, HOST, "hook", None, text, None, agent, ts_ns, None, project)
    for session, agent, path, start, stop, noticed_ns, project in con.execute(HOLES_SQL, values):
        text = f"bytes {start} to {stop} of {path} did not arrive"
        yield Step(
            iso(noticed_ns), session, None, "memlog", "hole", None, text, "lost", agent, noticed_ns, None,
            project,
        )  # fmt: skip
    if selection.project is not None:
        return  # a ring is of no project
    for lost, reason, after, before, ring_id, noticed_ns, at in con.execute(GAPS_SQL):
        ts_ns = at if at is not None else noticed_ns
        if first <= ts_ns <= last:
            many = "1 record" if lost == 1 else f"{lost:,} records"
            text = f"{many} lost ({reason}): seq {after + 1} to {before - 1} of ring {ring_id[:8]}"
            yield Step(iso(ts_ns), None, None, "memlog", "gap", None, text, "lost", None, ts_ns, None)


def _call_said(text: str) -> str:
    """What a call is about: its command, file or pattern, which may stand behind lesser words."""
    lines = text[:4_000].split("\n")
    if lines[0] == "todos:":
        return _plan(lines)
    for name in _ABOUT:
        for number, line in enumerate(lines):
            if line.startswith(name):
                rest = takewhile(lambda more: not more.startswith(_BESIDE), lines[number + 1 :])
                return "\n".join([line[len(name) :], *(rest if name in ("command: ", "cmd: ") else ())])
    return text


def _in_lines(text: str) -> str:
    """What a call is about, with the ends of a command's lines to be seen."""
    said = _call_said(text)
    if said == text or "\n" not in said:
        return said
    return LINE_END.join(line.strip() for line in said.split("\n") if line.strip())


def _plan(lines: list[str]) -> str:
    """How far a plan is, and which of its items is being done."""
    states = [line[8:] for line in lines if line.startswith("status: ")]
    items = [line[9:] for line in lines if line.startswith("content: ")]
    now = [item for item, state in zip(items, states, strict=False) if state == "in_progress"]
    return f"{states.count('completed')} of {len(items)} done" + (f": {'; '.join(now)}" if now else "")


def _said(event: str, data: str) -> str:
    """What a host told beside the event's name: its short values; of a prompt its line."""
    try:
        found = json.loads(data)
    except ValueError:
        return ""
    if event == DOUBLED and isinstance(found, dict) and isinstance(found.get("prompt"), str):
        return _line(found["prompt"])
    names = ("trigger", "source", "reason", "matcher", "tool_name", "stop_hook_active", "error")
    return " ".join(str(found[n]) for n in names if isinstance(found, dict) and isinstance(found.get(n), str))


def _line(text: str, width: int = WIDTH) -> str:
    folded = " ".join(text[: width * 4].split())
    return folded if len(folded) <= width else folded[: width - 1] + "…"
