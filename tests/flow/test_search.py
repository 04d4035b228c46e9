"""Searching real archives: what is found, in which order, and that no words are an error."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives import (
    DAY,
    HOUR,
    MINUTE,
    NOW_NS,
    ROW_KEYS,
    SECOND,
    archive_of,
    conversation,
    event,
    fill,
    reading,
    record,
)
from memlog.archive.connection import Connection
from memlog.errors import NotFoundError, QueryError
from memlog.paths import Home
from memlog.query import facets, newest, rank, relax, slice, vocabulary
from memlog.query.hit import Hits
from memlog.query.search import find
from memlog.query.selection import Selection
from memlog.record import Record


def ask(con: Connection, text: str, selection: Selection | None = None, **how: object) -> Hits:
    return find(con, text, selection, now_ns=NOW_NS, **how)  # type: ignore[arg-type]


def texts(hits: Hits) -> list[str]:
    return [hit.text for hit in hits]


TALK = (
    "please fix the flaky deploy script",
    "the deploy script fails because the token expired on friday",
    "rotate the token then",
    "done: the token is rotated and the pipeline is green",
)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    home = Home(str(tmp_path_factory.mktemp("search") / "home"))
    fill(
        home,
        conversation(TALK),
        [
            record("ls -la build", n=20, kind="tool_use", role="assistant", tool="Bash"),
            record("token progress token progress token", n=21, kind="meta", role=None),
            record("nur Übergrößen im Café", n=22, role="assistant"),
            record("内存日志记录器的环形缓冲区", n=23),
            record("a summary of the token affair", n=24, kind="summary"),
        ],
        conversation(
            ["the token in another project", "rm -rf build"], session="other-session", project="/srv/shop/api",
            agent="codex", ts_ns=NOW_NS - HOUR,
        ),
    )  # fmt: skip
    with reading(home) as found:
        yield found


def test_every_word_must_be_met_and_the_best_comes_first(con: Connection) -> None:
    hits = ask(con, "token rotate")
    assert texts(hits) == ["rotate the token then"]
    assert not hits.relaxed
    assert hits[0].snippet == "«rotate» the «token» then"
    assert hits[0].score is not None and hits[0].score > 0


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


def test_what_was_said_again_is_one_hit_that_names_the_others(home: Home) -> None:
    listing = "\n".join(f"def function_{n}(): pass" for n in range(50))
    again = [record(listing, n=n, kind="tool_result", role="tool", tool="Read") for n in range(10)]
    with archive_of(home, again, [record("call function_7 in the prompt", n=20, role="user")]) as con:
        prompt, read = ask(con, "function_7")
        assert prompt.role == "user" and prompt.count == 1, "what a person said comes first"
        assert read.count == 10 and len({read.id, *read.same}) == 10
        assert read.same == sorted(read.same, reverse=True)
        assert read.as_dict()["count"] == 10 and len(read.as_dict()["same"]) == 9
        assert len(ask(con, "function_7", fold=False)) == 11, "the twin"
        assert len(ask(con, "function_7", newest=True)) == 11, "the order of time is of records"


def test_what_stands_as_it_was_typed_comes_before_the_words_apart(home: Home) -> None:
    noise = [record(f"file not found: no such {n} or directory, and the file", n=n) for n in range(80)]
    real = record("Traceback\n" + "x = 1\n" * 2_000 + "no such file or directory\n", n=90, kind="tool_result")
    flag = record("then git push --force-with-lease -u origin main, and so on", n=91)
    with archive_of(home, noise, [real, flag]) as con:
        for typed in ("no such file or directory", "No such FILE or directory", "directory no such file or"):
            assert ask(con, typed)[0].source_id == "session-a-90", typed
        [first, *_] = ask(con, "push --force-with-lease -u origin")
        assert first.source_id == "session-a-91", "-u excludes nothing from a record that says it"


def test_a_score_is_made_of_the_parts_it_names(con: Connection) -> None:
    for hit in ask(con, "the token", explain=True):
        if hit.matched == "all":
            part = hit.parts_of_score
            made = (part["text"] * part["again"] + part["near"]) * part["kind"] * part["recent"]
            assert hit.score == pytest.approx(made)
    assert ask(con, "token")[0].parts_of_score == {}


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


def test_a_machine_reads_every_key_of_the_contract(con: Connection) -> None:
    row = ask(con, "rotated")[0].as_dict()
    assert set(row) >= ROW_KEYS
    assert row["session"] == "session-a" and row["ts"] == "2026-03-04T14:33:00.000Z"
    assert len(row["digest"]) == 64


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("token session:other-session", 1),
        ("token session:othe", 1),
        ("token agent:codex", 1),
        ("token project:api", 1),
        ("token project:shop/api", 1),
        ("token project:/srv/shop/api", 1),
        ("token project:op/api", 0),
        ("build tool:bash", 1),
        ("token kind:summary", 1),
        ("token kind:meta", 1),
        ("token role:assistant", 2),
        ("token since:2h", 1),
        ("token until:2h", 5),
        ("token since:yesterday until:yesterday", 5),
        ("token since:2026-03-05", 1),
        ("token epoch:0", 6),
        ("token epoch:1", 0),
        ("token -another", 5),
        ('"token is rotated"', 1),
        ("rotat*", 2),
        ("pipeline OR friday", 2),
        ("ubergroszen", 0),
        ("ubergrößen cafe", 1),
        ("环形缓冲", 1),
        ("环缓", 0),
        ("kind:summary", 1),
        ("session:other-session", 2),
        ("-token session:session-a kind:message", 3),
    ],
)
def test_filters_and_operators_mean_what_they_say(con: Connection, typed: str, found: int) -> None:
    hits = [hit for hit in ask(con, typed) if hit.matched == "all"]
    assert len(hits) == found, texts(ask(con, typed))


def test_flags_select_as_the_words_do(con: Connection) -> None:
    for selection, typed in (
        (Selection(session="othe"), "session:othe"),
        (Selection(role="ASSISTANT", kind=("message", "summary")), "role:assistant kind:message,summary"),
        (Selection(since_ns=NOW_NS - 2 * HOUR), "since:2h"),
        (Selection(tool="BASH"), "tool:Bash"),
        (Selection(ids=[h.id for h in ask(con, "kind:summary")]), "kind:summary"),
    ):
        for words in ("token", "", "build"):
            by_flag = [hit.id for hit in ask(con, words, selection)]
            assert by_flag == [hit.id for hit in ask(con, f"{words} {typed}")], (selection, words)


def test_a_filter_with_a_value_it_cannot_take_is_a_word_and_says_so(con: Connection) -> None:
    for typed in (
        "since:soon",
        "kind:snapshot",
        "epoch:last",
        "session:nowhere",
        "agent:nobody",
        "project:none",
    ):
        hits = ask(con, f"token {typed}")
        assert hits and hits.relaxed
        assert hits.notes and hits.notes[0].startswith(f"{typed} is searched for as words")


def test_a_flag_with_an_unknown_session_is_an_error_that_names_the_nearest(con: Connection) -> None:
    with pytest.raises(NotFoundError, match="nearest: other-session"):
        ask(con, "token", Selection(session="other"[1:] + "-sessions"))
    with pytest.raises(NotFoundError):
        ask(con, "token", Selection(session="oth"))  # three characters are no prefix
    with pytest.raises(QueryError, match="there are: message"):
        ask(con, "token", Selection(kind="snapshot"))


def test_an_ambiguous_prefix_names_what_it_fits(home: Home) -> None:
    with archive_of(home, [record("x", session=f"abcd-{n}") for n in range(3)]) as con:
        with pytest.raises(QueryError, match="abcd-0, abcd-1, abcd-2"):
            ask(con, "x", Selection(session="abcd"))
        assert len(ask(con, "x", Selection(session="abcd-1"))) == 1


def test_bookkeeping_comes_after_what_people_said(con: Connection) -> None:
    kinds = [hit.kind for hit in ask(con, "token")]
    assert kinds[-1] == "meta" and kinds.count("meta") == 1
    assert "meta" not in [hit.kind for hit in ask(con, "token", newest=True)]
    assert [hit.kind for hit in ask(con, "progress", newest=True)] == ["meta"]


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


def test_equal_scores_go_by_time_then_by_id(home: Home) -> None:
    same = [
        record(
            f"same words {'ab'[n % 2]}{'cdefghijklmnopqrst'[n % 15]}",
            n=n,
            ts_ns=NOW_NS - (n * 7 % 10) * MINUTE,
        )
        for n in range(30)
    ]
    with archive_of(home, same[:10], same[10:]) as con:
        hits = ask(con, "same words", limit=30)
        assert len({hit.score for hit in hits}) == 1
        order = [(hit.ts_ns, hit.id) for hit in hits]
        assert order == sorted(order, reverse=True)


def test_common_words_are_ranked_among_the_newest_and_say_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank, "CANDIDATES", 20)
    many = [
        record("common " * (30 if n == 0 else 1) + "x" * n, n=n, ts_ns=NOW_NS - DAY + n) for n in range(50)
    ]
    with archive_of(home, many) as con:
        capped = ask(con, "common")
        assert capped.capped
        assert "session-a-0" not in [hit.source_id for hit in capped]
        whole = ask(con, "common", exhaustive=True)
        assert not whole.capped
        assert whole[0].source_id == "session-a-0"
        assert not ask(con, "common", newest=True).capped


def test_of_very_common_words_all_places_are_not_read_to_know_how_rare_they_are(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank, "CANDIDATES", 40)
    monkeypatch.setattr(rank, "LARGE", 60)
    old = [record(f"common old words here, quite near {n}", n=n, ts_ns=NOW_NS - DAY + n) for n in range(5)]
    new = [
        record(
            f"common {'x ' * 30}{n} words {'y ' * 30}{'here ' * (n % 3)}here", n=n, ts_ns=NOW_NS - HOUR + n
        )
        for n in range(10, 70)
    ]
    with archive_of(home, old, new) as con:
        asked: list[str] = []
        con.set_trace_callback(asked.append)
        assert ask(con, "common words here", limit=5).capped
        assert ask(con, "common", limit=5).capped
        con.set_trace_callback(None)
        assert asked and not [sql for sql in asked if "f.rank" in sql]
        # near each other, but older than the newest that have them all; as they were typed they may be
        assert "session-a-0" not in [hit.source_id for hit in ask(con, "common words here", limit=5)]
        assert ask(con, "common old words here", limit=5)[0].source_id == "session-a-4"
        con.set_trace_callback(asked.append)
        ask(con, "common", limit=5, exhaustive=True)
        con.set_trace_callback(None)
        assert [sql for sql in asked if "f.rank" in sql]


def test_an_or_between_filters_finds_what_either_selects(con: Connection) -> None:
    def kinds(text: str, **how: object) -> set[tuple[str, str | None]]:
        return {(hit.kind, hit.tool) for hit in ask(con, text, limit=99, **how)}

    either = {("summary", None), ("tool_use", "Bash")}
    assert kinds("kind:summary OR tool:bash") == either
    assert kinds("kind:summary OR tool:bash", newest=True) == either
    assert kinds("token kind:summary OR tool:bash") == {("summary", None)}
    assert kinds("kind:summary OR tool:bash OR kind:meta -token") == {("tool_use", "Bash")}
    assert kinds("kind:summary OR tool:bash kind:tool_use OR is:error") == {("tool_use", "Bash")}
    # none is called so: words in its place
    assert kinds("agent:nobody OR session:session-a kind:summary") == {("summary", None)}
    assert kinds("agent:claude-code OR kind:tool_use kind:summary OR kind:tool_use") == either
    assert facets.count(con, "kind:summary OR tool:bash", now_ns=NOW_NS).count == 2
    assert kinds("session:session-a OR kind:summary tool:bash") == {("tool_use", "Bash")}
    assert "no session is called" in ask(con, "session:nosuch OR is:error").notes[0]
    assert "an event is no record" in ask(con, "kind:event OR is:error").notes[0]


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


# order over many days and batches


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """10,000 records: five sessions at once for ten days, captured in bursts, then an old session and one
    of the same days imported after them."""
    home = Home(str(tmp_path_factory.mktemp("crowd") / "home"))
    draw = random.Random(7)
    start = NOW_NS - 12 * DAY
    live = [
        record(f"word{n % 3} row {n}", n=n, session=f"live-{n % 5}", ts_ns=start + n * 2 * MINUTE)
        for n in range(7_000)
    ]
    batches = []
    while live:  # a hook captures a turn of one session at a time: minutes late and out of order
        burst, live = live[:100], live[100:]
        draw.shuffle(burst)
        batches.append(sorted(burst, key=lambda r: r.session))
    old = [
        record(f"word0 old {n}", n=n, session="old-one", ts_ns=start - 400 * DAY + n * MINUTE)
        for n in range(1_500)
    ]
    same = [
        record(f"word1 late {n}", n=n, session="late-one", ts_ns=start + n * 9 * MINUTE + SECOND)
        for n in range(1_500)
    ]
    draw.shuffle(same)
    fill(home, *batches, old, same)
    with reading(home) as found:
        yield found


def everything(con: Connection, word: str, condition: str = "1") -> list[tuple[int, int]]:
    rows = con.execute(f"SELECT ts_ns, id, text FROM v_record WHERE {condition} ORDER BY ts_ns DESC, id DESC")
    return [(ts_ns, id_) for ts_ns, id_, text in rows if word in text.split()]


@pytest.mark.parametrize("word", ["word0", "word1", "late", "old", "row"])
@pytest.mark.parametrize("limit", [1, 20, 333])
def test_newest_first_is_right_after_late_imports(crowd: Connection, word: str, limit: int) -> None:
    hits = ask(crowd, word, newest=True, limit=limit)
    assert [(hit.ts_ns, hit.id) for hit in hits] == everything(crowd, word)[:limit]


@pytest.mark.parametrize("days", [(-1, 1), (0, 3), (3, 4), (9, 30), (-500, -399), (-500, 30)])
def test_time_filters_are_right_after_late_imports(crowd: Connection, days: tuple[int, int]) -> None:
    since, until = (NOW_NS - 12 * DAY + n * DAY + 1_234_567 for n in days)
    selection = Selection(since_ns=since, until_ns=until)
    for word in ("word0", "late", "row"):
        wanted = everything(crowd, word, f"ts_ns >= {since} AND ts_ns < {until}")
        hits = ask(crowd, word, selection, newest=True, limit=10_000)
        assert [(hit.ts_ns, hit.id) for hit in hits] == wanted
        ranked = ask(crowd, word, selection, exhaustive=True, limit=10_000)
        assert sorted((hit.ts_ns, hit.id) for hit in ranked) == sorted(wanted)
    listed = ask(crowd, "", selection, limit=50)
    assert [hit.ts_ns for hit in listed] == sorted((hit.ts_ns for hit in listed), reverse=True)


@pytest.mark.parametrize("session", ["live-0", "live-4", "old-one", "late-one"])
def test_session_filters_are_right_after_late_imports(crowd: Connection, session: str) -> None:
    wanted = everything(crowd, "word1", f"session = '{session}'")
    hits = ask(crowd, "word1", Selection(session=session), newest=True, limit=10_000)
    assert [(hit.ts_ns, hit.id) for hit in hits] == wanted
    listed = ask(crowd, "", Selection(session=session), limit=77)
    all_of_it = crowd.execute(
        f"SELECT ts_ns, id FROM v_record WHERE session = '{session}' ORDER BY ts_ns DESC, id DESC LIMIT 77"
    ).fetchall()
    assert [(hit.ts_ns, hit.id) for hit in listed] == all_of_it


def test_without_knowing_how_late_records_come_the_newest_would_be_wrong(
    crowd: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the order of arrival taken for the order of time."""
    monkeypatch.setattr(newest, "lag_of", lambda con, day: 0)
    wrong = sum(
        [(hit.ts_ns, hit.id) for hit in ask(crowd, word, newest=True)] != everything(crowd, word)[:20]
        for word in ("word0", "word1", "row")
    )
    assert wrong > 0


