"""Searching real archives: what words find, and that no words are an error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives import (
    NOW_NS,
    ROW_KEYS,
    archive_of,
    conversation,
    event,
    record,
)
from flow import talk
from flow.talk import TALK, ask, texts
from memlog.archive.connection import Connection
from memlog.errors import QueryError
from memlog.paths import Home
from memlog.query import facets, vocabulary

con = talk.con


def test_every_word_must_be_met_and_the_best_comes_first(con: Connection) -> None:
    hits = ask(con, "token rotate")
    assert texts(hits) == ["rotate the token then"]
    assert not hits.relaxed
    assert hits[0].snippet == "«rotate» the «token» then"
    assert hits[0].score is not None and hits[0].score > 0


def test_a_machine_reads_every_key_of_the_contract(con: Connection) -> None:
    row = ask(con, "rotated")[0].as_dict()
    assert set(row) >= ROW_KEYS
    assert row["session"] == "session-a" and row["ts"] == "2026-03-04T14:33:00.000Z"
    assert len(row["digest"]) == 64


def test_context_is_what_was_said_around_it(con: Connection) -> None:
    [hit] = ask(con, "expired", context=2)
    assert [row["text"] for row in hit.context] == [TALK[0], TALK[2], TALK[3]]
    assert [row["place"] for row in hit.context] == ["before", "after", "after"]


def test_the_parts_of_a_record_are_one_hit(home: Home) -> None:
    long = "\n".join(f"line {n} of the needle haystack" for n in range(10_000))
    with archive_of(home, [record(long, n=1), record("needle", n=2)]) as con:
        parts = con.execute("SELECT count(*) FROM record WHERE parts > 1").fetchone()[0]
        assert parts > 3
        for how in ({}, {"newest": True}, {"exhaustive": True}):
            hits = ask(con, "needle", limit=2, **how)
            assert sorted(hit.source_id for hit in hits) == ["session-a-1", "session-a-2"]
        assert [hit.part for hit in ask(con, "9987")] == [parts - 1]
        assert [hit.part for hit in ask(con, "session:session-a")] == [0, 0]
        # all of the words in one part, some of them in others
        mixed = ask(con, "why is the 9987 a needle in the haystack")
        assert len({hit.source_id for hit in mixed}) == len(mixed) == 2


def test_a_version_is_met_as_it_was_typed(home: Home) -> None:
    said = (
        "release 1.2.3 is out", "built V1.2.3-rc1", "fix 1,2,3 first", "for p in 1 2 3", "node v1.2.3.4 here",
        "host 10.1.2.3 is down", "1.2 alone", "v1 2>&1",
    )  # fmt: skip
    with archive_of(home, conversation(said)) as con:

        def found(text: str, **how: object) -> set[str]:
            return {hit.text for hit in ask(con, text, **how) if hit.matched == "all"}

        every = {said[0], said[1], said[4]}
        assert found("1.2.3") == found("v1.2.3") == found("(1.2.3)") == found("1.2.3", newest=True) == every
        assert found('"release 1.2.3"') == {said[0]} and found('"in 1.2.3"') == set()
        assert found("1.2") == {*every, said[6]}
        assert found("10.1*") == {said[5]}
        assert facets.count(con, "1.2.3", now_ns=NOW_NS).count == 3
        # where none has all of it the version still counts as it was typed, and other words alone
        some = {hit.text: hit.matched for hit in ask(con, "1.2.3 zzzzz first")}
        assert said[0] in some and said[2] in some and said[3] not in some
        assert (
            found("1.2.3 OR first", fold=False) > every
        )  # of words that may be others the index is asked alone
        assert found("1,2,3") >= {said[0], said[2], said[3]}


def test_a_version_in_what_only_a_hook_delivered_is_met_as_it_was_typed(home: Home) -> None:
    told = [event("UserPromptSubmit", prompt=f"try {said} now") for said in ("1 2 3", "1.2.3", "１．２．３")]
    with archive_of(home, conversation(["nothing here"]), told) as con:
        assert {hit.text for hit in ask(con, "1.2.3")} == {"try 1.2.3 now", "try １．２．３ now"}
        assert len(ask(con, "1 2 3")) == 3


def test_sharp_s_is_two_and_a_ligature_its_letters(home: Home) -> None:
    with archive_of(home, conversation(("die Straße hier", "die Strasse dort", "a fine day"))) as con:
        for typed in ("strasse", "Straße", "STRASSE", "strass*"):
            hits = ask(con, typed)
            assert {hit.source_id for hit in hits} == {"session-a-0", "session-a-1"}, typed
            assert {"«Straße»" in hit.snippet or "«Strasse»" in hit.snippet for hit in hits} == {
                True
            } or "*" in typed
        assert texts(ask(con, "ﬁne day")) == ["a fine day"]


def test_words_nobody_says_are_looked_for_many_at_once(con: Connection) -> None:
    nobody = [f'"nobodysays{n}"' for n in range(50)]
    asked: list[str] = []
    con.set_trace_callback(asked.append)
    assert vocabulary.spoken(con, [*nobody, '"token"', '"dep"*', *nobody]) == ['"token"', '"dep"*']
    con.set_trace_callback(None)
    assert len([sql for sql in asked if "MATCH" in sql]) < 2 * len(nobody) / 3


def test_raw_is_the_language_of_the_index_and_errors_name_the_column(con: Connection) -> None:
    assert len(ask(con, "rotated NEAR(token, 3)", raw=True)) == 1
    assert len(ask(con, "pipeline OR friday", raw=True)) == 2
    assert not ask(con, "s1", raw=True)  # the index's own tags are not text
    for typed, column in (
        ("a AND", 6),
        ("(token) x)", 9),
        ("token x)", 8),
        ('token "open', 7),
        ("nope : x", 1),
        ("a AND AND b", 7),
        ("a\0b", 2),
    ):
        with pytest.raises(QueryError, match=f"at column {column} "):
            ask(con, typed, raw=True)


def test_words_without_a_letter_find_nothing_and_say_so(con: Connection) -> None:
    hits = ask(con, "?! --")
    assert not hits
    assert hits.notes == ["nothing in '?! --' can be searched for: it has neither letter nor digit"]


ODD = st.text(
    alphabet=st.sampled_from(
        "abtoken \"'*:()-+^{}[]\\/\0\n\t漢\u0301\ud800\U0001f600ANDORNTE0.,;~kind:since"
    ),
    max_size=40,
)


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=60), ODD), st.booleans())
@pytest.mark.slow
def test_a_thousand_random_texts_are_no_error(con: Connection, typed: str, newest: bool) -> None:
    for hit in ask(con, typed, newest=newest, context=1, limit=3):
        assert hit.snippet is not None


def test_hostile_texts_are_no_error(con: Connection) -> None:
    for typed in (
        " OR ".join(["x"] * 20_000), "x" * 70_000, "token\0token", '"' * 999, "(" * 999, "NEAR(token token)",
        "'; DROP TABLE record; --", "text:token", "tags:s1", "rowid:1", "rank:bm25(1)", "token*" * 500, "\ud800 token",
        'session:"', "kind:", "since:", ":", "-", "--", '-"', "until:9999999999999999999", "epoch:99999999999",
    ):  # fmt: skip
        ask(con, typed)
