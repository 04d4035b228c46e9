"""What a post-mortem's report says, read from incident.db; how it looks is said in report_md and report_html.

A report is for reading, so it is bounded: what is left out is counted, and the SQL that gives it is named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from memlog.portable import OBEYED
from memlog.query.runs import brief
from memlog.query.timeline import Step

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

_ODD = re.compile(f"[\x00-\x08\x0b-\x1f{OBEYED}]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_KEYS = frozenset(("record", "after", "before", "from byte", "to byte"))
_STEPS_READ, _STEPS_SHOWN = 20_000, 1_500
_WIDTH = 400  # characters of a cell
_COMPACTIONS, _LOST = 40, 15

ABOUT_SQL = "SELECT key, value FROM export"
SESSIONS_SQL = """
SELECT coalesce(title, session) AS title, session, agent, project, started, ended, records, compactions,
  errors FROM session ORDER BY started_ns, session LIMIT :limit
"""
CARDS_SQL = """
SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM record WHERE part = 0),
  (SELECT count(*) FROM compaction), (SELECT coalesce(sum(lost), 0) FROM loss),
  (SELECT coalesce(sum(facts), 0) FROM loss),
  (SELECT count(*) FROM fact WHERE kind = 'command'),
  (SELECT count(*) FROM fact WHERE kind = 'command' AND detail NOT IN ('ok', 'exit 0')),
  (SELECT count(*) FROM fact WHERE kind = 'error'),
  (SELECT coalesce(sum(lost - recovered), 0) FROM gap WHERE healed = 0),
  (SELECT count(*) FROM hole WHERE healed = 0), (SELECT coalesce(sum(count), 0) FROM redaction)
"""
COMPACTIONS_SQL = """
SELECT session, agent, epoch, ended, trigger, tokens_before, tokens_after, records, source, summary_chars,
  unseen FROM compaction ORDER BY ended_ns, session LIMIT :limit