def test_more_hits_than_a_page_are_places_and_every_hit_is_named(home: Home) -> None:
    """Forty different lines about a word in one stretch do not fill the page that five sessions share."""
    names = [
        f"{a}{b}"
        for a in ("al", "bir", "dor", "fen", "gul", "hap")
        for b in ("ka", "lo", "mi", "nu", "pe", "ra", "si")
    ]
    crowd = [
        record(f"{name} quartz {name[::-1]}", n=n, ts_ns=NOW_NS - 100 * MINUTE + n)
        for n, name in enumerate(names)
    ]
    others = [
        record(f"{name} granite quartz {word}", n=n, ts_ns=NOW_NS - (200 + n) * DAY, session=f"other-{n}")
        for n, (name, word) in enumerate(zip("pqrst", ("oak", "elm", "ash", "fir", "yew"), strict=True))
    ]  # fmt: skip
    with archive_of(home, crowd, others) as con:
        plain = ask(con, "quartz", limit=5, fold=False)
        assert len({hit.session for hit in plain}) == 1, "the twin: one stretch fills the page"
        hits = ask(con, "quartz", limit=5)
        assert len(hits) == 5 and len({hit.session for hit in hits}) > 1
        crowded = next(hit for hit in hits if hit.session == plain[0].session)
        assert crowded.here > 0 and crowded.count == 1 + len(crowded.same) > crowded.here
        narrowed = ask(con, "quartz", Selection(session=crowded.session), limit=5)
        assert not any(hit.here for hit in narrowed), "who asks for one session gets its lines"
        assert not any(hit.here for hit in ask(con, "quartz", limit=60)), (
            "a page that has room folds no places"
        )
        assert not any(hit.here for hit in ask(con, "quartz", limit=5, newest=True))


