"""A folder another archive left loses single lines, whatever its size and whatever else stands in it."""

import json
import tracemalloc
from pathlib import Path

from archives import NOW_NS, fill, record
from memlog.archive import tree_forget
from memlog.archive.folder import LONGEST_LINE
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone
from memlog.paths import Home

HUGE = b'{"torn": "' + b"x, " * 2 * LONGEST_LINE  # no line of ours, without an end


def left(home: Home, tmp_path: Path, *more: bytes) -> Path:
    """A snapshot of 6 MB that another archive of this tree made, with these lines at its end."""
    other = Home(str(tmp_path / "other"))
    fill(other, [record(f"needle {n} " + "hay " * 14_000, n=n, session="big") for n in range(100)])
    with Archive.open(other, now_ns=NOW_NS) as archive:
        list(tree_forget.forget(archive))
    fill(home)
    (folder,) = [place for place in Path(other.root).iterdir() if (place / "session.json").exists()]
    moved = folder.rename(Path(home.root, "of-another"))
    place = moved / "snap-00000.json"
    if more:
        place.write_bytes(
            place.read_bytes().removesuffix(b"\n]\n") + b"".join(b",\n" + line for line in more) + b"\n]\n"
        )
    return place


def forget(home: Home, *gone: int) -> int:
    """The most memory it took, in bytes."""
    stones = [Tombstone("claude-code", "big", f"big-{n}", 0, 0, forgotten_ns=NOW_NS) for n in gone]
    with Archive.open(home, now_ns=NOW_NS) as archive:
        with archive.transaction():
            archive.tombstones.add(archive.con, stones)
        tracemalloc.start()
        list(tree_forget.forget(archive))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_a_large_file_is_never_held_whole(home: Home, tmp_path: Path) -> None:
    place = left(home, tmp_path)
    size = place.stat().st_size
    peak = forget(home, 0, 7, 99)
    assert size > 5_000_000 and peak < size / 4
    assert [line["source_id"] for line in json.loads(place.read_bytes())] == [
        f"big-{n}" for n in range(1, 99) if n != 7
    ]


def test_a_line_longer_than_any_of_ours_and_what_is_no_record_stay_as_they_are(
    home: Home, tmp_path: Path
) -> None:
    place = left(home, tmp_path, b"not a record", HUGE, b'{"torn')
    before = place.read_bytes().split(b",\n")
    peak = forget(home, 5)
    assert place.read_bytes().split(b",\n") == [*before[:5], *before[6:]]
    assert peak < len(HUGE)
