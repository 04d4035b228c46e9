"""A blob as it decodes: nested names and values, bounded, each a text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from memlog.errors import MemlogError
from memlog.record import load_cbor

MOST = 2_000  # values of one blob that are shown
DEEP = 30
LONG = 4_000  # characters of a value
HEX_BYTES = 8_192  # of a blob


@dataclass(frozen=True, slots=True)
class Node:
    """A name with its value, or with what lies in it. more: what is left out, in words."""

    name: str
    kind: str
    value: str
    children: list["Node"]
    more: str = ""


def tree(blob: bytes) -> Node | None:
    """The decoded blob; None for bytes that are no CBOR."""
    try:
        value = load_cbor(blob)
    except MemlogError:
        return None
    return _node("", value, [MOST], 0)


def hex_lines(blob: bytes) -> Iterator[str]:
    """Offset, sixteen bytes, and what of them is ASCII; of a long blob the beginning."""
    for start in range(0, min(len(blob), HEX_BYTES), 16):
        piece = blob[start : start + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        yield f"{start:06x}  {piece.hex(' '):<47}  {shown}"


def _node(name: str, value: Any, left: list[int], depth: int) -> Node:
    left[0] -= 1
    if isinstance(value, dict):
        pairs, kind = [(str(key), inner) for key, inner in value.items()], "map"
    elif isinstance(value, list | tuple):
        pairs, kind = [(str(n), inner) for n, inner in enumerate(value)], "list"
    else:
        return _leaf(name, value)
    children: list[Node] = []
    for n, (key, inner) in enumerate(pairs):
        if left[0] <= 0 or depth >= DEEP:
            return Node(name, kind, str(len(pairs)), children, f"{len(pairs) - n:,} more")
        children.append(_node(key, inner, left, depth + 1))
    return Node(name, kind, str(len(pairs)), children)


def _leaf(name: str, value: Any) -> Node:
    if isinstance(value, bytes):
        text, kind = value[: LONG // 2].hex(), f"bytes, {len(value):,}"
        more = f"{len(value) - LONG // 2:,} more bytes" if len(value) > LONG // 2 else ""
    elif isinstance(value, str):
        text, kind = value[:LONG], "text"
        more = f"{len(value) - LONG:,} more characters" if len(value) > LONG else ""
    else:
        text, kind, more = str(value), type(value).__name__, ""
    return Node(name, kind, text, [], more)
