"""The doorbell: a FIFO by which a writer wakes the witness, and nobody else.

A FIFO wakes one reader, so it belongs to the witness; other followers look every 200 ms.
A writer rings only where the ring's `waiting` word is set, so most writes never open it.
"""

import os
import stat

from memlog.errors import RingUnavailableError, UnsafePathError
from memlog.paths import make_dir


def ring_bell(path: str) -> None:
    """Wake whoever waits. No witness, no FIFO, a full FIFO: nothing happens; it never blocks."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            os.write(fd, b"\n")
    except OSError:
        pass
    finally:
        os.close(fd)


def swallow(fd: int) -> None:
    """Read a pipe empty that never blocks."""
    try:
        while len(os.read(fd, 4_096)) == 4_096:
            pass
    except BlockingIOError:
        pass


class Doorbell:
    """The witness's end of the FIFO; made if missing, mode 0600."""

    __slots__ = ("_fd", "path")

    def __init__(self, path: str) -> None:
        """Raises: UnsafePathError when something else lies there; RingUnavailableError."""
        self.path = path
        make_dir(os.path.dirname(path))
        try:
            try:
                os.mkfifo(path, 0o600)
            except FileExistsError as exc:
                found = os.lstat(path)
                if not stat.S_ISFIFO(found.st_mode) or found.st_uid != os.geteuid():
                    raise UnsafePathError(f"{path} is not a FIFO of yours") from exc
            # Read and write: with a writer always open, poll() never reports an end of file.
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            os.fchmod(self._fd, 0o600)
        except OSError as exc:
            raise RingUnavailableError(f"{path}: {exc.strerror}") from exc

    def fileno(self) -> int:
        return self._fd

    def wait(self, timeout_s: float) -> bool:
        """True when somebody rang within timeout_s; all rings so far count as one."""
        import select  # the hook never waits

        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(max(0, int(timeout_s * 1000))):
            return False
        self.silence()
        return True

    def silence(self) -> None:
        """Forget the rings so far."""
        swallow(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