"""
LOSS_SQL = """
SELECT kind, facts, verbatim, by_name, paraphrased, lost, came_back FROM loss
WHERE session = :session AND agent = :agent AND epoch = :epoch ORDER BY rowid
"""
# index: kept_epoch
LOST_SQL = """
SELECT kind, value, weight, came_back, uses, said_by, record FROM kept
WHERE session = :session AND agent = :agent AND epoch = :epoch AND kept IS NULL
ORDER BY weight DESC, rowid LIMIT :limit
"""
# index: none; with a limit only as many rows are held as it says
STEPS_SQL = """
SELECT ts, session, epoch, who, what, tool, text, outcome, ts_ns, record FROM timeline
ORDER BY ts_ns, record LIMIT :limit
"""
SAID_SQL = "SELECT ts, kind, said_by, value, detail, record FROM said ORDER BY ts, record LIMIT :limit"
COMMANDS_SQL = "SELECT ts, command, ended, record FROM commands ORDER BY ts, record LIMIT :limit"
FILES_SQL = "SELECT path, done, uses, first, last FROM files LIMIT :limit"
ERRORS_SQL = "SELECT ts, error, record FROM errors ORDER BY ts, record LIMIT :limit"
OTHERS_SQL = """
SELECT ts, kind, value, detail, record FROM fact WHERE kind IN ('test', 'commit', 'branch')
ORDER BY ts, record LIMIT :limit
"""
GAPS_SQL = (
    "SELECT noticed, ring_id, after_seq, before_seq, lost, recovered, healed, reason FROM gap LIMIT :limit"
)
HOLES_SQL = "SELECT noticed, path, start, stop, healed FROM hole LIMIT :limit"
HEALTH_SQL = "SELECT name, state, detail, remedy FROM health LIMIT :limit"
REDACTION_SQL = "SELECT stage, kind, count FROM redaction LIMIT :limit"
OMITTED_SQL = "SELECT count(*) FROM record WHERE omitted IS NOT NULL AND omitted NOT IN ('', '[]')"
QUERIES_SQL = "SELECT title, sql FROM query LIMIT :limit"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts. codes: columns in a fixed pitch; bad: rows of bad news; more: how many are left out."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    codes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    bad: frozenset[int] = frozenset()
    more: int = 0
    sql: str = ""
    bar: str = ""  # a column of shares, 0 to 100


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline."""

    ts: str
    who: str
    what: str
    tool: str
    text: str
    outcome: str
    bad: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a section: a heading, sentences, and what follows them."""

    title: str = ""
    says: tuple[str, ...] = ()
    table: Table | None = None
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report; name: its anchor."""

    name: str
    title: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. cards: label, figure, whether it is bad news."""

    title: str
    about: tuple[str, ...]
    cards: list[tuple[str, str, bool]]
    sections: list[Section]


def read(out: "Connection", *, anchored: bool) -> Report:
    """The report of an incident.db."""
    facts = dict(out.execute(ABOUT_SQL).fetchall())
    about = (f"{facts['holds']}. Made {facts['made at']} by {facts['made by']}. Times are UTC.",)
    sections = [
        Section("sessions", "Sessions", [_sessions(out)]),
        Section("compactions", "What compactions took", list(_compactions(out))),
        Section("timeline", "Timeline", [_timeline(out)]),
        Section("said", "Asked for, corrected, decided", [_said(out)]),
        Section("commands", "Commands", [_commands(out)]),
        Section("files", "Files", [_files(out)]),
        Section("errors", "Errors", [_errors(out)]),
        Section("results", "Tests and commits", [_results(out)]),
        Section("missing", "What did not arrive", list(_missing(out))),
        Section("recorder", "The recorder", [_health(out)]),
        Section("redacted", "What is left out", [_redacted(out)]),
        Section("check", "Checking and asking", [_check(out, anchored)]),
    ]
    return Report("Post-mortem", tuple(map(plain, about)), _cards(out), sections)


def plain(value: Any) -> str:
    """A value as a text without characters a reader would obey: controls, bidi, zero widths."""
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _cell(value: Any) -> str:
    text = plain(value)
    if _TIME.fullmatch(text):
        return f"{text[:10]} {text[11:19]}"
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _table(
    out: "Connection",
    sql: str,
    columns: tuple[str, ...],
    limit: int,
    count: str = "",
    ask: str = "",
    **said: Any,
) -> Table:
    """The first rows of a question. count: SQL for how many there are; ask: SQL that gives a reader all."""
    rows = out.execute(sql, {"limit": limit}).fetchall()
    total = out.execute(count).fetchone()[0] if count and len(rows) == limit else len(rows)
    bad = frozenset(n for n, row in enumerate(rows) if said.get("is_bad", lambda row: False)(row))
    said.pop("is_bad", None)
    # what a reader looks up is written as it is looked up
    cells = [
        tuple(
            str(v) if name in _KEYS and v is not None else _cell(v)
            for name, v in zip(columns, row, strict=True)
        )
        for row in rows
    ]
    return Table(columns, cells, bad=bad, more=total - len(rows), sql=ask, **said)


def _cards(out: "Connection") -> list[tuple[str, str, bool]]:
    sessions, records, cuts, lost, facts, commands, failed, errors, gone, holes, hidden = out.execute(
        CARDS_SQL
    ).fetchone()
    found = [
        ("sessions", f"{sessions:,}", False),
        ("records", f"{records:,}", False),
        ("compactions", f"{cuts:,}", cuts > 0),
        ("commands", f"{commands:,}", False),
        ("of them failed", f"{failed:,}", failed > 0),
        ("errors", f"{errors:,}", errors > 0),
        ("records that did not arrive", f"{gone:,}", gone > 0),
        ("holes in transcripts", f"{holes:,}", holes > 0),
        ("texts redacted", f"{hidden:,}", False),
    ]
    if facts:
        found.insert(3, ("facts lost of those known", f"{lost:,} of {facts:,}", lost > 0))
    return found


def _sessions(out: "Connection") -> Part:
    columns = ("title", "session", "agent", "project", "started", "ended", "records", "compactions", "errors")
    table = _table(
        out,
        SESSIONS_SQL,
        columns,
        200,
        "SELECT count(*) FROM session",
        "SELECT * FROM session",
        codes=("session", "project"),
        numbers=("records", "compactions", "errors"),
    )
    return Part(says=("Counts are those of whole sessions, also of what was not asked for.",), table=table)


def _compactions(out: "Connection") -> Iterator[Part]:
    rows = out.execute(COMPACTIONS_SQL, {"limit": _COMPACTIONS}).fetchall()
    if not rows:
        yield Part(says=("No compaction ended an epoch of these records.",))
    for session, agent, epoch, ended, trigger, before, after, records, source, chars, unseen in rows:
        where = {"session": session, "agent": agent, "epoch": epoch}
        tokens = f" at {before:,} tokens" if before else ""
        tokens += f", {after:,} after it" if after else ""
        summary = f"a summary of {chars:,} characters ({source})" if chars else "no summary"
        says = [
            f"{plain(ended)}: {plain(trigger) or 'a'} compaction{tokens}."
            f" {records:,} records became {summary}."
        ]
        if unseen:
            says.append(f"Not seen: {plain(unseen)}.")
        title = f"{plain(session)}, epoch {epoch}"
        yield Part(title, tuple(says), _ratios(out, where))
        yield Part(says=("Likeliest to be missed of what was lost:",), table=_lost(out, where))


def _ratios(out: "Connection", where: dict[str, Any]) -> Table:
    columns = ("kind", "kept", "facts", "verbatim", "by name", "paraphrased", "lost", "came back for")
    rows = []
    for kind, facts, verbatim, name, paraphrased, lost, back in out.execute(LOSS_SQL, where):
        share = str(round(100 * (facts - lost) / facts)) if facts else ""
        rows.append((kind, share, *map(plain, (facts, verbatim, name, paraphrased, lost, back))))
    return Table(columns, rows, numbers=columns[2:], bar="kept")


def _lost(out: "Connection", where: dict[str, Any]) -> Table:
    rows = out.execute(LOST_SQL, {**where, "limit": _LOST}).fetchall()
    cells: list[tuple[str, ...]] = [
        (f"{weight:.2f}", kind, _cell(value), plain(back), plain(uses), plain(by), str(record))
        for kind, value, weight, back, uses, by, record in rows
    ]
    bad = frozenset(n for n, row in enumerate(rows) if row[3])
    columns = ("weight", "kind", "what", "came back", "uses", "by", "record")
    ask = "SELECT * FROM lost_facts" if len(rows) == _LOST else ""
    return Table(columns, cells, ("what",), ("weight", "came back", "uses", "record"), bad, sql=ask)


def _timeline(out: "Connection") -> Part:
    rows = out.execute(STEPS_SQL, {"limit": _STEPS_READ}).fetchall()
    steps = brief(
        Step(ts, session, epoch, who or "", what, tool, text, outcome, None, ts_ns, id_)
        for ts, session, epoch, who, what, tool, text, outcome, ts_ns, id_ in rows
    )
    says = ["Calls that are alike are one line, replies between calls are left out; the table step has all."]
    if len(steps) > _STEPS_SHOWN or len(rows) == _STEPS_READ:
        says.append(
            f"These are the first {min(len(steps), _STEPS_SHOWN):,} lines; the view timeline has all."
        )
    return Part(says=tuple(says), lines=[_line(step) for step in steps[:_STEPS_SHOWN]])


def _line(step: Step) -> Line:
    outcome = step.outcome or ""
    bad = bool(outcome) and outcome != "ok"
    return Line(step.ts, plain(step.who), step.what, plain(step.tool), plain(step.text), _cell(outcome), bad)


def _said(out: "Connection") -> Part:
    columns = ("time", "kind", "by", "what", "why or state", "record")
    table = _table(out, SAID_SQL, columns, 300, "SELECT count(*) FROM said", "SELECT * FROM said")
    return Part(table=table)


def _commands(out: "Connection") -> Part:
    table = _table(
        out,
        COMMANDS_SQL,
        ("time", "command", "ended", "record"),
        400,
        "SELECT count(*) FROM commands",
        "SELECT * FROM commands",
        codes=("command",),
        is_bad=lambda row: row[2] not in (None, "ok", "exit 0"),
    )
    return Part(table=table)


def _files(out: "Connection") -> Part:
    table = _table(
        out,
        FILES_SQL,
        ("file", "done", "uses", "first", "last"),
        300,
        "SELECT count(*) FROM files",
        "SELECT * FROM files",
        codes=("file",),
        numbers=("uses",),
    )
    return Part(table=table)


def _errors(out: "Connection") -> Part:
    table = _table(
        out,
        ERRORS_SQL,
        ("time", "error", "record"),
        200,
        "SELECT count(*) FROM errors",
        "SELECT * FROM errors",
        codes=("error",),
    )
    return Part(table=table)


def _results(out: "Connection") -> Part:
    count = "SELECT count(*) FROM fact WHERE kind IN ('test', 'commit', 'branch')"
    table = _table(
        out,
        OTHERS_SQL,
        ("time", "kind", "what", "how", "record"),
        200,
        count,
        "SELECT * FROM fact",
        codes=("what",),
    )
    return Part(table=table)


def _missing(out: "Connection") -> Iterator[Part]:
    columns = ("noticed", "ring", "after", "before", "lost", "recovered", "healed", "why")
    gaps = _table(
        out,
        GAPS_SQL,
        columns,
        200,
        "SELECT count(*) FROM gap",
        "SELECT * FROM gap",
        codes=("ring",),
        is_bad=lambda row: not row[6],
    )
    yield Part("Gaps", ("Sequence numbers a ring lost before they were read.",), gaps)
    holes = _table(
        out,
        HOLES_SQL,
        ("noticed", "transcript", "from byte", "to byte", "healed"),
        200,
        "SELECT count(*) FROM hole",
        "SELECT * FROM hole",
        codes=("transcript",),
        is_bad=lambda row: not row[4],
    )
    yield Part(
        "Holes", ("Bytes of a transcript that were captured and did not all arrive as records.",), holes
    )


def _health(out: "Connection") -> Part:
    table = _table(
        out, HEALTH_SQL, ("what", "state", "how it is", "next"), 100, is_bad=lambda row: row[1] != "ok"
    )
    return Part(says=("As it was when this was made.",), table=table)


def _redacted(out: "Connection") -> Part:
    (omitted,) = out.execute(OMITTED_SQL).fetchone()
    says = [
        "recorded: credentials, taken out before anything was stored; a marker [redacted:rule] stands there.",
        "shared: paths, users, hosts and addresses, for this bundle; <path-1> is one path throughout.",
    ]
    if omitted:
        says.append(f"{omitted:,} records have something that was never stored (record.omitted says what).")
    table = _table(out, REDACTION_SQL, ("when", "kind", "markers"), 100, numbers=("markers",))
    return Part(says=tuple(says), table=table)


def _check(out: "Connection", anchored: bool) -> Part:
    says = (
        "memlog admin verify BUNDLE tells on any machine whether a byte of this bundle was changed, and"
        " whether its records are those of the recorder's hash chain (chain.jsonl).",
        "An anchor taken before goes with it (anchor.json)."
        if anchored
        else "No anchor goes with it: whether the whole of it was written anew shows only against one kept"
        " elsewhere (memlog admin verify BUNDLE --anchor FILE).",
        "incident.db opens in sqlite3 and Datasette; these questions are in its table query:",
    )
    return Part(says=says, table=_table(out, QUERIES_SQL, ("question", "SQL"), 50, codes=("SQL",)))
