"""A whole copy of the archive in a folder of its own, made while the witness writes.

The folder is laid out as a home: `memlog --home FOLDER …` reads it, and so does a stock sqlite3. It gets
its name when it is whole; until then it is called FOLDER.partial.
"""

import os
import stat
from collections.abc import Callable
from contextlib import suppress

from memlog import __version__
from memlog.archive import anchor, manifest
from memlog.archive.connection import Connection, open_reader, sqlite3
from memlog.archive.manifest import Manifest
from memlog.errors import ArchiveError, MemlogError, RefusedError, UnavailableError
from memlog.paths import Home, make_dir, open_private, read_key, replace_file, sync_dir

Told = Callable[[int, int, str], object]

ARCHIVE, KEY, CONFIG, TOMBSTONES = "archive.db", "key", "config.toml", "tombstones.jsonl"
PARTIAL = ".partial"
_NAMES = (ARCHIVE, KEY, CONFIG, TOMBSTONES, manifest.NAME)
_STEP_PAGES, _PAGE_BYTES = 2_048, 4_096
_TICK = 200_000  # steps of SQLite between two looks at the clock
_DAMAGED = "memlog admin verify, then memlog admin recover"


def backup(home: Home, folder: str, *, made: str, told: Told = lambda done, total, note: None) -> Manifest:
    """Make the folder; what its manifest says. made: the time it is to say.

    Killed at any moment and run again, it ends the same. An earlier backup is never touched.
    Raises: RefusedError where something is in the way; UnavailableError where it cannot be written.
    """
    target = os.path.abspath(folder)
    require_free(home, target)
    partial = f"{target}{PARTIAL}"
    con = open_reader(home.archive, older=True)
    try:
        clear(partial)
        make_dir(partial)
        listed = _fill(home, con, partial, made, told)
        give_name(partial)
    except MemlogError:
        give_room_back(partial)
        raise
    except (OSError, sqlite3.Error) as exc:
        give_room_back(partial)
        if _is_damage(exc):
            raise ArchiveError(f"{home.archive} is damaged: {exc}", hint=_DAMAGED) from exc
        raise not_written(folder, exc, os.path.getsize(home.archive), "memlog admin backup DEST") from exc
    finally:
        con.close()
    return listed


def not_written(folder: str, exc: Exception, size: int, again: str) -> UnavailableError:
    """What is said of a folder that could not be filled. size: about what it needs; again: to do it anew."""
    try:
        found = os.statvfs(os.path.dirname(os.path.abspath(folder)))
        free = f"{found.f_bavail * found.f_frsize >> 20:,} MB are free"
    except OSError:
        free = "how much is free is not known"
    hint = f"make room for {(size >> 20) + 1:,} MB there ({free}), then: {again}"
    return UnavailableError(f"{folder} cannot be written: {exc}; nothing was changed", hint=hint)


def give_room_back(partial: str) -> None:
    """Half a copy is of no use, and perhaps what filled the disk."""
    with suppress(OSError, MemlogError):
        clear(partial)


def _fill(home: Home, con: Connection, partial: str, made: str, told: Told) -> Manifest:
    con.execute("BEGIN")  # all of it is of one moment, whatever the witness commits meanwhile
    heads, read = anchor.take(con, made=made), manifest.cursors(con)
    copy(con, os.path.join(partial, ARCHIVE), lambda done, total: told(done, total, "copying"))
    con.execute("ROLLBACK")
    _keep(partial, KEY, key_of(home))
    _keep(partial, CONFIG, _bytes_of(home.config))
    _keep(partial, TOMBSTONES, _bytes_of(home.tombstones))
    _compare(os.path.join(partial, ARCHIVE), heads, lambda: _note(told))
    return seal(partial, heads, read, told)


