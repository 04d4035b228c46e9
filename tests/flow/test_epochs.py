"""The same evidence gives the same epochs, in whatever order and pieces it comes."""

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from archives import DAY, MINUTE, NOW_NS, SECOND, event, frames, record, rows
from memlog.archive import epochs
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Event, Record

T = NOW_NS - 30 * DAY


def line(n: int, boundary: str | None = "", **fields: Any) -> Record:
    return record(f"line {n}", n=n, ts_ns=T + n * MINUTE, boundary=boundary, **fields)


def compaction(n: int, name: str, **facts: Any) -> Record:
    """A boundary line as Claude Code's reader makes it: it belongs to the epoch it begins."""
    fields = {"kind": "compaction", "source_id": name, "rest": {"line": {"compactMetadata": facts}}}
    return line(n, name, **fields)


def at(n: float) -> int:
    return T + int(n * MINUTE)


def story() -> list[Record | Event]:
    """Two compactions with lines around them, a subagent's lines, one compaction only an event tells of."""
    return [
        line(0), line(1), line(10),
        compaction(30, "b1", trigger="auto", preTokens=100, postTokens=7), line(31, "b1"), line(40, "b1"),
        compaction(60, "b2", trigger="manual", preTokens=90), line(61, "b2"),
        line(5, None, source_id="sub-5"), line(35, None, source_id="sub-35"), line(65, None, source_id="sub-65"),
        line(120, None, source_id="sub-120"),
        event("PostCompact", ts_ns=at(29)), event("SessionStart", ts_ns=at(31), source="compact"),
        event("SessionStart", ts_ns=at(0), source="startup"), event("PostCompact", ts_ns=at(100)),
        event("SessionStart", ts_ns=at(101), source="compact"), event("SessionEnd", ts_ns=at(130)),
    ]  # fmt: skip


def seen(archive: Archive, session: str = "session-a") -> dict[str, Any]:
    def ask(sql: str) -> list[dict[str, Any]]:
        return rows(archive.con, sql, {"session": session})

    found = ask("SELECT * FROM v_epoch WHERE session = :session ORDER BY epoch")
    lines = ask("SELECT source_id, epoch FROM v_record WHERE session = :session ORDER BY source_id")
    counted = ask("SELECT epoch, count(*) AS n FROM v_record WHERE session = :session GROUP BY 1 ORDER BY 1")
    assert {r["epoch"]: r["n"] for r in counted} == {e["epoch"]: e["records"] for e in found if e["records"]}
    assert [e["epoch"] for e in found] == list(range(len(found)))
    return {"epochs": found, "lines": {r["source_id"]: r["epoch"] for r in lines}}


def tell(archive: Archive, *batches: list[Record | Event], session: str = "session-a") -> dict[str, Any]:
    for batch in batches:
        told = [item._replace(session=session) for item in batch]
        archive.ingest(list(frames(told)), ring=None, source="t", now_ns=NOW_NS)
    return seen(archive, session)


def pieces(choose: random.Random, items: list[Record | Event]) -> list[list[Record | Event]]:
    cuts = sorted({0, len(items), *(choose.randrange(len(items)) for _ in range(choose.randint(0, 8)))})
    return [items[a:b] for a, b in itertools.pairwise(cuts)]


