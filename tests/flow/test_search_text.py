"""Which text is found, however it was spelled: beside a scan of every text, where that says what is true."""

import signal
from threading import Timer

import pytest

from archives import NOW_NS, archive_of, conversation, record
from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query import facets, grouped, matching
from memlog.query.answer import answer
from memlog.query.hit import Hits


def ask(con: Connection, text: str, **how: object) -> Hits:
    return answer(con, text, now_ns=NOW_NS, **how)  # type: ignore[arg-type]


def every(con: Connection, text: str) -> set[str]:
    """Texts of the records that have all of the words; a count says the same number."""
    found = {hit.text for hit in ask(con, text, limit=100, fold=False) if hit.matched == "all"}
    assert facets.count(con, text, now_ns=NOW_NS).count == len(found), text
    return found


@pytest.mark.parametrize("mode", ["words", "literal", "regex"])
@pytest.mark.parametrize("exact", [50_000, 3])
def test_every_session_with_a_hit_is_listed(
    home: Home, monkeypatch: pytest.MonkeyPatch, mode: str, exact: int
) -> None:
    monkeypatch.setattr(grouped, "LOOKED", 4)
    monkeypatch.setattr(facets, "EXACT", exact)
    said = [record(f"tide {n}", n=n) for n in range(20, 30)]
    others = [record("one tide", n=n, session=f"session-{c}") for n, c in enumerate("bcd")]
    book = [record("tide book", n=9, session="session-e", kind="meta", role=None)]
    with archive_of(home, said, others, book) as con:
        found, hits = grouped.by_session(con, "tide", now_ns=NOW_NS, mode=mode, limit=10)
        less, told = grouped.by_session(con, "tide", now_ns=NOW_NS, mode=mode, limit=2)
    assert {one.session: one.found for one in found} == {
        "session-a": 10, "session-b": 1, "session-c": 1, "session-d": 1, "session-e": 1
    }  # fmt: skip
    assert found[0].session == "session-a" and all("«tide»" in one.best[0].snippet for one in found)
    assert any("the others follow, the newest first" in note for note in hits.notes)
    assert len(less) == 2 and any("2 of at least" in note for note in told.notes)


@pytest.mark.parametrize("mode", ["words", "literal", "regex"])
def test_bookkeeping_is_counted_and_shown_where_there_is_nothing_else(home: Home, mode: str) -> None:
    book = [
        record("tide book", n=9, kind="meta", role=None),
        record("only book", n=8, kind="meta", role=None),
    ]
    with archive_of(home, conversation(["tide one", "the tide two"]), book) as con:
        assert facets.count(con, "tide", now_ns=NOW_NS, mode=mode).count == 3
        shown = {hit.text for hit in ask(con, "tide", mode=mode, newest=True)}
        assert shown == {"tide one", "the tide two"}
        assert [hit.text for hit in ask(con, "only", mode=mode)] == ["only book"]


def test_a_line_nobody_wrote_is_looked_for_as_its_file(home: Home) -> None:
    said = ("see hooks_run.go:204 first", "hooks_run.go fails at noon", "noon it is", "hooks of go at 907")
    with archive_of(home, conversation(said)) as con:
        hits = ask(con, "hooks_run.go:907")
        assert {hit.text for hit in hits} == {*said[:2]} and {hit.matched for hit in hits} == {"most"}
        assert "hooks_run.go is looked for, whatever its line" in hits.notes[0] and hits.relaxed
        assert [hit.text for hit in ask(con, "noon hooks_run.go:907:3", newest=True)] == [said[1]]
        hits = ask(con, "(hooks_run.go:907) zzzgone")
        assert {hit.text for hit in hits} == {*said[:2]}
        # what stands in a record, or was quoted, is met as it is
        assert every(con, "hooks_run.go:204") == {said[0]} and not ask(con, "hooks_run.go:204").notes
        assert ask(con, '"hooks_run.go:907"') == [] and ask(con, "12:30") == []


