"""Where an export goes: standard output, or a file that is whole or not there."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from memlog.errors import InputError, RefusedError, UnavailableError
from memlog.paths import FILE_MODE, sync_dir


@contextmanager
def opened(path: str | None, *, force: bool) -> Iterator[BinaryIO]:
    """The stream to write to: standard output for None and "-", else a file as `made` makes it."""
    if path in (None, "-"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    assert path is not None
    with made(path, force=force) as temporary, open(temporary, "wb") as file:
        yield file


@contextmanager
def made(path: str, *, force: bool) -> Iterator[str]:
    """The path of an empty file of mode 0600 beside `path`, which takes its name when all went well.

    Raises: RefusedError when something is there already, now or by then, and `force` is not given.
    """
    path = os.path.abspath(path)
    if os.path.isdir(path):
        raise InputError(f"{path} is a directory", hint="the same with -o FILE")
    if not force and os.path.lexists(path):
        raise RefusedError(f"{path} exists", hint="--force to replace it")
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
        _take_name(temporary, path, force)
    except OSError as exc:
        raise UnavailableError(
            f"{path} cannot be written: {exc.strerror}", hint="look for free space"
        ) from exc
    finally:
        for name in (temporary, temporary + "-journal"):
            if os.path.exists(name):
                os.unlink(name)
    sync_dir(os.path.dirname(path))


def _take_name(temporary: str, path: str, force: bool) -> None:
    if force:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path)  # a rename would replace what somebody made meanwhile
    except FileExistsError as exc:
        raise RefusedError(f"{path} exists", hint="--force to replace it") from exc
    except OSError:  # a file system without links
        os.replace(temporary, path)
