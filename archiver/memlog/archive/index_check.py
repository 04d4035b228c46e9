"""Whether a search index holds what the rows say: every word of every row where it stands, and no other.

The text of every row is prepared anew and indexed in memory, a few thousand rows at a time. Sums over
(word, row, column, place) of these small indexes together must be those of the archive's: sums do not
depend on the order, so nothing large is held.
"""

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from memlog.archive import body, connection
from memlog.archive.connection import Connection, Error
from memlog.archive.prepare import TEXT_VERSION, prepare, searchable, tags
from memlog.contracts import DAY_BITS
from memlog.errors import ArchiveError

Row = tuple[int, str, str]  # id, prepared text, tags
Told = Callable[[str], object]

VERSION_SQL = "SELECT text_version FROM archive"
MADE_SQL = "SELECT sql FROM main.sqlite_schema WHERE name = :name"
# index: the record's primary key
RECORDS_SQL = (
    "SELECT id, session_id, kind, role, tool, error, body, packing, text_bytes FROM record ORDER BY id"
)
# index: the event's primary key
EVENTS_SQL = "SELECT id, text FROM v_event_text WHERE text <> '' ORDER BY id"
# Each word is looked up as a search does it: a list of words that is whole may be led to by a wrong one.
SUMS_SQL = """
SELECT CAST(t.term AS BLOB), sum((w.doc * :a + w.offset * :b + (w.col = 'tags') * :c) % :p), count(*), t.cnt
FROM temp.terms t CROSS JOIN temp.words w ON w.term = t.term GROUP BY t.term
"""
VOCABULARY_SQL = {
    "record_fts": (
        "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, record_fts, instance)",
        "CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, record_fts, row)",
    ),
    "event_fts": (
        "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, event_fts, instance)",
        "CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, event_fts, row)",
    ),
}
SCRATCH_SIZES_SQL = "SELECT id, sz FROM scratch_docsize ORDER BY id"
FOUND_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match AND rowid = :id"

_ROWS = 2_000
_BYTES = 8 << 20
_MOST = 20  # named; a hundred more say no more
_WORDS = 6
_PRIME = (1 << 31) - 1


class Index(NamedTuple):
    """An index, the rows it is of, and the SQL that asks for both. noun: what a row is called."""

    name: str
    noun: str
    columns: str
    rows: Callable[[Connection], Iterator[Row]]
    counts_sql: str
    missing_sql: str
    stray_sql: str
    sizes_sql: str


def _records(con: Connection) -> Iterator[Row]:
    for id_, session, kind, role, tool, error, packed, packing, text_bytes in con.execute(RECORDS_SQL):
        try:
            text = prepare(body.text_of(packed, packing, text_bytes))
        except ArchiveError:
            text = ""  # damaged bytes are the hash chain's news, and this index's too
        yield id_, text, tags(session, id_ >> DAY_BITS, kind, role, tool, error)


def _events(con: Connection) -> Iterator[Row]:
    for id_, text in con.execute(EVENTS_SQL):
        yield id_, prepare(text), ""


# record_fts_docsize has a row for each row of the index.
RECORDS = Index(
    "record_fts", "record", "text, tags", _records,
    "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM record_fts_docsize)",
    "SELECT id FROM record EXCEPT SELECT id FROM record_fts_docsize LIMIT :most",
    "SELECT id FROM record_fts_docsize EXCEPT SELECT id FROM record LIMIT :most",
    "SELECT id, sz FROM record_fts_docsize WHERE id BETWEEN :first AND :last ORDER BY id",
)  # fmt: skip
EVENTS = Index(
    "event_fts", "event", "text", _events,
    "SELECT (SELECT count(*) FROM v_event_text WHERE text <> ''), (SELECT count(*) FROM event_fts_docsize)",
    "SELECT id FROM v_event_text WHERE text <> '' EXCEPT SELECT id FROM event_fts_docsize LIMIT :most",
    "SELECT id FROM event_fts_docsize EXCEPT SELECT id FROM v_event_text WHERE text <> '' LIMIT :most",
    "SELECT id, sz FROM event_fts_docsize WHERE id BETWEEN :first AND :last ORDER BY id",
)  # fmt: skip


def check(
    con: Connection, *, quick: bool = False, index: Index = RECORDS, told: Told = lambda note: None
) -> Iterator[str]:
    """What is wrong, a sentence each. quick: compares numbers only. told: how far it is."""
    rows, indexed = con.execute(index.counts_sql).fetchone()
    if rows != indexed:
        yield f"it holds {indexed:,} rows, the archive {rows:,}"
    if quick:
        return
    for sql, what in (
        (index.missing_sql, "is not in it"),
        (index.stray_sql, "is in it, but not in the archive"),
    ):
        for (id_,) in con.execute(sql, {"most": _MOST}):
            yield f"{index.noun} {id_} {what}"
    if rows == indexed:
        yield from _words(con, index, told)


def is_behind(con: Connection) -> bool:
    """Whether texts wait to be prepared anew, so that words cannot be compared."""
    try:
        return bool(con.execute(VERSION_SQL).fetchone()[0] < TEXT_VERSION)
    except (Error, TypeError):
        return False