SPELLED = (
    ("еще", "ещё", "Ещё раз"), ("ёлка", "елка", "вот ЕЛКА"), ("αθήνα", "ΑΘΗΝΑ", "η Αθήνα σήμερα"),
    ("ΛΟΓΟΣ", "λόγος", "ο λόγος"), ("lodz", "Łódź", "w Łódź teraz"), ("smorrebrod", "smørrebrød", "et smørrebrød"),
    ("oeuvre", "œuvre", "une œuvre"), ("configuration", "conﬁguration", "the conﬁguration page"),
    ("efficient", "eﬃcient", "very eﬃcient"), ("effi*", "eﬃcient", "no eﬃcient one"),
)  # fmt: skip


def test_accents_and_ligatures_do_not_matter_whoever_wrote_them(home: Home) -> None:
    with archive_of(home, conversation([text for *_, text in SPELLED])) as con:
        for *ways, text in SPELLED:
            for typed in ways:
                assert text in every(con, typed), typed
                marked = ask(con, typed)[0].snippet
                assert "«" in marked or "*" in typed, typed
        assert every(con, '"еще раз"') == {"Ещё раз"} and every(con, '"ο ΛΟΓΟΣ"') == {"ο λόγος"}
        # another letter is another word
        assert every(con, "ещи") == set() and every(con, "lodzx") == set()


def test_plain_words_are_found_by_who_types_the_accents(home: Home) -> None:
    with archive_of(home, conversation([ways[0] for *ways, _ in SPELLED[:-1]])) as con:
        for plain, typed, _ in SPELLED[:-1]:
            assert every(con, typed) == {plain}
            assert ask(con, typed)[0].snippet == f"«{plain}»"


VERSIONS = (
    "tagged v1.2.4-rc.1 today", "pip took 4.5.6rc2", "/usr/bin/python3.11.2 runs", "v3.1.4-rc1 it is",
    "7.2.10 and 7.25 and 7 2 9", "7.2.x is old", "run 17.2.1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1.2.4-rc.1", {0}), ("1.2.4-rc", {0}), ('"1.2.4-rc.1"', {0}), ("v1.2.4", {0}), ("1.2.4", {0}),
        ('"tagged 1.2.4"', {0}), ("3.1.4-rc1", {3}), ("4.5.6", {1}), ("3.11.2", {2}), ("7.2.*", {4, 5}),
        ("7.2*", {4, 5}), ("7.2.1", set()), ("5.6", set()), ("11.2", set()), ("1.2.4-rc.2", set()),
    ],
)  # fmt: skip
def test_a_version_is_found_beside_letters_and_not_beside_numbers(
    home: Home, typed: str, found: set[int]
) -> None:
    with archive_of(home, conversation(VERSIONS)) as con:
        assert every(con, typed) == {VERSIONS[n] for n in found}


def test_a_minus_leaves_out_a_record_that_has_the_word_in_another_part(home: Home) -> None:
    long = "tide at the start " + "of many words " * 9_000 + "and oak at the end"
    with archive_of(home, conversation([long, "tide alone", "tide and oak"])) as con:
        assert con.execute("SELECT max(parts) FROM v_record").fetchone()[0] > 1
        for text, found in (("tide -oak", {"tide alone"}), ("-oak", {"tide alone"}), ("-zzz tide", 3)):
            for newest in (False, True):
                hits = ask(con, text, newest=newest)
                assert len(hits) == found if isinstance(found, int) else {hit.text for hit in hits} == found
            count = found if isinstance(found, int) else len(found)
            assert facets.count(con, text, now_ns=NOW_NS).count == count


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("a tree in the worktree", "tree", "a «tree» in the worktree"),
        ("the worktree has a fsck", "tree fsck", "the worktree has a «fsck»"),
        ("no longer a long vector of vectors", "long vec*", "no longer a «long» «vec»tor of «vec»tors"),
        ("parseTree and HTTPTree2", "tree", "parse«Tree» and HTTP«Tree»2"),
        ("new XMLHttpRequest2", "HttpReq*", "new XML«HttpReq»uest2"), ("took v1.2.3rc", "1.2.3", "took v«1.2.3»rc"),
        ("ログ ｴﾗｰ だ", "エラ", "ログ «ｴﾗ»ｰ だ"), ("全角エラー", "エラ", "全角«エラ»ー"),
    ],
)  # fmt: skip
def test_a_highlight_marks_what_matched(home: Home, text: str, typed: str, shown: str) -> None:
    with archive_of(home, conversation([text, "another thing"])) as con:
        assert [hit.snippet for hit in ask(con, typed) if hit.matched != "any" or "fsck" in text][0] == shown


