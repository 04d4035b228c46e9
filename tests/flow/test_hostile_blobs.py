"""Blobs nobody means well with: refused in milliseconds, kept to the last byte, and the others are found.

`make test-faults` makes 150,000 more of them by the grammar.
"""

import random
import time
from typing import Any

import cbor2
import pytest

from archives import NOW_NS, archive_of, record, rows
from hostile_cbor import BOMBS, generated
from memlog import record as blobs
from memlog.archive import body
from memlog.errors import ArchiveError, DecodeError
from memlog.paths import Home
from memlog.query.search import find


def quickest_ms(work: Any, *words: Any) -> float:
    """CPU time of the best of five: the machine may be busy."""
    took = []
    for _ in range(5):
        start = time.process_time()
        with pytest.raises((DecodeError, ArchiveError)):
            work(*words)
        took.append(time.process_time() - start)
    return min(took) * 1e3


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_milliseconds(name: str) -> None:
    assert quickest_ms(blobs.load_cbor, BOMBS[name]) <= 10
    assert len(body.text_of_blob(BOMBS[name])) <= len(BOMBS[name])


def test_the_decoder_as_it_comes_takes_the_worst_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with no tag refused, 285 bytes are a value of a thousand million items."""
    monkeypatch.setattr(blobs, "_REFUSED_TAGS", {})
    value = blobs.load_cbor(BOMBS["references doubled"])
    assert len(value) == 3 and value[1] is value[0] is not None or value[1] is value[2]
    assert cbor2.loads(BOMBS["a key twice"]) == {"a": 2}
    endless = blobs.load_cbor(BOMBS["a list that holds itself"])
    assert endless[0] is endless


def test_every_bomb_is_kept_to_the_last_byte_and_the_records_between_are_found(home: Home) -> None:
    good = [record(f"plain word{n} between", n=n) for n in range(len(BOMBS))]
    dice = random.Random(3)
    made = [blob for blob in (generated(dice) for _ in range(500)) if blob]
    bombs = [blob for blob in BOMBS.values() if blob]
    mixed = [one for pair in zip(good, BOMBS.values(), strict=True) for one in pair if one]
    with archive_of(home, mixed, made) as con:
        kept = {
            bytes(row["blob"]) for row in rows(con, "SELECT memlog_blob(body, packing) AS blob FROM record")
        }
        whole = kept | {bytes(row["data"]) for row in rows(con, "SELECT data FROM damage")}
        assert not [blob for blob in bombs if blob not in kept]
        errors = rows(con, "SELECT count(*) AS n FROM v_record WHERE decode_error IS NOT NULL")
        assert errors[0]["n"] >= len(bombs)
        events = rows(con, "SELECT count(*) AS n FROM event")[0]["n"]
        assert len([blob for blob in made if blob not in whole]) <= events + len(made) // 10
        assert len(list(find(con, "between", limit=1_000, now_ns=NOW_NS))) == len(BOMBS)


def test_a_body_that_unpacks_to_gigabytes_is_refused_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    import zstandard

    bomb = zstandard.ZstdCompressor().compress(bytes(256 << 20))
    assert len(bomb) < 64 << 10
    assert quickest_ms(body.unpack, bomb, body.ZSTD) <= 10
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 << 20))
    assert quickest_ms(body.unpack, unsized, body.ZSTD) <= 10
    assert quickest_ms(body.unpack, b"\x28\xb5\x2f\xfd" + b"\xff" * 30, body.ZSTD) <= 10
