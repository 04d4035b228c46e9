"""What a bundle says was found, found again: its tables, views and reports are those its records give."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from memlog.archive.connection import sqlite3
from memlog.export import findings, incident, report_html, report_md, report_read, script
from memlog.export.ahead import Ahead
from memlog.export.steps import Steps
from memlog.query.facts.fact import KINDS
from memlog.query.slice import Slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.slice import Row

Found = Iterator[tuple[str, str]]
Opened = Callable[[str], BinaryIO]

MASTER_SQL = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
QUERIES_SQL = "SELECT name, title, sql FROM query"
ABOUT_SQL = "SELECT key, value FROM export"
REDACTION_SQL = "SELECT stage, kind, count FROM redaction"
# index: record_time
RECORDS_SQL = "SELECT * FROM record ORDER BY ts_ns, id"
SESSIONS_SQL = "SELECT session, agent FROM session"
# index: record_session
EPOCHS_SQL = """
SELECT e.session, e.agent, e.epoch, e.records = (
  SELECT count(*) FROM record r
  WHERE r.session = e.session AND r.epoch = e.epoch AND r.agent = e.agent AND r.part = 0),
  EXISTS (SELECT 1 FROM record r
    WHERE r.session = e.session AND r.epoch = e.epoch AND r.agent = e.agent AND r.role = 'assistant')
