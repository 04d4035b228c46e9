"""Where the bytes of a home are: by session, kind, tool or project, and by place."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.paths import Home

# length() of a blob reads the row's header, not its overflow pages
BY_SQL = {
    "session": """
SELECT s.session, count(*), sum(r.bytes), sum(length(r.body)) FROM record r
JOIN session s ON s.id = r.session_id GROUP BY r.session_id ORDER BY 4 DESC, 1 LIMIT :limit
""",
    "project": """
SELECT coalesce(s.project, ''), count(*), sum(r.bytes), sum(length(r.body)) FROM record r
JOIN session s ON s.id = r.session_id GROUP BY 1 ORDER BY 4 DESC, 1 LIMIT :limit
""",
    "kind": """
SELECT r.kind, count(*), sum(r.bytes), sum(length(r.body)) FROM record r
GROUP BY r.kind ORDER BY 4 DESC, 1 LIMIT :limit
""",
    "tool": """
SELECT coalesce(r.tool, ''), count(*), sum(r.bytes), sum(length(r.body)) FROM record r
GROUP BY 1 ORDER BY 4 DESC, 1 LIMIT :limit
""",
}
STONES_SQL = """
SELECT count(*), coalesce(sum(coalesce(length(chain_header), 0) + length(session)), 0) FROM tombstone
"""
PLACES_SQL = (
    ("bodies of records", "SELECT count(*), coalesce(sum(length(body)), 0) FROM record"),
    ("search index of records", "SELECT count(*), coalesce(sum(length(block)), 0) FROM record_fts_data"),
    ("search index of events", "SELECT count(*), coalesce(sum(length(block)), 0) FROM event_fts_data"),
    ("events", "SELECT count(*), coalesce(sum(length(data)), 0) FROM event"),
    ("damaged bytes", "SELECT count(*), coalesce(sum(length(data)), 0) FROM damage"),
    ("tombstones", STONES_SQL),
)
FREE_SQL = """
SELECT f.freelist_count, f.freelist_count * p.page_size FROM pragma_freelist_count f, pragma_page_size p
"""
FILE_SQL = "SELECT page_count, page_count * page_size FROM pragma_page_count, pragma_page_size"

BY = tuple(BY_SQL)


@dataclass(frozen=True, slots=True)
class Share:
    """What one session, project, kind or tool takes. bytes: of its blobs; packed: as they are stored."""

    name: str
    records: int
    bytes: int
    packed: int


@dataclass(frozen=True, slots=True)
class Place:
    """What one place takes. where: archive.db, or beside it; items: rows, pages or files."""

    where: str
    what: str
    items: int
    bytes: int


def shares(con: "Connection", by: str, *, limit: int = -1) -> list[Share]:
    """The largest first; parts count as records here."""
    return [Share(*row) for row in con.execute(BY_SQL[by], {"limit": limit})]


def places(con: "Connection", home: "Home", ring_dir: str) -> list[Place]:
    """Every place of a home; those of the archive's file first, with what is left of it."""
    found = [Place("archive.db", what, *con.execute(sql).fetchone()) for what, sql in PLACES_SQL]
    found.append(Place("archive.db", "free pages", *con.execute(FREE_SQL).fetchone()))
    pages, size = con.execute(FILE_SQL).fetchone()
    rest = max(size - sum(place.bytes for place in found), 0)
    found.append(Place("archive.db", "keys, rows and what pages leave over", pages, rest))
    return [*found, *_beside(home, ring_dir)]


def _beside(home: "Home", ring_dir: str) -> Iterator[Place]:
    main = os.path.basename(home.archive)
    own, copies, tree = (0, 0), (0, 0), (0, 0)
    with os.scandir(home.root) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if os.path.exists(os.path.join(entry.path, "session.json")):
                    tree = _plus(tree, _tree(entry.path))
            elif entry.name.startswith((f"{main}-", f"{main}.")):
                size = 1, entry.stat(follow_symlinks=False).st_size
                if entry.name in (f"{main}-wal", f"{main}-shm"):
                    own = _plus(own, size)
                else:
                    copies = _plus(copies, size)
    yield Place("beside it", "write-ahead log", *own)
    yield Place("beside it", "copies of the archive", *copies)
    yield Place("beside it", "snapshot tree", *tree)
    for what, path in (
        ("ring", ring_dir),
        ("spool", home.spool),
        ("log", home.log),
        ("watermarks", home.watermarks),
    ):
        yield Place("beside it", what, *_tree(path))


def _tree(path: str) -> tuple[int, int]:
    """Files and bytes below a folder."""
    found = 0, 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                found = _plus(found, (1, os.lstat(os.path.join(folder, name)).st_size))
            except FileNotFoundError:
                continue  # gone meanwhile
    return found


def _plus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
