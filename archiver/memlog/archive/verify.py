"""Is the archive what was archived: one check after another, each on one moment of it.

What a check meets that it cannot read is its result, and the others still run.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from memlog.archive import (
    chain,
    count_check,
    cursor_check,
    index_check,
    schema_check,
    snapshot_check,
    tombstone_check,
    tree_check,
)
from memlog.archive.anchor import Anchor, name_of
from memlog.archive.connection import Connection, Error
from memlog.archive.cursor_check import Rings
from memlog.errors import MemlogError, UnavailableError
from memlog.paths import Home

PAGES_SQL = "PRAGMA integrity_check"
QUICK_PAGES_SQL = "PRAGMA quick_check"
SESSIONS_SQL = "SELECT id, agent, session, links FROM session ORDER BY id"
LINKS_SQL = """
SELECT s.session, s.links, (SELECT count(*) FROM record r WHERE r.session_id = s.id) + (
  SELECT count(t.link) FROM tombstone t WHERE t.agent = s.agent AND t.session = s.session)
FROM session s
"""
ANCHORED_SQL = "SELECT head FROM archive_link WHERE n = :n"
MADE_ANEW_SQL = "SELECT max(n) FROM archive_link WHERE type IN ('rebuild', 'recover')"
ARCHIVE_SQL = "SELECT archive_id, links FROM archive"
MADE_SQL = """
SELECT a.created_ns, l.body ->> '$.created_ns' FROM archive a JOIN archive_link l ON l.type = 'archive'
WHERE a.created_ns IS NOT l.body ->> '$.created_ns'
"""
# A tombstone may say other things of a row than that it was forgotten: its name tells. A restore may bring
# the mirror's beside the one that keeps the chain.
COUNTS_SQL = """
WITH stone AS (SELECT DISTINCT agent, session, source_id AS name, block, part FROM tombstone)
SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM session),
  (SELECT count(*) FROM stone WHERE block IS NOT NULL AND name NOT LIKE '%~redacted.%'
    AND name NOT LIKE '%~link.%' AND name NOT LIKE '~until.%'),
  (SELECT count(*) FROM stone WHERE name IS NULL),
  (SELECT count(*) FROM stone WHERE name LIKE '%~redacted.%'),
  (SELECT count(*) FROM stone WHERE name LIKE '%~link.%'),
  (SELECT count(*) FROM gap WHERE healed_ns IS NULL)
