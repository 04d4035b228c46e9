"""What a bundle says of itself: its files with their digests, what was asked for, and what was left out."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable
from typing import Any, BinaryIO

from memlog.errors import NotFoundError, UnavailableError

NAME = "manifest.json"
VERSION = 1
_KEY = "memlog_post_mortem"
MOST = 16 << 20
_CHUNK = 1 << 20
_FILES = ("incident.db", "incident.sql", "chain.jsonl", "report.html", "report.md")

Told = Callable[[int], object]


def dump(said: dict[str, Any]) -> bytes:
    """The bytes of the file: `root` is the digest of everything else in it."""
    whole = {_KEY: VERSION, **{key: value for key, value in said.items() if key not in (_KEY, "root")}}
    return lines({**whole, "root": root_of(whole)})


def lines(value: object) -> bytes:
    """JSON as a person reads it."""
    return (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode()


def root_of(said: dict[str, Any]) -> str:
    """Digest over all a manifest says, its root apart."""
    rest = {key: value for key, value in said.items() if key != "root"}
    return hashlib.sha256(json.dumps(rest, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def parse(data: bytes) -> dict[str, Any]:
    """What a manifest's bytes say.

    Raises: ValueError where they are no manifest, or not byte for byte what `dump` makes of what they say.
    """
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"it is no JSON: {exc or 'it nests too deep'}") from exc
    if not isinstance(said, dict) or said.get(_KEY) != VERSION:
        raise ValueError(f"it has no {_KEY} {VERSION}")
    files = said.get("files")
    if not isinstance(files, dict) or not all(isinstance(one, dict) for one in files.values()):
        raise ValueError("it lists no files")
    if said.get("root") != root_of(said) or dump(said) != data:
        raise ValueError("it was changed: its root is not that of what it says")
    return said


def is_bundle(place: str) -> bool:
    """Whether something is a bundle: a folder with our manifest, or a zip."""
    if os.path.isfile(place):
        with open(place, "rb") as file:
            return file.read(4) == b"PK\x03\x04"
    try:
        with opened(os.path.join(place, NAME)) as file:
            return f'"{_KEY}"'.encode() in file.read(4096)
    except OSError:
        return False


def is_meant(place: str) -> bool:
    """Whether it is to be checked as a bundle, whatever has become of it: no folder, or one of ours."""
    if not os.path.isdir(place):
        return place.endswith(".zip") or os.path.lexists(place)
    return is_bundle(place) or any(os.path.lexists(os.path.join(place, name)) for name in _FILES)


def opened(path: str) -> BinaryIO:
    """A regular file for reading: a link would be somebody else's, and a FIFO is waited for without end.

    Raises: OSError, also where it is something else.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is no regular file")
    return open(fd, "rb")


def read(place: str) -> bytes:
    """The bytes of a folder's manifest.

    Raises: NotFoundError, UnavailableError; ValueError where it is no file that could be read.
    """
    path = os.path.join(place, NAME)
    try:
        with opened(path) as file:
            return file.read(MOST)
    except FileNotFoundError as exc:
        if is_meant(place):
            raise ValueError("it is missing") from exc
        raise NotFoundError(f"{place} is no bundle: it has no {NAME}", hint=HINT) from exc
    except OSError as exc:
        if exc.errno in (errno.EINVAL, errno.ELOOP, errno.ENXIO):
            raise ValueError("it is no regular file") from exc
        raise UnavailableError(f"{path} cannot be read: {exc.strerror}", hint=HINT) from exc


def digest_of(file: BinaryIO, told: Told = lambda size: None, most: object = None) -> dict[str, Any]:
    """Size and SHA-256 of a stream's bytes, as a manifest lists them; told: bytes since the last call.

    most: how many there should be; of what has more the rest is not read.
    """
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        told(len(chunk))
        if isinstance(most, int) and size > most:
            break
    return {"bytes": size, "sha256": digest.hexdigest()}


HINT = "memlog export post-mortem SESSION -o BUNDLE makes one"
