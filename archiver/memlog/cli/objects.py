"""Objects on standard input as records of an agent of one's own: `memlog write --json`."""

import json
from collections.abc import Mapping
from typing import Any

from memlog.capture import writer
from memlog.capture.identity import Hmac
from memlog.cli.root import Context
from memlog.errors import DecodeError
from memlog.paths import load_key
from memlog.record import encode

_HINT = "memlog write --help"

Parts = tuple[list[bytes], str | None]


def of_json(raw: bytes, context: Context, always: Mapping[str, str | None]) -> list[Parts] | None:
    """Blobs and session of each record; None for one JSON value that is no record.

    always: what an object says that does not say it itself.
    Raises: DecodeError for what is neither JSON nor lines of objects; InputError.
    """
    if not raw:
        return None
    try:
        value = json.loads(raw)
    except ValueError as exc:
        objects = _lines(raw, exc)
    else:
        if not _is_record(value):
            return None
        objects = [value]
    named = {name: one for name, one in always.items() if one is not None}
    hmac = Hmac(load_key(context.home))
    redact = context.settings.redact
    made = [writer.from_json({**named, **value}, hmac, redact=redact) for value in objects]
    return [(encode(record), record.session) for record in made]


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def _lines(raw: bytes, whole: ValueError) -> list[dict[str, Any]]:
    lines = [line for line in raw.splitlines() if line.strip()]
    if len(lines) < 2:
        raise DecodeError(f"standard input is not JSON: {whole}", hint=_HINT) from whole
    found = []
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except ValueError as exc:
            raise DecodeError(f"line {number} of standard input is not JSON: {exc}", hint=_HINT) from exc
        if not _is_record(value):
            raise DecodeError(f"line {number} of standard input is no object with a text", hint=_HINT)
        found.append(value)
    return found