def _words(con: Connection, index: Index, told: Told) -> Iterator[str]:
    (version,) = con.execute(VERSION_SQL).fetchone()
    if version < TEXT_VERSION:
        return  # the words wait to be prepared anew: verify says that they are not compared
    if version > TEXT_VERSION:
        if index is RECORDS:  # both were filled by it: it is said once
            yield f"its texts were prepared by version {version}, this memlog prepares by {TEXT_VERSION}"
        return
    factors = {"a": random.randrange(1 << 19, 1 << 20), "b": random.randrange(1 << 19, 1 << 20)}
    factors |= {"c": random.randrange(1 << 30), "p": _PRIME}
    wanted, suspects = _wanted(con, index, factors, told)
    told("words of the index read")
    if _sums(con, index.name, factors) == wanted and not suspects:
        return
    named = False
    for what in _named(con, index, suspects) if index is RECORDS else ():
        named = True
        yield what
    if not named:
        yield from (f"{index.noun} {id_} has other words than it holds of it" for id_ in suspects)
        if not suspects:
            yield "it holds other words than the rows have"


def _wanted(
    con: Connection, index: Index, factors: dict[str, int], told: Told
) -> tuple[tuple[int, int], list[int]]:
    """The sums the rows give, and ids of rows whose number of words is not the index's."""
    scratch = connection.sqlite3.connect(":memory:", isolation_level=None)
    try:
        (made,) = con.execute(MADE_SQL, {"name": index.name}).fetchone()
        scratch.execute(made.replace(index.name, "scratch", 1))
        scratch.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, scratch, instance)")
        scratch.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, scratch, row)")
        columns, marks = index.columns, ", ".join("?" * (1 + len(index.columns.split(","))))
        insert = f"INSERT INTO scratch (rowid, {columns}) VALUES ({marks})"  # noqa: S608 - ours
        total, count, done = 0, 0, 0
        suspects: list[int] = []
        rows = index.rows(con)
        while chunk := _chunk(rows):
            scratch.execute("BEGIN")
            width = 1 + len(columns.split(","))
            scratch.executemany(insert, (row[:width] for row in chunk))
            more, n = _add_up(scratch, factors)
            total, count = (total + more) % (1 << 64), count + n
            span = {"first": chunk[0][0], "last": chunk[-1][0]}
            held = dict(con.execute(index.sizes_sql, span).fetchall())
            found = scratch.execute(SCRATCH_SIZES_SQL).fetchall()
            suspects += [id_ for id_, size in found if held.get(id_) != size][: _MOST - len(suspects)]
            scratch.execute("INSERT INTO scratch (scratch) VALUES ('delete-all')")
            scratch.execute("COMMIT")
            done += len(chunk)
            told(f"words of {done:,} {index.noun}s compared")
    finally:
        scratch.close()
    return (total, count), suspects


def _chunk(rows: Iterator[Row]) -> list[Row]:
    """The next rows, as many as fit into memory easily."""
    chunk: list[Row] = []
    size = 0
    for row in islice(rows, _ROWS):
        chunk.append(row)
        size += len(row[1])
        if size > _BYTES:
            break
    return chunk


def _sums(con: Connection, name: str, factors: dict[str, int]) -> tuple[int, int]:
    """The sums of the archive's own index; for them the connection makes a temporary view of it."""
    con.set_authorizer(None)
    con.execute("PRAGMA query_only = 0")
    try:
        con.execute("DROP TABLE IF EXISTS temp.words")
        con.execute("DROP TABLE IF EXISTS temp.terms")
        for sql in VOCABULARY_SQL[name]:
            con.execute(sql)
        return _add_up(con, factors)
    finally:
        con.execute("PRAGMA query_only = 1")
        con.set_authorizer(connection.only_reads)


def _add_up(con: Connection, factors: dict[str, int]) -> tuple[int, int]:
    total = count = 0
    for term, places, n, listed in con.execute(SUMS_SQL, factors):
        total += hash(term) * places + (n != listed)  # hash: of one process, keyed anew in each
        count += n
    return total % (1 << 64), count


def _named(con: Connection, index: Index, suspects: list[int]) -> Iterator[str]:
    """Records whose own words do not find them."""
    left = _MOST
    wanted = set(suspects)
    for id_, text, marks in index.rows(con):
        if (not wanted or id_ in wanted) and not _is_found(con, id_, text, marks):
            yield f"record {id_} is not found by its own words"
            left -= 1
            if not left:
                return


def _is_found(con: Connection, id_: int, text: str, marks: str) -> bool:
    words = text.split()
    parts = [words[:_WORDS], words[len(words) // 2 :][:_WORDS], words[-_WORDS:]]
    phrases = [" ".join(part).replace('"', '""') for part in parts if any(map(searchable, part))]
    match = f'{{tags}} : "{marks}"' + "".join(f' AND {{text}} : "{p}"' for p in dict.fromkeys(phrases))
    try:
        return con.execute(FOUND_SQL, {"match": match, "id": id_}).fetchone() is not None
    except Error:
        return False
