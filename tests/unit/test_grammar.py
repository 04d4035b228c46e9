"""What the words of a search may be joined to: groups, alternatives, filters that leave out, characters, patterns."""

import re
import time
from re import _parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlog.query import required, suggest, words
from memlog.query.matching import Matcher, TooSlowError


@pytest.mark.parametrize(
    ("typed", "expression"),
    [
        ("(ring OR pipe) drain", '("ring" OR "pipe") AND "drain"'),
        ('(a b) OR (c "d e")', '(("a" AND "b") OR ("c" AND "d e"))'),
        ("(a -b) OR c", '((("a") NOT ("b")) OR "c")'),
        ("x -(a b)", '("x") NOT (("a" AND "b"))'),
        ("read AND write", '"read" AND "write"'),
        ("READ OR", '"READ" AND "OR"'),
        ("f(x) foo(a, b)", '"f(x)" AND "foo(a," AND "b)"'),
        ("(a OR b", '("(a" OR "b")'),
        ("((a OR b) c) OR d", '((("a" OR "b") AND "c") OR "d")'),
        ("std::vec http://x E0308: a:b:c", '"std::vec" AND "http://x" AND "E0308:" AND "a:b:c"'),
    ],
)  # fmt: skip
def test_groups_are_what_stands_around_or(typed: str, expression: str) -> None:
    shape = words.parse(typed).every
    # how a word is spelled is prepare's business: here only what joins them
    assert shape is not None
    assert _bare(shape) == _bare(expression)


def _bare(expression: str) -> str:
    """Words instead of their spelling in the index."""
    return re.sub(r'"([^"]*)"', lambda m: "".join(c for c in m[1].lower() if c.isalnum()), expression)


def test_an_or_between_different_filters_is_either_of_them() -> None:
    question = words.parse('is:error OR kind:summary OR path:"a b" x tool:Bash OR role:user')
    assert question.filters == [
        (words.EITHER, "0", 'is:error OR kind:summary OR path:"a b"'),
        (words.EITHER, "1", "tool:Bash OR role:user"),
    ]
    assert question.unions == [
        [("is", "error"), ("kind", "summary"), ("path", "a b")],
        [("tool", "Bash"), ("role", "user")],
    ]
    assert [term.text for group in question.terms for term in group] == ["x"] and not question.notes
    assert words.parse("kind:meta OR since:2d").notes and words.parse("-kind:meta OR is:error").notes


def test_filters_can_be_joined_and_can_leave_out() -> None:
    question = words.parse('tool:Bash OR tool:Read -kind:meta -path:"a b" is:error -epoch:3 Path:x')
    assert [(key, value) for key, value, _ in question.filters] == [
        ("tool", "Bash,Read"), ("-kind", "meta"), ("-path", "a b"), ("is", "error"), ("path", "x"),
    ]  # fmt: skip
    assert [term.text for term in question.exclude] == ["epoch:3"]
    assert words.parse("kind:meta OR x").notes == [
        "the OR at column 11 is left out, kind:meta holds for all of it: an OR joins words with words, and "
        "filters but for times and epochs with each other"
    ]
    assert words.parse('say "never closed').notes == [
        "the quote at column 5 is not closed: it goes to the end"
    ]


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='ab()-"* OR:kindtool', max_size=60))
def test_whatever_is_typed_has_an_expression_with_its_parentheses_closed(typed: str) -> None:
    expression = re.sub(r'"(?:[^"]|"")*"', "x", words.parse(typed).every or "")
    depth = 0
    for c in expression:
        depth += (c == "(") - (c == ")")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"foo\s+bar", ('"bar"*', '"bar"* AND "foo"')),
        (r"\bdead\w+", ('"dead"*', None)),
        (r"error: (\d+) in (foo|bar)", ('"in"', '"in" AND "error"')),
        (r"(abc)+x", (None, '"abc"*')),
        (r"^std::vec$", ('"std" AND "vec"', None)),
        (r"a?foo", (None, '"foo"*')),
        (r"\d{3}-\d{4}", (None, None)),
        (r"(?=secret)x", (None, None)),
    ],
)
def test_a_pattern_requires_only_words_that_every_match_holds(pattern: str, needed: tuple[str, str]) -> None:
    assert required.of_pattern(_parser.parse(pattern)) == needed


WORD = st.text(alphabet="abc", min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORD, min_size=2, max_size=6), st.integers(0, 20), st.integers(1, 12))
def test_what_is_required_of_a_literal_is_in_every_text_that_has_it(
    said: list[str], at: int, size: int
) -> None:
    text = " ".join(said)
    literal = text[at : at + size]
    for one in re.findall(r'"(\w+)"(\*?)', required.of_literal(literal).required or ""):
        word, begins = one
        assert any(w == word or (begins and w.startswith(word)) for w in said)


def test_a_pattern_that_explodes_ends_and_others_still_match() -> None:
    matcher = Matcher(r"(a+)+$", ignore_case=False)
    try:
        began = time.monotonic()
        found = matcher.spans(["xaa", "a" * 60 + "!", "baaa"])
        assert found == [[(1, 3)], [], [(1, 4)]]
        assert matcher.slow == 1 and time.monotonic() - began < 5
    finally:
        matcher.close()


@pytest.mark.slow
def test_a_pattern_that_always_explodes_is_given_up() -> None:
    matcher = Matcher(r"(a+)+$", ignore_case=False)
    try:
        with pytest.raises(TooSlowError):
            matcher.spans(["a" * 60 + "!"] * 9)
    finally:
        matcher.close()


@pytest.mark.parametrize(
    ("a", "b", "slips"),
    [("deadlock", "deadlock", 0), ("deadlok", "deadlock", 1), ("dedalock", "deadlock", 1), ("daedlokc", "deadlock", 2),
     ("abc", "xyz", 3), ("", "ab", 2)],
)  # fmt: skip
def test_letters_left_out_added_changed_or_swapped_are_counted(a: str, b: str, slips: int) -> None:
    assert suggest.distance(a, b, 2) == slips
    assert suggest.distance(b, a, 2) == slips
    assert slips != 1 or b in set(suggest.one_slip(a, len(a)))
