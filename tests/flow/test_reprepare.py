"""The index of an older memlog is brought up to date while it is searched and written."""

import gzip
import shutil
from pathlib import Path

from archives import NOW_NS, record
from memlog.archive import index_check, reprepare
from memlog.archive.connection import Connection, open_reader
from memlog.archive.prepare import TEXT_VERSION
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.query.search import find
from memlog.query.selection import Selection
from memlog.record import encode
from memlog.wire import Frame

OLD = Path(__file__).parents[1] / "data/archives/schema-3.db.gz"


def old_home(home: Home) -> Home:
    Path(home.root).mkdir()
    Path(home.key).write_bytes(bytes(32))
    with gzip.open(OLD) as packed, open(home.archive, "wb") as file:
        shutil.copyfileobj(packed, file)
    return home


def by_role(con: Connection) -> set[int]:
    return {hit.id for hit in find(con, "", Selection(role="user"), now_ns=NOW_NS, limit=999)} | {
        hit.id for hit in find(con, "migration", Selection(role="user"), now_ns=NOW_NS, limit=999, fold=False)
    }


def test_an_old_index_is_prepared_anew_in_batches_and_answers_meanwhile(home: Home) -> None:
    with Archive.open(old_home(home), now_ns=NOW_NS) as archive:
        con = open_reader(home.archive)
        before = by_role(con)
        assert before
        steps = 0
        while archive.reprepare():
            steps += 1
            if steps == 1:
                blobs = encode(record("parseRecords came late 🤖", n=1, ts_ns=NOW_NS - 400 * 86_400 * 10**9))
                archive.ingest([Frame(None, b) for b in blobs], ring=None, source="", now_ns=NOW_NS)
                during = find(con, "records", now_ns=NOW_NS)
                assert any("up to date" in note for note in during.notes), "it is said"
                assert len(during) == 1, "what is archived now is found as it should be"
                assert before <= by_role(con)
            assert steps < 50
        assert steps >= 1 and not archive.reprepare()
        assert con.execute("SELECT text_version FROM archive").fetchone() == (TEXT_VERSION,)
        assert list(index_check.check(con)) == []
        assert before <= by_role(con)
        assert find(con, "records", now_ns=NOW_NS).notes == []
        assert len(find(con, "🤖", now_ns=NOW_NS)) == 1
        con.close()


def test_a_batch_that_is_left_out_is_noticed(home: Home) -> None:
    """The twin: an index that says it is up to date and is not."""
    with Archive.open(old_home(home), now_ns=NOW_NS) as archive:
        with archive.transaction() as con:
            con.execute(reprepare.DONE_SQL, {"version": TEXT_VERSION})
        assert list(index_check.check(archive.con)) != []
