"""An archive with texts that break quoting, what its exports must hold, and the stock shell that reads them."""

import json
import shutil
import sqlite3 as stock
import subprocess
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS, event, record
from conftest import Run
from memlog.export import sql
from memlog.paths import Home
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


def of_records(exported: str) -> list[dict[str, Any]]:
    """The lines that are records; notes follow them."""
    lines = [json.loads(raw) for raw in exported.splitlines()]
    noted = ["line" in line for line in lines]
    assert noted == sorted(noted)
    return [line for line in lines if "line" not in line]
