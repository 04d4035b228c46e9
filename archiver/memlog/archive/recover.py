"""A new archive of what is left of a damaged one: its pages, the snapshot tree, and what rings still hold.

The damaged archive is only read. What comes out is a backup: `memlog admin restore` puts it in place.
Of the three the tree's undamaged files go first, whose bytes a digest proves; then every row of the pages
whose blob its own digest proves; then lines of files somebody changed.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from memlog.archive import anchor, backup, chain, gaps, manifest, strewn, survey, verify
from memlog.archive.builder import BATCH, Builder, Cursors
from memlog.archive.carried import as_bytes
from memlog.archive.connection import open_reader, open_writer, sqlite3
from memlog.archive.migrate import migrate
from memlog.archive.relink import begin_with, relink, whole_links
from memlog.archive.store import Archive
from memlog.archive.strewn import Strewn
from memlog.archive.survey import Found, Line, Survey
from memlog.archive.tombstones import ADD_SQL, Tombstone
from memlog.archive.verify import CHECKS, Look
from memlog.errors import ArchiveError, MemlogError, NotFoundError, UnavailableError
from memlog.paths import Home, make_dir, replace_file
from memlog.settings import Settings
from memlog.wire import Damage, Gap

Told = Callable[[int, int, str], object]

# index: the record's primary key
HAS_SQL = "SELECT 1 FROM record WHERE id = :id"
SESSIONS_SQL = "SELECT id, agent, session FROM session ORDER BY id"
LINKS_SQL = """
SELECT (SELECT count(*) FROM record WHERE session_id = :id)
  + (SELECT count(link) FROM tombstone WHERE agent = :agent AND session = :session)
