"""Looking after an archive: migrate, rebuild, export, back up, restore, forget, compact."""

import os
from typing import Any

from faults import soundness
from faults.operations import AGENT, FORGOTTEN, NOW_NS, Operation, Place, Say, archived, rows_of
from faults.soundness import Row, Verdict
from memlog.archive import backup, connection, migrate
from memlog.archive import rebuild as rebuilding
from memlog.archive import restore as restoring
from memlog.archive.before import copies
from memlog.archive.connection import open_reader, open_writer, sqlite3
from memlog.archive.migrate import Migration
from memlog.archive.store import Archive
from memlog.contracts import ARCHIVE_VERSION
from memlog.export import jsonl, place, sqlite
from memlog.paths import load_key
from memlog.query import slice as slices
from memlog.query.selection import Selection
from memlog.witness import lock
from memlog.witness.forget import forget_job
from memlog.witness.keep import compact_job


class Migrate(Operation):
    """Two migrations to come, one that rewrites every record, and the copy made before them."""

    name = "migration"
    MORE = (
        "CREATE TABLE later AS SELECT id, body FROM record; CREATE INDEX later_id ON later (id)",
        "ALTER TABLE session ADD COLUMN later INTEGER; UPDATE record SET packing = packing",
    )

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, "session-a", *(f"migrated{n:03d} was said" for n in range(60)))
        self.before = rows_of(at)

    def run(self, at: Place, say: Say) -> None:
        numbers = range(ARCHIVE_VERSION + 1, ARCHIVE_VERSION + 3)
        here = migrate.migrations()[:ARCHIVE_VERSION]
        more = [
            Migration(n, f"{n:04}_add_later.sql", f"{sql};\nPRAGMA user_version = {n};\n")
            for n, sql in zip(numbers, self.MORE, strict=True)
        ]
        migrate.migrations = lambda: [*here, *more]  # of this child alone
        connection.ARCHIVE_VERSION = numbers[-1]
        with lock.take(at.home, now_ns=NOW_NS):
            con = open_writer(at.home.archive)
            try:
                migrate.migrate(con, now_ns=NOW_NS)
            finally:
                con.close()

    def more(self, at: Place, con: Any, found: list[Row], verdict: Verdict, *, done: bool) -> None:
        (version,) = con.execute("PRAGMA user_version").fetchone()
        if done and version != ARCHIVE_VERSION + 2:
            verdict.corrupt.append(f"its schema is {version}")
        if version > ARCHIVE_VERSION and not copies(at.home.archive):
            verdict.lost.append("migrated without a copy")
        for path in copies(at.home.archive):
            other = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
            held = [
                other.execute(f"PRAGMA {word}").fetchone()[0] for word in ("integrity_check", "user_version")
            ]
            if held != ["ok", ARCHIVE_VERSION]:
                verdict.corrupt.append(f"the copy made before: {held}")
            other.close()


class Rebuild(Operation):
    """The archive from the tree, with a session that is not in the tree yet."""

    name = "rebuild"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        for n in range(3):
            archived(at, f"session-{n}", *(f"rebuilt{n}word{m:03d} was said" for m in range(20)))
        late = [f"late{m:03d} is not in the tree" for m in range(20)]
        archived(at, "session-late", *late, tree=False)
        self.before = rows_of(at)

    def run(self, at: Place, say: Say) -> None:
        with lock.take(at.home, now_ns=NOW_NS):
            for _ in rebuilding.rebuild(at.home, now_ns=NOW_NS, settings=at.settings):
                pass


class Export(Operation):
    """An SQLite file and JSON lines of everything."""

    name = "export"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, "session-a", *(f"exported{n:03d} was said" for n in range(60)))
        self.before = rows_of(at)

    def run(self, at: Place, say: Say) -> None:
        con = open_reader(at.home.archive)
        try:
            part = slices.cut(con, Selection(), (), "", now_ns=NOW_NS)
            with place.made(str(at.out / "all.db"), force=True) as path:
                sqlite.write(con, part, path, now_ns=NOW_NS, on_rows=lambda n: None)
            with place.opened(str(at.out / "all.jsonl"), force=True) as file:
                for chunk in jsonl.chunks(con, part, damaged=[], on_rows=lambda n: None):
                    file.write(chunk)
        finally:
            con.close()

    def more(self, at: Place, con: Any, found: list[Row], verdict: Verdict, *, done: bool) -> None:
        db, lines = at.out / "all.db", at.out / "all.jsonl"
        if db.exists():
            other = sqlite3.connect(f"file:{db}?mode=ro&immutable=1", uri=True)
            if other.execute("SELECT count(*) FROM record").fetchone()[0] != len(self.before):
                verdict.corrupt.append("half an SQLite file has the export's name")
            other.close()
        if lines.exists() and len(lines.read_bytes().splitlines()) < len(self.before):
            verdict.corrupt.append("half a JSONL file has the export's name")
        if done and not (db.exists() and lines.exists()):
            verdict.lost.append("an export is not there")


