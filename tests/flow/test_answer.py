"""What every face shows of a search: pages while records arrive, counts, sessions, what comes, what was meant."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from archives import DAY, MINUTE, NOW_NS, conversation, fill, reading, record
from memlog.errors import InputError, NotFoundError, QueryError
from memlog.paths import Home
from memlog.query import facets, grouped
from memlog.query.answer import answer
from memlog.query.follow import Follower
from memlog.query.selection import Selection

SYLLABLES = "al bir ce del fir ha hol la ma oak pi ro spru wil yew".split()  # noqa: SIM905


def spread(n: int, first: int = 0, **fields: Any) -> list[Any]:
    """Records over five days that all say `tide` and hardly anything else alike."""
    draw = random.Random(first)

    def said(i: int) -> str:
        others = ["".join(draw.choices(SYLLABLES, k=3)) for _ in range(4 + i % 9)]
        return " ".join([*others, "tide", *others[:1]])

    return [
        record(said(i), n=i, ts_ns=NOW_NS - 5 * DAY + i * 97 * MINUTE % (5 * DAY), **fields)
        for i in range(first, first + n)
    ]


@pytest.mark.parametrize("how", [{}, {"newest": True}, {"mode": "literal"}, {"mode": "regex"}])
def test_no_row_comes_twice_or_is_missed_while_records_arrive(home: Home, how: dict[str, Any]) -> None:
    fill(home, spread(60))
    before = {f"session-a-{i}" for i in range(60)}
    seen: list[str] = []
    told: set[str] = set()
    after, pages = None, 0
    while True:
        with reading(home) as con:
            hits = answer(con, "tide", now_ns=NOW_NS, limit=4, after=after, **how)
        seen += [hit.source_id for hit in hits]
        told.update(source for hit in hits for source in _all_of(hit, home))
        after, pages = hits.after, pages + 1
        if after is None:
            break
        if pages < 6:
            fill(home, spread(5, first=60 + pages * 5, session="session-b"))
    assert pages >= 5
    assert before <= told  # each as a row, or as one of those a row says it stands for
    assert max(Counter(seen).values()) == 1


def _all_of(hit: Any, home: Home) -> list[str]:
    """Source ids of a hit and of those folded into it."""
    with reading(home) as con:
        marks = ",".join("?" * len(hit.same))
        same = con.execute(f"SELECT source_id FROM record WHERE id IN ({marks})", hit.same).fetchall()  # noqa: S608
    return [hit.source_id, *(row[0] for row in same)]


def templates(n: int) -> list[Any]:
    """Records of four sessions that say few things, each often, in lines that differ a little or stand close."""
    draw = random.Random(n)
    lines = [
        "the shadow branch of {a} was pushed", "shadow branch {n}", "git log {n} on a branch in the shadow of {a}",
        "cannot delete branch {a}", "{a} {n} {a} shadow", "where is the shadow branch?", "git branch --{a} shadow{n}",
    ]  # fmt: skip
    return [
        [record(draw.choice(lines).format(a=draw.choice(SYLLABLES), n=draw.randrange(40)), n=i, session=f"session-{s}",
                ts_ns=NOW_NS - DAY + s * MINUTE + i * 1000, kind=draw.choice(["message", "tool_result", "meta"]))
         for i in range(n)]
        for s in range(4)
    ]  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"fold": False}])
def test_all_pages_together_are_one_page_without_a_limit(home: Home, how: dict[str, Any]) -> None:
    fill(
        home,
        *templates(40),
        [record("shadow " * 12_000 + "branch", n=900), record("a branch " * 9_000, n=901)],
    )
    short = 0
    with reading(home) as con:
        for words in ("shadow branch", '"shadow branch"', "branch -git", "where was the shadow of a branch?", "shadow nosuchword"):  # fmt: skip

            def covers(hits: Any) -> list[int]:
                return [one for hit in hits for one in (hit.id, *hit.same)]

            whole = covers(answer(con, words, now_ns=NOW_NS, limit=100_000, **how))
            shown: list[int] = []
            rows: list[int] = []
            after = None
            while True:
                page = answer(con, words, now_ns=NOW_NS, limit=9, after=after, **how)
                rows += [hit.id for hit in page]
                shown += covers(page)
                if page.after is None:
                    break
                after = page.after if len(rows) % 2 else ",".join(map(str, shown))
            assert max(Counter(shown).values()) == 1, words
            assert len(shown) == len(whole) and sources(con, shown) == sources(con, whole), words
            short += len(rows) < len(shown)
    assert short or not how.get("fold", True)  # there were folds, else nothing was tried


def sources(con: Any, ids: list[int]) -> set[tuple[str, int]]:
    """Records, whichever of their parts was named."""
    marks = ",".join("?" * len(ids))
    return set(con.execute(f"SELECT source_id, session_id FROM record WHERE id IN ({marks})", ids))  # noqa: S608


def test_a_place_that_is_none_is_refused_and_ids_of_rows_are_one(home: Home) -> None:
    fill(home, spread(9))
    with reading(home) as con:
        for wrong in ("nowhere", "1,x", "-3", ""):
            with pytest.raises(QueryError, match="not where a page ended"):
                answer(con, "tide", now_ns=NOW_NS, after=wrong)
        with pytest.raises(NotFoundError):
            answer(con, "tide", now_ns=NOW_NS, after="12345", newest=True)
        with pytest.raises(NotFoundError):
            answer(con, "tide", now_ns=NOW_NS, after="12345")
        first = answer(con, "tide", now_ns=NOW_NS, limit=4)
        said = ",".join(str(one) for hit in first for one in (hit.id, *hit.same))
        rest = answer(con, "tide", now_ns=NOW_NS, limit=4, after=said)
        assert [h.id for h in rest] == [
            h.id for h in answer(con, "tide", now_ns=NOW_NS, limit=4, after=first.after)
        ]


def test_counts_and_facets_are_those_of_the_records(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = ["Bash", "Read", "Read", None]
    fill(home, [record(f"tide {n}", n=n, tool=tools[n % 4], kind="tool_use" if n % 4 < 3 else "message",
                       error=n % 10 == 0) for n in range(400)],
         [record("tide " + "x" * 150_000 + " tide", n=900)])  # fmt: skip
    with reading(home) as con:

        def asked(text: str, *keys: str, **how: Any) -> dict[str, dict[Any, int]]:
            found = facets.facets(con, text, keys=keys, now_ns=NOW_NS, **how)
            return {k: {f.value: f.count for f in found if f.facet == k} for k in keys}

        assert facets.count(con, "tide", now_ns=NOW_NS) == facets.Count(401, False)  # its parts are one
        assert asked("tide", "tool", "error") == {
            "tool": {"Read": 200, None: 101, "Bash": 100}, "error": {"ok": 361, "error": 40},
        }  # fmt: skip
        assert facets.count(con, "is:error tool:Read", now_ns=NOW_NS).count == 20
        assert facets.count(con, "-tide", now_ns=NOW_NS).count == 0
        assert facets.count(con, r"tide [12]\d\b", now_ns=NOW_NS, mode="regex").count == 20
        with pytest.raises(InputError):
            asked("tide", "colour")
        monkeypatch.setattr(facets, "EXACT", 50)
        found = facets.facets(con, "tide", keys=("tool",), now_ns=NOW_NS)
        assert all(f.estimated for f in found) and abs(sum(f.count for f in found) - 402) < 60


def test_sessions_come_with_their_best_lines_and_how_many_there_are(home: Home) -> None:
    fill(home, spread(12, session="session-a"), spread(3, session="session-b"),
         [record("tide tide tide: the tide", session="session-b", n=50)])  # fmt: skip
    with reading(home) as con:
        found, _ = grouped.by_session(con, "tide", now_ns=NOW_NS)
    assert {one.session: one.found for one in found} == {"session-a": 12, "session-b": 4}
    assert all(1 <= len(one.best) <= grouped.BEST for one in found)


def test_what_is_archived_is_followed_once_whatever_its_day(home: Home) -> None:
    fill(home, spread(20))
    follower = Follower(home.archive, "tide -oak", Selection(), now_ns=NOW_NS)
    try:
        assert follower.new() == []
        fill(home, [record("tide, years ago", n=800, ts_ns=NOW_NS - 900 * DAY), record("no such word", n=801)],
             [record("tide oak", n=802), record("tide now", n=803)])  # fmt: skip
        assert [hit.text for hit in follower.new()] == ["tide, years ago", "tide now"]
        assert follower.new() == []
        fill(home, [record("tide, years ago", n=800, ts_ns=NOW_NS - 900 * DAY)])  # met again
        assert follower.new() == []
    finally:
        follower.close()


def test_following_ends_with_an_interrupt_or_when_nobody_reads(home: Home) -> None:
    fill(home, conversation(["the tide is high"]))
    command = [sys.executable, "-m", "memlog.cli.start", "query", "search", "tide", "--follow"]
    for end in ("interrupt", "closed"):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stderr is not None
        while "the tide is high" not in child.stdout.readline():
            pass
        fill(home, [record(f"the tide turns, {end}", n=len(end))])
        while end not in child.stdout.readline():
            pass
        if end == "interrupt":
            child.send_signal(signal.SIGINT)
        else:
            child.stdout.close()
        assert child.wait(timeout=20) == 0
        assert child.stderr.read() == ""
        child.stderr.close()
        if end == "interrupt":
            child.stdout.close()


def test_a_word_no_record_has_is_answered_with_those_that_are_near(home: Home) -> None:
    fill(
        home,
        conversation(
            [
                "a deadlock in the scheduler",
                "the deadlock again",
                "deadline on friday",
                "a strange Straße",
                "don't, or it is done",
                "E0308",
                "at 1030, 1030 again",
                "1030",
            ]
        ),
    )
    with reading(home) as con:
        assert answer(con, "deadlok", now_ns=NOW_NS).near == [("deadlok", ["deadlock"])]
        assert answer(con, "xcheduler", now_ns=NOW_NS).near == [("xcheduler", ["scheduler"])]
        assert answer(con, "zzzzzzz", now_ns=NOW_NS).near == []
        assert answer(con, "strasse", now_ns=NOW_NS).near == []  # found: ß is ss
        assert answer(con, "dont", now_ns=NOW_NS).near == [("dont", ["don't"])]
        assert answer(con, "E030", now_ns=NOW_NS).near == [("e030", ["e0308", "1030"])]
        assert answer(con, "deadlock", now_ns=NOW_NS).near == []


@pytest.mark.parametrize(
    ("mode", "text", "found"),
    [
        ("literal", "adlo", ["deadlock A"]), ("literal", "k A", ["deadlock A"]), ("literal", "k a", ["deadlock A"]),
        ("literal", "LOCK", []), ("literal", "a.*b", ["a.*b"]), ("regex", "a.*b", ["a.*b", "a to b"]),
        ("regex", r"\bd\w+k [A-Z]", ["deadlock A"]), ("regex", r"(?i)DEADLOCK", ["deadlock A"]),
        ("literal", "漢字", ["書漢字書"]), ("regex", "", None), ("literal", "x -y", ["x -y"]),
    ],
)  # fmt: skip
def test_characters_are_found_as_they_stand(
    home: Home, mode: str, text: str, found: list[str] | None
) -> None:
    fill(home, conversation(["deadlock A", "a.*b", "a to b", "書漢字書", "x -y"]))
    with reading(home) as con:
        if found is None:
            with pytest.raises(QueryError):
                answer(con, text, now_ns=NOW_NS, mode=mode)
            return
        hits = answer(con, text, now_ns=NOW_NS, mode=mode)
        assert sorted(hit.text for hit in hits) == sorted(found)
        assert all("«" in hit.snippet for hit in hits)


def test_the_index_leaves_out_no_text_that_has_the_characters(home: Home) -> None:
    odd = ["parseRecords", "parse_records", "HTTPServer2x", "records.py:42", "a/b/c.rs", "--no-verify", "v1.2.3-rc1",
           "std::vec<int>", "x" * 70, "__init__", "na\u00efve", "\uff21\uff22def", "foo\u0301bar", "漢字abc", "0x1F"]  # fmt: skip
    draw = random.Random(1)
    said = [" ".join(draw.choices(odd, k=8)) for _ in range(40)]
    fill(home, [record(text, n=n) for n, text in enumerate(said)])
    with reading(home) as con:
        for _ in range(150):
            text = draw.choice(said)
            at = draw.randrange(len(text) - 4)
            asked = text[at : at + draw.randint(3, 25)]
            fold = asked == asked.lower()
            hits = answer(con, asked, now_ns=NOW_NS, mode="literal", limit=100)
            has = {one for one in said if asked in (one.lower() if fold else one)}
            assert not asked.strip() or {hit.text for hit in hits} == has, asked


@pytest.mark.slow
def test_a_pattern_that_explodes_says_so_and_ends(home: Home) -> None:
    fill(home, [record("a" * 50 + "!", n=n) for n in range(12)])
    began = time.monotonic()
    with reading(home) as con:
        hits = answer(con, r"(a|aa)+$", now_ns=NOW_NS, mode="regex", limit=1)
    said = " ".join(hits.notes)
    assert hits == [] and "9 texts were left out: the pattern took half a second of CPU on each" in said
    assert "records before 2026-" in said and "were not read" in said
    assert time.monotonic() - began < 15
