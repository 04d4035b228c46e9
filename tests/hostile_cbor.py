"""CBOR nobody means well with: bombs by name, and any number made by its grammar and then broken."""

import random
from collections.abc import Callable, Iterator

import cbor2

DEEP = 20_000


def head(major: int, value: int, width: int | None = None) -> bytes:
    """A head of CBOR; width: in so many bytes, whether it needs them or not."""
    if width is None:
        width = (
            0
            if value < 24
            else 1
            if value < 1 << 8
            else 2
            if value < 1 << 16
            else 4
            if value < 1 << 32
            else 8
        )
    if width == 0:
        return bytes((major << 5 | value,))
    return bytes((major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width],)) + value.to_bytes(width, "big")


def _doubling() -> bytes:
    """Arrays that say the one before twice, by reference: a value of 2^30 items in 300 bytes."""
    inner = b"\xd8\x1c\x80"
    for n in range(30):
        inner = b"\xd8\x1c\x83" + inner + 2 * (b"\xd8\x1d" + head(0, 29 - n))
    return inner


BOMBS: dict[str, bytes] = {
    "arrays in arrays": b"\x81" * DEEP + b"\x00",
    "maps in maps": b"\xa1\x00" * DEEP + b"\x00",
    "maps as keys": b"\xa1" * DEEP + b"\x00" * (DEEP + 1),
    "tags in tags": b"\xc6" * DEEP + b"\x00",
    "unknown tags in tags": b"\xd9\xff\xff" * DEEP + b"\x00",
    "endless arrays": b"\x9f" * DEEP,
    "endless maps": b"\xbf\x00" * DEEP,
    "endless text of texts": b"\x7f" * DEEP,
    "a text of 16 EB": head(3, (1 << 64) - 1, 8) + b"x",
    "a text of 2 GB": head(3, 1 << 31, 4) + b"x",
    "bytes of 4 GB": head(2, (1 << 32) - 1, 4) + b"x",
    "an array of 2^63": head(4, 1 << 63, 8) + b"\x00",
    "an array of 2^31": head(4, 1 << 31, 4) + b"\x00" * 100,
    "a map of 2^63": head(5, 1 << 63, 8) + b"\x00\x00",
    "arrays that claim more each": b"".join(head(4, 1 << 32, 8) for _ in range(60)) + b"\x00",
    "a bignum of 60 KB": b"\xc2" + head(2, 60_000) + b"\xff" * 60_000,
    "a bigfloat": b"\xc5\x82" + head(0, 1 << 40) + b"\x01",
    "a decimal": b"\xc4\x82" + head(0, 1 << 60) + b"\x01",
    "a rational over nothing": b"\xd8\x1e\x82\x01\x00",
    "references doubled": _doubling(),
    "a list that holds itself": b"\xd8\x1c\x81\xd8\x1d\x00",
    "strings by reference": b"\xd9\x01\x00" + head(4, 9_001) + head(3, 999) + b"x" * 999 + b"\xd8\x19\x00" * 9_000,
    "a regular expression": b"\xd8\x23" + head(3, 30) + b"(a+)+" * 6,
    "a mail": b"\xd8\x24" + head(3, 20) + b"MIME-Version: 1.0\n\n\n",
    "a set": b"\xd9\x01\x02" + head(4, 2_000) + b"".join(head(0, (1 << 61) * n % (1 << 64), 8) for n in range(2_000)),
    "a date of no calendar": b"\xc1" + b"\xfb\x7f\xef\xff\xff\xff\xff\xff\xff",
    "a key twice": b"\xa2\x61a\x01\x61a\x02",
    "keys that collide": b"\xb9\x0f\xa0" + b"".join(head(0, (2**61 - 1) * (n % 8) + n // 8, 8) + b"\x00" for n in range(4_000)),
    "a list as a key": b"\xa1\x81\x01\x00",
    "half a character": head(3, 1) + b"\xc3",
    "half a pair": head(3, 3) + b"\xed\xa0\x80",
    "bytes after the value": b"\x00" * 9_000,
    "nothing": b"",
    "a break alone": b"\xff",
    "a simple value that is reserved": b"\xf8\x1f",
}  # fmt: skip


def generated(dice: random.Random) -> bytes:
    """A value by the grammar, and then in half of the cases some bytes of it changed."""
    raw = bytearray(b"".join(_value(dice, 0)))
    if dice.random() < 0.5:
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(len(raw) + 1)
            if dice.random() < 0.5 and at < len(raw):
                raw[at] = dice.randrange(256)
            elif dice.random() < 0.5:
                del raw[at : at + dice.randrange(1, 9)]
            else:
                raw[at:at] = dice.randbytes(dice.randrange(1, 5))
    return bytes(raw)


_TAGS = (0, 1, 2, 3, 4, 5, 21, 24, 25, 28, 29, 30, 35, 36, 37, 55799, 256, 258, 260, 261, 1 << 40)
_KEYS = (
    "v",
    "agent",
    "session",
    "source_id",
    "event",
    "kind",
    "ts_ns",
    "text",
    "block",
    "mac",
    "rest",
    "part",
    "data",
)
_NUMBERS = (0, 1, 23, 24, 255, 256, 65_535, 65_536, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1)


def _value(dice: random.Random, depth: int) -> Iterator[bytes]:
    makers: tuple[Callable[[random.Random, int], Iterator[bytes]], ...] = (
        _leaf,
        _text,
        _list,
        _map,
        _tag,
        _ours,
    )
    yield from dice.choice(makers if depth < 7 else makers[:2])(dice, depth)


def _leaf(dice: random.Random, depth: int) -> Iterator[bytes]:
    number = dice.choice(_NUMBERS)
    kind = dice.randrange(5)
    if kind < 2:
        yield head(kind, number)
    elif kind == 2:
        yield b"\xfb" + dice.randbytes(8)
    elif kind == 3:
        yield bytes((0xE0 | dice.randrange(32),)) + dice.randbytes(2)
    else:
        yield head(dice.choice((2, 3, 4, 5)), number, 8)


def _text(dice: random.Random, depth: int) -> Iterator[bytes]:
    said = dice.choice(
        (b"", b"\0", b"word", "ü\u202e\U0001f600".encode(), b"\xff\xfe", b"x" * 300, b"\x1b[2J")
    )
    major = dice.choice((2, 3, 3))
    if dice.random() < 0.2:
        yield bytes((major << 5 | 31,)) + head(major, len(said)) + said + dice.choice((b"\xff", b""))
        return
    yield head(major, max(len(said) + dice.choice((0, 0, 0, 0, 1, -1)), 0)) + said


def _list(dice: random.Random, depth: int) -> Iterator[bytes]:
    count = dice.randrange(5)
    if dice.random() < 0.3:
        yield b"\x9f"
    else:
        yield head(4, count)
    for _ in range(count):
        yield from _value(dice, depth + 1)
    yield dice.choice((b"", b"\xff"))


def _map(dice: random.Random, depth: int) -> Iterator[bytes]:
    count = dice.randrange(5)
    yield head(5, count)
    for _ in range(count):
        key = dice.choice(_KEYS).encode()
        yield from (head(3, len(key)) + key,) if dice.random() < 0.8 else _value(dice, depth + 1)
        yield from _value(dice, depth + 1)


def _tag(dice: random.Random, depth: int) -> Iterator[bytes]:
    yield head(6, dice.choice(_TAGS))
    yield from _value(dice, depth + 1)


def _ours(dice: random.Random, depth: int) -> Iterator[bytes]:
    """A record or an event of ours with a value of another kind in one place."""
    said: dict[str, object] = {
        "v": 1, "agent": "a", "session": "s", "source_id": "x", "block": 0, "kind": "message", "ts_ns": 1,
        "mac": b"12345678", "data": {}, "text": "t",
    }  # fmt: skip
    if dice.random() < 0.5:
        said["event"] = "Stop"
    wrong = dice.choice(
        (None, -1, 1 << 62, 1 << 63, "", "x" * 400, b"\0", [], [[]], {}, {"a": 1}, 1.5, True, "\0", "../..")
    )
    said[dice.choice((*said, "part", "parts", "rest", "role", "at", "redacted", "omitted", "boundary"))] = (
        wrong
    )
    yield cbor2.dumps(said)
