"""Where a new archive is made beside the old one, and how it takes its place."""

import os
from collections.abc import Callable

from memlog.archive import tree
from memlog.archive.connection import Error, open_writer
from memlog.archive.migrate import migrate
from memlog.archive.store import Archive
from memlog.errors import MemlogError, NotFoundError, UnavailableError
from memlog.paths import Home, load_key, make_dir, open_private, replace_file, sync_dir
from memlog.settings import Settings

_TICK = 200_000  # steps of SQLite between two looks at the clock
_AT_ONCE = 16  # snapshots

# SQLite's result codes: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN; IOERR_READ, IOERR_SHORT_READ.
_PASSING = frozenset((5, 6, 7, 8, 10, 13, 14))
_UNREADABLE = frozenset((266, 522))


def workshop(home: Home) -> Home:
    """A home below the home: its archive becomes the home's by one rename."""
    return Home(os.path.join(home.root, "rebuild.tmp"))


def require(home: Home) -> None:
    """Nothing, or NotFoundError where the home has no archive."""
    if not os.path.exists(home.archive):
        raise NotFoundError(f"there is no archive yet at {home.archive}", hint="memlog up")


def complete_tree(
    home: Home, *, now_ns: int, settings: Settings, told: Callable[[str], None] = lambda note: None
) -> str:
    """Write to the tree what only the archive holds; what came of it, in words. told: what it is at.

    A damaged archive writes nothing: what it still reads may be less than what the tree has.
    Raises: UnavailableError where the archive may be whole, and only the disk takes nothing now.
    """
    if not os.path.exists(home.archive):
        return "there is no archive: the tree is all there is"
    try:
        with Archive.open(home, now_ns=now_ns, settings=settings) as archive:
            archive.con.set_progress_handler(lambda: told("checking every page"), _TICK)
            (found,) = archive.con.execute("PRAGMA integrity_check(1)").fetchone()
            archive.con.set_progress_handler(None, 0)
            if found != "ok":
                return f"the archive is damaged ({found}): the tree is taken as it is"
            written = tree.Written()
            while (step := tree.write_dirty(archive, limit=_AT_ONCE, open_too=True)).files:
                written = written.plus(step)
                told(f"{written.files:,} snapshots written")
            archive.checkpoint(truncate=True)
    except (MemlogError, Error, OSError) as exc:
        if _may_pass(exc):
            raise UnavailableError(
                f"what only the archive holds cannot be written to the tree: {exc}; nothing was changed",
                hint="make room, then: memlog admin rebuild archive --from-tree --apply",
            ) from exc
        return f"the archive cannot be read ({exc}): the tree is taken as it is"
    if written.refused:
        names = ", ".join(sorted({name for name, _ in written.refused}))
        return f"the archive is whole, but not all of it could be written to the tree: {names}"
    return f"the archive is whole: {written.files} epochs were written to the tree first"


def _may_pass(exc: Exception) -> bool:
    """True for a disk that is full or fails to write; False for damage and for what is no archive."""
    found = exc if isinstance(exc, Error) else exc.__cause__
    if isinstance(found, Error):
        code = int(getattr(found, "sqlite_errorcode", 0) or 0)
        return code & 0xFF in _PASSING and code not in _UNREADABLE
    return isinstance(exc, (OSError, UnavailableError))


def prepare(home: Home, archive_id: str | None, *, now_ns: int) -> Home:
    """An empty archive in the workshop, with this id, the home's key and its tombstones."""
    place = workshop(home)
    clear(place)
    make_dir(place.root)
    replace_file(place.key, load_key(home))
    if os.path.exists(home.tombstones):
        with open(open_private(home.tombstones, os.O_RDONLY), "rb") as file:
            replace_file(place.tombstones, file.read())
    con = open_writer(place.archive)
    try:
        migrate(con, now_ns=now_ns, archive_id=bytes.fromhex(archive_id) if archive_id else None)
    finally:
        con.close()
    return place


def swap(home: Home, *, now_ns: int) -> str | None:
    """Put the workshop's archive in place; where the old one is kept now, None where there was none.

    The caller holds the witness's lock. At every step there is a whole archive under its name.
    """
    kept = None
    if os.path.exists(home.archive):
        kept = _unused(f"{home.archive}.before-rebuild-{now_ns // 1_000_000_000}")
        os.link(home.archive, kept)
        for suffix in ("-wal", "-shm"):  # what was not checkpointed goes with its own file
            if os.path.exists(home.archive + suffix):
                os.rename(home.archive + suffix, kept + suffix)
    os.rename(workshop(home).archive, home.archive)
    sync_dir(home.root)
    clear(workshop(home))
    return kept


def _unused(path: str) -> str:
    names = (path, *(f"{path}.{n}" for n in range(1, 1_000)))
    return next(name for name in names if not os.path.lexists(name))


def clear(place: Home) -> None:
    """Remove a workshop and what an earlier attempt left in it."""
    if os.path.isdir(place.root) and not os.path.islink(place.root):
        for name in os.listdir(place.root):
            os.unlink(os.path.join(place.root, name))
        os.rmdir(place.root)
