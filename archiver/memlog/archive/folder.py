"""One session's folder in the snapshot tree, held by descriptor.

Nothing below it is reached by a path that could be swapped: every name is opened relative to the
descriptor and never through a link, and a file's name only ever points to a whole file.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import count
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from memlog.errors import UnsafePathError
from memlog.paths import DIR_MODE, FILE_MODE

LONGEST_LINE = 1 << 20  # a blob is 64 KiB, and JSON makes six bytes of one at most
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Stored(NamedTuple):
    """What a file holds now. digest: SHA-256 of its bytes."""

    size: int
    digest: bytes


class Folder:
    """A directory of mode 0700 that is ours, and its files of mode 0600."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self.path = path

    @classmethod
    def open(cls, root: str, name: str, *, create: bool = False) -> Self:
        """The folder `name` of `root`.

        Raises: UnsafePathError when a link, a file or somebody else's folder is in its place;
        FileNotFoundError when there is none and it is not to be made.
        """
        path = os.path.join(root, name)
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise UnsafePathError(f"{name!r} is no name of a folder")
        root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if create:
                try:
                    os.mkdir(name, DIR_MODE, dir_fd=root_fd)
                    os.fsync(root_fd)
                except FileExistsError:
                    pass
            try:
                fd = os.open(name, _DIRECTORY, dir_fd=root_fd)
            except NotADirectoryError as exc:  # Linux says so of a link to a directory too
                raise UnsafePathError(f"{path} is not a directory") from exc
            except OSError as exc:
                if os.path.islink(path):
                    raise UnsafePathError(f"{path} is a symbolic link") from exc
                raise
        finally:
            os.close(root_fd)
        found = os.fstat(fd)
        if found.st_uid != os.geteuid():
            os.close(fd)
            raise UnsafePathError(f"{path} belongs to uid {found.st_uid}, not to you")
        if stat.S_IMODE(found.st_mode) != DIR_MODE:
            os.fchmod(fd, DIR_MODE)
        return cls(fd, path)

    @classmethod
    def set_aside(cls, root: str, name: str, other: str) -> Self:
        """A new empty folder `name`; the old one is called `other`, numbered where that is taken."""
        for n in count():
            try:
                target = other if n == 0 else f"{other}.{n}"
                os.rename(os.path.join(root, name), os.path.join(root, target))
                return cls.open(root, name, create=True)
            except OSError as exc:  # a folder that is not empty is never renamed over
                if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
        raise AssertionError("count() ended")

    def names(self) -> list[str]:
        return os.listdir(self._fd)

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none.

        Raises: UnsafePathError for anything but a regular file of ours.
        """
        try:
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise UnsafePathError(f"{os.path.join(self.path, name)} is no regular file of yours")
        return found.st_size

    def reader(self, name: str) -> BinaryIO:
        """The file, open for reading.

        Raises: UnsafePathError, FileNotFoundError.
        """
        if self.size(name) is None:
            raise FileNotFoundError(f"{os.path.join(self.path, name)} does not exist")
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd)
        return open(fd, "rb")

    def lines(self, name: str) -> Iterator[bytes]:
        """The file's lines with their ends; one that is longer than any of ours comes in pieces.

        Limits: LONGEST_LINE bytes a piece.
        Raises: UnsafePathError, FileNotFoundError.
        """
        with self.reader(name) as file:
            yield from iter(partial(file.readline, LONGEST_LINE), b"")

    def replace(self, name: str, chunks: Iterable[bytes]) -> Stored:
        """The file's new content, whole or not at all; durable once this returns.

        Raises: UnsafePathError when the name is taken by anything but a file of ours; OSError with
        the old file still in place.
        """
        self.size(name)
        temporary = f"{name}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
        fd = os.open(temporary, _TEMPORARY, FILE_MODE, dir_fd=self._fd)
        try:
            with open(fd, "wb") as file:
                os.fchmod(fd, FILE_MODE)
                stored = _pour(chunks, file)
                file.flush()
                os.fsync(fd)
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except BaseException:
            os.unlink(temporary, dir_fd=self._fd)
            raise
        os.fsync(self._fd)
        return stored

    def remove(self, name: str) -> bool:
        """True when there was such a file and it is gone."""
        if self.size(name) is None:
            return False
        os.unlink(name, dir_fd=self._fd)
        return True

    def sweep(self) -> int:
        """How many files a writer that died left half-written; they are gone."""
        return sum(self.remove(name) for name in self.names() if name.endswith(".tmp"))

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _pour(chunks: Iterable[bytes], file: BinaryIO) -> Stored:
    total, digest = 0, hashlib.sha256()
    for chunk in chunks:
        file.write(chunk)
        digest.update(chunk)
        total += len(chunk)
    return Stored(total, digest.digest())
