"""The same search by programs a person would use instead: ripgrep, sqlite-utils, the sqlite3 shell, lnav.

Each finds one word in the same records, as whole processes: ripgrep and lnav in the transcript lines, the
others in a plain SQLite file with an FTS5 index of the texts. What is not installed is left out and said.
"""

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import corpus
from bench.measure import bare_s, process_s
from bench.report import Row
from memlog.paths import Home

SHOWN = 20
LINES, PLAIN = "records.jsonl", "plain.db"
LNAV_MOST = 200_000  # records lnav is given: it reads and indexes every line at its start
SEARCH_SQL = """
SELECT r.id, r.session, snippet(record_fts, 0, '[', ']', '...', 16) FROM record_fts f
JOIN record r ON r.rowid = f.rowid WHERE record_fts MATCH '"{word}"' ORDER BY {order} LIMIT {shown}
"""


def rows(home: Home, records: int, word: str, folder: Path, times: int = 7) -> list[Row]:
    """CPU of each over ours; the files they search are made in `folder`, and kept there."""
    make(folder, records)
    bare = bare_s(times)
    env = {"MEMLOG_HOME": home.root, "PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": ""}
    ours = process_s(_memlog("--json", "--", word), env=env, times=times)
    found = [_row(records, "memlog query search, 20 rows", ours, ours, bare)]
    newest = process_s(_memlog("--json", "--newest", "--", word), env=env, times=times)
    found.append(_row(records, "memlog query search --newest", newest, ours, bare))
    for name, command in _commands(folder, word, records):
        if command is None:
            found.append(Row(f"{records:,} records: {name}", "not installed, or too many records", "–"))
            continue
        found.append(_row(records, name, process_s(command, times=min(times, 5)), ours, bare))
    return found


def make(folder: Path, records: int) -> None:
    """The transcript lines and the plain database, where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / PLAIN).exists():
        return
    with open(folder / LINES, "w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in _texts(records))
    con = sqlite3.connect(folder / (PLAIN + ".part"))
    con.execute("CREATE TABLE record (id TEXT, session TEXT, ts INTEGER, role TEXT, text TEXT)")
    con.executemany("INSERT INTO record VALUES (:id, :session, :ts, :role, :text)", _texts(records))
    con.execute(
        'CREATE VIRTUAL TABLE record_fts USING fts5 (text, content="record")'
    )  # as sqlite-utils knows it
    con.execute("INSERT INTO record_fts (record_fts) VALUES ('rebuild')")
    con.commit()
    con.close()
    os.replace(folder / (PLAIN + ".part"), folder / PLAIN)


def _texts(records: int) -> Iterator[dict[str, object]]:
    for made in corpus.records(records, 1):
        yield {
            "id": made.source_id, "session": made.session, "ts": made.ts_ns, "role": made.role, "text": made.text,
        }  # fmt: skip


def _commands(folder: Path, word: str, records: int) -> Iterator[tuple[str, list[str] | None]]:
    lines, plain = str(folder / LINES), str(folder / PLAIN)
    rg, shell, lnav = (shutil.which(name) for name in ("rg", "sqlite3", "lnav"))
    utils = shutil.which(
        "sqlite-utils", path=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    )
    yield "ripgrep, all hits", rg and [rg, "-F", "-w", "-i", word, lines] or None
    yield "ripgrep, the first 20", rg and [rg, "-F", "-w", "-i", "-m", str(SHOWN), word, lines] or None
    for order, told in (("rank", "best"), ("f.rowid DESC", "newest")):
        sql = SEARCH_SQL.format(word=word, order=order, shown=SHOWN)
        yield f"sqlite3 shell over a plain index, {told} first", shell and [shell, plain, sql] or None
    yield (
        "sqlite-utils search",
        utils and [utils, "search", plain, "record", word, "--limit", str(SHOWN)] or None,
    )
    few = lnav if records <= LNAV_MOST else None
    yield "lnav, all hits", few and [few, "-n", "-c", f":filter-in {word}", lines] or None


def _memlog(*words: str) -> list[str]:
    script = os.path.join(os.path.dirname(sys.executable), "memlog")
    begin = [script] if os.path.exists(script) else [sys.executable, "-m", "memlog.cli.start"]
    return [*begin, "query", "search", "--limit", str(SHOWN), *words]


def _row(records: int, name: str, seconds: float, ours: float, bare: float) -> Row:
    told = f"{1e3 * seconds:,.0f} ms, {seconds / ours:.2f} of memlog, {seconds / bare:.1f}× bare python"
    return Row(f"{records:,} records: {name}", told, "reported")
