"""A person's own SQL only reads, and ends."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archives import fill, reading, record
from memlog.archive.connection import Connection
from memlog.errors import QueryError
from memlog.paths import Home
from memlog.query import sql

HOSTILE = [
    "",
    "DELETE FROM record",
    "UPDATE record SET kind = 'x'",
    "INSERT INTO day VALUES (1, 1, 1, 1)",
    "REPLACE INTO day VALUES (1, 1, 1, 1)",
    "DROP TABLE record",
    "CREATE TABLE x (y)",
    "CREATE TEMP TABLE x (y)",
    "CREATE VIEW x AS SELECT 1",
    "ALTER TABLE record ADD COLUMN x",
    "ATTACH 'new.db' AS n",
    "VACUUM INTO 'new.db'",
    "VACUUM",
    "REINDEX",
    "ANALYZE",
    "PRAGMA writable_schema = 1",
    "PRAGMA query_only = 0",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version",
    "BEGIN IMMEDIATE",
    "SAVEPOINT x",
    "COMMIT",
    "DETACH main",
    "WITH x AS (SELECT 1) DELETE FROM record",
    "WITH x AS (SELECT 1) INSERT INTO day SELECT 1, 1, 1, 1",
    "EXPLAIN DELETE FROM nothing",
    "SELECT 1; DELETE FROM record",
    "/* SELECT */ DELETE FROM record",
    "-- SELECT\tDELETE FROM record",
    "SELECT load_extension('x.so')",
    "SELECT * FROM no_such_table",
    "SELECT fts3_tokenizer('x', 1) FROM record",
    "SELECT writefile('new.db', 'x')",
    "SELECT * FROM pragma_query_only(0)",
    "SELECT",
    ";",
    "(",
    "",
    "",
][1:]


@pytest.fixture
def con(home: Home) -> Iterator[Connection]:
    fill(home, [record(f"text {n}", n=n) for n in range(50)])
    with reading(home) as found:
        yield found


def run(con: Connection, statement: str, **values: object) -> sql.Answer:
    return sql.run(con, statement, values, time_ms=400, rows=20)


def test_a_select_answers_with_its_columns(con: Connection) -> None:
    answer = run(con, "SELECT kind, count(*) AS n FROM v_record WHERE role = :role GROUP BY 1", role="user")
    assert (answer.columns, answer.rows, answer.cut) == (["kind", "n"], [("message", 50)], None)
    assert run(con, "  -- why\n/* because */ with x as (select 1 as a) select a, a from x").columns == [
        "a",
        "a:2",
    ]
    assert run(con, "VALUES (1), (2)").rows == [(1,), (2,)]
    assert run(con, "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'text'").rows == [(50,)]


def test_more_rows_than_allowed_are_cut_and_said(con: Connection) -> None:
    answer = run(con, "SELECT id FROM v_record")
    assert len(answer.rows) == 20 and str(answer.cut).startswith("only the first 20 rows are shown\nnext: ")
    assert run(con, "SELECT id FROM v_record LIMIT 20").cut is None


def test_a_long_value_and_a_large_answer_are_cut_and_said(con: Connection) -> None:
    [[text]] = run(con, "SELECT hex(zeroblob(1000000))").rows
    assert len(text) < sql.CELL_BYTES + 30 and text.endswith("[951424 more]")
    wide = ", ".join(["hex(zeroblob(500000))"] * 5)
    answer = run(con, f"SELECT {wide} FROM v_record")
    assert answer.cut is not None and "32 MB" in answer.cut and len(answer.rows) < 10


@pytest.mark.parametrize("statement", HOSTILE)
def test_nothing_but_reading_is_done(
    con: Connection, home: Home, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path(home.archive).read_bytes()
    monkeypatch.chdir(tmp_path)
    statement = statement.replace("\\t", "\n")
    try:
        answer = run(con, statement)
    except QueryError:
        pass
    else:
        assert statement.startswith(("EXPLAIN", "SELECT * FROM pragma_query_only")), answer
    assert Path(home.archive).read_bytes() == before
    assert not list(tmp_path.glob("*.db"))
    assert con.execute("SELECT count(*) FROM record").fetchone() == (50,)


def test_the_same_statements_do_harm_on_a_writer(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what a connection that may write would have let through."""
    from memlog.archive.connection import open_writer

    fill(home, [record("x")])
    con = open_writer(home.archive)
    monkeypatch.chdir(tmp_path)
    con.execute("VACUUM INTO 'new.db'")
    con.execute("DELETE FROM record")
    con.close()
    assert (tmp_path / "new.db").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "WITH RECURSIVE t (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t",
        "SELECT count(*) FROM v_record a, v_record b, v_record c, v_record d, v_record e",
    ],
)
def test_a_statement_that_does_not_end_is_ended(con: Connection, statement: str) -> None:
    with pytest.raises(QueryError, match="longer than 400 ms"):
        run(con, statement)
    assert run(con, "SELECT 1").rows == [(1,)]


MEMORY = """
import resource, sys
def peak():
    # Linux counts into ru_maxrss what the process was before exec: its parent, which may be large.
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM:"))
from memlog.archive.connection import open_reader
from memlog.errors import QueryError
from memlog.query import sql
if sys.argv[2] == "bounded":
    sql.limit_heap()
con = open_reader(sys.argv[1])
STATEMENTS = [
    "SELECT length(printf('%600000000d', 1))",
    "SELECT length(randomblob(600000000))",
    "WITH RECURSIVE t (s) AS (SELECT 'aaaaaaaa' UNION ALL SELECT s || s FROM t LIMIT 40) SELECT max(length(s)) FROM t",
]
for statement in STATEMENTS[: 3 if sys.argv[2] == "bounded" else 1]:
    try:
        sql.run(con, statement, time_ms=10_000, rows=10)
        print("answered")
    except QueryError as exc:
        print("refused" if "256 MB" in str(exc) else exc)
print(peak())
"""


@pytest.mark.slow
def test_no_statement_takes_more_memory_than_the_bound(home: Home) -> None:
    fill(home, [record("x")])

    def told(how: str) -> list[str]:
        command = [sys.executable, "-c", MEMORY, home.archive, how]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]

    *answers, peak = told("bounded")
    assert answers == ["refused"] * 3 and int(peak) < 512
    *_, unbounded = told("unbounded")  # the twin
    assert int(unbounded) > 512
