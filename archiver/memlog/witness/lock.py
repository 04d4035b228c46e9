"""One witness per home: a flock, and who holds it."""

import fcntl
import json
import os
import time
from types import TracebackType
from typing import NamedTuple, Self

from memlog import __version__
from memlog.errors import WitnessRunningError
from memlog.paths import Home, make_dir, open_private

# A probe (who holds it?) takes the lock shared for microseconds; only who holds it longer is a witness.
_TRIES = 20
_PAUSE_S = 0.01


class Holder(NamedTuple):
    """Who holds the lock. started: ns since 1970 UTC."""

    pid: int
    started: int
    version: str


class WitnessLock:
    """The right to write the archive, held until close() or the end of the process."""

    def __init__(self, fd: int, holder: Holder) -> None:
        self._fd = fd
        self.holder = holder

    def close(self) -> None:
        """Give it up. The file stays: unlinking it would let two hold 'the' lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def take(home: Home, *, now_ns: int) -> WitnessLock:
    """The lock of this home.

    Raises: WitnessRunningError naming the holder.
    """
    make_dir(home.root)
    fd = open_private(home.lock, os.O_RDWR | os.O_CREAT)
    try:
        if not _try(fd, fcntl.LOCK_EX):
            raise WitnessRunningError(_sentence(_read(fd)))
        holder = Holder(os.getpid(), now_ns, __version__)
        line = json.dumps(holder._asdict()).encode() + b"\n"
        try:
            os.ftruncate(fd, os.pwrite(fd, line, 0))  # in this order the first line is always whole
        except OSError:
            pass  # a full disk: the lock holds without a name in it
    except BaseException:
        os.close(fd)
        raise
    return WitnessLock(fd, holder)


def holder(home: Home) -> Holder | None:
    """Who holds the lock of this home now; None when nobody does."""
    try:
        fd = open_private(home.lock, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _try(fd, fcntl.LOCK_SH, tries=1):
            return None
        return _read(fd) or Holder(0, 0, "")
    finally:
        os.close(fd)


def _try(fd: int, mode: int, tries: int = _TRIES) -> bool:
    for left in reversed(range(tries)):
        try:
            fcntl.flock(fd, mode | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE_S)
    return False


def _read(fd: int) -> Holder | None:
    try:
        body = json.loads(os.pread(fd, 4_096, 0).partition(b"\n")[0])
        return Holder(int(body["pid"]), int(body["started"]), str(body["version"]))
    except (ValueError, KeyError, TypeError):
        return None


def _sentence(found: Holder | None) -> str:
    if found is None:
        return "another witness holds the lock"
    return f"another witness holds the lock: pid {found.pid}, memlog {found.version}"
