"""Tool results the host wrote to `<session>/tool-results/` instead of into the transcript."""

import os
import re
import stat
from typing import Any

from memlog.capture.agents import Place
from memlog.capture.identity import MAC_BYTES
from memlog.capture.leaves import strings
from memlog.record import Record

FOLDER = "tool-results"
FIRST_BLOCK = 10_000  # no line has so many blocks of its own
LONGEST = 16 << 20
_MOST_FILES = 16
_NAME = r"tool-results[/\\]([A-Za-z0-9_][A-Za-z0-9_.-]{0,200})"


def records(value: dict[str, Any], found: list[Record], place: Place) -> list[Record]:
    """One record for each such file a result of the line names and that is still there.

    Limits: the first 16 files; the first 16 MiB of each, and `rest` says so.
    """
    answers = [record for record in found if record.kind == "tool_result"]
    if not answers:
        return []
    names: dict[str, Record] = {}
    for record in answers:
        if FOLDER in record.text:
            names |= {name: record for name in _names(record.text) if name not in names}
    result = value.get("toolUseResult")
    for text in strings(result) if isinstance(result, (dict, list, str)) else ():
        if FOLDER in text:
            names |= {name: answers[0] for name in _names(text) if name not in names}
    spilled = []
    for number, (name, record) in enumerate(list(names.items())[:_MOST_FILES]):
        read = _read(place, name)
        if read is not None:
            spilled.append(_record(record, name, *read, FIRST_BLOCK + number, place))
    return spilled


def _names(text: str) -> list[str]:
    return [name.rstrip(".") for name in re.findall(_NAME, text)]


def _folders(place: Place) -> list[str]:
    """Where the results of this transcript's session may lie, subagent files included."""
    folder, name = os.path.split(place.path)
    if name.startswith("agent-") and os.path.basename(folder) == "subagents":
        return [os.path.join(os.path.dirname(folder), FOLDER)]
    named = [os.path.join(folder, name.removesuffix(".jsonl"), FOLDER)]
    if place.session == os.path.basename(place.session) and place.session not in ("", ".", ".."):
        named.append(os.path.join(folder, place.session, FOLDER))
    return named


def _read(place: Place, name: str) -> tuple[bytes, int] | None:
    for folder in dict.fromkeys(_folders(place)):
        try:
            fd = os.open(
                os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            )
        except (OSError, ValueError):
            continue
        try:
            status = os.fstat(fd)
            if stat.S_ISREG(status.st_mode):
                return _bytes(fd), status.st_size
        except OSError:
            continue
        finally:
            os.close(fd)
    return None


def _bytes(fd: int) -> bytes:
    pieces, size = [], 0
    while size < LONGEST:
        piece = os.read(fd, min(1 << 20, LONGEST - size))
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _record(answer: Record, name: str, data: bytes, size: int, block: int, place: Place) -> Record:
    rest: dict[str, Any] = {"spilled": name, "bytes": size, "answers": answer.block}
    if size > len(data):
        rest["kept_bytes"] = len(data)
    return answer._replace(
        block=block, text=data.decode("utf-8", "backslashreplace"), rest=rest, omitted=(), redacted={},
        mac=place.hmac.digest(data)[:MAC_BYTES],
    )  # fmt: skip
