"""export: what a person takes away opens without memlog, holds every byte, and is whole or not there."""

import csv
import json
import os
import shutil
import sqlite3 as stock
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archives
from archives import DAY, MINUTE, NOW_NS, event, record
from conftest import Run
from memlog import portable
from memlog.contracts import schema_dir
from memlog.errors import InputError, RefusedError, UnavailableError
from memlog.export import sql, sqlite, tables
from memlog.paths import Home
from memlog.query import record as query_record
from memlog.query import slice
from memlog.query.selection import Selection

SHELL = shutil.which("sqlite3")
needs_shell = pytest.mark.skipif(SHELL is None, reason="there is no sqlite3 shell on this machine")

NASTY = [
    "plain", "it's 'quoted'; DROP TABLE record; --", "two\nlines", "a\r\nb\rc", "nul\0inside", "\0", "bell\x07 and \x1b[31mred",
    ".quit\n.exit\n", "\n/\ngo\n", "\\x1b is not \x1b", "bidi \u202e and \u200b and \ufeff", "\x85\u2028\u2029", "café 漢字 🙂",
    "".join(map(chr, range(1, 32))), "/* */ -- # @", "\\u202e\u202e", "",
]  # fmt: skip


def shell(database: Path, script: str | bytes) -> str:
    """What the stock sqlite3 shell prints; nothing on stderr."""
    given = script.encode() if isinstance(script, str) else script
    done = subprocess.run([str(SHELL), "-bail", str(database)], input=given, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


@pytest.fixture
def full(home: Home) -> Home:
    """Sessions with texts that break quoting, a large record, foreign blobs, a ring, events."""
    archives.fill(
        home,
        [record(text, n=n, kind="tool_result" if n % 3 else "message", tool="Bash" if n % 3 else None, error=n == 4)
         for n, text in enumerate(NASTY)],
        [record("needle " + "hay " * 40_000, n=50, boundary="")],
        [record("second needle", n=1, session="session-b", project="/home/ann/other", agent="codex")],
        [b"\xa1\x61k\x65words", b"\x00\xff not cbor"],
        [event("PreCompact"), event("SessionEnd", session="session-b", ts_ns=NOW_NS)],
    )  # fmt: skip
    return home


@pytest.fixture
def memlog(run_memlog: Run) -> Run:
    """The command, which must succeed unless another exit code is named."""

    def run(*words: str, check: int = 0, **named: Any) -> "subprocess.CompletedProcess[str]":
        return run_memlog(*words, check=check, **named)

    return run


def whole(con: Any) -> slice.Slice:
    return slice.cut(con, Selection(), now_ns=NOW_NS)


def promised(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every view, as the archive gives them."""
    with archives.reading(home) as con:
        return {name: sorted(con.execute(f"SELECT * FROM v_{name}").fetchall(), key=repr) for name in TABLES}


TABLES = ("record", "session", "epoch", "gap", "event")


def held(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of an exported file, read by Python's own SQLite."""
    con = stock.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for name in TABLES:
            assert (
                con.execute(f"SELECT * FROM {name}").fetchall()
                == con.execute(f"SELECT * FROM v_{name}").fetchall()
            )
        return {name: sorted(con.execute(f"SELECT * FROM v_{name}").fetchall(), key=repr) for name in TABLES}
    finally:
        con.close()


def script_of(home: Home) -> bytes:
    with archives.reading(home) as con:
        return b"".join(sql.chunks(con, whole(con), now_ns=NOW_NS, on_rows=lambda n: None))


def test_the_tables_of_an_export_have_the_columns_of_the_archives_views(home: Home) -> None:
    before, after = tables.schema()
    con = stock.connect(":memory:")
    con.executescript(before + after)
    with archives.archive_of(home) as archive:
        for name in TABLES:
            ours = [c[0] for c in con.execute(f"SELECT * FROM v_{name}").description]
            assert ours == [c[0] for c in archive.execute(f"SELECT * FROM v_{name}").description], name
    con.close()
    assert os.path.exists(os.path.join(schema_dir(), "export.sql"))


@needs_shell
def test_a_script_loads_into_the_stock_shell_and_gives_every_row_and_byte(full: Home, tmp_path: Path) -> None:
    script = script_of(full)
    assert not set(script) & (set(range(32)) - {9, 10}), "no byte of it is a control character"
    assert shell(tmp_path / "new.db", script) == ""
    assert held(tmp_path / "new.db") == promised(full)
    found = shell(
        tmp_path / "new.db",
        "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'needle';"
        "SELECT snippet(record_fts, 0, '[', ']', '...', 4) FROM record_fts WHERE record_fts MATCH 'second needle';"
        "SELECT count(*) FROM conversation; SELECT tool, calls, errors FROM tools; SELECT count(*) FROM failures;"
        "SELECT sum(records) FROM days; INSERT INTO record_fts (record_fts, rank) VALUES ('integrity-check', 1);",
    ).splitlines()
    assert found[:2] == ["2", "[second] [needle]"]
    assert int(found[2]) > 0 and found[3] == "Bash|0|1"


texts = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\0\r\n'\\\x1b\x85\u202e\u2028x1b/;."),
    ),
    max_size=30,
)


