"""The report of a post-mortem, read from incident.db; how it looks is said in report_md and report_html.

A report is for reading, so it is bounded: what is left out is counted, and the SQL that gives it is named.
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.export import report_losses
from memlog.export.report import Line, Part, Report, Section, cell, plain, table
from memlog.query.facts.endings import HIDDEN
from memlog.query.runs import brief
from memlog.query.timeline import Step
from memlog.query.verdict import ASKED, GRAVE, many

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

_STEPS_READ, _STEPS_SHOWN = 20_000, 1_500

ABOUT_SQL = "SELECT key, value FROM export"
HIDDEN_SQL = "SELECT count(*) FROM fact WHERE kind = 'command' AND detail = :hidden"
SESSIONS_SQL = """
SELECT coalesce(title, session) AS title, session, agent, project, started, ended, records, compactions,
  errors AS "failed calls" FROM session ORDER BY started_ns, session LIMIT :limit
"""
CARDS_SQL = """
SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM record WHERE part = 0),
  (SELECT count(*) FROM compaction),
  (SELECT count(*) FROM fact WHERE kind = 'command'),
  (SELECT count(*) FROM fact WHERE kind = 'command'
     AND detail NOT IN ('ok', 'exit 0') AND detail NOT LIKE 'unknown:%'),
  (SELECT count(*) FROM fact WHERE kind = 'error'),
  (SELECT coalesce(sum(lost - recovered), 0) FROM gap WHERE healed = 0),
  (SELECT count(*) FROM hole WHERE healed = 0), (SELECT coalesce(sum(count), 0) FROM redaction),
  (SELECT count(*) FROM record WHERE kind = 'damage' AND part = 0)
