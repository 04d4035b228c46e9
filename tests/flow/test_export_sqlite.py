"""The script and the SQLite file: every row and byte, in the stock shell and in Datasette without our plugin."""

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
from conftest import Run
from flow import exported
from flow.exported import SHELL, TABLES, held, needs_shell, promised, script_of, shell
from memlog.contracts import schema_dir
from memlog.export import sql, tables
from memlog.paths import Home

full = exported.full
memlog = exported.memlog


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