@needs_shell
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=20, max_size=60))
def test_any_text_comes_through_the_stock_shell(tmp_path_factory: Any, values: list[str]) -> None:
    path = tmp_path_factory.mktemp("shell") / "t.db"
    rows = "".join(f"INSERT INTO t VALUES ({n}, {sql.quote(v)});\n" for n, v in enumerate(values))
    shell(path, f"CREATE TABLE t (n, v); BEGIN;\n{rows}COMMIT;\n")
    con = stock.connect(path)
    assert [v for (v,) in con.execute("SELECT v FROM t ORDER BY n")] == values
    con.close()


@needs_shell
def test_a_naive_literal_would_lose_bytes_in_the_same_shell(tmp_path: Path) -> None:
    for n, text in enumerate(["a\r\nb", "a\0b"]):
        literal = "'" + text.replace("'", "''") + "'"
        path = tmp_path / f"{n}.db"
        subprocess.run([str(SHELL), str(path)], input=f"CREATE TABLE t (v);\nINSERT INTO t VALUES ({literal});\n".encode(),
                       capture_output=True, timeout=60)  # fmt: skip
        con = stock.connect(path)
        assert con.execute("SELECT v FROM t").fetchall() != [(text,)]
        con.close()


@pytest.fixture
def exported(full: Home, tmp_path: Path, memlog: Run) -> Path:
    path = tmp_path / "out.db"
    memlog("export", "sqlite", "-o", str(path))
    return path


def test_a_file_holds_every_row_and_byte_and_opens_from_read_only_media(
    full: Home, exported: Path, tmp_path: Path
) -> None:
    assert held(exported) == promised(full)
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    assert exported.read_bytes()[18:20] == b"\x01\x01", "journal_mode DELETE, not WAL"
    assert [p.name for p in tmp_path.glob("out.db*")] == ["out.db"]
    script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM v_record').fetchone())"
    # As root every medium is writable; and pytest's folders are closed to all others, again and again.
    drops = os.geteuid() == 0 and shutil.which("setpriv")
    with tempfile.TemporaryDirectory(dir="/tmp" if drops else tmp_path) as folder:
        os.chmod(folder, 0o755)
        medium = Path(folder, "medium")
        medium.mkdir()
        shutil.copy(exported, medium / "out.db")
        os.chmod(medium / "out.db", 0o444)
        os.chmod(medium, 0o555)
        try:
            read = [sys.executable, "-c", script, str(medium / "out.db")]
            nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            done = subprocess.run(
                nobody + read if drops else read, capture_output=True, text=True, timeout=50
            )
            assert done.stdout.strip() == f"({len(promised(full)['record'])},)", done.stderr
            assert list(medium.iterdir()) == [medium / "out.db"], "nothing is made beside it"
        finally:
            os.chmod(medium, 0o755)


@needs_shell
def test_a_file_answers_a_search_in_the_stock_shell(exported: Path) -> None:
    assert shell(exported, "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'needle';") == "2\n"
    assert shell(exported, "PRAGMA integrity_check; PRAGMA journal_mode;") == "ok\ndelete\n"


@pytest.fixture
def datasette(exported: Path) -> Iterator[Datasette]:
    """Datasette without our plugin."""
    found = Datasette([], immutables=[str(exported)])
    from datasette.plugins import pm

    ours = [p for p in pm.get_plugins() if (pm.get_name(p) or "").startswith(("memlog", "datasette_memlog"))]
    names = [(p, pm.get_name(p)) for p in ours]
    for plugin in ours:
        pm.unregister(plugin)
    yield found
    for plugin, name in names:
        pm.register(plugin, name)
    for database in found.databases.values():
        database.close()


async def test_datasette_without_our_plugin_shows_and_searches_it(datasette: Datasette) -> None:
    await datasette.invoke_startup()
    tables = (await datasette.client.get("/out.json")).json()["tables"]
    assert {t["name"] for t in tables} >= {*TABLES, "export", "record_fts"}
    found = (await datasette.client.get("/out/record.json?_search=second+needle&_shape=array")).json()
    assert [row["session"] for row in found] == ["session-b"], "it finds the index by itself"
    page = await datasette.client.get("/out/v_record?_sort=id")
    assert page.status_code == 200 and "memlog_text" not in page.text


