"""Exports as text, and what of the archive they hold: JSON lines, CSV, and parts of it."""

import csv
import json
import sqlite3 as stock
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import DAY, MINUTE, NOW_NS, record
from conftest import Run
from flow import exported
from flow.exported import SHELL, held, of_records, script_of, shell, whole
from memlog import portable
from memlog.export import tables
from memlog.paths import Home
from memlog.query import record as query_record
from memlog.query import slice
from memlog.query.selection import Selection

full = exported.full
memlog = exported.memlog


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