def seal(
    partial: str, heads: anchor.Anchor, read: list[tuple[str, int, int]],
    told: Told = lambda done, total, note: None,
) -> Manifest:  # fmt: skip
    """Write the manifest of a folder that holds everything else. read: how far each ring is archived."""
    names = [name for name in _NAMES if os.path.exists(os.path.join(partial, name))]
    size = os.path.getsize(os.path.join(partial, ARCHIVE))
    files = {
        name: manifest.digest_of(
            os.path.join(partial, name), lambda done: told(done, size, "reading it back")
        )
        for name in names
    }
    listed = Manifest(heads.made, __version__, files, read, heads)
    replace_file(os.path.join(partial, manifest.NAME), manifest.dump(listed))
    return listed


def give_name(partial: str) -> str:
    """The folder under its own name, now that it is whole."""
    target = partial.removesuffix(PARTIAL)
    os.rename(partial, target)  # over an empty folder too
    sync_dir(os.path.dirname(target))
    return target


def copy(con: Connection, path: str, told: Callable[[int, int], object] = lambda done, total: None) -> None:
    """The archive of a connection at its moment as a file of its own, without a log: mode 0600, on disk."""
    os.close(open_private(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC))
    target = sqlite3.connect(path, isolation_level=None)
    try:
        con.backup(
            target, pages=_STEP_PAGES,
            progress=lambda status, left, total: told((total - left) * _PAGE_BYTES, total * _PAGE_BYTES),
        )  # fmt: skip
        target.execute("PRAGMA journal_mode = DELETE")  # read-only media hold no log
    finally:
        target.close()
    manifest.sync(path)


def _note(told: Told) -> None:
    told(0, 0, "checking its pages")


def key_of(home: Home) -> bytes | None:
    """The key the archive was made with; None where neither of its two files can be read."""
    try:
        return read_key(home)
    except (OSError, MemlogError):
        return _bytes_of(home.archive_key)


def _compare(path: str, heads: anchor.Anchor, told: Callable[[], None] = lambda: None) -> None:
    """What was written holds the heads of the moment it was taken at, and its pages are whole."""
    con = open_reader(path, older=True)
    try:
        con.set_progress_handler(told, _TICK)
        (found,) = con.execute("PRAGMA quick_check(1)").fetchone()
        con.set_progress_handler(None, 0)
        if found != "ok":
            fault = found.splitlines()[-1]
            raise ArchiveError(f"the archive is damaged, and no backup was made: {fault}", hint=_DAMAGED)
        if anchor.take(con, made=heads.made) != heads:
            raise ArchiveError("the copy does not hold what the archive does", hint="memlog admin verify")
    finally:
        con.close()


def require_free(home: Home, target: str, command: str = "memlog admin backup") -> None:
    """Raises: RefusedError, naming the command with another folder, where something is in the way."""
    if os.path.commonpath([os.path.realpath(home.root), os.path.realpath(target)]) == os.path.realpath(
        home.root
    ):
        raise RefusedError(
            f"{target} lies in the home, and would be lost with it",
            hint=f"{command} with a folder elsewhere",
        )
    try:
        found = os.lstat(target)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or os.listdir(target):
        raise RefusedError(
            f"{target} is there already, and is left as it is", hint=f"{command} with another folder"
        )


def clear(partial: str) -> None:
    """Remove what an interrupted backup left; nothing else."""
    if not os.path.lexists(partial):
        return
    names = os.listdir(partial)
    if any(not name.startswith(_NAMES) for name in names):
        raise RefusedError(f"{partial} is no backup of ours, and is in the way", hint=f"mv {partial} away")
    for name in names:
        os.unlink(os.path.join(partial, name))
    os.rmdir(partial)


def _keep(folder: str, name: str, data: bytes | None) -> None:
    if data is not None:
        replace_file(os.path.join(folder, name), data)


def _bytes_of(path: str) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        return file.read()


def _is_damage(exc: Exception) -> bool:
    return isinstance(exc, sqlite3.Error) and any(w in str(exc) for w in ("malformed", "not a database"))
