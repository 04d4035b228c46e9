"""The chain's formula, written a second time: what another program would compute from docs/archive.md."""

from hashlib import sha256

import cbor2

from memlog.archive import chain


def test_heads_and_digests_are_what_the_page_says() -> None:
    archive_id, salt, blob = b"A" * 16, b"S" * 16, b"the blob"
    head = sha256(b"memlog/chain/1" + archive_id + b"\x82" + b"\x65agent" + b"\x67session").digest()
    assert chain.genesis(archive_id, "agent", "session") == head
    digest = sha256(b"memlog/rec/1" + salt + blob).digest()
    assert chain.digest_of(salt, blob) == digest
    columns = (1, "agent", None, b"\x01", 300)
    header = b"\x85\x01\x65agent\xf6\x41\x01\x19\x01\x2c"
    assert chain.pack_header(columns) == header == cbor2.dumps(list(columns))
    assert (
        chain.next_head(head, header, digest) == sha256(b"memlog/chain/1" + head + header + digest).digest()
    )


def test_headers_that_read_alike_when_joined_are_told_apart() -> None:
    assert chain.pack_header(("ab", "c")) != chain.pack_header(("a", "bc"))
    assert chain.pack_header((None, "")) != chain.pack_header(("", None))
    assert chain.pack_header((1, "1")) != chain.pack_header(("1", 1))


def test_two_sessions_and_two_archives_begin_differently() -> None:
    heads = {chain.genesis(a, b, c) for a in (b"A" * 16, b"B" * 16) for b in ("x", "y") for c in ("x", "y")}
    assert len(heads) == 8
