"""How a whole home's archive and tree take the place of what is there; what was there is moved aside.

They are made in `restore.tmp` below the home. Once all of it is on disk, one file says so, and from then
on there is one way only: whoever opens the archive next, with the lock held, goes on where it was left.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

from memlog.archive import session_file
from memlog.archive.connection import open_writer, sqlite3
from memlog.errors import ArchiveError, MemlogError
from memlog.paths import Home, make_dir, replace_file, sync_dir

_READY, _ASIDE = "ready.json", "before-restore"
_CLEAR, _PLACE = "clear", "place"
_LOGS = ("-wal", "-shm", "-journal")


def workshop(home: Home) -> Home:
    """A home below the home, on the same disk: each of its entries takes its place by one rename."""
    return Home(os.path.join(home.root, "restore.tmp"))


def prepare(home: Home) -> Home:
    """An empty workshop; what an earlier attempt left half-made is gone."""
    place = workshop(home)
    _remove(place.root)
    make_dir(home.root)
    make_dir(place.root)
    return place


def clear(home: Home) -> None:
    """Remove a workshop nobody will finish. The caller holds the lock."""
    if is_begun(home) is None:
        _remove(workshop(home).root)


def asides(home: Home) -> list[str]:
    """Folders with what restores put aside: perhaps the only copy of what came after a backup."""
    found = (entry for entry in os.scandir(home.root) if entry.name.startswith(_ASIDE))
    return sorted(entry.path for entry in found if entry.is_dir(follow_symlinks=False))


def commit(home: Home, what: str, *, now_ns: int) -> str | None:
    """Put what the workshop holds in place; where what was there is now, None where nothing was.

    The caller holds the lock, and every file in the workshop is on disk. what: names it for `is_begun`.
    """
    place = workshop(home)
    for folder in [place.root, *(entry.path for entry in os.scandir(place.root) if entry.is_dir())]:
        sync_dir(folder)
    aside = _unused(os.path.join(home.root, f"{_ASIDE}-{now_ns // 1_000_000_000}"))
    _say(place, {"stage": _CLEAR, "aside": os.path.basename(aside), "what": what})
    return finish(home)


def is_begun(home: Home) -> str | None:
    """What waits to be finished, if anything: one look, each time an archive is opened."""
    if not os.path.exists(os.path.join(home.root, "restore.tmp", _READY)):
        return None
    return str(_read(workshop(home)).get("what"))


def finish(home: Home) -> str | None:
    """Go on where an exchange was left; where what was there is now. The caller holds the lock."""
    place = workshop(home)
    told = _read(place)
    aside = os.path.join(home.root, os.path.basename(str(told.get("aside") or _ASIDE)))
    if told.get("stage") == _CLEAR:
        _set_aside(home, aside)
        told = {**told, "stage": _PLACE}
        _say(place, told)
    names = [name for name in os.listdir(place.root) if not name.startswith(_READY)]
    # The archive last: who finds it finds its keys and its tree.
    for name in sorted(names, key=lambda name: (name == "archive.db", name)):
        os.rename(os.path.join(place.root, name), os.path.join(home.root, name))
    sync_dir(home.root)
    _remove(place.root)
    sync_dir(home.root)
    return aside if os.path.isdir(aside) else None


def _set_aside(home: Home, aside: str) -> None:
    """Move the archive, its keys where they are others, and its tree; each is in one place or in the other.

    The archive keeps its name too, until the new one takes it.
    """
    _close_log(home)
    found = [name for name in ("archive.db", "key", "archive.key") if _differs(home, name)]
    logs = [f"archive.db{suffix}" for suffix in _LOGS if os.path.lexists(home.archive + suffix)]
    folders = list(_folders(home))
    if not (found or logs or folders):
        return
    make_dir(aside)
    for name in found:
        if not os.path.lexists(os.path.join(aside, name)):
            os.link(os.path.join(home.root, name), os.path.join(aside, name))
    sync_dir(aside)
    for name in [*logs, *folders]:
        os.rename(os.path.join(home.root, name), os.path.join(aside, name))
    sync_dir(aside)
    sync_dir(home.root)


def _close_log(home: Home) -> None:
    """What was committed is in the file itself, as far as it is a database."""
    if not os.path.exists(home.archive):
        return
    try:
        con = open_writer(home.archive)
        try:
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            con.close()
    except (MemlogError, sqlite3.Error):
        pass  # damaged, or of another version: it goes aside as it is, with its log


def _differs(home: Home, name: str) -> bool:
    """Whether a file of the home is to be kept: the archive always, a key where the new one is another."""
    path = os.path.join(home.root, name)
    if not os.path.lexists(path):
        return False
    if name == "archive.db":
        return True
    try:
        with open(path, "rb") as old, open(os.path.join(workshop(home).root, name), "rb") as new:
            return old.read() != new.read()
    except OSError:
        return True


def _folders(home: Home) -> Iterator[str]:
    """The sessions of the tree."""
    for entry in os.scandir(home.root):
        ours = not entry.name.startswith(("before-", "restore.tmp")) and entry.is_dir(follow_symlinks=False)
        if ours and os.path.isfile(os.path.join(entry.path, session_file.NAME)):
            yield entry.name


def _say(place: Home, told: dict[str, Any]) -> None:
    replace_file(os.path.join(place.root, _READY), json.dumps(told).encode() + b"\n")


def _read(place: Home) -> dict[str, Any]:
    path = os.path.join(place.root, _READY)
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError) as exc:
        raise ArchiveError(f"{path} cannot be read: {exc}", hint=f"rm {path}") from exc
    return value if isinstance(value, dict) else {}


def _remove(path: str) -> None:
    """Remove a workshop: the file that makes it one to be finished first."""
    if not os.path.isdir(path) or os.path.islink(path):
        return
    ready = os.path.join(path, _READY)
    if os.path.lexists(ready):
        os.unlink(ready)
        sync_dir(path)
    for entry in list(os.scandir(path)):
        if entry.is_dir(follow_symlinks=False):
            for name in os.listdir(entry.path):
                os.unlink(os.path.join(entry.path, name))
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)
    os.rmdir(path)


def _unused(path: str) -> str:
    names = (path, *(f"{path}.{n}" for n in range(1, 1_000)))
    return next(name for name in names if not os.path.lexists(name))