"""
LOSSES_SQL = """
SELECT kind, sum(facts), sum(lost), sum(unknown) FROM loss GROUP BY kind ORDER BY min(rowid)
"""
# index: none; with a limit only as many rows are held as it says
STEPS_SQL = """
SELECT ts, session, epoch, who, what, tool, text, outcome, ts_ns, record FROM timeline
ORDER BY ts_ns, record LIMIT :limit
"""
# index: the record's primary key
WHEN_SQL = "SELECT ts FROM record WHERE id = CAST(:id AS INTEGER)"
SAID_SQL = "SELECT ts, kind, said_by, value, detail, record FROM said ORDER BY ts, record LIMIT :limit"
COMMANDS_SQL = "SELECT ts, command, ended, record FROM commands ORDER BY ts, record LIMIT :limit"
# With an order of its own the view's is left out, which would hold every file there is. index: fact_kind
FILES_SQL = "SELECT path, done, uses, first, last, record FROM files ORDER BY uses DESC, path LIMIT :limit"
FILE_COUNT_SQL = """
SELECT count(*) FROM (SELECT 1 FROM fact WHERE kind = 'file' GROUP BY coalesce(place, value))
"""
ERRORS_SQL = "SELECT ts, error, record FROM errors ORDER BY ts, record LIMIT :limit"
OTHERS_SQL = """
SELECT ts, kind, value, detail, record FROM fact WHERE kind IN ('test', 'commit', 'branch')
ORDER BY ts, record LIMIT :limit
"""
QUERIES_SQL = "SELECT title, sql FROM query LIMIT :limit"


def read(out: "Connection", *, anchored: bool) -> Report:
    """The report of an incident.db."""
    facts = dict(out.execute(ABOUT_SQL).fetchall())
    about = (f"{facts['holds']}. Made {facts['made at']} by {facts['made by']}. Times are UTC.",)
    sections = [
        Section("sessions", "Sessions", [_sessions(out)]),
        Section("compactions", "What compactions took", list(report_losses.compactions(out))),
        Section("timeline", "Timeline", [_timeline(out)]),
        Section("said", "Asked for, corrected, decided", [_said(out)]),
        Section("commands", "Commands", [_commands(out)]),
        Section("files", "Files", [_files(out)]),
        Section("errors", "Error messages", [_errors(out)]),
        Section("results", "Tests and commits", [_results(out)]),
        Section("missing", "What did not arrive", list(report_losses.missing(out))),
        Section("recorder", "The recorder", [report_losses.health(out)]),
        Section("redacted", "What is left out", [report_losses.redacted(out)]),
        Section("check", "Checking and asking", [_check(out, anchored)]),
    ]
    places = _places(out, sections)
    return Report("Post-mortem", tuple(map(plain, about)), _cards(out), sections, places)


def _places(out: "Connection", sections: list[Section]) -> dict[str, str]:
    """Of each record a table names: the record of its line in the timeline, or of the last one before it."""
    parts = [part for section in sections for part in section.parts]
    lines = [(line.ts, str(line.record)) for part in parts for line in part.lines if line.record is not None]
    known = {record for _, record in lines}
    tables = [part.table for part in parts if part.table is not None]
    named = {record for one in tables for record in one.records()}
    found = {record: record for record in named & known}
    for record in sorted(named - known):
        row = out.execute(WHEN_SQL, {"id": record}).fetchone()
        at = bisect_right(lines, (row[0], "~")) if row is not None else 0
        if 0 < at < len(lines):
            found[record] = lines[at - 1][1]
    return found


def _cards(out: "Connection") -> list[tuple[str, str, bool]]:
    sessions, records, cuts, commands, failed, errors, gone, holes, hidden, damaged = out.execute(
        CARDS_SQL
    ).fetchone()
    found = [
        _card(sessions, "session"),
        _card(records, "record"),
        _card(cuts, "compaction", bad=True),
        _card(commands, "command"),
        ("of them failed or refused", f"{failed:,}", failed > 0),
        *_hidden_ends(out),
        _card(errors, "error message", bad=True),
        _card(gone, "record", " that did not arrive", bad=True),
        _card(holes, "hole", " in transcripts", bad=True),
        _card(damaged, "damaged line", bad=True),
        ("markers of what was redacted", f"{hidden:,}", False),
    ]
    found[3:3] = _lost_cards(out)
    return found


def _card(count: int, noun: str, which: str = "", *, bad: bool = False) -> tuple[str, str, bool]:
    """A label that agrees with its figure. bad: any is bad news."""
    return f"{noun}{'' if count == 1 else 's'}{which}", f"{count:,}", bad and count > 0


def _lost_cards(out: "Connection") -> Iterator[tuple[str, str, bool]]:
    """A card for each kind that is asked for again; bad news is what nothing but the conversation held."""
    for kind, facts, lost, unknown in out.execute(LOSSES_SQL):
        if kind in ASKED and facts:
            known = facts - unknown
            figure = f"{lost:,} of {known:,}" if known else "unknown"
            yield f"{many(kind, 2)} lost", figure, lost > 0 and kind in GRAVE
            if unknown and known:
                yield f"{many(kind, 2)} of which it is unknown", f"{unknown:,}", False


def _hidden_ends(out: "Connection") -> list[tuple[str, str, bool]]:
    """A card of commands whose output says they failed, though their end is that of a pipe."""
    (count,) = out.execute(HIDDEN_SQL, {"hidden": HIDDEN}).fetchone()
    return [("of them, as their output says", f"{count:,}", True)] if count else []


def _sessions(out: "Connection") -> Part:
    columns = (
        "title",
        "session",
        "agent",
        "project",
        "started",
        "ended",
        "records",
        "compactions",
        "failed calls",
    )
    found = table(
        out,
        SESSIONS_SQL,
        columns,
        200,
        "session",
        codes=("session", "project"),
        numbers=("records", "compactions", "failed calls"),
    )
    return Part(says=("Counts are those of whole sessions, also of what was not asked for.",), table=found)


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
    said = (plain(step.who), step.what, plain(step.tool), plain(step.text), cell(outcome))
    return Line(step.ts, *said, bad, step.id)


def _said(out: "Connection") -> Part:
    columns = ("time", "kind", "by", "what", "why or state", "record")
    return Part(table=table(out, SAID_SQL, columns, 300, "said"))


def _commands(out: "Connection") -> Part:
    return Part(
        table=table(
            out,
            COMMANDS_SQL,
            ("time", "command", "ended", "record"),
            400,
            "commands",
            codes=("command",),
            is_bad=lambda row: row[2] not in (None, "ok", "exit 0"),
        )
    )


def _files(out: "Connection") -> Part:
    return Part(
        table=table(
            out,
            FILES_SQL,
            ("file", "done", "uses", "first", "last", "record"),
            300,
            "files",
            FILE_COUNT_SQL,
            codes=("file",),
            numbers=("uses",),
        )
    )


def _errors(out: "Connection") -> Part:
    says = ("What was printed, and pasted: a call can print several, or fail without one.",)
    return Part(
        says=says, table=table(out, ERRORS_SQL, ("time", "error", "record"), 200, "errors", codes=("error",))
    )


def _results(out: "Connection") -> Part:
    count = "SELECT count(*) FROM fact WHERE kind IN ('test', 'commit', 'branch')"
    return Part(
        table=table(
            out, OTHERS_SQL, ("time", "kind", "what", "how", "record"), 200, "fact", count, codes=("what",)
        )
    )


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
    return Part(says=says, table=table(out, QUERIES_SQL, ("question", "SQL"), 50, codes=("SQL",)))
