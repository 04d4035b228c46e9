"""Where an export goes: standard output, or a file that is whole or not there."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from memlog.errors import InputError, RefusedError, UnavailableError
from memlog.paths import FILE_MODE, Home, sync_dir

_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


@contextmanager
def opened(path: str | None, *, force: bool) -> Iterator[BinaryIO]:
    """The stream to write to: standard output for None and "-", else a file as `made` makes it.

    A device, a FIFO and the like are written into and never replaced.
    """
    if path in (None, "-", *_STDOUT):
        if sys.__stdout__ is None:
            raise UnavailableError("standard output is closed: nothing can be written", hint="-o FILE")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    assert path is not None
    if is_stream(path):
        # Opened for appending: what a link in /dev leads to may be a file with something in it.
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        with open(fd, "wb") as file:
            yield file
        return
    with made(path, force=force) as temporary, open(temporary, "wb") as file:
        yield file


def is_stream(path: str) -> bool:
    """Whether there is something that no file may take the place of: a device, a FIFO, what /dev lists."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    listed = os.path.abspath(path).startswith(("/dev/fd/", "/dev/std", "/proc/"))
    return listed or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def made(path: str, *, force: bool) -> Iterator[str]:
    """The path of an empty file of mode 0600 beside `path`, which takes its name when all went well.

    Raises: RefusedError when something is there already, now or by then, and `force` is not given.
    """
    if not path:
        raise InputError("-o says no name", hint="-o FILE")
    path = os.path.abspath(path)
    if is_stream(path):
        raise RefusedError(f"{path} is no regular file; it is not replaced", hint="-o FILE with another name")
    if os.path.isdir(path):
        raise InputError(f"{path} is a directory", hint="the same with -o FILE")
    if not force and os.path.lexists(path):
        raise RefusedError(f"{path} exists", hint="--force to replace it")
    if os.path.lexists(path) and keeper(path):
        raise RefusedError(
            f"{path} is a file of the memlog home or backup {keeper(path)}; it is not replaced",
            hint="-o FILE with another name",
        )
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    except OSError as exc:
        raise UnavailableError(
            f"{path} cannot be written: {exc.strerror}", hint="the same with another -o FILE"
        ) from exc
    try:
        os.chmod(temporary, FILE_MODE)
        yield temporary
        fd = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        take_name(temporary, path, force)
    except OSError as exc:
        raise UnavailableError(
            f"{path} cannot be written: {exc.strerror}", hint="look for free space"
        ) from exc
    finally:
        for name in (temporary, temporary + "-journal"):
            if os.path.exists(name):
                os.unlink(name)
    sync_dir(os.path.dirname(path))


def keeper(path: str) -> str | None:
    """The home or backup of memlog that `path` lies in, at any depth; None elsewhere.

    A folder is one when it has an archive and what belongs to it: keys and cursors of another than the
    one in use are as dear.
    """
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    while True:
        home = Home(folder)
        beside = (home.key, home.archive_key, home.lock, os.path.join(folder, "manifest.json"))
        if os.path.exists(home.archive) and any(map(os.path.exists, beside)):
            return folder
        if folder == (folder := os.path.dirname(folder)):
            return None


def take_name(temporary: str, path: str, force: bool) -> None:
    """Give a file its name. Raises: RefusedError when something has it and `force` is not given."""
    if force:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path)  # a rename would replace what somebody made meanwhile
    except FileExistsError as exc:
        raise RefusedError(f"{path} exists", hint="--force to replace it") from exc
    except OSError:  # a file system without links
        os.replace(temporary, path)