def test_a_form_of_a_word_is_marked_whole_where_forms_were_looked_for(home: Home) -> None:
    with archive_of(home, conversation(["we decided on oak", "the decimal deck"])) as con:
        hits = ask(con, "what did they decide")
        assert [hit.snippet for hit in hits] == ["we «decided» on oak"]


def test_a_star_inside_a_phrase_is_one_behind_it(home: Home) -> None:
    with archive_of(home, conversation(["git commit now", "git com", "git is commerce", "char * p"])) as con:
        assert every(con, '"git com*"') == every(con, '"git com"*') == {"git commit now", "git com"}
        assert ask(con, '"git com*"')[0].snippet.startswith("«git com»")


def test_values_a_facet_leaves_out_are_counted(home: Home) -> None:
    said = [record("tide", n=n, session=f"session-{n % 7}") for n in range(21)]
    with archive_of(home, said) as con:
        found = facets.facets(con, "tide", keys=("session", "kind"), now_ns=NOW_NS, limit=2)
    assert [one.count for one in found] == [3, 3, 21]
    assert found.notes == ["session: 5 other values with 15 records; --limit 7 shows them"]


def test_a_text_is_blamed_for_its_own_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for that of those before it, nor for what the process waits while others run."""
    monkeypatch.setattr(matching, "TEXT_S", 0.1)
    search = matching.Matcher("^(x+)+y$|e.*r$", False)
    try:
        assert search.spans(["error"]) == [[(0, 5)]]
        assert search._child is not None
        search._child.send_signal(signal.SIGSTOP)
        Timer(0.2, search._child.send_signal, (signal.SIGCONT,)).start()
        many = ["e" * 1_000] * 60  # each some milliseconds
        assert search.spans([*many, "error"]) == [[]] * 60 + [[(0, 5)]] and search.slow == 0
        assert search.spans(["error", "x" * 40, "error"]) == [[(0, 5)], [], [(0, 5)]] and search.slow == 1
    finally:
        search.close()
    assert len(matching._few(["x" * 20_000] * 3, 1)) == 1 and len(matching._few(["x" * 10] * 9, 2)) == 7


def test_a_count_says_what_a_pattern_was_not_looked_for_in(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "TEXT_S", 0.05)
    with archive_of(home, conversation([f"{'a' * 40}{n}" for n in range(12)])) as con:
        found = facets.count(con, "(a+)+$", now_ns=NOW_NS, mode="regex")
    assert found.estimated and "(a+)+: records before" in found.notes[0]


def test_a_record_is_found_by_all_of_a_very_long_line(home: Home) -> None:
    said = [".".join(f"w{n}" for n in range(200)), "環境変数を設定する" * 40, "x.".join(map(str, range(300)))]
    others = [text[:-9] + "something else" for text in said]
    with archive_of(home, [record(text, n=n) for n, text in enumerate([*said, *others])]) as con:
        for text in said:
            for typed in (text, f'"{text}"'):
                hits = ask(con, typed)
                assert [hit.text for hit in hits][:1] == [text], "the one that goes on the same comes first"
                assert "only the first 64 words were asked for" in hits.notes
