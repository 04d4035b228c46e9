"""Archives of every schema that was ever released, made by the code of then, are whole once migrated."""

import gzip
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS
from memlog.archive import anchor, before
from memlog.archive.connection import Connection, open_reader
from memlog.archive.migrate import migrations
from memlog.archive.prepare import query_terms
from memlog.archive.store import Archive
from memlog.archive.verify import CHECKS, Check, Look, verify
from memlog.contracts import ARCHIVE_VERSION
from memlog.paths import Home

ROWS_SQL = "SELECT id, session_id, source_id, kind, hex(body) AS body, link FROM record ORDER BY id"
DATA = Path(__file__).parents[1] / "data/archives"
FILES = sorted(DATA.glob("schema-*.db.gz"))


def test_there_is_one_of_every_schema() -> None:
    found = [int(re.findall(r"\d+", path.name)[0]) for path in FILES]
    assert found == [m.number for m in migrations()] == list(range(1, ARCHIVE_VERSION + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[:8])
def test_an_old_archive_is_migrated_whole_and_keeps_its_heads(path: Path, home: Home) -> None:
    Path(home.root).mkdir()
    Path(home.key).write_bytes(bytes(32))
    with gzip.open(path) as packed, open(home.archive, "wb") as file:
        shutil.copyfileobj(packed, file)
    then = open_reader(home.archive, older=True)
    held = anchor.take(then, made="then")
    rows = archives.rows(then, ROWS_SQL)
    assert list(verify(Look(then, home), without_tree())) == [], "it is sound as it is"
    then.close()
    assert held.schema == int(path.name[7])
    with Archive.open(home, now_ns=NOW_NS):
        pass
    now = open_reader(home.archive)
    found = list(verify(Look(now, home, anchor=held)))
    assert found == []
    assert now.execute("PRAGMA user_version").fetchone() == (ARCHIVE_VERSION,)
    assert rows == archives.rows(now, ROWS_SQL)
    hits = [row["source_id"] for row in search(now, "漢字 größe")]
    assert len(hits) > 5, "texts are found as they were"
    assert now.execute("SELECT count(*) FROM event_fts WHERE event_fts MATCH 'hook'").fetchone() == (2,)
    assert now.execute("SELECT sum(turns) > 0 FROM session").fetchone() == (1,)
    now.close()
    kept = before.copies(home.archive)
    assert len(kept) == (held.schema < ARCHIVE_VERSION), "the way back to the version that wrote it"


def search(con: Connection, words: str) -> list[dict[str, Any]]:
    match = " AND ".join(query_terms(words.split()))
    found = (
        "SELECT r.source_id FROM record_fts f JOIN record r ON r.id = f.rowid WHERE record_fts MATCH :match"
    )
    return archives.rows(con, found, {"match": match})


def without_tree() -> tuple[Check, ...]:
    return tuple(check for check in CHECKS if check.name not in ("snapshots", "tree"))
