"""Where capture stopped in each transcript: what is in the ring, and what is archived.

The hook keeps one watermark a transcript, the witness another one beside it after COMMIT.
A lost or stale one costs time only: identity makes a record captured twice one row.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from memlog.capture import quick_json
from memlog.capture.agents import State
from memlog.capture.identity import hex_digest
from memlog.errors import ContractError, UnsafePathError
from memlog.paths import Home, make_dir, open_private, replace_file

_LONGEST = 1 << 20


class Watermark(NamedTuple):
    """Up to where a transcript was read, and what its next line inherits.

    ino: 0 where only the tail can tell, as in a copy. tail: digest of the bytes before offset.
    ring_id: hex of the ring that took the records; "" for imports.
    """

    path: str
    dev: int
    ino: int
    offset: int
    tail: str
    ring_id: str
    state: State

    def to_json(self) -> dict[str, Any]:
        """What JSON and CBOR can carry."""
        return self._asdict()

    @classmethod
    def from_json(cls, value: Any) -> "Watermark":
        """The watermark again.

        Raises: ContractError when it is not one.
        """
        try:
            found = cls(**value)
        except TypeError as exc:
            raise ContractError("not a watermark") from exc
        kinds = (str, int, int, int, str, str, dict)
        if any(type(v) is not k for v, k in zip(found, kinds, strict=True)) or found.offset < 0:
            raise ContractError("not a watermark")
        return found


def beginning(path: str) -> Watermark:
    """The watermark of a transcript of which nothing was read."""
    return Watermark(os.path.abspath(path), 0, 0, 0, hex_digest(b"")[:32], "", {})


def load(home: Home, path: str) -> Watermark | None:
    """What is in the ring; None where nothing is known or the file makes no sense."""
    return _load(_file(home, path, ".json"), path)


def load_archived(home: Home, path: str) -> Watermark | None:
    """What is archived; None where nothing is known or the file makes no sense."""
    return _load(_file(home, path, ".archived"), path)


def save(home: Home, mark: Watermark) -> None:
    """Replace what is in the ring; whole or not at all, not synced: it is worth no more than the ring."""
    _save(home, mark, ".json", sync=False)


def save_archived(home: Home, mark: Watermark) -> None:
    """Replace what is archived."""
    _save(home, mark, ".archived", sync=False)


@contextmanager
def lock(home: Home, path: str) -> Iterator[bool]:
    """True inside when this process alone captures the transcript; never waits."""
    try:
        make_dir(home.watermarks)
        fd = open_private(_file(home, path, ".lock"), os.O_RDWR | os.O_CREAT)
    except (OSError, UnsafePathError):
        yield False
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except OSError:
            held = False
        yield held
    finally:
        os.close(fd)


def _file(home: Home, path: str, ending: str) -> str:
    """A transcript's path may hold anything: its digest is the name."""
    name = hex_digest(os.path.abspath(path).encode("utf-8", "surrogateescape"))[:32]
    return os.path.join(home.watermarks, name + ending)


def _load(file: str, path: str) -> Watermark | None:
    try:
        fd = open_private(file, os.O_RDONLY)
    except (OSError, UnsafePathError):
        return None
    try:
        mark = Watermark.from_json(quick_json.loads(os.read(fd, _LONGEST).decode()))
    except (OSError, ValueError, RecursionError, ContractError):
        return None
    finally:
        os.close(fd)
    return mark if mark.path == os.path.abspath(path) else None


def _save(home: Home, mark: Watermark, ending: str, *, sync: bool) -> None:
    make_dir(home.watermarks)
    data = quick_json.dumps(mark.to_json()).encode()
    replace_file(_file(home, mark.path, ending), data, sync=sync)
