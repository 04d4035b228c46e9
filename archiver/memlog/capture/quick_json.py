"""JSON without the json package: its scanner and encoder are in C, and a hook pays for the rest.

Importing json compiles six patterns, a twentieth of a hook that records 4 KB.
"""

from collections.abc import Callable
from typing import Any

_BLANK = " \t\n\r"


def fit_int(value: int) -> int | str:
    """The number, or its digits where CBOR would need a bignum."""
    return value if -(1 << 63) <= value < 1 << 63 else str(value)


def parse_int(digits: str) -> int | str:
    """What a JSON integer becomes; also of more digits than Python converts."""
    return int(digits) if len(digits) < 19 else digits if len(digits) > 20 else fit_int(int(digits))


class _Context:
    """What the scanner asks its maker. Integers beyond 64 bits become their digits."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = staticmethod(parse_int)
    parse_constant = staticmethod(
        {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}.__getitem__
    )
    memo: dict[str, str] = {}


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is not JSON")


def _make() -> tuple[Callable[[str, int], tuple[Any, int]], Callable[[Any], str]]:
    try:
        from _json import encode_basestring_ascii, make_encoder, make_scanner
    except ImportError:
        import json

        return json.JSONDecoder(parse_int=parse_int).raw_decode, json.dumps
    encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True)
    context: Any = _Context
    return make_scanner(context), lambda value: "".join(encode(value, 0))


_scan, dumps = _make()


def scan(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at a character, and where it ends.

    Raises: ValueError; RecursionError when it is nested as deep as the stack.
    """
    try:
        return _scan(text, at)
    except (StopIteration, SystemError):
        # SystemError: the scanner wants to raise json.decoder's error, and does not import it.
        raise ValueError("no JSON value") from None


def loads(text: str) -> Any:
    """The value of a JSON text.

    Raises: ValueError; RecursionError when it is nested as deep as the stack.
    """
    value, end = scan(text, len(text) - len(text.lstrip(_BLANK)))
    if end != len(text) and text[end:].strip(_BLANK):
        raise ValueError(f"more after the JSON value, at character {end}")
    return value
