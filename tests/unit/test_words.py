"""What a person types, and the FTS5 expression it becomes."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlog.archive import connection
from memlog.archive.prepare import prepare
from memlog.query import stop_words, words


def every(text: str) -> str | None:
    return words.all_of(words.parse(text))


@pytest.mark.parametrize(
    ("typed", "expression"),
    [
        ("deadlock", '"deadlock"'),
        ("ring  full\n", '"ring" AND "full"'),
        ('"ring full" now', '"ring full" AND "now"'),
        ("ring -kernel", '("ring") NOT ("kernel")'),
        ('ring -"a b" -c', '("ring") NOT ("a b" OR "c")'),
        ("dead*", '"dead"*'),
        ('"dead l"*', '"dead l"*'),
        ("git --no-verify", '"git" AND "--no-verify"'),
        ("ring OR pipe drain", '("ring" OR "pipe") AND "drain"'),
        ("AND NEAR(a b)", '"AND" AND "NEAR(a" AND "b)"'),
        ('say "hi', '"say" AND "hi"'),
        ('a"b', '"a""b"'),
        ("http://x foo:bar", '"http://x" AND "foo:bar"'),
        ("ring ring ring", '"ring"'),
        ("text:x tags:s1", '"text:x" AND "tags:s1"'),
        ("漢字", '" 漢  字 "'),
        ("OR", '"OR"'),
        ("- -- * ? …", None),
        ("-only", None),
        ("", None),
    ],
)
def test_words_become_terms_that_must_all_be_met(typed: str, expression: str | None) -> None:
    assert every(typed) == expression


def test_known_keys_are_filters_and_others_are_words() -> None:
    question = words.parse('deadlock kind:summary since:2d project:"my work" foo:bar since: "role:x"')
    assert [(key, value) for key, value, _ in question.filters] == [
        ("kind", "summary"), ("since", "2d"), ("project", "my work"),
    ]  # fmt: skip
    assert words.all_of(question) == '"deadlock" AND "foo:bar" AND "since:" AND "role:x"'


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("why did the deploy script fail on friday?", "deploy script fail friday?"),
        ("what is it", "what is it"),
        ("What's wingman? don't", "wingman?"),
        ('what "the who" did*', '"the who" did*'),
        ("Was haben wir über Wingman entschieden?", "Wingman entschieden?"),
        ("warum Drainage", "Drainage"),
        ("qu'est-ce que wingman", "wingman"),
        ("pourquoi l\u2019archive est vide", "l\u2019archive vide"),
        ("\u00bfQué decidimos sobre wingman?", "decidimos wingman?"),
        ("o que decidimos sobre o wingman", "decidimos wingman"),
        ("cosa abbiamo deciso su wingman", "deciso wingman"),
        ("wat hebben we besloten over wingman", "besloten wingman"),
        ("что мы решили про wingman", "решили wingman"),
        ("die man bin war hat con", "die man bin war hat con"),  # words of English and of a shell, too
    ],
)
def test_words_that_say_nothing_are_those_of_the_questions_language(typed: str, said: str) -> None:
    found = stop_words.said(words.parse(typed).terms)
    assert found == words.parse(said).terms


def test_any_of_the_words_can_ask_for_some_of_them_in_any_case() -> None:
    question = words.parse("deploy friday OR monday -draft")
    assert words.any_of(question.terms, question) == ('("deploy" OR ("friday" OR "monday")) NOT ("draft")')
    rare = question.terms[1:]
    assert words.any_of(question.terms, question, must=rare) == (
        '((("friday" OR "monday")) AND ("deploy" OR ("friday" OR "monday"))) NOT ("draft")'
    )
    assert words.needles(words.parse("why did it fail?")) == ["fail?"]


def test_a_pasted_page_is_asked_by_its_first_words() -> None:
    question = words.parse(" ".join(f"w{n}" for n in range(10_000)))
    assert len(question.terms) == words.MAX_TERMS
    assert question.notes == ["only the first 64 words were asked for"]


def test_a_word_that_comes_again_is_asked_for_once() -> None:
    again = words.parse("git " * 3_000 + "commit -x -y -x")
    assert again.every == '("git" AND "commit") NOT ("x" OR "y")' and not again.notes
    assert again.remarks() == ['without x, y, also where it stands as it was typed; to look for it: "-x"']
    assert again.remarks(False) == ['without x, y; to look for it: "-x"']
    assert words.parse("git OR commit OR push " * 500).every == '("git" OR "commit" OR "push")'
    assert words.parse("git bar git OR foo git").every == '"git" AND "bar" AND ("git" OR "foo")'
    pairs = words.parse(" ".join(f"w{a} OR v{b}" for a in range(30) for b in range(30)))
    assert len(pairs.terms) == words.MAX_TERMS and pairs.notes == ["only the first 64 words were asked for"]
    assert len(words.parse("-x " * 3_000).exclude) == 1


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    con = connection.sqlite3.connect(":memory:")
    con.execute(
        "CREATE VIRTUAL TABLE f USING fts5 (text, tags, content = '', contentless_delete = 1, "
        "tokenize = 'unicode61 remove_diacritics 2')"
    )
    con.execute("INSERT INTO f (rowid, text, tags) VALUES (1, ?, 's1 kmeta')", (prepare("the ring is full"),))
    yield con
    con.close()


HOSTILE = st.text(
    alphabet=st.sampled_from("ab \"'*:()-+^{}[]\\/\0\n\t漢\u0301\ud800…ANDORNTE0.,;~"), max_size=40
)


@settings(max_examples=1_000, deadline=None)
@given(st.one_of(st.text(max_size=60), HOSTILE))
def test_no_text_is_a_syntax_error(index: sqlite3.Connection, typed: str) -> None:
    question = words.parse(typed)
    said = stop_words.said(question.terms)
    some = words.any_of(said, question, must=said[:1])
    for expression in (words.all_of(question), some, words.excluded(question)):
        if expression is not None:
            index.execute("SELECT rowid FROM f WHERE f MATCH ?", (f"{{text}} : ({expression})",)).fetchall()


def test_the_same_texts_unquoted_are_syntax_errors(index: sqlite3.Connection) -> None:
    """The twin: what the quoting saves us from."""
    failures = 0
    for typed in ('a"', "AND", "foo:bar", "a) OR (b", "", "-x", "^", "a NEAR("):
        with pytest.raises(connection.Error):
            index.execute("SELECT rowid FROM f WHERE f MATCH ?", (typed,)).fetchall()
        failures += 1
    assert failures == 8


@pytest.mark.parametrize(
    "long", [".".join(f"w{n}" for n in range(200)), "環" * 200, "🚀" * 200, "a*" * 20_000]
)
def test_of_a_phrase_of_very_many_words_the_first_are_asked_for(long: str) -> None:
    for typed in (long, f'"{long}"'):
        question = words.parse(typed)
        [[term]] = question.terms
        assert long.startswith(term.text) and question.notes == ["only the first 64 words were asked for"]
        assert len([piece for piece in term.text if piece in "w環🚀a"]) == words.MAX_TERMS
        assert words.parse(term.text).notes == [], "the twin: so many are asked for whole"
    assert words.parse("x" * 5_000).terms[0][0].text == "x" * 5_000


def test_what_an_expression_marks_is_its_words() -> None:
    assert words.needles_of_raw('NEAR(shadow branch, 2) OR (ring* AND 42) NOT "a,7 b"') == [
        "shadow", "branch", "ring*", "42", "a", "b",
    ]  # fmt: skip
