"""What SQL a page takes: reads, bounded in time, memory and bytes; never a file."""

import hashlib
import os
import time
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from datasette.utils import sqlite3

from pages.filled import fill, records_of
from pages.line import SQL

ENDLESS = "with recursive c(n) as (select 1 union all select n + 1 from c)"
HOSTILE = {
    "attach": "attach '{folder}/new.db' as x",
    "attach memory": "attach ':memory:' as x",
    "vacuum into": "vacuum into '{folder}/new.db'",
    "detach": "detach main",
    "writable_schema": "pragma writable_schema = on",
    "journal": "pragma journal_mode = delete",
    "query_only off": "pragma query_only = 0",
    "heap off": "pragma hard_heap_limit = 0",
    "user_version": "pragma user_version = 9",
    "checkpoint": "pragma wal_checkpoint(truncate)",
    "trusted": "pragma trusted_schema = off",
    "insert": "insert into gap select * from gap",
    "update": "update record set kind = 'x'",
    "delete": "delete from record",
    "with delete": "with x as (select 1) delete from record",
    "replace": "replace into day values (1, 1)",
    "drop": "drop view v_record",
    "create": "create table x (y)",
    "temp": "create temp table x (y)",
    "virtual": "create virtual table temp.x using fts5 (y)",
    "trigger": "create temp trigger t after insert on gap begin select 1; end",
    "alter": "alter table gap rename to hole2",
    "fts command": "insert into record_fts (record_fts) values ('delete-all')",
    "reindex": "reindex",
    "analyze": "analyze",
    "begin": "begin immediate; delete from gap",
    "load_extension": "select load_extension('/tmp/x')",
    "fts3_tokenizer": "select fts3_tokenizer('simple', x'00')",
    "randomblob": "select randomblob(900000000)",
    "randomblob in rows": "select max(length(randomblob(90000000))) from record",
    "zeroblob": "select zeroblob(2000000000)",
    "printf": "select length(printf('%900000000d', 1))",
    "hex": "select length(hex(hex(hex(printf('%90000000d', 1)))))",
    "doubling": "with recursive c(x, n) as (select 'aaaaaaaa', 0 union all select x || x, n + 1 from c where n < 40) "
    "select max(length(x)) from c",
    "endless": ENDLESS + " select count(*) from c",
    "endless kept": ENDLESS + " select printf('%1000d', n) from c order by 1",
    "endless rows": ENDLESS + " select n, printf('%100000d', n) from c",
    "group_concat": ENDLESS + " select length(group_concat(printf('%10000d', n))) from c",
    "cross join": "select count(*) from record a, record b, record c, record d, record e",
    "many joins": "select 1 from " + ", ".join(f"record t{n}" for n in range(60)) + " limit 1 offset 9999999",
    "nested views": "select count(distinct a.text || b.text) from v_record a, v_record b, v_record c",
    "unpack hostile": ENDLESS + " select count(memlog_text(printf('%60000d', n), 1, 9)) from c",
    "text of numbers": "select memlog_text(1, 2, 3), memlog_extra('a', 'b'), memlog_blob(null, null), escape_fts(1e999)",
    "regexp": "select 'a' regexp 'a'",
    "glob": "select printf('%100000d', 1) glob '" + "*1" * 400 + "b'",
    "json": "select json_array(" + ", ".join(["printf('%100000d', 1)"] * 90) + ")",
    "deep": "select " + "(" * 5_000 + "1" + ")" * 5_000,
    "compound": " union all ".join(["select 1"] * 2_000),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hostile")
    fill(home, records_of("compacted.jsonl"))
    return home


@pytest.fixture(scope="module")
def served(serve: Any, whole: Path) -> Any:
    """One Datasette for all of them: what one statement breaks, the next one finds."""
    return serve(str(whole / "archive.db"), sql_time_ms=200)


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    """A home of one's own, to do harm in."""
    return Path(copytree(whole, tmp_path / "hostile"))


def state(home: Path) -> tuple[list[str], str]:
    """The files of a home and what its archive holds; the WAL's index comes and goes with readers."""
    names = sorted(n for n in os.listdir(home) if not n.endswith(("-shm", "-wal")))
    return names, hashlib.sha256((home / "archive.db").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_sql_is_refused_or_bounded(served: Any, whole: Path, name: str) -> None:
    datasette = served
    await datasette.invoke_startup()
    sql = HOSTILE[name].format(folder=whole)
    before = state(whole)
    start = time.monotonic()
    page = await datasette.client.get(SQL + ".json", params={"sql": sql})
    try:
        # Past Datasette's own check, which wants a SELECT
        await datasette.get_database("archive").execute(sql, truncate=True)
        refused = False
    except (sqlite3.Error, sqlite3.Warning):
        refused = True
    except Exception as exc:
        refused = type(exc).__name__ == "QueryInterrupted"
        assert refused, exc
    assert page.status_code in (200, 400), page.text[:300]
    assert refused or not sql.lstrip().startswith(
        ("attach", "vacuum", "insert", "update", "delete", "create", "drop")
    )
    # A limit of 200 ms, asked twice; the rest is room for a busy machine.
    assert time.monotonic() - start < 10
    assert state(whole) == before
    assert (await datasette.client.get("/archive/v_session")).status_code == 200


def test_a_read_only_connection_alone_makes_files(home: Path) -> None:
    """The known-bad twin: mode=ro does not stop ATTACH and VACUUM INTO; state() sees what they make."""
    con = sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)
    before = state(home)
    con.execute(HOSTILE["vacuum into"].format(folder=home))
    assert state(home) != before
    con.execute(f"attach '{home}/other.db' as x")
    con.execute("create table x.y (z)")
    con.close()
    assert {"new.db", "other.db"} <= set(os.listdir(home))


async def test_a_result_of_too_many_bytes_is_refused(serve: Any, home: Path) -> None:
    client = serve(str(home / "archive.db")).client
    wide = "select printf('%1000000d', id) as x from record limit "
    assert (await client.get(SQL + ".json", params={"sql": wide + "10"})).status_code == 200
    answer = await client.get(SQL + ".json", params={"sql": wide + "100"})
    assert answer.status_code == 400 and "16 MB" in answer.text


async def test_memory_is_bounded(serve: Any, home: Path) -> None:
    application = serve(str(home / "archive.db"), sql_time_ms=20_000)  # not what ends it
    answer = await application.client.get(SQL + ".json", params={"sql": HOSTILE["doubling"]})
    assert answer.status_code == 400 and "256 MB" in answer.text


async def test_ordinary_questions_run(serve: Any, home: Path) -> None:
    client = serve(str(home / "archive.db")).client
    for sql in (
        "select kind, count(*) from v_record group by kind",
        "select * from v_session order by started_ns desc",
        "select name from pragma_table_info('v_record')",
        "explain query plan select * from v_record where session = 'x'",
        "with e as (select * from v_record where error = 1) select tool, count(*) from e group by tool",
        "select json_extract(extra, '$.line.version') from v_record limit 5",
        "select text from v_record where id in (select rowid from record_fts where record_fts match 'alarm')",
    ):
        answer = await client.get(SQL + ".json", params={"sql": sql})
        assert answer.status_code == 200 and answer.json()["rows"], sql