def of_records(exported: str) -> list[dict[str, Any]]:
    """The lines that are records; notes follow them."""
    lines = [json.loads(raw) for raw in exported.splitlines()]
    noted = ["line" in line for line in lines]
    assert noted == sorted(noted)
    return [line for line in lines if "line" not in line]


def test_what_a_large_line_held_besides_its_text_is_in_every_export(
    home: Home, tmp_path: Path, memlog: Run
) -> None:
    """Slices of it lie in the record's parts, where SQL alone finds nothing."""
    held = {"toolUseResult": {"stdout": "out\0 \x1b é " * 15_000, "code": 0}, "n": [1.5, None]}
    archives.fill(
        home,
        [record("short", n=1, rest=held), record("long " * 30_000, n=2, rest=held), record("bare " * 30_000, n=3)],
        [record("small", n=4, rest={"cwd": "/srv"})],
    )  # fmt: skip
    memlog("export", "sqlite", "-o", str(tmp_path / "out.db"))
    memlog("export", "csv", "-o", str(tmp_path / "out.csv"))
    columns = "SELECT source_id, part, extra FROM v_record"
    found = []
    loaded = stock.connect(":memory:")
    loaded.executescript(script_of(home).decode())
    for con in (stock.connect(tmp_path / "out.db"), loaded):
        found.append({(source, part): extra for source, part, extra in con.execute(columns)})
        con.close()
    csv.field_size_limit(1 << 24)
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        found.append({(r["source_id"], int(r["part"])): r["extra"] or None for r in csv.DictReader(file)})
    for extras in found:
        whole = {key: json.loads(extra) for key, extra in extras.items() if extra is not None}
        assert whole == {
            ("session-a-1", 0): held,
            ("session-a-2", 0): held,
            ("session-a-4", 0): {"cwd": "/srv"},
        }
        assert len(extras) > 8, "there are parts"
    with archives.reading(home) as con:
        lacking = con.execute("SELECT count(*) FROM v_record WHERE parts > 1 AND extra IS NOT NULL")
        assert lacking.fetchone() == (0,), "docs/views.md says so"
        assert [one.extra for one in query_record.find(con, "session-a-2")] == [held]


def test_jsonl_gives_every_blob_back(full: Home, memlog: Run) -> None:
    lines = of_records(memlog("export", "jsonl").stdout)
    with archives.reading(full) as con:
        blobs = [
            b for (b,) in con.execute("SELECT memlog_blob(body, packing) FROM record ORDER BY ts_ns, id")
        ]
        rows = archives.rows(con, "SELECT * FROM v_record ORDER BY ts_ns, id")
    assert [portable.from_line(line)[1] for line in lines] == blobs
    for line, row in zip(lines, rows, strict=True):
        for name in (
            "id",
            "session",
            "epoch",
            "ts",
            "ts_ns",
            "kind",
            "role",
            "tool",
            "source_id",
            "part",
            "parts",
            "digest",
        ):
            assert line.get(name) == row[name], name
        assert line["text"] == row["text"]


def test_importing_an_exported_jsonl_gives_the_same_rows(full: Home, tmp_path: Path, memlog: Run) -> None:
    path = tmp_path / "out.jsonl"
    memlog("export", "jsonl", "-o", str(path))
    other = Home(str(tmp_path / "other"))
    memlog("--home", other.root, "import", "jsonl", str(path))
    columns = """session, project, agent, epoch, ts, ts_ns, written_ns, uid, pid, kind, role, tool, source_id, parent_id,
        block, part, parts, bytes, text, decode_error, error, omitted, redacted, extra"""

    def rows(home: Home) -> list[dict[str, Any]]:
        with archives.reading(home) as con:
            return archives.rows(
                con, f"SELECT {columns} FROM v_record ORDER BY ts_ns, session, source_id, block, part"
            )

    assert rows(other) == rows(full)
    again = memlog("--home", other.root, "import", "jsonl", str(path))
    assert rows(other) == rows(full), again.stderr


def test_csv_has_the_columns_of_v_record(full: Home, memlog: Run, tmp_path: Path) -> None:
    memlog("export", "csv", "-o", str(tmp_path / "out.csv"))
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    with archives.reading(full) as con:
        rows = archives.rows(con, "SELECT * FROM v_record ORDER BY ts_ns, id")
    assert list(found[0]) == list(rows[0])
    assert [row["text"] for row in found] == [row["text"] for row in rows]
    assert [row["id"] for row in found] == [str(row["id"]) for row in rows]


