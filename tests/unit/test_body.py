import random
import threading

import cbor2
import pytest

from memlog.archive import body
from memlog.archive.connection import memlog_blob, memlog_extra, memlog_text
from memlog.contracts import MAX_BLOB
from memlog.errors import ArchiveError
from memlog.record import Record, encode


def record(text: str, **fields: object) -> bytes:
    given: dict[str, object] = {
        "agent": "claude-code", "session": "s", "source_id": "u", "block": 0, "kind": "message", "ts_ns": 1,
        "text": text, "mac": bytes(8),
    }  # fmt: skip
    (blob,) = encode(Record(**(given | fields)))  # type: ignore[arg-type]
    return blob


def test_every_blob_comes_back_byte_for_byte_and_equal_blobs_have_equal_bodies() -> None:
    choose = random.Random(2)
    for size in (1, 2, 17, 400, 5_000, MAX_BLOB):
        for blob in (choose.randbytes(size), b"the same words " * (size // 15) + b"x"):
            packing, packed = body.pack(blob)
            assert body.unpack(packed, packing) == blob
            assert body.pack(blob) == (packing, packed)
            assert len(packed) <= len(blob)


def test_what_does_not_shrink_stays_plain() -> None:
    assert body.pack(b"\x01\x02") == (body.PLAIN, b"\x01\x02")


def test_threads_do_not_share_a_compressor() -> None:
    blobs = [record(f"text {n} " * 500) for n in range(40)]
    packed = [body.pack(b) for b in blobs]
    wrong: list[int] = []

    def work() -> None:
        for _ in range(20):
            wrong.extend(n for n, b in enumerate(blobs) if body.pack(b) != packed[n])
            wrong.extend(n for n, (how, b) in enumerate(packed) if body.unpack(b, how) != blobs[n])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_text_is_read_from_the_tail_and_without_it_from_the_cbor() -> None:
    blob = record("héllo\nwörld")
    packing, packed = body.pack(blob)
    assert memlog_text(packed, packing, len("héllo\nwörld".encode())) == "héllo\nwörld"
    assert memlog_text(packed, packing, None) == "héllo\nwörld"
    assert memlog_text(packed, packing, 0) == ""


@pytest.mark.parametrize(
    ("blob", "text"),
    [
        (b'{"json": "text"}', '{"json": "text"}'),
        (cbor2.dumps({"note": "found", "n": [1, 2.5, None]}), "note: found\nn: 1\nn: 2.5"),
        (b"\xff\xfe\x00\x01binary words\x00\x02ab\x00tail end", "binary words\ntail end"),
    ],
)
def test_a_foreign_blob_has_text_too(blob: bytes, text: str) -> None:
    assert body.text_of_blob(blob) == text


def test_extra_is_json_of_the_rest_and_null_where_there_is_none() -> None:
    rest = {
        "line": {"uuid": "u", "n": 1, "raw": b"\x01", "nan": float("nan"), "half": 0.5},
        "deep": [{"a": 1}],
    }
    packing, packed = body.pack(record("x", rest=rest))
    assert memlog_extra(packed, packing) == (
        '{"line":{"uuid":"u","n":1,"raw":"01","nan":"nan","half":0.5},"deep":[{"a":1}]}'
    )
    assert memlog_extra(*reversed(body.pack(record("x")))) is None
    assert memlog_extra(b"not cbor", 0) is None


def test_sql_functions_give_null_for_anything_odd() -> None:
    packing, packed = body.pack(record("some text that is long enough to be packed " * 9))
    torn = packed[: len(packed) // 2]
    for odd in ((None, None), (b"", 1), ("text", 1), (5, 0), (torn, 1), (packed, 99), (packed, None)):
        assert memlog_text(*odd, 4) is None
        assert memlog_blob(*odd) is None
        assert memlog_extra(*odd) is None
    with pytest.raises(ArchiveError):
        body.unpack(torn, packing)
    with pytest.raises(ArchiveError):
        body.unpack(packed, 99)


def test_a_damaged_frame_that_claims_gigabytes_is_refused_without_allocating_them() -> None:
    import zstandard

    bomb = zstandard.ZstdCompressor(level=1, write_content_size=True).compress(bytes(1 << 28))
    assert zstandard.frame_content_size(bomb) == 1 << 28  # the bomb is one
    with pytest.raises(ArchiveError):
        body.unpack(bomb, body.ZSTD)