"""
_JOURNAL_SQL = "PRAGMA journal_mode = DELETE"
_MISSING = 20  # sessions named


@dataclass(slots=True)
class Recovered:
    """What came from where, and what is known to be missing. rows: parts counted."""

    rows: int = 0
    from_tree: int = 0
    from_pages: int = 0
    from_changed: int = 0
    damaged: int = 0
    broken: int = 0
    missing: int = 0
    sessions: dict[str, int] = field(default_factory=dict)
    links_lost: int = 0
    relinked: int = 0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """What a person is told."""
        return {name: getattr(self, name) for name in self.__slots__}


def recover(
    home: Home, folder: str, *, made: str, now_ns: int, settings: Settings, cursors: Cursors | None = None,
    told: Told = lambda done, total, note: None,
) -> Recovered:  # fmt: skip
    """Make the folder; what it holds and what is missing. made: the time it is to say.

    cursors: of the rings that still hold records: from there they are drained again.
    Raises: NotFoundError where there is neither archive nor tree; RefusedError where the folder is taken.
    """
    target = os.path.abspath(folder)
    backup.require_free(home, target, "memlog admin recover --to")
    pages, tree = _survey(home, told)
    partial = f"{target}{backup.PARTIAL}"
    backup.clear(partial)
    try:
        work = _new(home, partial, pages, tree, now_ns)
        # What was redacted stays redacted; redacting again would change bytes the chain covers.
        with Archive.open(work, now_ns=now_ns, settings=settings._replace(redact=False)) as archive:
            found = _Recovery(archive, home, pages, tree, now_ns, told).run(cursors or {})
            archive.optimize()
            archive.checkpoint(truncate=True)
        _finish(work, made, found, told)
        backup.give_name(partial)
    except (OSError, sqlite3.Error, UnavailableError) as exc:
        backup.give_room_back(partial)
        again = f"memlog admin recover --to {folder}"
        raise backup.not_written(folder, exc, _room(home, tree), again) from exc
    except MemlogError:
        backup.give_room_back(partial)
        raise
    return found


def _room(home: Home, tree: Survey) -> int:
    """About what a recovery writes: as much as there is of pages or tree, and its log as much again."""
    pages = os.path.getsize(home.archive) if os.path.exists(home.archive) else 0
    return 2 * max(pages, sum(snap.size for found in tree.folders for snap in found.snaps))


def _survey(home: Home, told: Told) -> tuple[Strewn, Survey]:
    pages = strewn.read(home.archive, lambda note: told(0, 0, note))
    tree = survey.survey(home.root, lambda note: told(0, 0, note)) if os.path.isdir(home.root) else Survey()
    if not pages.records and not tree.folders:
        raise NotFoundError(f"there is nothing to recover from in {home.root}", hint="memlog status")
    return pages, tree


def _new(home: Home, partial: str, pages: Strewn, tree: Survey, now_ns: int) -> Home:
    """An empty archive with the identity, the key and the tombstones of the damaged one."""
    make_dir(os.path.dirname(partial))
    make_dir(partial)
    work = Home(partial)
    key = backup.key_of(home)
    if key is not None:
        replace_file(work.key, key)
    for source, name in ((home.tombstones, work.tombstones), (home.config, work.config)):
        if os.path.exists(source):
            with open(source, "rb") as file:
                replace_file(name, file.read())
    archive_id = pages.archive_id() or (bytes.fromhex(tree.archive) if tree.archive else None)
    con = open_writer(work.archive)
    try:
        migrate(con, now_ns=now_ns, archive_id=archive_id)
    finally:
        con.close()
    return work


class _Recovery:
    """The new archive while it is filled."""

    def __init__(
        self, archive: Archive, home: Home, pages: Strewn, tree: Survey, now_ns: int, told: Told
    ) -> None:
        self.archive, self.con, self.home = archive, archive.con, home
        self.pages, self.tree = pages, tree
        self.now_ns, self.told = now_ns, told
        self.build = Builder(archive, home.root, now_ns)
        self.found = Recovered(broken=len(pages.broken))
        self.total = pages.records + tree.lines
        self.done = 0

    def run(self, cursors: Cursors) -> Recovered:
        self.con.execute("PRAGMA synchronous = OFF")  # nobody's file until it has its name
        self._tombstones()
        ours = [f for f in self.tree.folders if f.archive == self.archive.archive_id.hex()]
        self.found.from_tree = self._folders(ours, lambda state: state == "as noted")
        self.found.from_pages = self._pages()
        self.found.from_changed = self._folders(ours, lambda state: state != "as noted")
        self.build.count_on(cursors)
        self._folders([f for f in self.tree.folders if f not in ours], lambda state: True, kept=False)
        self.build.last()
        self._beside()
        self._link()
        self._own_chain()
        self.con.execute("PRAGMA synchronous = FULL")
        (self.found.rows,) = self.con.execute("SELECT count(*) FROM record").fetchone()
        return self.found

    def _tombstones(self) -> None:
        """What was forgotten, with what its links were made of."""
        stones = self.pages.tables["tombstone"].values()
        rows = [Tombstone(**{name: row[name] for name in Tombstone._fields}) for row in stones]
        with self.archive.transaction() as con:
            con.execute("DELETE FROM tombstone")
            con.executemany(ADD_SQL, rows)
            self.archive.tombstones.load(con)

    def _folders(self, folders: Iterable[Found], wanted: Callable[[str], bool], *, kept: bool = True) -> int:
        """How many records came from files of the tree that are in this state."""
        before = self.build.total.archived
        for found in folders:
            part = replace(found, snaps=[snap for snap in found.snaps if wanted(snap.state)])
            if kept and not part.snaps and found.snaps:
                continue
            for lines in self.build.folder(part, kept):
                self._go_on(lines, found.name)
        return self.build.total.archived - before

    def _pages(self) -> int:
        """How many records came from pages: those the tree did not have."""
        before = self.build.total.archived
        with self.archive.transaction():
            for row in self.pages.tables["ring"].values():
                self.build.salvage.ring(row)
        for session in self.pages.tables["session"]:
            self.build.begin(self.pages.notes(session))
        batch: list[Line] = []
        renamed: list[Line] = []
        for page, row in self.pages.record_rows():
            self._go_on(1, "pages")
            if self.con.execute(HAS_SQL, {"id": row["id"]}).fetchone() is not None:
                continue
            line = self.pages.line(row)
            if line is None:
                self._keep_damaged(page, row)
            elif "~" in str(row["source_id"])[1:] and row["mac"]:
                renamed.append(line)  # it gets its name by meeting the line it replaced
            else:
                batch.append(line)
            if len(batch) >= BATCH:
                self.build.add(batch)
                batch = []
        self.build.add(batch)
        for line in renamed:
            self.build.add([line])
        for session in self.pages.tables["session"]:
            self.build.close(self.pages.notes(session))
        return self.build.total.archived - before

    def _keep_damaged(self, page: int, row: Mapping[str, Any]) -> None:
        """The bytes of a record that are not those it was archived with: data, not a log line."""
        lost = Damage(row["id"], bytes(row["body"]), "the body of a record in a damaged archive")
        source = f"archive.db, page {page}"
        with self.archive.transaction():
            self.found.damaged += gaps.add_damage(
                self.con, self.archive.key, source, lost, now_ns=self.now_ns
            )

    def _beside(self) -> None:
        """Events, damage and gaps."""
        with self.archive.transaction() as con:
            for row in self.pages.others("event"):
                ring = self.pages.ring_facts(row["ring"])
                of_ring = {"ring_id": ring.get("ring_id"), "uid": ring.get("uid", row["uid"])}
                self.build.salvage.event(row | of_ring)
            for row in self.pages.others("damage"):
                lost = Damage(row["place"], row["data"], row["reason"])
                gaps.add_damage(con, self.archive.key, row["source"], lost, now_ns=row["noticed_ns"] or 0)
            self.build.salvage.close_sessions()

    def _link(self) -> None:
        """The heads of all sessions; what is missing is what their rows had counted."""
        expected = {(s["agent"], s["session"]): s["links"] for s in self.pages.tables["session"].values()}
        for id_, agent, session in self.con.execute(SESSIONS_SQL).fetchall():
            names = {"id": id_, "agent": agent, "session": session}
            (there,) = self.con.execute(LINKS_SQL, names).fetchone()
            lost = max(expected.get((agent, session), 0) - there, 0)
            with self.archive.transaction():
                self.found.relinked += not relink(self.con, self.archive.archive_id, id_)
            if lost:
                self.found.missing += lost
                if len(self.found.sessions) < _MISSING:
                    self.found.sessions[session] = lost
        self.archive.forget_cached()

    def _own_chain(self) -> None:
        """The archive's own chain as far as it is whole, the gaps it noted, and that it was recovered."""
        kept = whole_links(self.archive.archive_id, self.pages.tables["link"])
        self.found.links_lost = max(
            (row["links"] for row in self.pages.tables["archive"].values()), default=len(kept)
        ) - len(kept)
        with self.archive.transaction() as con:
            if kept:
                begin_with(con, self.archive.archive_id, kept, self.now_ns)
            self._gaps(kept)
            counts = {"rows": self.build.total.archived, "missing": self.found.missing}
            chain.link_archive(con, "recover", {"recovered_ns": self.now_ns, **counts})

    def _gaps(self, links: list[dict[str, Any]]) -> None:
        """Gaps of the pages, and those only a link of the chain tells of any more."""
        known: dict[tuple[bytes, int, int], dict[str, Any]] = {}
        for row in self.pages.tables["gap"].values():
            ring = self.pages.ring_facts(row["ring"])
            if ring:
                known[ring["ring_id"], ring["uid"], row["after_seq"]] = row
        for link in links:
            if link["type"] == "gap":
                facts = json.loads(link["body"])
                known.setdefault((as_bytes(facts["ring_id"]), facts["uid"], facts["after_seq"]), facts)
        for key, row in known.items():
            number = self.build.salvage.ring({"ring_id": key[0], "uid": key[1]})
            if number is None:
                continue
            gap = Gap(row["after_seq"], row["before_seq"])
            more = {"healed_ns": row.get("healed_ns"), "recovered": row.get("recovered") or 0}
            facts = {"reason": row["reason"], "noticed_ns": row["noticed_ns"], **more}
            gaps.add_known(self.con, number, gap, **facts)

    def _go_on(self, lines: int, what: str) -> None:
        self.done += lines
        if lines > 1 or self.done % 500 == 0:
            self.told(self.done, self.total, what)


def _finish(work: Home, made: str, found: Recovered, told: Told) -> None:
    """One file without a log, checked as any archive is, and the manifest that makes it a backup."""
    con = sqlite3.connect(work.archive, isolation_level=None)
    try:
        con.execute(_JOURNAL_SQL)
    finally:
        con.close()
    for name in os.listdir(work.root):
        if name not in (backup.ARCHIVE, backup.KEY, backup.CONFIG, backup.TOMBSTONES):
            os.unlink(os.path.join(work.root, name))
    manifest.sync(work.archive)
    reader = open_reader(work.archive)
    try:
        checks = tuple(check for check in CHECKS if check.name not in ("snapshots", "tree", "cursors"))
        wrong = list(verify.verify(Look(reader, work, told=told), checks))
        found.problems = [f"{problem.where}: {problem.what}" for problem in wrong]
        heads, read = anchor.take(reader, made=made), manifest.cursors(reader)
    finally:
        reader.close()
    if wrong:
        raise ArchiveError(f"what was recovered is not sound: {found.problems[0]}", hint="memlog doctor")
    backup.seal(work.root, heads, read, told)