class Backup(Operation):
    """A backup into a new folder, which has its name when it is whole."""

    name = "backup"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, "session-a", *(f"backed{n:03d} was said" for n in range(60)))
        self.before = rows_of(at)

    def run(self, at: Place, say: Say) -> None:
        if not (at.out / "backup").exists():
            backup.backup(at.home, str(at.out / "backup"), made="2026-03-05T14:30:00Z")

    def more(self, at: Place, con: Any, found: list[Row], verdict: Verdict, *, done: bool) -> None:
        folder = at.out / "backup"
        if folder.exists():
            listed, faults = restoring.survey(str(folder))
            verdict.corrupt.extend(f"{fault.where}: {fault.what}" for fault in faults)
            if listed.anchor.records != len(self.before):
                verdict.lost.append(f"the backup says {listed.anchor.records} records")
        elif done:
            verdict.lost.append("there is no backup")


class Restore(Operation):
    """A backup put in place of an archive that went on, and forgot what the backup still holds."""

    name = "restore"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, "session-a", *(f"restored{n:03d} was said" for n in range(30)))
        archived(at, FORGOTTEN, *(f"goneword{n:03d} was said" for n in range(10)))
        backup.backup(at.home, str(at.static / "backup"), made="2026-03-05T14:30:00Z")
        archived(at, "session-b", *(f"since{n:03d} was said" for n in range(30)))
        forget(at)
        self.before = rows_of(at)

    def run(self, at: Place, say: Say) -> None:
        with lock.take(at.home, now_ns=NOW_NS):
            restoring.restore(at.home, str(at.static / "backup"), now_ns=NOW_NS, settings=at.settings)

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        """Either archive, whole: what is begun is finished by whoever opens it."""
        Archive.open(at.home, now_ns=NOW_NS).close()
        old = self.before
        if done or rows_of(at) == self.wanted:
            self.before = {}
        try:
            return super().verdict(at, said, done=done)
        finally:
            self.before = old


class Forget(Operation):
    """A session forgotten, of which afterwards no file holds a byte."""

    name = "forget"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, "session-a", *(f"kept{n:03d} was said" for n in range(30)))
        archived(at, FORGOTTEN, *(f"goneword{n:03d} was said" for n in range(30)))
        con = soundness.connect(at.home)
        sql = "SELECT body FROM record WHERE session_id = (SELECT id FROM session WHERE session = ?)"
        self.bytes = [bytes(body) for (body,) in con.execute(sql, (FORGOTTEN,))]
        con.close()
        self.bytes += [f"goneword{n:03d}".encode() for n in range(30)]
        assert len(self.bytes) == 60 and self.held(at) == 60
        self.before = rows_of(at)

    def held(self, at: Place) -> int:
        """How many of the bytes that must go some file of the home holds."""
        files = [path.read_bytes() for path in at.now.rglob("*") if path.is_file()]
        return sum(any(piece in raw for raw in files) for piece in self.bytes)

    def run(self, at: Place, say: Say) -> None:
        forget(at)

    def more(self, at: Place, con: Any, found: list[Row], verdict: Verdict, *, done: bool) -> None:
        if done and (held := self.held(at)):
            verdict.corrupt.append(f"{held} pieces of what was forgotten are still there")


class Compact(Operation):
    """An archive of which much is free pages, made small."""

    name = "compact"

    def prepare(self, at: Place) -> None:
        load_key(at.home)
        archived(at, "session-a", *(f"kept{n:03d} was said" for n in range(30)))
        archived(at, FORGOTTEN, *(f"goneword{n:03d} was said " + "at length " * 2_000 for n in range(30)))
        forget(at)
        self.before = rows_of(at)
        self.size = os.stat(at.home.archive).st_size

    def run(self, at: Place, say: Say) -> None:
        with (
            lock.take(at.home, now_ns=NOW_NS),
            Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
        ):
            for _ in compact_job(archive, at.settings, {}):
                pass

    def more(self, at: Place, con: Any, found: list[Row], verdict: Verdict, *, done: bool) -> None:
        if done and os.stat(at.home.archive).st_size >= self.size:
            verdict.corrupt.append("it is as large as it was")
        if done and os.path.exists(f"{at.home.archive}.compact.tmp"):
            verdict.corrupt.append("a copy was left behind")


def forget(at: Place) -> None:
    """memlog admin forget --session … --apply."""
    with (
        lock.take(at.home, now_ns=NOW_NS),
        Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive,
    ):
        for _ in forget_job(archive, at.settings, {"sessions": [[AGENT, FORGOTTEN]]}):
            pass