# text -> the same in SQL over v_record and over the index; a word is one of the index
SAID = "id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH '{text} : \"%s\"')"
TOKEN, BUILD = SAID % "token", SAID % "build"
JOINED = (
    ("-(tool:Bash OR role:user) kind:message", "kind = 'message' AND coalesce(role, '') <> 'user'"),
    ("-(is:error OR kind:summary)", "NOT (error OR kind = 'summary')"),
    ("-(role:user)", "coalesce(role, '') <> 'user'"),
    ("token -(role:user)", f"{TOKEN} AND coalesce(role, '') <> 'user'"),
    ("(tool:Bash OR kind:summary) OR agent:codex", "tool = 'Bash' OR kind = 'summary' OR agent = 'codex'"),
    ("(tool:Bash OR kind:summary) OR token", f"tool = 'Bash' OR kind = 'summary' OR {TOKEN}"),
    (
        "(role:user session:other-session) OR kind:summary",
        "(role = 'user' AND session = 'other-session') OR kind = 'summary'",
    ),
    ("(token role:user) OR build", f"({TOKEN} AND role = 'user') OR {BUILD}"),
    ("(role:user) token", f"{TOKEN} AND role = 'user'"),
    ("(token role:user)", f"{TOKEN} AND role = 'user'"),
    ("-(token role:user)", f"NOT ({TOKEN} AND coalesce(role, '') = 'user')"),
    ("build OR -token", f"{BUILD} OR NOT {TOKEN}"),
    ("token NOT rotated", f"{TOKEN} AND NOT {SAID % 'rotated'}"),
    ("token -project:nope -session:zz -agent:nope -kind:nope -is:warning", TOKEN),
    ("token -session:zz,other-session", f"{TOKEN} AND session <> 'other-session'"),
    ("kind:meta kind:summary", "kind IN ('meta', 'summary')"),
    ("role:user role:assistant", "role IN ('user', 'assistant')"),
    ("session:session-a,other-session", "session IN ('session-a', 'other-session')"),
    ("session:session-a session:other-session token", TOKEN),
    ("project:api project:memlog", "project LIKE '%/api' OR project LIKE '%/memlog'"),
    ("agent:codex,nobody", "agent = 'codex'"),
    ("epoch:0,7", "epoch IN (0, 7)"),
    ("-epoch:0", "epoch <> 0"),
    ("kind:'summary'", "kind = 'summary'"),
    ("=>", "0"),
)


