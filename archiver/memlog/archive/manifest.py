"""What a backup says of itself: its files with their digests, and the heads and cursors it holds."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from memlog.archive import anchor
from memlog.archive.anchor import Anchor
from memlog.archive.connection import Connection
from memlog.archive.verify import Problem
from memlog.errors import NotFoundError, UnavailableError
from memlog.paths import open_private, read_bounded

NAME = "manifest.json"
VERSION = 1
_MOST = 256 << 20
_CHUNK = 1 << 20

CURSORS_SQL = "SELECT ring_id, uid, cursor FROM ring ORDER BY id"

Told = Callable[[int], object]


class Manifest(NamedTuple):
    """A backup's manifest. files: size and SHA-256 in hex by name; cursors: ring id, uid, seq."""

    made: str
    memlog: str
    files: dict[str, tuple[int, str]]
    cursors: list[tuple[str, int, int]]
    anchor: Anchor

    def as_json(self) -> dict[str, Any]:
        """What `read` takes back."""
        return {
            "memlog_backup": VERSION, "made": self.made, "memlog": self.memlog,
            "files": {name: {"bytes": size, "sha256": digest} for name, (size, digest) in self.files.items()},
            "cursors": [
                {"ring_id": ring, "uid": uid, "cursor": cursor} for ring, uid, cursor in self.cursors
            ],
            "anchor": self.anchor.as_json(),
        }  # fmt: skip


def cursors(con: Connection) -> list[tuple[str, int, int]]:
    """How far each ring is archived."""
    return [(ring.hex(), uid, cursor) for ring, uid, cursor in con.execute(CURSORS_SQL)]


def dump(listed: Manifest) -> bytes:
    """The bytes of the file."""
    return json.dumps(listed.as_json(), indent=1).encode() + b"\n"


def read(folder: str) -> Manifest:
    """The manifest of a backup.

    Raises: NotFoundError where the folder holds none; UnavailableError where it cannot be read or is odd.
    """
    path = os.path.join(folder, NAME)
    try:
        value = json.loads(read_bounded(path, _MOST))
        if not isinstance(value, dict) or value.get("memlog_backup") != VERSION:
            raise ValueError(f"it has no memlog_backup {VERSION}")
        return Manifest(
            str(value["made"]), str(value["memlog"]),
            {name: (int(f["bytes"]), str(f["sha256"])) for name, f in value["files"].items()},
            [(str(c["ring_id"]), int(c["uid"]), int(c["cursor"])) for c in value["cursors"]],
            anchor.parse(value["anchor"]),
        )  # fmt: skip
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise NotFoundError(f"{folder} is no backup: it has no {NAME}", hint=_HINT) from exc
    except OSError as exc:
        raise UnavailableError(f"{path} cannot be read: {exc.strerror}", hint=_HINT) from exc
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise UnavailableError(f"{path} is no manifest: {exc}", hint=_HINT) from exc


def check(folder: str, listed: Manifest, told: Told = lambda done: None) -> Iterator[Problem]:
    """Files of a backup that are not as they were written. told: bytes read so far."""
    before = 0
    for name, (size, digest) in listed.files.items():
        if os.path.basename(name) != name:
            yield Problem("files", name, "it is no name of a file")
            continue
        try:
            found = digest_of(os.path.join(folder, name), lambda done, before=before: told(before + done))  # type: ignore[misc]
        except FileNotFoundError:
            yield Problem("files", name, "it is missing")
            continue
        before += found[0]
        if found != (size, digest):
            yield Problem("files", name, "its bytes are not what was written")


def digest_of(path: str, told: Told = lambda done: None) -> tuple[int, str]:
    """Size and SHA-256, in hex, of a file; told: bytes read so far."""
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            told(size)
    return size, digest.hexdigest()


def sync(path: str) -> None:
    """The file's bytes survive a power cut."""
    fd = open_private(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


_HINT = "memlog admin backup DEST makes one"
