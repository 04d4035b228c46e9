"""A backup becomes the archive of a home, once it has proved that it is what was backed up."""

import os
from collections.abc import Callable, Generator, Iterable
from typing import Any

from memlog.archive import anchor, backup, chain, manifest, place, tree, verify
from memlog.archive.connection import open_reader, sqlite3
from memlog.archive.manifest import Manifest
from memlog.archive.store import Archive
from memlog.archive.tombstones import read_mirror
from memlog.archive.transaction import translate
from memlog.archive.verify import CHECKS, Look, Problem
from memlog.errors import ArchiveError
from memlog.paths import Home, replace_file
from memlog.settings import Settings

Steps = Generator[tuple[int, int, str], None, dict[str, Any]]
Told = Callable[[int, int, str], object]

# A backup has no tree: it is written anew, of all but what the quota had trimmed.
DIRTY_SQL = "UPDATE epoch SET dirty = 1 WHERE snap_digest IS NOT NULL"
_AT_ONCE = 16


def survey(folder: str, told: Told = lambda done, total, note: None) -> tuple[Manifest, list[Problem]]:
    """What a backup says of itself, and where its files are not as it says.

    Raises: NotFoundError where the folder is no backup.
    """
    listed = manifest.read(folder)
    total = sum(size for size, _ in listed.files.values())
    return listed, list(manifest.check(folder, listed, lambda done: told(done, total, "reading the backup")))


def restore(
    home: Home, folder: str, *, mirrors: Iterable[str] = (), now_ns: int, settings: Settings,
    told: Told = lambda done, total, note: None,
) -> dict[str, Any]:  # fmt: skip
    """Put a backup in place; what came of it. The caller holds the lock of that home.

    mirrors: files of tombstones, besides the home's own, that are to be honoured. Killed at any moment, the
    home is as it was, or what was begun is finished by whoever opens its archive next.
    Raises: ArchiveError where the backup is not what was backed up; UnavailableError where no room is.
    """
    try:
        return _restored(home, folder, mirrors, now_ns, settings, told)
    except sqlite3.Error as exc:
        raise translate(exc, home.archive) from exc


def _restored(
    home: Home, folder: str, mirrors: Iterable[str], now_ns: int, settings: Settings, told: Told
) -> dict[str, Any]:
    listed, faults = survey(folder, told)
    root = listed.anchor.root.hex()
    result = {"records": listed.anchor.records, "sessions": len(listed.anchor.sessions), "made": listed.made}
    if place.is_begun(home) is not None:
        if place.is_begun(home) == root:  # killed while it took its place: nothing else is left to do
            return result | {"forgotten": 0, "snapshots": 0, "aside": place.finish(home)}
        place.finish(home)
    _require_none(faults, folder)
    work = place.prepare(home)
    _copy(folder, work, listed, told)
    _prove(work, listed, folder, told)
    _tombstones(work, [os.path.join(folder, backup.TOMBSTONES), home.tombstones, *mirrors])
    with Archive.open(work, now_ns=now_ns, settings=settings._replace(home=work.root)) as archive:
        result["forgotten"] = _forget(archive, now_ns, told)
        with archive.transaction() as con:
            con.execute(DIRTY_SQL)
            facts = {"root": root, "made": listed.made, "restored_ns": now_ns}
            chain.link_archive(con, "restore", facts)
        written = tree.Written()
        while (step := tree.write_dirty(archive, limit=_AT_ONCE, open_too=True)).files:
            written = written.plus(step)
            told(0, 0, f"{written.files:,} snapshots written")
        (result["records"],) = archive.con.execute("SELECT count(*) FROM record").fetchone()
        archive.checkpoint(truncate=True)
    _require_none(_problems(work, None, CHECKS, told), "what was restored")
    _drop_beside(work)
    manifest.sync(work.archive)
    aside = place.commit(home, root, now_ns=now_ns)
    return result | {"snapshots": written.files, "aside": aside}


def _copy(folder: str, work: Home, listed: Manifest, told: Told) -> None:
    """The backup's files into the workshop. Its settings only where the home has none."""
    source = open_reader(os.path.join(folder, backup.ARCHIVE), immutable=True, older=True)
    try:
        backup.copy(source, work.archive, lambda done, total: told(done, total, "copying"))
    finally:
        source.close()
    if backup.KEY in listed.files:
        key = _bytes(os.path.join(folder, backup.KEY))
        replace_file(work.archive_key, key)
        replace_file(work.key, key)
    home = Home(os.path.dirname(work.root))
    if backup.CONFIG in listed.files and not os.path.exists(home.config):
        replace_file(work.config, _bytes(os.path.join(folder, backup.CONFIG)))


def _prove(work: Home, listed: Manifest, folder: str, told: Told) -> None:
    """Every check, and the heads of the source at the moment of the backup."""
    con = open_reader(work.archive, older=True)
    try:
        if (
            anchor.take(con, made=listed.anchor.made) != listed.anchor
            or manifest.cursors(con) != listed.cursors
        ):
            raise ArchiveError(
                f"{folder}: its heads are not those of the archive it was made of", hint=_OTHER
            )
    finally:
        con.close()
    checks = tuple(c for c in CHECKS if c.name not in ("snapshots", "tree", "tombstones"))
    _require_none(_problems(work, listed.anchor, checks, told), folder)


def _problems(
    home: Home, expected: anchor.Anchor | None, checks: tuple[verify.Check, ...], told: Told
) -> list[Problem]:
    con = open_reader(home.archive, older=True)
    try:
        return list(verify.verify(Look(con, home, anchor=expected, told=told), checks))
    finally:
        con.close()


def _require_none(found: list[Problem], what: str) -> None:
    if found:
        first = found[0]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise ArchiveError(f"{what} is damaged: {first.where}: {first.what}{more}", hint=_OTHER)


def _tombstones(work: Home, mirrors: list[str]) -> None:
    """One mirror of everything that was forgotten, before the backup and since."""
    lines: dict[str, None] = {}
    for path in mirrors:
        if read_mirror(path):  # raises for a line that is none
            with open(path, encoding="utf-8") as file:
                lines.update(dict.fromkeys(line for line in file.read().split("\n")[:-1] if line))
    if lines:
        replace_file(work.tombstones, "".join(f"{line}\n" for line in lines).encode())


def _forget(archive: Archive, now_ns: int, told: Told) -> int:
    """Take out what tombstones cover: forgotten after the backup was made."""
    if not len(archive.tombstones):
        return 0
    from memlog.archive import scrub
    from memlog.archive.forget import Choice, Forgotten, forget
    from memlog.archive.unfinished import finished

    total = Forgotten()
    for done, of, note in forget(archive, Choice(), total, now_ns=now_ns):
        told(done, of, note)
    if total.rows or total.events or total.damage:
        for note in scrub.index(archive):
            told(0, 0, note)
        for note in scrub.log(archive):
            told(0, 0, note)
        scrub.free(archive)
    finished(archive.home)
    return total.rows


def _drop_beside(work: Home) -> None:
    """An empty log, and the copy a migration made of what is a copy itself."""
    for name in os.listdir(work.root):
        if name.startswith(("archive.db.", "archive.db-")):
            os.unlink(os.path.join(work.root, name))


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


_OTHER = "memlog admin restore with an older BACKUP, or memlog admin recover"