@pytest.mark.parametrize(
    ("flags", "sessions", "records"),
    [
        (["session-b"], {"session-b"}, 1), (["--session", "session-b"], {"session-b"}, 1),
        (["session-a", "session-b"], {"session-a", "session-b"}, None), (["--agent", "codex"], {"session-b"}, 1),
        (["--project", "other"], {"session-b"}, 1), (["--kind", "message", "session-b"], {"session-b"}, 1),
        (["--search", "second needle"], {"session-b"}, 1), (["--search", "needle"], {"session-a", "session-b"}, 4),
        (["--search", "needle agent:codex"], {"session-b"}, 1), (["--until", "2000-01-01"], set(), 0),
        (["--epoch", "7"], set(), 0), (["--tool", "bash", "--search", "lines"], {"session-a"}, 1),
        (["--search", "-needle", "session-b"], set(), 0),
    ],
)  # fmt: skip
def test_a_part_of_the_archive_can_be_taken(
    full: Home, memlog: Run, tmp_path: Path, flags: list[str], sessions: set[str], records: int | None
) -> None:
    path = tmp_path / "part.db"
    memlog("export", "sqlite", *flags, "-o", str(path))
    found = held(path)
    assert {row[0] for row in found["session"]} == sessions
    if records is not None:
        assert len(found["record"]) == records, "a record of several parts is taken whole"
    lines = memlog("export", "jsonl", *flags).stdout.splitlines()
    assert len(lines) == len(found["record"])


def test_a_session_that_is_not_there_is_told_with_its_nearest_names(full: Home, memlog: Run) -> None:
    done = memlog("export", "sql", "sesion-b", check=3)
    assert done.stdout == "" and "session-b" in done.stderr
    assert memlog("export", "sql", "--search", "!!!", check=2).stdout == ""


def test_a_file_that_is_there_is_not_replaced_without_force(full: Home, memlog: Run, tmp_path: Path) -> None:
    path = tmp_path / "out"
    for format in ("sql", "sqlite", "jsonl", "csv"):
        path.write_text("precious")
        done = memlog("export", format, "-o", str(path), check=7)
        assert "--force" in done.stderr and path.read_text() == "precious"
        memlog("export", format, "-o", str(path), "--force")
        assert path.read_bytes() != b"precious" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path).count("out") == 1
    assert not [name for name in os.listdir(tmp_path) if "tmp" in name]


