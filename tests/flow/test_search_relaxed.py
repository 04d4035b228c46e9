"""A search of words no record has all of: what it finds instead, and in which order."""

import pytest

from archives import (
    DAY,
    NOW_NS,
    archive_of,
    record,
)
from flow import talk
from flow.talk import TALK, ask, texts
from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query import relax
from memlog.query.selection import Selection
from memlog.record import Record

con = talk.con


def test_a_question_in_plain_words_finds_what_has_some_of_them(con: Connection) -> None:
    hits = ask(con, "why did the deploy script break on friday?")
    assert hits.relaxed
    assert texts(hits)[:2] == [TALK[1], TALK[0]]
    assert {hit.matched for hit in hits} == {"any"}


def decisions() -> list[list[Record]]:
    """Few records that say wingman, many short ones that say decide: bm25 alone prefers those."""
    long = "where else this could be mentioned in some words more " * 20
    return [
        [record(f"decide decide decide {n}", n=n) for n in range(60)],
        [record(f"let us decide: wingman goes, {n} {long}", n=100 + n) for n in range(3)],
        [record(f"wingman was in the way {n} {long}", n=200 + n) for n in range(4)],
    ]


def test_a_question_in_plain_words_is_answered_by_its_rarest_word(home: Home) -> None:
    with archive_of(home, *decisions()) as con:
        hits = ask(con, "what did we decide about wingman")
        assert [hit.matched for hit in hits[:7]] == ["most"] * 3 + ["any"] * 4
        assert all("wingman" in hit.text for hit in hits[:7]), "decide alone is common beside it"
        assert all("decide" in hit.text for hit in hits[:3])
        assert hits.said == ["decide", "wingman"]
        assert "«wingman»" in hits[3].snippet and "«was»" not in hits[3].snippet
        newest = ask(con, "what did we decide about wingman", newest=True)
        assert [hit.ts_ns for hit in newest] == sorted((hit.ts_ns for hit in newest), reverse=True)
        german = ask(con, "was haben wir über wingman entschieden")
        assert [hit.matched for hit in german] == ["any"] * 7 and german.said == ["wingman", "entschieden"]
        # rare is what is rare in the selection
        none = ask(con, "what did we decide about wingman", Selection(since_ns=NOW_NS - DAY, ids=range(0)))
        assert not none and not none.relaxed
        assert not [hit for hit in ask(con, "what did we decide about wingman -goes") if "goes" in hit.text]


def test_of_words_no_record_has_all_of_the_rarest_counts_most(home: Home) -> None:
    with archive_of(home, *decisions()) as con:
        hits = ask(con, "decide wingman nowhere", limit=70)
        assert len(hits) == 67 and {hit.matched for hit in hits} == {"any"}
        assert ["wingman" in hit.text for hit in hits[:7]] == [True] * 7
        assert all("decide" in hit.text for hit in hits[:3])


def test_words_spread_over_neighbouring_records_are_found(home: Home) -> None:
    """A record that says one word, next to one that says the other, comes before one that says one."""
    filler = [record(f"nothing to see here {n}", n=n) for n in range(40)]
    filler[3] = record("the harbour again", n=3)
    filler[20] = record("so about the harbour then", n=20)
    filler[21] = record("yes, lighthouse", n=21)
    filler[33] = record("lighthouse and more of it", n=33)
    with archive_of(home, filler) as con:
        hits = ask(con, "harbour lighthouse", explain=True)
        assert {hit.source_id for hit in hits[:2]} == {"session-a-20", "session-a-21"}
        assert hits[0].parts_of_score["around"] > 1.2 * hits[2].parts_of_score["around"]
    with archive_of(
        home, [record("one harbour", n=900), record("a lighthouse", n=901, session="session-b")]
    ) as con:
        apart = ask(con, "harbour lighthouse", Selection(since_ns=0))
        assert len(apart) == 6


def test_what_all_words_find_asks_for_nothing_more(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast path: words are looked at again only where they find too little, or may be a sentence."""
    called: list[str] = []
    with archive_of(home, *decisions()) as con:
        some = ask(con, "the wingman was in the way")
        assert [hit.matched for hit in some] == ["all"] * 4 + ["any"] * 3
        monkeypatch.setattr(
            relax, "relax", lambda asked, question, hits: called.append(question.terms[0][0].text)
        )
        for typed in ("decide decide", "decide 7", "wingman goes", "decide", "nowhere", "wingman -goes"):
            ask(con, typed)
        ask(con, "the wingman was in the way", newest=True)
        ask(con, "decide about wingman now", limit=3)
        assert called == ["decide"], "the last, which no record answers"
        ask(con, "wo ist der wingman")
        ask(con, "the wingman")
        assert called[1:] == ["wo", "the"]


def test_two_words_nobody_said_together_are_found_apart(con: Connection) -> None:
    hits = ask(con, "pipeline flaky")
    assert hits.relaxed
    assert set(texts(hits)) == {TALK[0], TALK[3]}
    assert ask(con, "pipeline nowhere").relaxed
    assert not ask(con, "nowhere")


def test_several_words_without_common_ones_are_a_question_too(home: Home) -> None:
    said = [
        "the race between sessions needs a lock in wingman",
        "wingman takes the lock",
        "race of two sessions",
    ]
    with archive_of(home, [record(text, n=n) for n, text in enumerate(said)]) as con:
        hits = ask(con, "race sessions lock wingman")
        assert texts(hits)[:1] == said[:1] and hits[0].matched == "all"
        assert {(hit.text, hit.matched) for hit in hits[1:]} == {(text, "any") for text in said[1:]}
        for typed in ("race lock wingman", 'race sessions lock "wingman"', "race sessions/ lock wingman"):
            assert texts(ask(con, typed)) == said[:1], "the twin: few words, a quoted one, or a sign"
