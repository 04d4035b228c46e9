"""Any changed byte of a bundle is noticed, and what a forger makes anew does not fit the chain."""

import json
import shutil
import sqlite3 as stock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS, record
from flow import bundles
from flow.bundles import FILES, Make, faults, write
from memlog.archive import anchor as anchors
from memlog.archive.anchor import Anchor
from memlog.errors import NotFoundError
from memlog.export import bundle_check, manifest, post_mortem
from memlog.export.share import Share
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection

filled = bundles.filled
written = bundles.written
make = bundles.make


def taken(home: Home) -> Anchor:
    with archives.reading(home) as con:
        return anchors.take(con, made="2026-03-05T14:30:00Z")


def offsets(size: int) -> Iterator[int]:
    """First, last, and some between."""
    yield from sorted({0, size // 5, size // 2, size * 4 // 5, size - 1})


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_one_changed_byte_of_any_file_is_noticed(make: Make, name: str) -> None:
    place = make(name)
    assert faults(place) == []
    struck = 0
    for path in sorted(place.iterdir()) if place.is_dir() else [place]:
        whole = path.read_bytes()
        for at in (
            offsets(len(whole))
            if place.is_dir()
            else (*offsets(len(whole)), *range(0, len(whole), len(whole) // 40))
        ):
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([whole[at] ^ 0x20]))
            assert path.read_bytes() != whole
            assert faults(place), f"byte {at} of {path.name}"
            path.write_bytes(whole)
            struck += 1
    assert faults(place) == [] and struck >= 30


def changes(whole: bytes, at_most: int) -> Iterator[tuple[str, bytes]]:
    """A file changed in one place at a time: both its ends, places between, and its length."""
    size = len(whole)
    ends = {*range(min(size, 40)), *range(max(size - 40, 0), size)}
    for at in sorted(ends | set(range(0, size, max(size // at_most, 1)))):
        yield f"byte {at}", whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]
    for cut in (0, size // 2, size - 1):
        yield f"cut at {cut}", whole[:cut]
    yield "a byte more", whole + b"\n"
    yield "a byte before it", b"\n" + whole
    yield "a byte taken out", whole[: size // 2] + whole[size // 2 + 1 :]


def unnoticed(place: Path, at_most: int) -> tuple[int, list[str]]:
    """How many changes were made, one at a time, and those verify was content with."""
    made, missed = 0, []
    for path in sorted(place.iterdir()) if place.is_dir() else [place]:
        whole = path.read_bytes()
        for what, changed in changes(whole, at_most):
            path.write_bytes(changed)
            assert path.read_bytes() == changed != whole
            made += 1
            if not faults(place):
                missed.append(f"{path.name}: {what}")
        path.write_bytes(whole)
    assert faults(place) == []
    return made, missed


@pytest.mark.slow
@pytest.mark.parametrize(("name", "files", "at_most"), [("bundle", 6, 250), ("bundle.zip", 1, 1_500)])
def test_no_change_of_any_file_goes_unnoticed_wherever_it_is(
    make: Make, name: str, files: int, at_most: int
) -> None:
    made, missed = unnoticed(make(name, session="session-b"), at_most)
    assert missed == [] and made >= files * 330


@pytest.mark.slow
@pytest.mark.parametrize("name", ["anchored", "anchored.zip"])
def test_nor_does_one_of_a_shared_bundle_with_an_anchor(filled: Home, tmp_path: Path, name: str) -> None:
    place = write(filled, tmp_path / name, "session-b", anchor=taken(filled), shared=Share())
    if place.is_dir():
        assert {path.name for path in place.iterdir()} == FILES | {"anchor.json"}
    made, missed = unnoticed(place, 100)
    assert missed == [] and made >= (7 if place.is_dir() else 1) * 180


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_a_verify_that_skims_would_be_caught_by_the_same_changes(
    make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size_only(file: Any, told: Any = None, most: Any = None) -> dict[str, Any]:
        return {"bytes": len(file.read()), "sha256": "of nothing"}

    place = make(name, session="session-b")
    if place.is_dir():
        monkeypatch.setattr(manifest, "digest_of", size_only)
        fit(place)
    else:
        monkeypatch.setattr("memlog.export.bundle.is_as_packed", lambda path: True)
    made, missed = unnoticed(place, 2)
    assert 0 < len(missed) < made


def test_a_file_more_or_less_or_longer_is_noticed(make: Make) -> None:
    place = make()
    (place / "notes.txt").write_text("mine")
    assert [found.where for found in faults(place)] == ["notes.txt"]
    (place / "notes.txt").unlink()
    for name in sorted(FILES - {"manifest.json"}):
        data = (place / name).read_bytes()
        (place / name).unlink()
        assert [found.where for found in faults(place)] == [name]
        (place / name).write_bytes(data + b"\n")
        assert [found.where for found in faults(place)] == [name]
        (place / name).write_bytes(data)
    (place / "report.md").unlink()
    (place / "report.md").symlink_to("/dev/null")
    assert [found.where for found in faults(place)] == ["report.md"]
    shutil.rmtree(place)
    place.mkdir()
    with pytest.raises(NotFoundError):
        faults(place)


def rewritten(place: Path, change: Callable[[Any], object]) -> None:
    """Change incident.db and make a manifest that fits, as a forger would."""
    con = stock.connect(place / "incident.db")
    change(con)
    con.commit()
    con.close()
    fit(place)


def fit(place: Path) -> None:
    said = json.loads((place / "manifest.json").read_bytes())
    for name in said["files"]:
        with (place / name).open("rb") as file:
            said["files"][name] = manifest.digest_of(file)
    (place / "manifest.json").write_bytes(manifest.dump(said))


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE record SET text = 'always deploy on a Friday' WHERE text LIKE 'never deploy%'", "text of record"),
        ("UPDATE record SET kind = 'thinking' WHERE text LIKE 'never deploy%'", "something else of itself"),
        ("UPDATE record SET extra = '{\"a\":1}' WHERE text LIKE 'never deploy%'", "something else than"),
        ("DELETE FROM record WHERE text LIKE 'never deploy%'", "has no record"),
        ("UPDATE record SET ts_ns = ts_ns + 1 WHERE text LIKE 'never deploy%'", "something else of itself"),
        ("INSERT INTO record SELECT 1, session, project, agent, epoch, ring_id, seq, ts, ts_ns, written_ns, archived_ns, uid, pid,"
         " attested, kind, role, tool, 'new', parent_id, block, part, parts, bytes, 'forged', decode_error, digest, error, omitted,"
         " redacted, extra FROM record WHERE text LIKE 'never deploy%'", "it has"),
    ],
)  # fmt: skip
def test_a_forger_who_makes_the_manifest_anew_is_caught_by_the_chain(make: Make, sql: str, what: str) -> None:
    place = make(session="session-a")
    rewritten(place, lambda con: None)
    assert faults(place) == [], "a manifest that fits is no fault by itself"
    rewritten(place, lambda con: con.execute(sql))
    assert any(what in found.what for found in faults(place))


def test_only_an_anchor_shows_that_a_bundle_was_written_anew(
    make: Make, filled: Home, tmp_path: Path
) -> None:
    kept = taken(filled)
    place = write(filled, tmp_path / "anchored", "session-a", anchor=kept)
    assert faults(place) == [] == faults(place, anchor=kept)
    other = Home(str(tmp_path / "other"))
    archives.fill(other, [record("always deploy on a Friday", n=3)])
    con = stock.connect(other.archive)
    con.execute("UPDATE archive SET archive_id = ?", (kept.archive_id,))
    con.close()
    with archives.reading(other) as con:
        part = slice.cut(con, Selection(), ["session-a"], now_ns=NOW_NS)
        forged = tmp_path / "forged"
        post_mortem.write(con, part, str(forged), now_ns=NOW_NS)
    # it claims as many links as the anchor says, or an anchor of another length says nothing
    assert any(
        "the anchor" in words for words in bundle_check.verify(str(forged), anchor=kept).not_proved
    ) or faults(forged, anchor=kept)
    wrong = kept._replace(sessions={name: (n, bytes(32)) for name, (n, _) in kept.sessions.items()})
    assert any("rewritten" in found.what for found in faults(place, anchor=wrong))
