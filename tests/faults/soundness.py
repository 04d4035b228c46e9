"""What must hold of a home after any fault: asked with SQL of our own as well as with memlog's checks."""

import json
from collections import Counter
from typing import Any, NamedTuple

from memlog.archive import chain, index_check, tree_check
from memlog.archive.connection import Connection, register_functions, sqlite3
from memlog.paths import Home

ROWS_SQL = """
SELECT session, source_id, block, part, text, ring_id, seq, kind FROM v_record ORDER BY session, source_id, block, part
"""
# Counts the archive keeps, against the rows they are of; each answers 0.
COUNTS = (
    "SELECT count(*) FROM session s WHERE records != (SELECT count(*) FROM record WHERE session_id = s.id AND part = 0)",
    "SELECT count(*) FROM epoch e WHERE records != (SELECT count(*) FROM record WHERE epoch_id = e.id AND part = 0)",
    "SELECT count(*) FROM session s WHERE links < (SELECT count(*) FROM record WHERE session_id = s.id)",
    "SELECT count(*) FROM record WHERE id NOT IN (SELECT id FROM record_fts_docsize)",
    "SELECT count(*) FROM record_fts_docsize WHERE id NOT IN (SELECT id FROM record)",
    "SELECT count(*) FROM ring g WHERE cursor < (SELECT coalesce(max(seq), 0) FROM record WHERE ring = g.id)",
    "SELECT count(*) FROM record r JOIN gap g ON g.ring = r.ring AND r.seq > g.after_seq AND r.seq < g.before_seq",
)


class Verdict(NamedTuple):
    """A sentence for each promise that is broken, by what was promised."""

    lost: list[str]
    duplicated: list[str]
    corrupt: list[str]

    @classmethod
    def none(cls) -> "Verdict":
        return cls([], [], [])

    def __bool__(self) -> bool:
        return bool(self.lost or self.duplicated or self.corrupt)


class Row(NamedTuple):
    """A record as v_record has it."""

    session: str
    source_id: str
    block: int
    part: int
    text: str
    ring_id: str | None
    seq: int | None
    kind: str

    @property
    def name(self) -> str:
        return json.dumps([self.session, self.source_id, self.block, self.part])


def connect(home: Home) -> Connection:
    """A connection of our own: none of memlog's pragmas, checks or translations."""
    con = sqlite3.connect(home.archive, isolation_level=None)
    register_functions(con)
    return con


def rows(con: Connection) -> list[Row]:
    return [Row(*row) for row in con.execute(ROWS_SQL)]


def names(con: Connection) -> list[str]:
    """What is archived now, for a child to say after its COMMIT."""
    return [row.name for row in rows(con)]


def unsound(con: Connection, *, counted: bool = True) -> list[str]:
    """Pages, index, chains and counts that do not fit together.

    counted: False while a forget that was cut short is still to make counts again.
    """
    found = [f"integrity_check: {what}" for (what,) in con.execute("PRAGMA integrity_check") if what != "ok"]
    found += [f"foreign key: {row}" for row in con.execute("PRAGMA foreign_key_check")]
    con.execute("BEGIN")
    try:
        con.execute("INSERT INTO record_fts (record_fts) VALUES ('integrity-check')")
    except sqlite3.Error as exc:
        found.append(f"full-text index: {exc}")
    con.execute("ROLLBACK")
    found += [f"{n} for {sql}" for sql in COUNTS[0 if counted else 2 :] for (n,) in con.execute(sql) if n]
    found += [f"chain {p.chain}, link {p.link}: {p.what}" for p in chain.verify_all(con)]
    found += [f"index: {what}" for what in index_check.check(con)]
    return found


def tree_faults(con: Connection, root: str) -> list[str]:
    """Snapshots that are not what the archive wrote, and epochs no snapshot holds."""
    found = [f"{f.path}: {f.what}" for f in tree_check.check(con, root) if f is not None]
    (dirty,) = con.execute("SELECT count(*) FROM epoch WHERE dirty = 1").fetchone()
    return found + ([f"{dirty} epochs are not in the tree"] if dirty else [])


def compare(
    found: list[Row], wanted: dict[str, str], promised: set[str], gone: set[str], never: set[str]
) -> Verdict:
    """Rows against what may be there (name → text) and what was promised to be.

    gone: sessions of which nothing may be there; never: sessions of which nothing has to be.
    """
    verdict = Verdict.none()
    count = Counter(row.name for row in found)
    verdict.duplicated.extend(f"{name} is there {n} times" for name, n in count.items() if n > 1)
    for row in found:
        if row.session in gone:
            verdict.corrupt.append(f"{row.name} was forgotten and is there")
        elif row.name not in wanted:
            verdict.duplicated.append(f"{row.name} is there and nobody wrote it")
        elif row.text != wanted[row.name]:
            verdict.corrupt.append(f"{row.name} says {row.text!r:.60}")
    due = (name for name in promised if json.loads(name)[0] not in never)
    verdict.lost.extend(f"{name} was archived" for name in due if name not in count)
    return verdict


def by_name(found: list[Row]) -> dict[str, str]:
    return {row.name: row.text for row in found}


def merged(verdicts: list[Any]) -> Verdict:
    """All of them as one; what JSON made of them too."""
    return Verdict(*(sum((list(v[n]) for v in verdicts), []) for n in range(3)))
