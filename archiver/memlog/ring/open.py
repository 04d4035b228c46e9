"""Which ring a command, a hook or the witness gets, and the rings earlier boots left."""

import os
import stat
import time
from typing import TYPE_CHECKING

from memlog.errors import NotFoundError, RingUnavailableError
from memlog.paths import Home
from memlog.ring.layout import FILE_MAGIC, read_static
from memlog.ring.shm import ShmRing
from memlog.settings import Settings

if TYPE_CHECKING:  # a hook opens the ring it writes to and no other
    from memlog.ring.protocol import Ring
    from memlog.ring.retired import RetiredRing

# mmap and flock of these are not shared between hosts, and on some not even between processes.
_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "gpfs",
    "fuse.sshfs",
    "virtiofs",
)
_STALE_S = 3_600


def open_ring(
    settings: Settings, *, kind: str | None = None, path: str | None = None, lock_ms: int | None = None
) -> "Ring":
    """The ring of these settings, or the one at `path`: a device, a ring file, or an image (`-`: stdin).

    kind: kernel, shm, or auto (the device where it can be opened, else shared memory).
    Raises: RingUnavailableError, NotFoundError, UnsafePathError.
    """
    wait_ms = settings.lock_ms if lock_ms is None else lock_ms
    if path is not None:
        return _open_path(settings, path, wait_ms)
    kind = kind or settings.ring
    if kind == "kernel" or (kind == "auto" and os.path.exists(settings.device)):
        from memlog.ring.device import DeviceRing

        try:
            return DeviceRing(settings.device)
        except RingUnavailableError:
            if kind == "kernel":
                raise
    return _shared(settings, os.path.join(ring_dir(settings), "ring"), wait_ms)


def _shared(settings: Settings, path: str, lock_ms: int) -> ShmRing:
    return ShmRing(
        path, capacity=settings.ring_bytes, lock_ms=lock_ms, doorbell=Home(settings.home or None).doorbell
    )


def _open_path(settings: Settings, path: str, lock_ms: int) -> "Ring":
    from memlog.ring.image import ImageRing

    if path == "-":
        return ImageRing(path)
    try:
        found = os.stat(path)
    except FileNotFoundError as exc:
        if os.path.normpath(path) == settings.device or path.startswith("/dev/"):
            from memlog.ring.device import DeviceRing

            return DeviceRing(path)  # says what to do about a missing device
        raise NotFoundError(f"there is no {path}", hint="memlog stats") from exc
    except OSError as exc:
        raise RingUnavailableError(f"{path}: {exc.strerror}") from exc
    if stat.S_ISCHR(found.st_mode):
        from memlog.ring.device import DeviceRing

        return DeviceRing(path)
    if not _is_ring_file(path):
        return ImageRing(path)
    from memlog.ring.retired import RetiredRing

    retired = RetiredRing(path)
    if retired.is_damaged or os.path.basename(path).startswith("retired-"):
        return retired
    from memlog.ring import layout

    return retired if retired.info().boot_id != layout.boot_id() else _shared(settings, path, lock_ms)


def _is_ring_file(path: str) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return FILE_MAGIC in (os.pread(fd, 8, 0), os.pread(fd, 8, 2048)) or read_static(fd) is not None
    except OSError:  # a folder, a FIFO
        return False
    finally:
        os.close(fd)


def ring_dir(settings: Settings) -> str:
    """The folder of the shared-memory ring.

    <home>/ring, unless ring_dir says otherwise or the home lies on a network file system.
    """
    if settings.ring_dir:
        return os.path.abspath(os.path.expanduser(settings.ring_dir))
    folder = Home(settings.home or None).ring
    if not os.path.exists(os.path.join(folder, "ring")) and is_network(folder) and os.path.isdir("/dev/shm"):
        return f"/dev/shm/memlog-{os.geteuid()}"
    return folder


def is_network(path: str, mounts: str = "/proc/self/mountinfo") -> bool:
    """Whether a path lies on a file system that other hosts share; False where the system does not say."""
    try:
        with open(mounts, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError:
        return False
    real = os.fsencode(os.path.realpath(path))
    best, kind = -1, ""
    for line in lines:
        fields, _, rest = line.partition(b" - ")
        words = fields.split(b" ")
        if len(words) < 5 or not rest:
            continue
        point = words[4].replace(b"\\040", b" ")
        if len(point) >= best and (real == point or real.startswith(point.rstrip(b"/") + b"/")):
            best, kind = len(point), rest.split(b" ", 1)[0].decode("ascii", "replace")
    return kind.startswith(_NETWORK)


def retired_rings(settings: Settings) -> "list[RetiredRing]":
    """Shared-memory rings of earlier boots and damaged ones, oldest first: drain them, then discard() them.

    Files a killed maker left behind are removed on the way.
    Raises: RingUnavailableError; for a ring that cannot be opened once there is no other.
    """
    from memlog.ring.retired import RetiredRing

    folder = ring_dir(settings)
    found: list[RetiredRing] = []
    refused: RingUnavailableError | None = None
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("retired-") and entry.is_file(follow_symlinks=False):
                    try:
                        found.append(RetiredRing(entry.path))
                    except RingUnavailableError as exc:
                        refused = exc
                elif entry.name.endswith(".tmp") and time.time() - entry.stat().st_mtime > _STALE_S:
                    os.unlink(entry.path)
    except OSError as exc:
        if not os.path.isdir(folder):
            return []
        raise RingUnavailableError(f"{folder}: {exc.strerror}") from exc
    if refused is not None and not found:
        raise refused
    return sorted(found, key=lambda ring: (ring.created_ns, ring.path))
