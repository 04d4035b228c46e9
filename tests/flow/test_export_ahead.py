"""Facts read ahead by a second process: the same bundle, whatever becomes of that process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archives import NOW_NS, archive_of, record
from flow import bundles
from flow.bundles import write
from memlog.export import ahead, post_mortem
from memlog.export.ahead import Ahead, Read, Stretch
from memlog.paths import Home
from memlog.query.facts import extract
from memlog.query.facts.calls import Found
from memlog.query.facts.fact import Said
from memlog.query.facts.stream import records

filled = bundles.filled
FILES = ("incident.sql", "report.md", "report.html", "chain.jsonl")


@pytest.fixture
def pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few records are worth a second process, too."""
    monkeypatch.setattr(ahead, "_LEAST", 1)
    monkeypatch.setattr(ahead, "_STRETCH", 5)
    monkeypatch.setattr(post_mortem, "_LARGE", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Records of which another process had read what they say, and this one took it."""
    taken: list[int] = []
    found = Read.found

    def spied(self: Read, said: Said, command: str | None = None) -> Iterator[Found]:
        if said.id in self._told:
            taken.append(said.id)
        return found(self, said, command)

    monkeypatch.setattr(Read, "found", spied)
    return taken


def first_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process begins when the other has read all it could take."""
    started = ahead.started

    def done(module: str, *words: str, **named: object) -> "subprocess.Popen[bytes] | None":
        child = started(module, *words, **named)
        if module == ahead.__name__ and child is not None:
            child.wait()
        return child

    monkeypatch.setattr(ahead, "started", done)


def texts(place: Path) -> list[bytes]:
    return [(place / name).read_bytes() for name in FILES]


@pytest.mark.slow
@pytest.mark.usefixtures("pays")
@pytest.mark.parametrize("session", ["", "compacted"])
def test_a_bundle_is_the_same_whoever_read_the_facts(
    filled: Home, tmp_path: Path, used: list[int], monkeypatch: pytest.MonkeyPatch, session: str
) -> None:
    name = bundles.compacted(filled) if session else ""
    with monkeypatch.context() as alone:
        alone.setattr(os, "cpu_count", lambda: 1)
        alone.setattr(post_mortem, "_LARGE", 1 << 40)
        apart = texts(write(filled, tmp_path / "alone", name))
    assert used == []
    first_it_reads(monkeypatch)
    assert texts(write(filled, tmp_path / "both", name)) == apart
    assert len(used) > 5
    assert set(os.listdir(tmp_path / "both")) == bundles.FILES, "and nothing of the other process"


@pytest.mark.slow
@pytest.mark.usefixtures("pays")
def test_a_process_that_dies_costs_nothing_but_time(
    filled: Home, tmp_path: Path, used: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = texts(write(filled, tmp_path / "whole"))
    used.clear()
    died: list[str] = []

    def dies(module: str, *words: str, **named: object) -> "subprocess.Popen[bytes]":
        died.append(module)
        if module == ahead.__name__:  # it had taken all of them
            for n in range(200):
                Path(words[1], f"{n}.taken").touch()
        code = "print('half a script', flush=True); raise SystemExit(1)"
        return subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE, **named)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(ahead, "started", dies)
    assert texts(write(filled, tmp_path / "other")) == whole
    assert died == ["memlog.export.ahead", "memlog.export.script"] and used == []


def test_what_was_read_of_another_record_or_for_another_command_is_read_again() -> None:
    said = Said(
        1, "s", "a", 0, 0, "tool_result", "user", "Bash", "main.c:1:1: error: bad", True, "d1", call="c"
    )
    here = list(extract.found(said, "make"))
    wrong = Found("error", "of somebody else", None, 0, 2)
    for digest, command, told in (("d2", "make", here), ("d1", None, here), ("d1", "make", None)):
        found = list(Read({1: (digest, command, 7, [tuple(wrong)])}).found(said, "make"))
        assert found == (here if told else [wrong])
    assert Read({1: ("d1", "make", 7, [tuple(wrong)])}).unread(said) == 7
    assert Read({1: ("d2", "make", 7, [tuple(wrong)])}).unread(said) == 0


def test_an_epoch_in_stretches_is_the_epoch(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_STRETCH", 4)
    many = [record(f"t{n}", n=n, ts_ns=NOW_NS + n // 3) for n in range(20)]  # some at the same time
    with archive_of(home, many) as con:
        (session,) = con.execute("SELECT id FROM session").fetchone()
        cut = list(ahead._cut(con, session, 0, 20))
        found = [said.id for said, _ in Ahead(cut).records(con, session, 0)]
        assert found == [said.id for said in records(con, session, 0)] and len(found) == 20 and len(cut) > 3
        assert list(ahead._cut(con, session, 0, 4)) == [Stretch(session, 0)]


@pytest.mark.slow
def test_the_second_process_ends_with_the_first(filled: Home, tmp_path: Path) -> None:
    (tmp_path / "stretches").write_text("[[1, 0, 0, 9000000000000000000]]")
    child = ahead.started("memlog.export.ahead", filled.archive, str(tmp_path))
    assert child is not None and child.stdin is not None
    child.stdin.close()  # as when the first is killed
    child.wait(timeout=30)
    assert (tmp_path / "0.taken").exists() and not (tmp_path / "0").exists()
