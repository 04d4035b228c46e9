"""Frames, session ids, and images in which not everything is a record."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memlog.contracts import HEADER_BYTES, MAX_BLOB
from memlog.errors import BadMagicError, ContractError, TruncatedRecordError, UnsupportedSchemaError
from memlog.wire import (
    NO_SESSION,
    Damage,
    Frame,
    Header,
    pack_session,
    scan_image,
    unpack_frame,
    unpack_header,
    unpack_session,
)
from shared_data import DATA

UUID = "0b9f6cbe-6a4c-4d1c-9c1f-0f8c4a3d2e1f"


def frame(seq: int, blob: bytes = b"blob", session: bytes = NO_SESSION) -> bytes:
    return Header(len(blob), 1_700_000_000_000_000_000, seq, 1000, 42, session).pack() + blob


def pieces(items: Sequence[Frame | Damage]) -> list[bytes]:
    """The bytes each item stands for."""
    return [
        i.data if isinstance(i, Damage) else i.header.pack() + i.blob
        for i in items
        if isinstance(i, Damage) or i.header
    ]


def test_a_frame_comes_back_as_it_was() -> None:
    header = Header(4, 1, 2, 3, 4, pack_session(UUID))
    assert unpack_frame(header.pack() + b"blob") == Frame(header, b"blob")
    assert len(header.pack()) == HEADER_BYTES


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (frame(1)[:55], TruncatedRecordError),
        (frame(1)[:-1], TruncatedRecordError),
        (frame(1) + b"x", TruncatedRecordError),
        (b"X" + frame(1)[1:], BadMagicError),
        (frame(1)[:4] + b"\2" + frame(1)[5:], UnsupportedSchemaError),
        (frame(1)[:12] + b"\1" + frame(1)[13:], ContractError),
        (Header(MAX_BLOB + 1, 0, 0, 0, 0, NO_SESSION).pack(), ContractError),
        (Header(0, 0, 0, 0, 0, NO_SESSION).pack(), ContractError),
    ],
)
def test_what_is_no_record_says_why(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        unpack_frame(raw)


def test_an_image_goes_on_after_damage_and_keeps_it() -> None:
    image = frame(1) + bytes(58) + frame(2) + frame(3)
    first, damage, *rest = scan_image(image)
    assert isinstance(first, Frame) and isinstance(damage, Damage)
    assert (damage.offset, damage.data) == (60, bytes(58))
    assert [f.header.seq for f in rest if isinstance(f, Frame) and f.header] == [2, 3]


def test_a_torn_end_is_damage() -> None:
    image = frame(1) + frame(2)[:30]
    assert [type(i) for i in scan_image(image)] == [Frame, Damage]


def test_a_magic_inside_damage_is_no_record_unless_another_follows() -> None:
    stray = frame(9, b"stray")[:58] + b"junk" * 9
    found = list(scan_image(frame(1) + b"junk" + stray + frame(2)))
    assert [type(i) for i in found] == [Frame, Damage, Frame]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=90),
            st.builds(frame, st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=90)),
            st.builds(lambda raw, n: raw[:n], st.just(frame(5, b"GOLM" * 12)), st.integers(0, 100)),
        ),
        max_size=12,
    ).map(b"".join)
)
@example(b"GOLM" * 30)
def test_no_byte_of_an_image_is_lost_or_invented(image: bytes) -> None:
    items = list(scan_image(image))
    assert b"".join(pieces(items)) == image
    at = 0
    for item, raw in zip(items, pieces(items), strict=True):
        assert not isinstance(item, Damage) or item.offset == at
        at += len(raw)


@given(st.lists(st.builds(frame, st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=200)), max_size=8))
def test_an_image_of_whole_records_has_no_damage(parts: list[bytes]) -> None:
    items = list(scan_image(b"".join(parts)))
    assert pieces(items) == parts and not any(isinstance(i, Damage) for i in items)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_a_contract_error(raw: bytes) -> None:
    try:
        header = unpack_header(raw)
    except ContractError:
        return
    assert header.pack() == raw[:HEADER_BYTES]


@pytest.mark.parametrize("session", [UUID, "abc", "session-a", "größe", "x" * 16])
def test_a_session_id_that_fits_comes_back(session: str) -> None:
    assert unpack_session(pack_session(session)) == session


@pytest.mark.parametrize("session", [None, "", "x" * 17, "two\nlines", "nul\0", "é" * 9])
def test_a_session_id_that_does_not_fit_becomes_none(session: str | None) -> None:
    assert pack_session(session) == NO_SESSION and unpack_session(NO_SESSION) is None


@given(st.text(max_size=40))
def test_packing_never_turns_one_session_into_another(session: str) -> None:
    assert unpack_session(pack_session(session)) in (session, None)
    assert unpack_session(pack_session(UUID)) == UUID  # the one before is not what the next one gets


@given(st.binary(min_size=16, max_size=16))
def test_every_sixteen_bytes_have_a_readable_name(raw: bytes) -> None:
    name = unpack_session(raw)
    assert name is None or name.isprintable()


@pytest.mark.data
def test_the_recorded_image_has_three_records_of_two_sessions() -> None:
    items = list(scan_image((DATA / "ring" / "memlog-replay.bin").read_bytes()))
    headers = [i.header for i in items if isinstance(i, Frame) and i.header]
    assert len(headers) == len(items) == 3
    assert [(h.seq, unpack_session(h.session)) for h in headers] == [
        (0, "session-a"),
        (1, "session-a"),
        (2, "session-b"),
    ]