def test_a_session_has_the_epochs_its_boundaries_make(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        found = tell(archive, story())
    columns = (
        "epoch",
        "boundary",
        "opened_ns",
        "closed_ns",
        "trigger",
        "tokens_before",
        "tokens_after",
        "records",
    )
    provisional = f"~event.{at(100)}"
    assert [tuple(e[c] for c in columns) for e in found["epochs"]] == [
        (0, "", at(0), at(30), "auto", 100, 7, 4),
        (1, "b1", at(30), at(60), "manual", 90, None, 4),
        (2, "b2", at(60), at(100), None, None, None, 3),
        (3, provisional, at(100), at(130), None, None, None, 1),
    ]
    assert [found["lines"][f"sub-{n}"] for n in (5, 35, 65, 120)] == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the story makes when it is told as it went."""
    with Archive.open(Home(str(tmp_path_factory.mktemp("told") / "home")), now_ns=1) as archive:
        return tell(archive, story())


@pytest.mark.parametrize("seed", range(60))
def test_any_order_and_any_batches_give_the_same_epochs(
    home: Home, expected: dict[str, Any], seed: int
) -> None:
    choose = random.Random(seed)
    shuffled = story()
    choose.shuffle(shuffled)
    with Archive.open(home, now_ns=1) as archive:
        assert tell(archive, *pieces(choose, shuffled)) == expected


def test_every_order_of_one_compactions_evidence_ends_the_epoch_once(home: Home) -> None:
    told = [
        line(0), compaction(30, "b", trigger="auto"), line(31, "b"), event("PostCompact", ts_ns=at(30.1)),
        event("SessionStart", ts_ns=at(30.2), source="compact"),
    ]  # fmt: skip
    results = []
    with Archive.open(home, now_ns=1) as archive:
        for number, order in enumerate(itertools.permutations(told)):
            session = f"session-{number}"
            result = tell(archive, *([one] for one in order), session=session)
            for epoch in result["epochs"]:
                assert epoch.pop("session") == session
            results.append(result)
    assert len(results) == 120 and all(r == results[0] for r in results)
    assert [e["boundary"] for e in results[0]["epochs"]] == ["", "b"]


def test_counting_boundaries_as_they_come_would_number_them_wrongly(tmp_path: Path) -> None:
    """The known-bad twin: ranks by arrival differ from ranks by place as soon as evidence is late."""
    late = [compaction(60, "b2"), compaction(30, "b1")]
    by_arrival = [r.source_id for r in late]
    with Archive.open(Home(str(tmp_path / "h")), now_ns=1) as archive:
        found = tell(archive, *([r] for r in late))
    assert [e["boundary"] for e in found["epochs"]][1:] == ["b1", "b2"] != by_arrival


def test_a_late_import_that_finds_an_earlier_boundary_renumbers_and_marks_what_moved(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        tell(archive, [line(50), compaction(60, "b2"), line(61, "b2")])
        archive.con.execute("UPDATE epoch SET dirty = 0")
        found = tell(
            archive, [line(0), compaction(30, "b1"), line(50, "b1"), compaction(60, "b2"), line(61, "b2")]
        )
        dirty = archive.con.execute("SELECT boundary FROM epoch WHERE dirty = 1 ORDER BY number").fetchall()
    assert [e["boundary"] for e in found["epochs"]] == ["", "b1", "b2"]
    assert found["lines"] == {"session-a-0": 0, "b1": 1, "session-a-50": 1, "b2": 2, "session-a-61": 2}
    assert dirty == [("",), ("b1",), ("b2",)]


def test_a_provisional_epoch_is_adopted_by_the_boundary_line(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        told = tell(archive, [line(0), event("PostCompact", ts_ns=at(30)), line(31, None)])
        assert [e["boundary"] for e in told["epochs"]] == ["", f"~event.{at(30)}"]
        assert told["lines"]["session-a-31"] == 1
        held = archive.con.execute("SELECT id FROM epoch WHERE number = 1").fetchone()
        found = tell(archive, [compaction(29, "b")])
        assert archive.con.execute("SELECT id FROM epoch WHERE number = 1").fetchone() == held
    assert [e["boundary"] for e in found["epochs"]] == ["", "b"]
    assert found["lines"]["session-a-31"] == 1


def test_precompact_snapshots_the_running_epoch_and_does_not_end_it(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        tell(archive, [line(0)])
        archive.con.execute("UPDATE epoch SET dirty = 0")
        found = tell(archive, [event("PreCompact", ts_ns=at(1), trigger="auto")])
        assert archive.con.execute("SELECT dirty FROM epoch").fetchall() == [(1,)]
    assert [e["closed_ns"] for e in found["epochs"]] == [None]


def test_a_session_that_ended_is_closed_until_it_goes_on(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        closed = tell(archive, [event("SessionEnd", ts_ns=at(5))], [line(0), line(5)])
        assert closed["epochs"][0]["closed_ns"] == at(5)
        assert tell(archive, [line(3)])["epochs"][0]["closed_ns"] == at(5)
        assert tell(archive, [line(6)])["epochs"][0]["closed_ns"] is None
        assert tell(archive, [event("SessionEnd", ts_ns=at(9))])["epochs"][0]["closed_ns"] == at(9)


def test_a_long_silence_closes_the_last_epoch_and_a_later_record_reopens_it(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        tell(archive, [line(0), compaction(1, "b"), line(2, "b")])
        silence = archive.settings.epoch_silence_s * SECOND
        assert archive.close_silent(now_ns=at(2) + silence) == 0
        assert archive.close_silent(now_ns=at(2) + silence + 1) == 1
        assert archive.close_silent(now_ns=at(2) + silence + 1) == 0
        assert [e["closed_ns"] for e in seen(archive)["epochs"]] == [at(1), at(2)]
        assert tell(archive, [line(3, "b")])["epochs"][1]["closed_ns"] is None


def test_a_subagents_own_compaction_ends_no_epoch_of_the_session(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        found = tell(archive, [line(0), line(9), compaction(5, "sub")._replace(boundary=None)])
    assert len(found["epochs"]) == 1


def test_events_of_a_session_without_records_open_nothing_until_a_record_comes(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        assert tell(archive, [event("PostCompact", ts_ns=at(30))])["epochs"] == []
        found = tell(archive, [line(0), line(40, None)])
    assert [e["records"] for e in found["epochs"]] == [1, 1]


def test_cause_of_takes_nothing_odd() -> None:
    odd: list[object] = [None, b"x", {}, {"line": 5}, {"line": {"compactMetadata": []}}]
    assert all(epochs.cause_of(rest) == (None, None, None) for rest in odd)
    facts = {"trigger": "auto", "preTokens": 1 << 64, "postTokens": 3}
    assert epochs.cause_of({"line": {"compactMetadata": facts}}) == ("auto", None, 3)
