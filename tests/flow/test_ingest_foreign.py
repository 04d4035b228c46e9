"""What other programs wrote to a ring: kept whatever it is, found by its words, never in the way."""

import random
from pathlib import Path
from typing import Any

import cbor2
import pytest

from archives import NOW_NS, record, rows
from flow.batches import hits, put, ring_info
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import encode
from memlog.settings import Settings
from memlog.wire import Frame, Header

SECRET = "ghp_" + "a1B2c3D4e5" * 3 + "a1B2c3"


@pytest.fixture
def archive(home: Home) -> Any:
    with Archive.open(home, now_ns=NOW_NS) as opened:
        yield opened


def test_a_foreign_blob_is_found_by_its_words_and_says_why_it_is_not_decoded(archive: Archive) -> None:
    header = Header(0, NOW_NS, 3, 1000, 9, b"session-f\0\0\0\0\0\0\0")
    blobs = [
        b'{"json": "rather than cbor"}',
        cbor2.dumps({"note": "some other program's cbor"}),
        b"\xff\x00plain words\xfe",
    ]
    outcome = put(archive, [Frame(header._replace(length=len(b), seq=n), b) for n, b in enumerate(blobs)])
    assert (outcome.records, outcome.undecodable) == (3, 2)
    found = rows(
        archive.con, "SELECT kind, agent, session, text, decode_error, role FROM v_record ORDER BY seq"
    )
    assert {(r["kind"], r["agent"], r["session"]) for r in found} == {("blob", "unknown", "session-f")}
    assert [bool(r["decode_error"]) for r in found] == [True, False, True]
    for word in ("rather", "program", "plain"):
        assert len(hits(archive.con, word)) == 1
    assert archive.con.execute("SELECT memlog_blob(body, packing) FROM record ORDER BY seq").fetchall() == [
        (b,) for b in blobs
    ]


def hostile_blobs() -> dict[str, bytes]:
    deep = b"\x81" * 5_000 + b"\x00"
    shared = b"\xd8\x1c\x82" + b"\xd8\x1d\x00" * 2
    doubled = cbor2.dumps({"a": 1})[:0] + b"\xa2\x61a\x01\x61a\x02"
    (ours,) = encode(record("text of ours"))
    body = cbor2.loads(ours)
    bad_kind = cbor2.dumps(body | {"kind": "evil"})
    return {
        "deep": deep, "shared": shared, "doubled keys": doubled, "trailing": cbor2.dumps({"x": "tail"}) + b"\x00",
        "nan": cbor2.dumps({"n": float("nan"), "inf": float("inf")}), "bignum": cbor2.dumps(1 << 4_000),
        "surrogates": b"\x63\xed\xa0\x80", "claims gigabytes": b"\x9b" + b"\xff" * 8, "torn": ours[:-3],
        "string reference": b"\xd9\x01\x00\x82\x65hello\xd8\x19\x00", "e-mail": b"\xd8\x24\x61x",
        "regex": b"\xd8\x23\x64(a+)", "cyclic": b"\xd8\x1c\x81\xd8\x1d\x00", "bad kind": bad_kind,
        "bad time": cbor2.dumps(body | {"ts_ns": 1 << 63}), "bad mac": cbor2.dumps(body | {"mac": "text"}),
        "no session": cbor2.dumps({k: v for k, v in body.items() if k != "session"}),
        "reserved boundary": cbor2.dumps(body | {"source_id": "e", "boundary": "~event.5"}),
        "huge place": cbor2.dumps(body | {"source_id": "p", "kind": "compaction", "at": (1 << 64) - 1, "boundary": ""}),
        "reserved compaction": cbor2.dumps(body | {"source_id": "~event.7", "kind": "compaction", "boundary": ""}),
        "negative place": cbor2.dumps(body | {"source_id": "q", "kind": "compaction", "at": -5, "boundary": ""}),
        "odd redactions": cbor2.dumps(body | {"source_id": "r", "redacted": {"a": -1, "b": "x", "c": 1 << 60}}),
        "odd metadata": cbor2.dumps(body | {"source_id": "m", "kind": "compaction", "boundary": "", "rest": {
            "line": {"compactMetadata": {"trigger": 5, "preTokens": (1 << 64) - 1, "postTokens": "x"}}}}),
        "odd title": cbor2.dumps(body | {"source_id": "t", "kind": "meta", "rest": {
            "line": {"type": "summary", "summary": 5, "leafUuid": ["x"]}}}),
        "rest of bytes": cbor2.dumps(body | {"source_id": "b", "kind": "meta", "rest": b"\xa1slice"}),
        "nul session": cbor2.dumps(body | {"session": "a\0b", "source_id": "\0"}),
        "odd event": cbor2.dumps({"v": 1, "event": "captured", "agent": "a", "session": "s", "ts_ns": 1,
                                  "data": {"path": 5, "from": -1, "to": "x", "count": None, b"k": [b"\xff", 1.5]}}),
        "odd bytes": bytes(range(256)), "one byte": b"\x00", "text": "päin text".encode(), "nul": b"nul\0words",
    }  # fmt: skip


