"""The archive, made again from its snapshot tree: ids, times, ring keys, salts and chains as they were."""

from collections.abc import Callable, Generator
from typing import Any

from memlog.archive import chain, survey
from memlog.archive.builder import Builder, Cursors
from memlog.archive.store import Archive
from memlog.archive.workshop import complete_tree, prepare, swap
from memlog.paths import Home
from memlog.settings import Settings

Steps = Generator[tuple[int, int, str], None, dict[str, Any]]


def rebuild(
    home: Home, *, now_ns: int, settings: Settings, cursors: Cursors | None = None,
    told: Callable[[str], None] = lambda note: None,
) -> Steps:  # fmt: skip
    """A new archive in place of the home's; the old one is kept beside it. The caller holds the lock.

    What only the archive holds is written to the tree first, if the archive is whole.
    told: what it is at before the first record. Returns what `rebuild_from_tree` returns, and `before` and
    `old`: how the old one was, and where it is.
    """
    yield 0, 0, "the tree, brought up to date"
    before = complete_tree(home, now_ns=now_ns, settings=settings, told=told)
    result = yield from rebuild_from_tree(home, now_ns=now_ns, settings=settings, cursors=cursors, told=told)
    return result | {"before": before, "old": swap(home, now_ns=now_ns)}


def rebuild_from_tree(
    home: Home, *, now_ns: int, settings: Settings, cursors: Cursors | None = None,
    told: Callable[[str], None] = lambda note: None,
) -> Steps:  # fmt: skip
    """Make the new archive in the workshop. Yields (done, total, what it is at).

    cursors: of the rings that still hold records, by ring id and uid: the seq after which they are
    drained again. Returns what the tree held and what came of it.
    Raises: MemlogError; the archive in place is untouched.
    """
    found = survey.survey(home.root, told)
    main, total = found.archive, found.lines
    place = prepare(home, main, now_ns=now_ns)
    # What was redacted stays redacted; redacting again would change bytes the chain covers.
    with Archive.open(place, now_ns=now_ns, settings=settings._replace(redact=False)) as archive:
        archive.con.execute("PRAGMA synchronous = OFF")  # nobody's file until it is swapped in
        work = Builder(archive, home.root, now_ns)
        done = 0
        for kept in (True, False):  # ids are one archive's: what another one wrote comes after, with new ones
            for folder in found.folders:
                if (main is not None and folder.archive == main) is kept:
                    for lines in work.folder(folder, kept):
                        done += lines
                        yield done, total, folder.name
            if kept:
                work.count_on(cursors or {})
        work.last()
        yield total, total, "gaps and events"
        carried = work.salvage.carry_over(home.archive)
        result = found.as_dict() | {
            "records": work.total.records, "rows": work.total.archived, "damaged": work.total.damage,
            "tombstoned": work.total.tombstoned, "met_twice": work.total.sightings, "altered": work.altered,
            "carried_over": carried,
        }  # fmt: skip
        with archive.transaction():
            facts = {name: value for name, value in result.items() if isinstance(value, int)}
            chain.link_archive(archive.con, "rebuild", {**facts, "rebuilt_ns": now_ns})
        yield total, total, "index"
        archive.optimize()
        archive.con.execute("PRAGMA synchronous = FULL")
        archive.checkpoint(truncate=True)
    return result
