"""Where a bundle goes: a folder, or a zip whose bytes its own comment proves; whole or not there."""

import errno
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from memlog.errors import InputError, RefusedError, UnavailableError
from memlog.export import manifest
from memlog.export.place import is_stream, take_name
from memlog.paths import FILE_MODE, sync_dir

_STAMP = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip
_MARK = b"memlog-sha256:"  # of every byte before the digest
_COMMENT = _MARK + b"0" * 64
_CHUNK = 1 << 20
_DIR_MODE = 0o700
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def is_zip(place: str) -> bool:
    """Whether a bundle of this name is one file."""
    return place.endswith(".zip")


@contextmanager
def made(place: str, *, force: bool) -> Iterator[str]:
    """A new folder for the files, which becomes the bundle when all went well.

    Raises: RefusedError when something is there, now or by then, and it is no bundle or `force` is not given.
    """
    if not place:
        raise InputError("-o says no name", hint="-o PLACE: a new folder, or FILE.zip")
    place = os.path.abspath(place)
    _may_replace(place, force)
    temporary = f"{place}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        os.mkdir(temporary, _DIR_MODE)
        yield temporary
        for name in os.listdir(temporary):
            _sync(os.path.join(temporary, name))
        if is_zip(place):
            packed = temporary + ".zip"
            pack(temporary, packed)
            _sync(packed)
            take_name(packed, place, force)
        else:
            sync_dir(temporary)
            _take_name(temporary, place, force)
        sync_dir(os.path.dirname(place))
    except OSError as exc:
        raise UnavailableError(
            f"{place} cannot be written: {exc.strerror}", hint="look for free space, or another -o PLACE"
        ) from exc
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if os.path.exists(temporary + ".zip"):
            os.unlink(temporary + ".zip")


def pack(folder: str, path: str) -> None:
    """A zip of a folder's files in order of name; the same files always give the same bytes."""
    with (
        open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE), "w+b") as out,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed,
    ):
        packed.comment = _COMMENT
        for name in sorted(os.listdir(folder)):
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type, info.external_attr, info.create_system = (
                zipfile.ZIP_DEFLATED,
                FILE_MODE << 16,
                3,
            )
            info.file_size = os.path.getsize(os.path.join(folder, name))
            with open(os.path.join(folder, name), "rb") as file, packed.open(info, "w") as member:
                shutil.copyfileobj(file, member, _CHUNK)
    with open(path, "r+b") as out:
        digest = _digest_before(path)
        out.seek(-64, os.SEEK_END)
        out.write(digest)


def is_as_packed(path: str) -> bool:
    """Whether no byte of a zip was changed since `pack` made it."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < len(_COMMENT):
            return False
        file.seek(size - len(_COMMENT))
        comment = file.read()
    return comment == _MARK + _digest_before(path)


def _digest_before(path: str) -> bytes:
    """SHA-256, in hex, of all but the last 64 bytes."""
    digest, left = hashlib.sha256(), os.path.getsize(path) - 64
    with open(path, "rb") as file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest().encode()


def _may_replace(place: str, force: bool) -> None:
    if not os.path.isdir(os.path.dirname(place)):
        raise UnavailableError(
            f"there is no folder {os.path.dirname(place)}", hint="mkdir it, or another -o PLACE"
        )
    if os.path.isdir(place) and is_zip(place):
        raise InputError(f"{place} is a directory", hint="the same with -o FILE.zip")
    if is_stream(place):
        raise RefusedError(f"{place} is no regular file; it is not replaced", hint="another -o PLACE")
    if not os.path.lexists(place):
        return
    if not force:
        raise RefusedError(f"{place} exists", hint="--force to replace it")
    if os.path.islink(place) or (not is_zip(place) and not manifest.is_bundle(place)):
        raise RefusedError(f"{place} is no bundle of memlog's; it is not replaced", hint="another -o PLACE")


def _take_name(temporary: str, place: str, force: bool) -> None:
    """Name the new folder; what was made under that name meanwhile stays, unless `force` is given."""
    old = temporary + ".old"
    while True:
        try:
            os.rename(temporary, place)  # an empty folder gives way, nothing else does
            break
        except OSError as exc:
            if exc.errno not in _TAKEN:
                raise
            if not force:
                raise RefusedError(f"{place} exists", hint="--force to replace it") from exc
        _may_replace(place, force)
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):
            os.rename(place, old)
    shutil.rmtree(old, ignore_errors=True)


def _sync(path: str) -> None:
    os.chmod(path, FILE_MODE)
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
