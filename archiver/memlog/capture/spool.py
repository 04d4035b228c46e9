"""What a ring could not take, in files the witness drains: frames, and transcripts handed over.

`<ns>-<pid>-<random>.frames` is a ring image. `….<agent>.jsonl.transcript` is a link to a transcript, or
a copy of its beginning; `….note` beside it is the capture_pending event, for when the ring lost it.
"""

import errno
import os
import time
from collections.abc import Iterable
from typing import NamedTuple

from memlog.contracts import CLAUDE_CODE, MAX_BLOB
from memlog.errors import InputError
from memlog.paths import Home, make_dir, open_private, replace_file
from memlog.wire import Header, pack_session

FRAMES, TRANSCRIPT, NOTE = ".frames", ".transcript", ".note"


class Spooled(NamedTuple):
    """A file of the spool. note: blob of the capture_pending event of a transcript."""

    name: str
    path: str
    note: bytes | None = None


def spool_frames(home: Home, blobs: Iterable[tuple[bytes, str | None]]) -> str:
    """Name of a new ring image with these (blob, session) records, seq from 1, stamped as a ring would.

    Raises: OSError, UnsafePathError; then no file is left.
    """
    make_dir(home.spool)
    now_ns, uid, pid = time.time_ns(), os.geteuid(), os.getpid()
    pieces = []
    for seq, (blob, session) in enumerate(blobs, 1):
        if not 0 < len(blob) <= MAX_BLOB:
            raise InputError(f"a blob of {len(blob)} bytes fits no ring")
        pieces += [Header(len(blob), now_ns, seq, uid, pid, pack_session(session)).pack(), blob]
    name = _name(FRAMES)
    replace_file(os.path.join(home.spool, name), b"".join(pieces), sync=False)
    return name


def hand_over(home: Home, path: str, stop: int, agent: str = CLAUDE_CODE) -> str:
    """Name in the spool of a file that holds the transcript's bytes up to `stop` at least.

    Its name says whose it is and of what sort, for when neither ring nor note does. A link keeps the
    bytes when the host deletes the file; a copy is made where none is possible.
    Raises: OSError, UnsafePathError.
    """
    make_dir(home.spool)
    name = _name(f".{agent}{'.json' if path.endswith('.json') else '.jsonl'}{TRANSCRIPT}")
    target = os.path.join(home.spool, name)
    try:
        os.link(os.path.realpath(path), target)  # link() on Linux would link the link
    except OSError as exc:
        if exc.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        _copy(path, target, stop)
    return name


def told_by_name(name: str) -> tuple[str, str]:
    """Agent, and the name without our ending, of a transcript handed over."""
    plain = name.removesuffix(TRANSCRIPT)
    parts = plain.split(".")
    return (parts[1] if len(parts) == 3 else CLAUDE_CODE), plain


def write_note(home: Home, name: str, blob: bytes) -> None:
    """Keep the capture_pending event beside the transcript it names."""
    replace_file(os.path.join(home.spool, name.removesuffix(TRANSCRIPT) + NOTE), blob, sync=False)


def pending(home: Home) -> list[Spooled]:
    """What waits in the spool, oldest first; files still being written are not in it."""
    try:
        names = sorted(os.listdir(home.spool), key=_age)
    except FileNotFoundError:
        return []
    return [
        Spooled(name, os.path.join(home.spool, name), _note(home, name))
        for name in names
        if name.endswith((FRAMES, TRANSCRIPT))
    ]


def discard(home: Home, name: str) -> None:
    """Remove a file that is archived, and its note; gone already is fine."""
    names = [name]
    if name.endswith(TRANSCRIPT):
        names.append(name.removesuffix(TRANSCRIPT) + NOTE)
    for each in names:
        try:
            os.unlink(os.path.join(home.spool, os.path.basename(each)))
        except FileNotFoundError:
            pass


def _name(ending: str) -> str:
    return f"{time.time_ns()}-{os.getpid()}-{os.urandom(4).hex()}{ending}"


def _age(name: str) -> tuple[int, str]:
    first = name.partition("-")[0]
    return (int(first) if first.isdigit() and first.isascii() else 0, name)


def _note(home: Home, name: str) -> bytes | None:
    if not name.endswith(TRANSCRIPT):
        return None
    try:
        fd = open_private(os.path.join(home.spool, name.removesuffix(TRANSCRIPT) + NOTE), os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.read(fd, MAX_BLOB)
    finally:
        os.close(fd)


def _copy(path: str, target: str, stop: int) -> None:
    temporary = target + ".tmp"
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fd = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            _pour(source, fd, stop)
            os.rename(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
        finally:
            os.close(fd)
    finally:
        os.close(source)


def _pour(source: int, target: int, size: int) -> None:
    while size > 0:
        block = os.read(source, min(1 << 20, size))
        if not block:
            return
        size -= len(block)
        view = memoryview(block)
        while view:
            view = view[os.write(target, view) :]
