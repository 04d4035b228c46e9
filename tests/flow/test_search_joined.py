"""Words, filters and epochs joined: what is said of their order, what a lone group leaves out, which sessions."""

import pytest

from archives import NOW_NS, archive_of, conversation
from flow.talk import ask, texts
from flow.test_search_text import VERSIONS
from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query import respell
from memlog.query.filters import either
from memlog.query.selection import Selection
from memlog.query.words import parse

TOLD = "newest first: words that are joined with filters select and do not rank"


def test_words_joined_with_filters_say_that_they_do_not_rank(home: Home) -> None:
    with archive_of(home, conversation(["tide and oak", "tide", "oak"])) as con:
        joined = ask(con, "(oak role:user) OR role:assistant")
        assert texts(joined) == ["oak", "tide", "tide and oak"] and joined.notes == [TOLD]
        assert not ask(con, "is:error OR role:user").notes and not ask(con, "tide OR oak").notes
        assert not ask(con, "(oak role:user) OR role:assistant", newest=True).notes
        assert TOLD not in ask(con, "tide (oak OR role:user)").notes, "tide ranks"


def test_a_group_that_stands_alone_leaves_out_as_it_does_without_parentheses(home: Home) -> None:
    with archive_of(home, conversation(["git push", "ls", "f (-1) x"])) as con:
        assert texts(ask(con, "(-git)")) == texts(ask(con, "-git")) == ["f (-1) x", "ls"]
        assert texts(ask(con, "(-git -ls)")) == ["f (-1) x"]
        assert texts(ask(con, "(-git) role:user")) == ["f (-1) x"]
        assert texts(ask(con, "f (-1)")) == ["f (-1) x"], "beside a word it is a sign"


@pytest.fixture
def epochs(home: Home) -> object:
    first = conversation(["tide one", "tide two"], session="aaaa-1")
    later = [
        one._replace(source_id=f"late-{n}", boundary="b", ts_ns=NOW_NS - 5_000 + n)
        for n, one in enumerate(conversation(["tide three", "tide four"], session="aaaa-1"))
    ]
    with archive_of(home, [*first, *later], conversation(["tide five"], session="bbbb-2")) as con:
        yield con


def test_an_epoch_of_one_session_is_asked_for_beside_another_session(epochs: Connection) -> None:
    assert {row[0] for row in epochs.execute("SELECT epoch FROM v_record")} == {0, 1}
    flags = Selection(**either({"session": ["aaaa@1", "bbbb"]}))  # type: ignore[arg-type]
    expected = {"tide three", "tide four", "tide five"}
    assert set(texts(ask(epochs, "tide", flags))) == set(texts(ask(epochs, "", flags))) == expected
    assert set(texts(ask(epochs, "tide session:aaaa@1,bbbb"))) == expected
    assert set(texts(ask(epochs, "(tide session:aaaa@0) OR session:bbbb"))) == {
        "tide one",
        "tide two",
        "tide five",
    }
    assert set(texts(ask(epochs, "tide -session:aaaa@0"))) == expected
    assert set(texts(ask(epochs, "tide -session:aaaa@0,bbbb"))) == expected - {"tide five"}


@pytest.mark.parametrize(("typed", "found"), [("4.5.6", 1), ("3.11.2", 2), ("7.2.1", None), ("7.2.*", 5)])
def test_in_a_large_archive_a_version_is_found_beside_what_usually_stands_there(
    home: Home, typed: str, found: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(respell, "LARGE", 0)
    with archive_of(home, conversation(VERSIONS)) as con:
        hits = texts(ask(con, typed))
        assert hits == [] if found is None else VERSIONS[found] in hits


def test_plain_words_are_read_as_the_grammar_reads_them() -> None:
    from memlog.query import grammar, words

    for text in (
        "a b a",
        "dead* lock",
        "x" * 9 + " y*",
        " well-known  a.b/c ",
        "e.g. f' #1 ???",
        "w " * 99,
        "Ä ä",
    ):
        short, long = parse(text), words.Question()
        grammar.read(long, text)
        assert [short.terms, short.notes, short.empty] == [long.terms, long.notes, long.empty], text
