"""Whose transcript a file is, told from its first lines or the first members of a document."""

from collections.abc import Iterator
from typing import Any

from memlog.capture import quick_json
from memlog.capture.agents import READERS, reader
from memlog.capture.document import parse
from memlog.capture.transcript import open_file, read_at

_GLANCE = 1 << 16  # the first line of nearly every transcript lies in it
_LOOK = 1 << 20
_NAMES = (".jsonl", ".json", ".traj")
_LAST = "jsonl"  # lines of anybody: what no other agent knows


def stranger(path: str, agent: str) -> str | None:
    """The agent whose transcript this is, where it is not the one that was named; None where it may be.

    A file no reader knows may be: a host's new lines are kept, whatever they are.
    Raises: NotFoundError, InputError.
    """
    own = reader(agent)
    for size in (_GLANCE, _LOOK):
        data = _head(path, size)
        if any(map(own.is_ours, _values(data))):
            return None
    values = list(_values(data))
    others = sorted((name for name in READERS if name != agent), key=lambda name: name == _LAST)
    return next((name for name in others if any(map(reader(name).is_ours, values))), None)


def is_anything(path: str) -> bool:
    """Whether a file may be a transcript at all: named as one, empty, or an object among its first lines."""
    if path.removesuffix(".gz").endswith(_NAMES):
        return True  # one that is damaged throughout is kept as damage
    data = _head(path, _LOOK)
    return not data or next(_values(data), None) is not None


def _head(path: str, size: int) -> bytes:
    """So many of a file's first bytes; of a zipped one, unzipped."""
    with open_file(path) as file:
        return read_at(file, 0, size)


def _values(data: bytes) -> Iterator[dict[str, Any]]:
    """The object the bytes begin, as far as it is whole, or those of their lines."""
    lines = data.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n")
    if lines[0].startswith(b"{") and _object(lines[0]) is None:
        document, _ = parse(data, "")
        if document:
            yield document
    for line in lines:
        value = _object(line) if line.startswith(b"{") else None
        if value is not None:
            yield value


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = quick_json.loads(str(line, "utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
