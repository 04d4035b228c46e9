"""Bundles of an archive with a compaction and with texts that are an attack, written once and copied."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS, event, record
from memlog.export import bundle_check, post_mortem
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection
from pages.filled import records_of

SHELL = shutil.which("sqlite3")


HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> | `x` [a](http://evil.test) \u202e\x1b[31m \"'& ]]>"


FILES = {"report.md", "report.html", "incident.db", "incident.sql", "manifest.json", "chain.jsonl"}


Make = Callable[..., Path]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A session with a compaction, one whose texts are an attack, parts, a foreign blob, an event."""
    home = Home(str(tmp_path_factory.mktemp("post-mortem") / "home"))
    archives.fill(
        home,
        records_of("compacted.jsonl", "unicode.jsonl"),
        [record(HOSTILE, n=1), record(HOSTILE, n=2, kind="tool_use", role="assistant", tool=HOSTILE[:60]),
         record("never deploy on a Friday", n=3), record("hay " * 20_000, n=4), record("x", n=5, session="session-b")],
        [b"\xa1\x61k\x65words", event("PreCompact")],
    )  # fmt: skip
    return home


def write(home: Home, place: Path, session: str = "", text: str = "", **named: Any) -> Path:
    """A bundle of the archive, of a session or of a search."""
    with archives.reading(home) as con:
        con.execute("BEGIN")
        part = slice.cut(con, Selection(), [session] if session else [], text, now_ns=NOW_NS)
        post_mortem.write(con, part, str(place), now_ns=NOW_NS, **named)
    return place


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, ...], Path]:
    """Bundles of this module's archive by what they are of."""
    return {}


@pytest.fixture
def make(
    filled: Home,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    written: dict[tuple[str, ...], Path],
) -> Make:
    """A copy of the bundle of a selection."""

    def made(name: str = "bundle", session: str = "", text: str = "") -> Path:
        key = (Path(name).suffix, session, text)
        if key not in written:
            written[key] = write(filled, tmp_path_factory.mktemp("made") / name, session, text)
        copy = shutil.copytree if written[key].is_dir() else shutil.copy
        return Path(copy(written[key], tmp_path / name))

    return made


def compacted(home: Home) -> str:
    with archives.reading(home) as con:
        return str(con.execute("SELECT session FROM v_session WHERE compactions > 0").fetchone()[0])


def faults(place: Path, **named: Any) -> list[bundle_check.Problem]:
    return bundle_check.verify(str(place), **named).problems