def test_an_export_that_fails_leaves_no_file_and_the_old_one(
    full: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memlog.export import place

    path = tmp_path / "out.db"
    path.write_text("precious")
    fired = []

    def failing(*args: Any, **more: Any) -> Iterator[Any]:
        fired.append(True)
        yield "export", ("key", "value")
        raise OSError(28, "no space left")

    monkeypatch.setattr(tables, "rows", failing)
    with archives.reading(full) as con, pytest.raises(Exception, match="cannot be written"):  # noqa: SIM117
        with place.made(str(path), force=True) as temporary:
            sqlite.write(con, whole(con), temporary, now_ns=NOW_NS, on_rows=lambda n: None)
    assert fired and path.read_text() == "precious"
    assert [p.name for p in tmp_path.glob("out.db*")] == ["out.db"]


def test_records_whose_bytes_are_damaged_are_named_and_the_others_come_out(full: Home, memlog: Run) -> None:
    everything = len(of_records(memlog("export", "jsonl").stdout))
    from memlog.archive.store import Archive

    with Archive.open(full, now_ns=NOW_NS) as archive:
        archive.con.execute(
            "UPDATE record SET packing = 1, body = x'28b52ffdff' WHERE id = (SELECT min(id) FROM record)"
        )
    done = memlog("export", "jsonl", check=1)
    assert len(of_records(done.stdout)) == everything - 1
    assert "left out" in done.stderr
    assert memlog("export", "sql").stdout.count("INSERT INTO record VALUES") == everything, (
        "a row without its text"
    )


def test_records_come_in_order_of_time_whether_they_are_sorted_at_once_or_day_by_day(home: Home) -> None:
    times = [NOW_NS + day * DAY + minute * MINUTE for minute in (9, 3, 7) for day in (2, 0, 5, -9_000)]
    fill = [record(str(n), n=n, ts_ns=ts_ns, session=f"s-{n % 2}") for n, ts_ns in enumerate(times)]
    with archives.archive_of(home, fill[:6], fill[6:]) as con:
        order = "SELECT id FROM v_record {} ORDER BY ts_ns, id"
        for selection, names, by_day, those in (
            (Selection(), (), True, ""),
            (
                Selection(since_ns=times[5], until_ns=times[2]),
                (),
                True,
                f"WHERE ts_ns >= {times[5]} AND ts_ns < {times[2]}",
            ),
            (Selection(), ("s-0",), False, "WHERE session = 's-0'"),
            (Selection(kind=("message",)), (), False, ""),
        ):
            part = slice.cut(con, selection, names, now_ns=NOW_NS)
            assert (part.days is not None) == by_day
            found = list(slice.ids(con, part))
            assert found == [row[0] for row in con.execute(order.format(those))] and len(found) > 3


def test_an_export_is_of_one_moment(full: Home) -> None:
    with archives.reading(full) as con:
        con.execute("BEGIN")
        part = whole(con)
        found = tables.rows(con, part, now_ns=NOW_NS, on_rows=lambda n: None)
        first = [next(found) for _ in range(6)]
        archives.fill(full, [record("later", n=90)], now_ns=NOW_NS + 1)
        rest = list(found)
    rows = [row for table, row in first + rest if table == "record"]
    (session,) = [row for table, row in rest if table == "session" and row[0] == "session-a"]
    assert "later" not in [row[23] for row in rows]
    assert session[6] == len({row[0] for row in rows if row[1] == "session-a" and row[20] == 0})


def test_a_lone_carriage_return_stays_inside_of_its_value(home: Home, memlog: Run, tmp_path: Path) -> None:
    texts = ["a\rb", "\r", "c\r\nd", "end\r"]
    archives.fill(home, [record(text, n=n) for n, text in enumerate(texts)])
    files = {name: tmp_path / name for name in ("export.csv", "query.csv", "query.tsv")}
    memlog("export", "csv", "-o", str(files["export.csv"]))
    for name in ("query.csv", "query.tsv"):
        memlog("query", "session", "session-a", "-o", str(files[name]))
    for path in files.values():
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
        assert [row["text"] for row in rows] == texts
        if SHELL and path.suffix == ".csv":
            read = shell(path.with_suffix(".db"), f".mode csv\n.import {path} t\nSELECT hex(text) FROM t;\n")
            assert read.replace('"', "").split() == [text.encode().hex().upper() for text in texts]


@pytest.mark.slow
def test_what_is_no_regular_file_is_written_into_and_never_replaced(
    full: Home, memlog: Run, tmp_path: Path
) -> None:
    pipe, whole = tmp_path / "pipe", memlog("export", "csv", "session-b").stdout
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDWR), "rb") as reader:  # held open: nothing waits for another end
        memlog("export", "csv", "session-b", "-o", str(pipe), "--force")
        assert os.read(reader.fileno(), 1 << 16).decode().splitlines() == whole.splitlines() != []
    for words in (("sqlite", "-o"), ("post-mortem", "-o")):
        refused = memlog("export", *words, str(pipe), "--force", check=RefusedError.exit_code)
        assert "no regular file" in refused.stderr and "--force" not in refused.stderr
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    told = memlog("export", "csv", "-o", "/dev/full", check=UnavailableError.exit_code)
    assert "No space left" in told.stderr
    assert memlog("export", "csv", "session-b", "-o", "/dev/stdout").stdout == whole
    for form in ("csv", "post-mortem"):
        assert "says no name" in memlog("export", form, "-o", "", check=InputError.exit_code).stderr


def test_an_export_into_a_closed_standard_output_says_that_nothing_was_delivered(full: Home) -> None:
    command = [sys.executable, "-m", "memlog.cli.start", "export", "csv"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, timeout=50
    )
    assert done.returncode == UnavailableError.exit_code and "standard output is closed" in done.stderr


TERMINATED = """
import os, signal, stat, sys
from memlog.cli import start
from memlog.export import post_mortem

def ended(folder, name, chunks, pour=post_mortem._pour):
    pour(folder, name, chunks)
    if name == "chain.jsonl":
        print(oct(stat.S_IMODE(os.stat(os.path.join(folder, "incident.db")).st_mode)), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)

post_mortem._pour = ended
start.run()
"""


def test_a_terminated_export_cleans_up_says_so_and_lets_nobody_read_it_meanwhile(
    full: Home, tmp_path: Path
) -> None:
    place = tmp_path / "made"
    place.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", TERMINATED, "export", "post-mortem", "-o", str(place / "b")],
        capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (143, "0o600\n", "memlog: terminated\n")
    assert list(place.iterdir()) == []
