"""JSON of plain values without the json module, which loads re.

What is written is safe on a terminal too: every character one might obey is an escape.
"""

from _json import encode_basestring

from memlog.cli.terminal import obeyed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_keys: "dict[str, str]" = {}  # of one row after the other they are the same
_KEYS = 256  # but of objects that hosts wrote they may be anything


def to_json(value: "Any") -> str:
    """JSON of None, bool, int, float, str, bytes (hex), and lists and dicts of them; else of its str()."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        # JSON has neither inf nor nan: of those the name, as a text
        names = {"inf": '"Infinity"', "-inf": '"-Infinity"', "nan": '"NaN"'}
        return float.__repr__(value) if value - value == 0 else names[float.__repr__(value)]
    if isinstance(value, dict):
        return "{" + ", ".join([_key(k) + to_json(v) for k, v in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return _text(bytes(value).hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value))


def _key(key: "Any") -> str:
    known = _keys.get(key)
    if known is None:
        known = f"{_text(str(key))}: "
        if isinstance(key, str) and len(_keys) < _KEYS:
            _keys[key] = known
    return known


def _text(text: str) -> str:
    quoted: str = encode_basestring(text)
    if quoted.isprintable():
        return quoted
    for c in set(quoted):  # few characters are odd, and texts are long
        if obeyed(c):
            quoted = quoted.replace(c, _escaped(c))
    return quoted


def _escaped(c: str) -> str:
    n = ord(c)
    if n < 0x10000:
        return f"\\u{n:04x}"
    n -= 0x10000
    return f"\\u{0xD800 | n >> 10:04x}\\u{0xDC00 | n & 0x3FF:04x}"
