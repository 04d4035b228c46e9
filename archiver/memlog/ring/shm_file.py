"""The ring's file as a file: made whole or not at all, mapped, locked, put aside.

A store to a hole of a full file system, or behind the end of a shrunk file, is a SIGBUS that
nothing can catch: so every block is allocated before the file has its name, and no ring file is
ever truncated.
"""

import fcntl
import os
import time
from time import time_ns

from memlog.errors import RingBusyError, RingUnavailableError
from memlog.paths import make_dir, open_private
from memlog.ring import layout
from memlog.ring.layout import MOVED, PAGE, Map, Static


def create(path: str, capacity: int) -> None:
    """A new, empty ring at the path, unless somebody else was first.

    Raises: UnsafePathError, RingUnavailableError (no room, no right).
    """
    try:
        make_dir(os.path.dirname(path))
    except OSError as exc:
        raise RingUnavailableError(f"{os.path.dirname(path)}: {exc.strerror}") from exc
    static = Static(
        os.geteuid(), os.urandom(16), layout.boot_id(), capacity, layout.area_for(capacity), time_ns()
    )
    temporary = make(path, static, layout.header_page(static))
    try:
        _name(temporary, path)
    except OSError as exc:
        raise RingUnavailableError(f"{path}: {exc.strerror}") from exc


def make(path: str, static: Static, data: bytes) -> str:
    """Path of a new file beside `path`, of a ring's whole size and beginning with data.

    Raises: RingUnavailableError.
    """
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    size = layout.file_bytes(static)
    try:
        fd = open_private(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            os.fchmod(fd, 0o600)
            allocate(fd, size)
            view = memoryview(data)
            while view:
                view = view[os.pwrite(fd, view, len(data) - len(view)) :]
            os.pwrite(fd, layout.last_page(static), size - PAGE)
        except BaseException:
            os.unlink(temporary)
            raise
        finally:
            os.close(fd)
    except OSError as exc:
        folder = os.path.dirname(path)
        raise RingUnavailableError(f"no ring of {size:,} bytes fits into {folder}: {exc.strerror}") from exc
    return temporary


def allocate(fd: int, size: int) -> None:
    """Blocks for the whole file, or OSError; by writing zeros where the system has no call for it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)
        return
    zeros, at = bytes(1 << 20), 0
    while at < size:
        at += os.pwrite(fd, zeros[: size - at], at)


def _name(temporary: str, path: str) -> None:
    """Give a finished file its name, unless the name is taken; the temporary name is gone afterwards."""
    try:
        os.link(temporary, path)  # a rename would replace a ring somebody else has just made
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links: makers take turns
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if not os.path.lexists(path):
                os.rename(temporary, path)
                return
        finally:
            os.close(folder)
    os.unlink(temporary)


def map_current(fd: int, path: str, lock_ms: int) -> Map | None:
    """The file behind fd, mapped; None when the path must be opened again.

    A ring of an earlier boot, or one without a state, is put aside on the way.
    Raises: RingUnavailableError, RingBusyError, UnsafePathError.
    """
    # Mapped through a description of its own: mmap keeps a duplicate, and a forked child's
    # duplicate of the locked one would keep the lock after its parent died.
    try:
        other = open_private(path, os.O_RDWR)
        try:
            if not os.path.sameopenfile(fd, other):
                return None
            place = Map.of(other)
        finally:
            os.close(other)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise RingUnavailableError(f"{path} cannot be mapped: {exc.strerror}") from exc
    if place is not None and _is_usable(place):
        return place
    _retire(fd, path, place, lock_ms)
    return None


def _is_usable(place: Map) -> bool:
    if place.static is None or place.words[MOVED]:
        return False
    here = layout.boot_id()
    if here and place.static.boot_id and place.static.boot_id != here:
        return False
    return place.state() is not None


def _retire(fd: int, path: str, place: Map | None, lock_ms: int) -> None:
    """Put a ring nobody should write to where retired_rings() finds it."""
    lock(fd, path, lock_ms)
    try:
        try:
            found = os.stat(path, follow_symlinks=False)
        except FileNotFoundError:
            return
        if not os.path.samestat(found, os.fstat(fd)) or (place is not None and _is_usable(place)):
            return  # somebody else was first
        static = layout.read_static(fd)
        name = (static.ring_id if static else bytes(16)).hex()
        folder, n = os.path.dirname(path), 0
        while os.path.lexists(target := os.path.join(folder, f"retired-{name}-{n}")):
            n += 1
        os.rename(path, target)
        if place is not None and static is not None:
            place.words[MOVED] = 1
    except OSError as exc:
        raise RingUnavailableError(f"{path} cannot be put aside: {exc.strerror}") from exc
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


def lock(fd: int, path: str, lock_ms: int) -> None:
    """The file's lock, within lock_ms. Raises: RingBusyError, RingUnavailableError."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        wait_for_lock(fd, path, lock_ms, exc)


def wait_for_lock(fd: int, path: str, lock_ms: int, exc: OSError) -> None:
    """The lock after a first try failed with exc: a stopped holder costs at most lock_ms.

    Raises: RingBusyError, RingUnavailableError.
    """
    deadline = time.monotonic() + lock_ms / 1000
    pause = 0.00005
    while isinstance(exc, BlockingIOError):
        left = deadline - time.monotonic()
        if left <= 0:
            raise RingBusyError(f"another process held {path} for {lock_ms} ms") from exc
        time.sleep(min(pause, left))
        pause = min(pause * 2, 0.002)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as again:
            exc = again
    raise RingUnavailableError(f"{path} cannot be locked: {exc.strerror}") from exc
