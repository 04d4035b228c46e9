import json
from pathlib import Path

import pytest

from archives import NOW_NS, frames, record
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone, read_mirror
from memlog.errors import ArchiveError
from memlog.paths import Home

AGENT = "claude-code"


def bury(home: Home, *stones: Tombstone) -> None:
    with Archive.open(home, now_ns=1) as archive, archive.transaction() as con:
        archive.tombstones.add(con, stones)


def sources(home: Home) -> list[str]:
    """Source ids after an import of five records of each of two sessions."""
    said = [record(f"t {n}", n=n, session=s, block=n % 2) for s in ("s", "other") for n in range(5)]
    with Archive.open(home, now_ns=NOW_NS) as archive:
        outcome = archive.ingest(list(frames(said)), ring=None, source="t", now_ns=NOW_NS)
        found = [s for (s,) in archive.con.execute("SELECT source_id FROM v_record ORDER BY source_id")]
    assert outcome.archived + outcome.tombstoned == 10
    return found


@pytest.mark.parametrize(
    ("stone", "gone"),
    [
        (Tombstone(AGENT, "s", "s-3", 1, 0), {"s-3"}),
        (Tombstone(AGENT, "s", "s-3", 1), {"s-3"}),
        (Tombstone(AGENT, "s", "s-3"), {"s-3"}),
        (Tombstone(AGENT, "s"), {f"s-{n}" for n in range(5)}),
        (Tombstone(AGENT, "s", "s-3", 0, 0), set()),
        (Tombstone("another-agent", "s"), set()),
        (Tombstone(AGENT, "other", "s-3"), set()),
    ],
)
def test_what_was_forgotten_does_not_come_back_with_an_import(
    home: Home, stone: Tombstone, gone: set[str]
) -> None:
    bury(home, stone)
    assert {f"{s}-{n}" for s in ("s", "other") for n in range(5)} - set(sources(home)) == gone


def test_a_forgotten_version_of_a_rewritten_line_does_not_come_back(home: Home) -> None:
    old, new = (record(t, n=1, source_id="u", mac=m * 8) for t, m in (("old", b"1"), ("new", b"2")))
    with Archive.open(home, now_ns=1) as archive:
        archive.ingest(list(frames([old])), ring=None, source="t", now_ns=1)
        with archive.transaction() as con:
            archive.tombstones.add(con, [Tombstone(AGENT, "session-a", "u~" + (b"2" * 8).hex())])
        assert archive.ingest(list(frames([new])), ring=None, source="t", now_ns=1).tombstoned == 1


def test_the_mirror_outlives_the_archive(home: Home) -> None:
    bury(home, Tombstone(AGENT, "s", "s-3", forgotten_ns=7))
    for path in Path(home.root).glob("archive.db*"):
        path.unlink()
    assert "s-3" not in sources(home)
    with Archive.open(home, now_ns=1) as archive:
        assert archive.con.execute("SELECT source_id, forgotten_ns FROM tombstone").fetchall() == [("s-3", 7)]


def test_without_the_mirror_a_new_archive_would_take_it_back(home: Home) -> None:
    bury(home, Tombstone(AGENT, "s", "s-3"))
    for path in [*Path(home.root).glob("archive.db*"), Path(home.tombstones)]:
        path.unlink()
    assert "s-3" in sources(home)


def test_a_lost_mirror_is_written_again_from_the_archive(home: Home) -> None:
    stones = [Tombstone(AGENT, "s", f"s-{n}", forgotten_ns=n) for n in range(3)]
    bury(home, *stones)
    Path(home.tombstones).unlink()
    with Archive.open(home, now_ns=1):
        pass
    assert read_mirror(home.tombstones) == stones
    assert Path(home.tombstones).stat().st_mode & 0o777 == 0o600


def test_the_mirror_holds_identities_and_neither_text_nor_digests(home: Home) -> None:
    bury(home, Tombstone(AGENT, "s", "s-3", 0, 0, 5, b"header", b"digest", 9))
    assert json.loads(Path(home.tombstones).read_text()) == {
        "agent": AGENT, "session": "s", "source_id": "s-3", "block": 0, "part": 0, "forgotten_ns": 5,
    }  # fmt: skip


def test_a_torn_last_line_is_dropped_and_a_damaged_one_is_refused(home: Home) -> None:
    bury(home, Tombstone(AGENT, "s", "s-1"))
    mirror = Path(home.tombstones)
    mirror.write_bytes(mirror.read_bytes() + b'{"agent": "cl')
    bury(home, Tombstone(AGENT, "s", "s-2"))
    assert [t.source_id for t in read_mirror(home.tombstones)] == ["s-1", "s-2"]
    mirror.write_bytes(b"damaged\n" + mirror.read_bytes())
    with pytest.raises(ArchiveError, match="line 1"):
        Archive.open(home, now_ns=1)
