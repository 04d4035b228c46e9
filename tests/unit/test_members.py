"""A JSON object read a member at a time says what it says read whole, and what has no end takes no memory."""

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlog.archive import members
from memlog.archive.members import LONGEST, Member

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def together(found: Iterable[Member]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for member in found:
        if member.is_item:
            whole[member.name].append(member.value)
        else:
            whole[member.name] = member.value
    return whole


class Endless(io.RawIOBase):
    """A file that begins like this and goes on with the same for 100 MB."""

    def __init__(self, begin: bytes, more: bytes) -> None:
        self.begin, self.more, self.given = begin, more, 0

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            raise MemoryError("asked for all of it")
        if self.given > 100_000_000:
            return b""
        piece, self.begin = self.begin[:size], self.begin[size:]
        piece += (self.more * (size // len(self.more) + 1))[: size - len(piece)]
        self.given += len(piece)
        return piece


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.sampled_from((None, 1)), st.integers(1, 40))
def test_it_says_what_the_whole_says_wherever_it_is_cut(
    value: dict[str, Any], indent: int | None, piece: int
) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(raw.decode())
    except UnicodeDecodeError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(members, "_PIECE", piece)
        assert together(members.members(io.BytesIO(raw))) == expected


@pytest.mark.parametrize(
    "raw", [b"", b"[1]", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":[1', b'{"a":[1 2]}', b'{"a":1}x', b'{1:2}', b'{"a":"\xff"}'],
)  # fmt: skip
def test_what_is_no_whole_object_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        together(members.members(io.BytesIO(raw)))


@pytest.mark.parametrize("begin", [b'{"a": "', b'{"', b'{"a": [{"b": "', b'{"a": '])
def test_a_value_without_an_end_is_refused_before_it_takes_the_memory(begin: bytes) -> None:
    file = Endless(begin, b"1")
    with pytest.raises(ValueError, match="longer than"):
        together(members.members(file))  # type: ignore[arg-type]
    assert file.given < 4 * LONGEST
    with pytest.raises(MemoryError):  # the twin: read whole
        json.loads(Endless(begin, b"1").read())


def test_items_of_a_list_without_an_end_come_one_at_a_time() -> None:
    file = Endless(b'{"a": [', b"1, ")
    found = members.members(file)  # type: ignore[arg-type]
    assert next(found).value == [] and [next(found).value for _ in range(1_000)] == [1] * 1_000
    assert file.given < 1_000_000