"""

ARCHIVE = "archive.db"
# No chain covers them, and nothing else holds them twice.
_UNCHAINED = (
    "titles, projects and tokens of sessions, which losses healed, how far transcripts were read, damaged"
    " bytes, and kind, boot and path of rings",
    "what somebody changed together with the tree, or where its files are trimmed: events, which epoch"
    " records are in, and whether a kernel stamped them",
)
# Where rows have gone, or were put together again, some numbers may be higher than what is left gives.
_ABOVE = "day counters and ends of sessions that were moved on, as not all rows they came from are there"
_TICK = 200_000  # steps of SQLite between two looks at the clock
_LOCKED = ("database is locked", "database table is locked", "unable to open", "interrupted")
# What damaged bytes make Python say, besides our own errors and SQLite's.
_ODD = (MemlogError, Error, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)

Told = Callable[[int, int, str], object]
Problems = Iterator[tuple[str, str]]


class Problem(NamedTuple):
    """What is not as it was archived. check: who found it."""

    check: str
    where: str
    what: str


@dataclass(slots=True)
class Look:
    """What is verified, and against what. rings: those that are there; told: done, total, what it is at."""

    con: Connection
    home: Home
    quick: bool = False
    anchor: Anchor | None = None
    rings: Callable[[], Rings] = dict
    told: Told = lambda done, total, note: None
    made_anew: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        """Say what it is at, where nobody knows how far that is."""
        self.told(0, 0, words)


class Check(NamedTuple):
    """One check. proves: what holds when it finds nothing; quick: run with --quick too."""

    name: str
    proves: str
    quick: bool
    run: Callable[[Look], Problems]


def verify(look: Look, checks: "tuple[Check, ...] | None" = None) -> Iterator[Problem]:
    """Every problem of every check.

    Raises: UnavailableError where the archive is locked or cannot be read for a reason that may pass.
    """
    for check in CHECKS if checks is None else checks:
        if look.quick and not check.quick:
            continue
        try:
            look.con.execute("BEGIN")  # a witness may write meanwhile: each check sees one moment
            for where, what in check.run(look):
                yield Problem(check.name, where, what)
        except UnavailableError:
            raise
        except _ODD as exc:
            words = str(exc) or type(exc).__name__
            if any(word in words for word in _LOCKED):
                raise UnavailableError(f"it could not be checked ({check.name}): {words}") from exc
            yield Problem(check.name, ARCHIVE, words)
        finally:
            look.con.set_progress_handler(None, 0)
            if look.con.in_transaction:
                look.con.execute("ROLLBACK")


def counts(con: Connection) -> dict[str, int]:
    """What was looked at; {} where that is damaged.

    records, sessions: rows; forgotten: rows and events; forgotten_sessions: whole ones; redacted: rows, in
    place; let_go: rows that retention took; gaps: those that are not healed.
    """
    names = ("records", "sessions", "forgotten", "forgotten_sessions", "redacted", "let_go", "gaps")
    try:
        return dict(zip(names, con.execute(COUNTS_SQL).fetchone(), strict=True))
    except Error:
        return {}


def unproved(look: Look) -> list[str]:
    """What no problem found does not mean."""
    words = [] if look.anchor else ["that nothing was cut from the end of a session (--anchor)"]
    if look.anchor is None:
        words.append("that it was not written anew as a whole (--anchor)")
    else:
        words.append(f"anything archived after the anchor of {look.anchor.made}")
    words += look.made_anew
    if index_check.is_behind(look.con):
        words.append("words of the search index: texts were prepared by an older memlog")
    if look.quick:
        words.append("that bodies, chains, words and snapshots are as they were (without --quick)")
    if count_check.is_reduced(look.con):
        words.append(_ABOVE)
    return [*words, *_UNCHAINED, "that what agents wrote was true, and what no ring ever held"]


def _pages(look: Look) -> Problems:
    look.con.set_progress_handler(lambda: look.note("checking every page"), _TICK)
    for (what,) in look.con.execute(QUICK_PAGES_SQL if look.quick else PAGES_SQL):
        # some of its answers hold a fault a line, under the database's name
        for fault in what.splitlines() if what != "ok" else ():
            if not fault.startswith("***"):
                yield ARCHIVE, fault


def _schema(look: Look) -> Problems:
    yield from schema_check.check(look.con)


def _archive_chain(look: Look) -> Problems:
    for found in chain.verify_archive_chain(look.con):
        yield f"chain of the archive, link {found.link}", found.what
    for said, noted in look.con.execute(MADE_SQL):
        yield ARCHIVE, f"it says it was made at {said}, and its chain says {noted}"


def _chains(look: Look) -> Problems:
    for found, anchored in _walk(look):
        if not anchored:
            yield f"{found.chain}, link {found.link}", found.what


def _anchor(look: Look) -> Problems:
    anchor = look.anchor
    if anchor is None:
        return
    archive_id, links = look.con.execute(ARCHIVE_SQL).fetchone()
    if archive_id != anchor.archive_id:
        yield ARCHIVE, f"it is archive {archive_id.hex()}, the anchor is of {anchor.archive_id.hex()}"
        return
    (anew,) = look.con.execute(MADE_ANEW_SQL).fetchone()
    row = look.con.execute(ANCHORED_SQL, {"n": anchor.links}).fetchone()
    if row is None or row[0] != anchor.head:
        if anew is None:
            why = "it was cut" if links < anchor.links else "something up to it was rewritten"
            yield f"chain of the archive, link {anchor.links}", f"its head is not the anchored one: {why}"
        else:
            look.made_anew.append("gaps noted before the archive was rebuilt: its own chain began anew")
    wanted = dict(anchor.sessions)
    for found, anchored in _walk(look, wanted):
        if anchored:
            yield f"{found.chain}, link {found.link}", found.what
    for name, (count, _) in wanted.items():
        yield f"session {name}", f"it was anchored with {count} links, and is gone"


def _walk(
    look: Look, wanted: dict[str, tuple[int, bytes]] | None = None
) -> Iterator[tuple[chain.Problem, bool]]:
    """What is wrong with each session's chain, and whether only the anchor says so.

    wanted: heads by name; those that were met are taken out.
    """
    (archive_id, _) = look.con.execute(ARCHIVE_SQL).fetchone()
    sessions = look.con.execute(SESSIONS_SQL).fetchall()
    done, total = 0, sum(links for *_, links in sessions)
    for id_, agent, name, links in sessions:
        anchored = wanted.pop(name_of(archive_id, agent, name), None) if wanted is not None else None
        if wanted is None or anchored is not None:
            try:
                for found in chain.verify_session(look.con, id_, anchored):
                    yield found, found.what == chain.REWRITTEN or found.what.startswith(chain.CUT)
            except _ODD as exc:
                if wanted is None:
                    yield chain.Problem(name, 0, str(exc) or type(exc).__name__), False
        done += links
        look.told(done, total, "hash chains" if wanted is None else "anchored heads")


def _links(look: Look) -> Problems:
    for name, links, found in look.con.execute(LINKS_SQL):
        if links != found:
            yield f"session {name}", f"{links} links were written, {found} are there"


def _index(look: Look) -> Problems:
    for what in index_check.check(look.con, quick=look.quick, told=look.note):
        yield "search index", what


def _event_index(look: Look) -> Problems:
    if look.con.execute("PRAGMA user_version").fetchone()[0] < 2:
        return  # there was none
    index = index_check.EVENTS
    for what in index_check.check(look.con, quick=look.quick, index=index, told=look.note):
        yield "search index of events", what


def _counts(look: Look) -> Problems:
    look.note("counting rows")
    yield from count_check.check(look.con)


def _losses(look: Look) -> Problems:
    yield from count_check.losses(look.con)


def _cursors(look: Look) -> Problems:
    yield from cursor_check.check(look.con, look.rings)


def _tombstones(look: Look) -> Problems:
    yield from tombstone_check.check(look.con, look.home.tombstones)


def _snapshots(look: Look) -> Problems:
    for number, fault in enumerate(tree_check.check(look.con, look.home.root), 1):
        look.note(f"{number:,} snapshots compared")
        if fault is not None and _stays(look, fault):
            yield fault.path, fault.what


def _stays(look: Look, fault: tree_check.Fault) -> bool:
    """A fault a running witness does not explain: it renames a file just before it commits its digest."""
    for pause_s in (0.0, 0.1, 0.4):
        time.sleep(pause_s)
        look.con.execute("ROLLBACK")
        look.con.execute("BEGIN")
        if not tree_check.still(look.con, look.home.root, fault):
            return False
    return True


def _tree(look: Look) -> Problems:
    yield from snapshot_check.check(look.con, look.home.root, look.note)


CHECKS = (
    Check("pages", "every page and index of the file is whole", True, _pages),
    Check("schema", "tables, indexes and views are those the migrations make", True, _schema),
    Check("archive chain", "gaps, migrations and rebuilds are noted as they were", True, _archive_chain),
    Check("links", "each session has as many links as were written", True, _links),
    Check("chains", "no record was changed, moved, or taken from between others", False, _chains),
    Check("anchor", "nothing up to the anchor was changed or cut", True, _anchor),
    Check("counts", "sessions, epochs and days count what their rows are", True, _counts),
    Check("losses", "every gap that was noted is there", True, _losses),
    Check("cursors", "nothing is taken for read that was not", True, _cursors),
    Check("tombstones", "what was forgotten is gone", True, _tombstones),
    Check("index", "every word of every record is found where it stands", True, _index),
    Check("event index", "the same for what only a hook delivered", True, _event_index),
    Check("snapshots", "every file of the tree is what was written", False, _snapshots),
    Check("tree", "the tree holds the records of the archive", False, _tree),
)


def as_json(problems: list[Problem], look: Look, seen: Mapping[str, int]) -> dict[str, Any]:
    """The result of a verify as one object."""
    ran = [check.name for check in CHECKS if check.quick or not look.quick]
    if look.anchor is None:
        ran.remove("anchor")
    return {
        "ok": not problems, "problems": [problem._asdict() for problem in problems], "checks": ran,
        **seen, "not_proved": unproved(look),
    }  # fmt: skip