@pytest.mark.parametrize(("typed", "condition"), JOINED)
def test_words_and_filters_are_joined_as_logic_says(con: Connection, typed: str, condition: str) -> None:
    wanted = {row[0] for row in con.execute(f"SELECT id FROM v_record WHERE {condition}")}
    assert facets.count(con, typed, now_ns=NOW_NS).count == len(wanted)
    hits = [hit for hit in ask(con, typed, limit=99, newest=True, fold=False) if hit.kind != "event"]
    shown = {hit.id for hit in hits if hit.matched == "all"}
    meta = {row[0] for row in con.execute("SELECT id FROM v_record WHERE kind = 'meta'")}
    assert shown - meta == wanted - meta


def test_what_a_flag_and_the_words_say_of_one_key_is_either(con: Connection) -> None:
    def count(text: str, **said: object) -> int:
        return facets.count(con, text, Selection(**said), now_ns=NOW_NS).count  # type: ignore[arg-type]

    assert count("tool:Read", tool="Bash") == count("tool:Bash") == 1
    assert count("kind:summary", kind="meta") == 2
    assert count("session:other-session", session="session-a") == count("")
    assert count("session:session-a session:other-session", session="session-a") == count("session:session-a")
    assert count("project:api", project="memlog") == count("")


def test_a_value_no_key_can_take_is_said_where_it_stands(con: Connection) -> None:
    assert ask(con, "token -project:nope").notes == [
        "-project:nope leaves nothing out: no session has this project"
    ]
    assert (
        ask(con, "token (is:error OR kind:nope)")
        .notes[0]
        .startswith("kind:nope at column 20 is searched for as words: kinds are")
    )
    assert (
        ask(con, "token -(is:error kind:nope)")
        .notes[0]
        .startswith("kind:nope at column 18 leaves nothing out: kinds are")
    )
    assert max(map(len, ask(con, "(" * 50_000).notes)) < 200
    assert max(map(len, ask(con, "kind:" + "(" * 50_000).notes)) < 250


def test_what_would_take_more_than_was_meant_is_refused(con: Connection) -> None:
    for text in ("token -project:nope", "token -(project:nope role:user)"):
        with pytest.raises(QueryError, match="leaves nothing out: no session has this project"):
            slice.cut(con, Selection(), text=text, now_ns=NOW_NS)
    part = slice.cut(con, Selection(), text="token -project:api", now_ns=NOW_NS)
    assert slice.count(con, part) == facets.count(con, "token -project:api", now_ns=NOW_NS).count
