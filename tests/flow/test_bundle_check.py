"""admin verify BUNDLE: whatever became of a bundle is bad news in a sentence, and what was found is found again."""

import os
import shutil
from pathlib import Path

import pytest

import archives
from archives import NOW_NS, event, record
from memlog.archive import anchor as anchors
from memlog.cli import root
from memlog.errors import NotFoundError, RefusedError
from memlog.export import post_mortem
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection
from pages.filled import records_of


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A session with a compaction, and one in which a user forbids something."""
    home = Home(str(tmp_path_factory.mktemp("bundle-check") / "home"))
    said = [
        record("never deploy on a Friday", n=1),
        record("x", n=2, kind="tool_use", role="assistant", tool="Bash"),
    ]
    archives.fill(home, records_of("compacted.jsonl"), said, [event("PreCompact")])
    return home


def write(
    home: Home, place: Path, session: str = "", text: str = "", epoch: int | None = None, **named: object
) -> Path:
    with archives.reading(home) as con:
        con.execute("BEGIN")
        part = slice.cut(con, Selection(epoch=epoch), [session] if session else [], text, now_ns=NOW_NS)
        post_mortem.write(con, part, str(place), now_ns=NOW_NS, **named)  # type: ignore[arg-type]
    return place


@pytest.fixture(scope="module")
def bundle(filled: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of everything, not to be changed."""
    return write(filled, tmp_path_factory.mktemp("made") / "bundle")


def verified(place: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = root.main(["admin", "verify", str(place)])
    done = capfd.readouterr()
    return code, done.out + done.err


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


SPOILT = {
    "first byte": flip, "a prefix": lambda data: b"x" * 9 + data, "nothing left": lambda data: b"",
    "an empty zip": lambda data: b"PK\x05\x06" + bytes(18), "half": lambda data: data[: len(data) // 2],
    "text": lambda data: b"hello",
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_whatever_became_of_a_zip_is_bad_news_in_a_sentence(
    filled: Home, tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = write(filled, tmp_path / "b.zip", "session-a")
    assert verified(place, capfd)[0] == 0
    whole = place.read_bytes()
    for spoilt in (place, tmp_path / "without an ending"):
        spoilt.write_bytes(SPOILT[how](whole))
        code, said = verified(spoilt, capfd)
        assert code == 1 and " problem" in said and "archive.db" not in said and str(spoilt) in said


@pytest.mark.parametrize("name", ["incident.db", "manifest.json", "report.md", "chain.jsonl", ""])
def test_what_is_no_regular_file_is_bad_news_and_never_waited_for(
    bundle: Path, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "b" if name else tmp_path / "b.zip"
    if name:
        shutil.copytree(bundle, place)
        (place / name).unlink()
    os.mkfifo(place / name if name else place)
    code, said = verified(place, capfd)
    assert code == 1 and "no regular file" in said


def test_a_bundle_without_its_manifest_is_one_and_an_sqlite_file_is_none(
    bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    (place / "manifest.json").unlink()
    assert verified(place, capfd) == (1, "manifest.json: it is missing\n1 problem\n")
    code = root.main(["admin", "verify", str(place / "incident.db")])
    assert code == NotFoundError.exit_code and "an SQLite file, no bundle" in capfd.readouterr().err


def test_an_anchor_of_another_archive_is_refused_before_anything_is_written(
    filled: Home, home: Home, tmp_path: Path
) -> None:
    archives.fill(home, [record("another")])
    with archives.reading(home) as con:
        other = anchors.take(con, made="2026-03-05T14:30:00Z")
    with pytest.raises(RefusedError, match="another archive"):
        write(filled, tmp_path / "b", anchor=other)
    assert not (tmp_path / "b").exists()
    with archives.reading(filled) as con:
        write(filled, tmp_path / "b", anchor=anchors.take(con, made="2026-03-05T14:30:00Z"))


def test_a_search_that_finds_nothing_says_so_and_names_the_search(filled: Home, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no record in what was asked for: search zzznothing") as found:
        write(filled, tmp_path / "b", text="zzznothing")
    assert found.value.hint == "memlog query search WORDS"