FROM epoch e ORDER BY e.session, e.agent, e.epoch
"""
FACT_EPOCHS_SQL = "SELECT DISTINCT session, agent, epoch FROM fact"
LOSS_EPOCHS_SQL = "SELECT session, agent, epoch FROM compaction"
TABLES_SQL = {name: f"SELECT * FROM {name}" for name in ("fact", "compaction", "loss", "kept")}  # noqa: S608
_OF_EPOCH = {"fact": (9, 11, 10), "compaction": (0, 1, 2), "loss": (0, 1, 2), "kept": (0, 1, 2)}
_BACK = {"loss": ("came_back",), "kept": ("came_back", "again")}  # columns of what came after
_KINDS_SQL = {name: f"SELECT DISTINCT kind FROM {name}" for name in ("fact", "loss", "kept")}  # noqa: S608
_ALL = Slice("1", {}, 0, (1 << 63) - 1, whole=False, asked="")
_NAMED = 3  # differences of a table that are told apart

Epoch = tuple[Any, ...]


def told(con: "Connection", said: dict[str, Any], opened: Opened, *, reports: bool) -> Found:
    """Where manifest, script and reports say something else than incident.db.

    said: the manifest. opened: gives a file of the bundle. reports: also them; another SQLite may sort
    what is equal another way.
    """
    about = dict(con.execute(ABOUT_SQL).fetchall())
    if (about.get("made at"), about.get("holds")) != (said.get("made"), said.get("holds")):
        yield "incident.db", "its table export says something else than the manifest"
    odd = [
        (table, kind)
        for table, sql in _KINDS_SQL.items()
        for (kind,) in con.execute(sql)
        if kind not in KINDS
    ]
    for table, kind in odd:
        yield "incident.db", f"its table {table} has rows of a kind no fact is of: {str(kind)[:80]!r}"
    if incident.counts(con, incident.COUNTED) != said.get("counts"):
        yield "incident.db", "it has other counts than the manifest says"
    (hidden,) = con.execute(incident.COUNTED_SQL).fetchone()
    recorded = [count for stage, _, count in con.execute(REDACTION_SQL) if stage == "recorded"]
    if recorded != ([hidden] if hidden else []):
        yield "incident.db", "its table redaction has another count than its records"
    if not _is(opened, "incident.sql", script.chunks(con)):
        yield "incident.sql", "it says something else than incident.db"
    if not reports or odd:
        return
    report = report_read.read(con, anchored="anchor.json" in said["files"])
    for name, chunks in (("report.md", report_md.chunks), ("report.html", report_html.chunks)):
        if not _is(opened, name, chunks(report)):
            yield name, "it says something else than incident.db"


def found(con: "Connection", scratch: "Connection", partial: set[tuple[str, str]]) -> Found:
    """Which rows of incident.db are not what its records give.

    scratch: its records as an archive. partial: sessions of which it does not have every link.
    """
    look = Epochs(con, partial)
    counts: dict[str, Counter[int]] = {name: Counter() for name in TABLES_SQL}
    open_: dict[int, int] = {}  # commands whose answers may be of an epoch that is not here
    names = con.execute(SESSIONS_SQL).fetchall()
    for table, row in findings.rows(scratch, con, _ALL, names, (), lambda n: None, Ahead()):
        if table not in counts or not look.has(table, row):
            continue
        if table == "fact" and row[0] == "command" and row[2] is None and (row[9], row[11]) in partial:
            open_[row[4]] = hash((*row[:2], None, *row[3:]))
        else:
            counts[table][hash(look.masked(table, row))] += 1
    for table, count in counts.items():
        theirs = (row for row in con.execute(TABLES_SQL[table]) if look.has(table, row))
        yield from _against(table, count, (look.masked(table, row) for row in theirs), open_)


def stepped(con: "Connection") -> Found:
    """Which rows of its table step are not what the records of incident.db give."""
    yield from _against("step", Counter(map(hash, _steps(con))), con.execute("SELECT * FROM step"), {})


class Epochs:
    """Of which epochs the records are here.

    here: all of the epoch. whole: also all before it and of the next, so what was kept can be found again.
    begun: of the next its beginning, with the summary; what the agent came back for cannot be.
    """

    def __init__(self, con: "Connection", partial: set[tuple[str, str]]) -> None:
        self.here: set[Epoch] = set()
        unbroken: set[Epoch] = set()
        acted: set[Epoch] = set()
        for session, agent, epoch, complete, has_acted in con.execute(EPOCHS_SQL):
            one = (session, agent, epoch)
            if has_acted:
                acted.add(one)
            if complete or (session, agent) not in partial:
                self.here.add(one)
                if epoch == 0 or (session, agent, epoch - 1) in unbroken:
                    unbroken.add(one)
        self.whole = {one for one in unbroken if _next(one) in unbroken}
        self.begun = {one for one in unbroken - self.whole if _next(one) in acted}
        self._back = {
            table: frozenset(_place(con, table, name) for name in names) for table, names in _BACK.items()
        }

    def has(self, table: str, row: "Row") -> bool:
        """Whether a row can be found again."""
        epoch = _epoch(table, row)
        return epoch in self.here if table == "fact" else epoch in self.whole or epoch in self.begun

    def masked(self, table: str, row: "Row") -> "Row":
        """The row without what cannot be found again."""
        if table not in self._back or _epoch(table, row) not in self.begun:
            return row
        return tuple(None if n in self._back[table] else value for n, value in enumerate(row))


def unproved(con: "Connection", partial: set[tuple[str, str]]) -> Iterator[str]:
    """What of the tables was not found again, because records it stands on are not here."""
    look = Epochs(con, partial)
    facts = set(con.execute(FACT_EPOCHS_SQL)) - look.here
    losses = set(con.execute(LOSS_EPOCHS_SQL))
    for missing, what in (
        (facts, "the table fact"),
        (losses - look.whole - look.begun, "the tables compaction, loss and kept"),
        (losses & look.begun, "came_back and again in the tables loss and kept"),
    ):
        if missing:
            named = ", ".join(f"{session} epoch {epoch}" for session, _, epoch in sorted(missing)[:_NAMED])
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            yield f"{what}, of {named}{more}: not all records they were found in are in the bundle"
    if partial:
        yield "that no record of what was asked for was left out: not every link is of a record that is here"


def shape(con: "Connection") -> Found:
    """Where incident.db has other tables, indexes, views or questions than an export makes.

    Asked before anything else: a view of somebody else's may run without end.
    """
    before, after = incident.schema()
    ours = sqlite3.connect(":memory:", isolation_level=None)
    try:
        ours.executescript(before + after)
        for sql, what in (
            (MASTER_SQL, "tables, indexes and views"),
            (QUERIES_SQL, "questions (table query)"),
        ):
            if sorted(map(str, ours.execute(sql))) != sorted(map(str, con.execute(sql))):
                yield "incident.db", f"its {what} are not those an export makes"
    finally:
        ours.close()


def _steps(con: "Connection") -> Iterator["Row"]:
    cursor = con.execute(RECORDS_SQL)
    steps = Steps([column[0] for column in cursor.description])
    for table, row in steps.beside(("record", row) for row in cursor):
        if table == "step":
            yield row
    for _, row in steps.late():
        yield row


def _against(table: str, count: Counter[int], theirs: "Iterable[Row]", open_: dict[int, int]) -> Found:
    """hash() of a row is another in every process: nobody can make a row that has another's."""
    odd = 0
    for row in theirs:
        if table == "fact" and open_.get(row[4]) == hash((*row[:2], None, *row[3:])):
            del open_[row[4]]
        elif count[hash(row)] > 0:
            count[hash(row)] -= 1
        else:
            odd += 1
            if odd <= _NAMED:
                yield "incident.db", f"its records do not give this row of table {table}: {str(row)[:160]}"
    if odd > _NAMED:
        yield "incident.db", f"nor do they give {odd - _NAMED} more rows of table {table}"
    missing = sum(count.values()) + (len(open_) if table == "fact" else 0)
    if missing:
        yield "incident.db", f"table {table} lacks {missing} of the rows its records give"


def _epoch(table: str, row: "Row") -> Epoch:
    return tuple(row[n] for n in _OF_EPOCH[table])


def _next(epoch: Epoch) -> Epoch:
    return (*epoch[:2], epoch[2] + 1)


def _place(con: "Connection", table: str, name: str) -> int:
    return [found for (found,) in con.execute(incident.COLUMNS_SQL, {"table": table})].index(name)


def _is(opened: Opened, name: str, chunks: Iterable[bytes]) -> bool:
    with opened(name) as file:
        return all(file.read(len(chunk)) == chunk for chunk in chunks) and not file.read(1)