def test_hostile_blobs_are_kept_and_their_neighbours_stay_searchable(archive: Archive) -> None:
    items: list[Frame] = []
    blobs = hostile_blobs()
    for n, blob in enumerate(blobs.values()):
        items.append(
            Frame(Header(len(blob), (1 << 64) - 1, (1 << 64) - 1 - n, 1 << 31, 1, b"\xff" * 16), blob)
        )
        items.append(Frame(None, encode(record(f"goodneighbour {n}", n=1_000 + n))[0]))
    ring = archive.ring_row(ring_info(), now_ns=1)
    outcome = put(archive, items, ring=ring)
    assert outcome.archived == len(items) - 1  # the event is one
    assert len(outcome.events) == 1 and outcome.undecodable > 8
    assert len(hits(archive.con, "goodneighbour")) == len(blobs)
    kept = {b for (b,) in archive.con.execute("SELECT memlog_blob(body, packing) FROM record")}
    assert set(blobs.values()) - kept == {blobs["odd event"]}
    for view in ("v_record", "v_session", "v_epoch", "v_event"):
        archive.con.execute(f"SELECT * FROM {view}").fetchall()
    assert put(archive, items, ring=ring).archived == 0


def test_random_cbor_and_random_bytes_never_raise(archive: Archive) -> None:
    choose = random.Random(11)
    base = cbor2.loads(encode(record("a text"))[0])
    items = []
    for n in range(1_500):
        body = dict(base)
        for name in choose.sample(sorted(body), choose.randint(0, 4)):
            body[name] = choose.choice(
                [None, -1, 0, "x", b"y", [], {}, {"line": 5}, 1.5, True, "", (1 << 64) - 1]
            )
        blob = cbor2.dumps(body) if n % 3 else choose.randbytes(choose.randint(1, 60))
        items.append(
            Frame(Header(len(blob), choose.getrandbits(64), n, 5, n % 7, choose.randbytes(16)), blob)
        )
    assert put(archive, items).archived > 900


@pytest.mark.parametrize("redact", [True, False])
def test_a_credential_in_another_programs_blob_is_taken_out_before_it_is_committed(
    home: Home, settings: Settings, redact: bool
) -> None:
    theirs = record(f"a record with {SECRET} in it", n=1, agent="other-agent", session="theirs")
    blobs = [f"plain {SECRET}".encode(), cbor2.dumps({"token": SECRET}), *encode(theirs)]
    header = Header(0, NOW_NS, 3, 1000, 9, b"session-f\0\0\0\0\0\0\0")
    items = [Frame(header._replace(length=len(b), seq=n), b) for n, b in enumerate(blobs)]
    with Archive.open(home, now_ns=1, settings=settings._replace(redact=redact)) as archive:
        for _ in range(2):
            outcome = put(archive, items)
        found = archive.con.execute(
            "SELECT text, memlog_blob(body, packing), v.redacted FROM v_record v JOIN record USING (id)"
        )
        leaks = [SECRET in text or SECRET.encode() in blob for text, blob, _ in found]
        archive.checkpoint(truncate=True)
    assert leaks == [not redact] * 3
    assert outcome.sightings == 3  # the identity is that of the blob as it was written
    if redact:
        assert SECRET.encode() not in Path(home.archive).read_bytes()
