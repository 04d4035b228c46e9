"""What the words of a search may be joined to: groups, alternatives, filters that leave out, characters, patterns."""

import functools
import re
import sqlite3
import time
from re import _parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlog.query import expression, reader, required, suggest, words
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
    assert [[one.parts for one in union.parts] for union in question.unions] == [
        [("is", "error"), ("kind", "summary"), ("path", "a b")],
        [("tool", "Bash"), ("role", "user")],
    ]
    assert [term.text for group in question.terms for term in group] == ["x"] and not question.notes
    assert words.parse("(kind:meta OR since:2d)").notes == [
        "since:2d at column 15 is searched for as words: a time or epoch holds for all of a question, it stands "
        "beside no OR and in no parentheses with a minus"
    ]


@pytest.mark.parametrize(
    ("typed", "filters"),
    [
        ("-(tool:Bash OR tool:Edit) is:error", [("-tool", "Bash"), ("-tool", "Edit"), ("is", "error")]),
        ("(tool:Bash) git", [("tool", "Bash")]),
        ("((git (tool:Bash)))", [("tool", "Bash")]),
        ("-(-(tool:Bash))", [("tool", "Bash")]),
        ("tool:Bash tool:Read -tool:Edit role:user", [("tool", "Bash,Read"), ("-tool", "Edit"), ("role", "user")]),
        ("kind:'message' path:'a b' path:it's", [("kind", "message"), ("path", "a b"), ("path", "it's")]),
        ("is:error NOT tool:Bash", [("is", "error"), ("-tool", "Bash")]),
        ("-epoch:0 epoch:1,2", [("-epoch", "0"), ("epoch", "1,2")]),
    ],
)  # fmt: skip
def test_what_can_be_taken_apart_is_filters_of_their_own(typed: str, filters: list[tuple[str, str]]) -> None:
    question = words.parse(typed)
    assert [(key, value) for key, value, _ in question.filters] == filters
    assert not question.notes and not question.unions


@pytest.mark.parametrize(
    ("typed", "found", "all_but"),
    [
        ("git OR kind:meta", "(W OR kind:meta)", None),
        ("(git tool:Bash) OR panic", "((W AND tool:Bash) OR W)", None),
        ("-(git tool:Bash)", None, "(W AND tool:Bash)"),
        ("worktree OR -git", None, "((W) NOT (W))"),
        ("-(git -tool:Bash)", None, "((W) NOT (tool:Bash))"),
        ("(a -kind:meta) OR is:error", "(((W) NOT (kind:meta)) OR is:error)", None),
    ],
)
def test_a_tree_is_one_expression_and_a_sign(typed: str, found: str | None, all_but: str | None) -> None:
    question = words.parse(typed)
    assert not question.terms and not question.exclude
    told = expression.both([expression.signed(one, lambda *pair: ":".join(pair)) for one in question.unions])
    assert [one and re.sub(r"\(\{text\} : \(.*?\)\)", "W", one) for one in told] == [found, all_but]


TOLD = {"tool:Bash": 1, "role:user": 2, "is:error": 4, "kind:meta": 8, "aa": 16, "bb": 32, "cc": 64}
ATOM = st.sampled_from(sorted(TOLD))


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.lists(parts, min_size=1, max_size=3)
    return st.builds(
        lambda inner, minus, either: "-" * minus + "(" + (" OR " if either else " ").join(inner) + ")",
        group, st.booleans(), st.booleans(),
    )  # fmt: skip


def _holds(typed: str, record: int) -> bool:
    """The independent reading: Python's own and, or, not."""
    said = re.sub(r"[a-z]+(:\w+)?", lambda m: str(bool(TOLD[m[0]] & record)), typed.replace(" OR ", "|"))
    return bool(eval(said.replace(" ", " and ").replace("|", " or ").replace("-", " not ")))


@functools.cache
def _index() -> sqlite3.Connection:
    """128 records, of which each holds other words and tags."""
    con = sqlite3.connect(":memory:")
    con.execute("CREATE VIRTUAL TABLE f USING fts5 (text, tags)")
    rows = []
    for record in range(128):
        has = [name for name, bit in TOLD.items() if bit & record]
        text = " ".join(one for one in has if ":" not in one)
        rows.append((record, text, " ".join("".join(one.split(":")) for one in has if ":" in one)))
    con.executemany("INSERT INTO f (rowid, text, tags) VALUES (?, ?, ?)", rows)
    return con


@settings(max_examples=150, deadline=None)
@given(st.recursive(ATOM, _joined, max_leaves=7))
def test_whatever_is_joined_means_what_logic_says(typed: str) -> None:
    question = words.parse(typed)
    if question.notes:  # deeper than parentheses go
        return
    con = _index()

    def ids(match: str | None, none: set[int]) -> set[int]:
        return none if match is None else {one for (one,) in con.execute("SELECT rowid FROM f (?)", (match,))}

    def tagged(key: str, value: str) -> str:
        return "({tags} : (" + " OR ".join(f'"{key}{one}"' for one in value.split(",")) + "))"

    found = ids(question.every and f"{{text}} : ({question.every})", set(range(128)))
    if question.every is None:
        unwanted = words.excluded(question)
        found -= ids(unwanted and f"{{text}} : ({unwanted})", set())
    for key, value, _ in question.filters:
        if key == words.EITHER:
            sign, match = expression.signed(question.unions[int(value)], tagged)
            found = found & ids(match, set()) if sign else found - ids(match, set())
        elif key[0] == "-":
            found -= ids(tagged(key[1:], value), set())
        else:
            found &= ids(tagged(key, value), set())
    assert found == {record for record in range(128) if _holds(typed, record)}, (typed, question.filters)


def test_not_in_capitals_leaves_out_but_not_in_a_sentence_of_capitals() -> None:
    assert words.parse("git NOT commit").exclude == words.parse("git -commit").exclude
    assert words.parse("git -commit").remarks() and not words.parse("git NOT commit").remarks(), "it is meant"
    assert words.parse("git AND NOT commit").exclude and not words.parse("git NOT -commit").exclude
    for typed in ("DO NOT EDIT", "NOT here", "x NOT", "TODO NOT done"):
        assert not words.parse(typed).exclude, typed


def test_parentheses_deeper_than_they_go_are_said() -> None:
    assert words.parse("(" * 8 + "tool:Bash" + ")" * 8).notes == []
    assert words.parse("(" * 9 + "tool:Bash" + ")" * 9).notes == [
        "the parenthesis at column 9 is a sign: 8 can be in each other"
    ]


def test_a_page_of_open_parentheses_is_read_as_signs_after_a_while_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "_SCANNED", 2_000)
    typed = "(a OR " * 200 + "b"
    question = words.parse(typed)
    assert question.scanned <= 2_000 + len(typed)
    assert question.notes == ["the last of these parentheses are signs: too many of them are not closed"]
    monkeypatch.setattr(reader, "_SCANNED", len(typed) ** 2)
    assert words.parse(typed).scanned > 100_000, "the twin: it grows with the square"


def test_a_filter_that_is_said_again_beside_an_or_is_asked_for_once() -> None:
    question = words.parse("kind:message OR " * 50 + "ring OR ring")
    assert str(question.unions[0]) == "(kind:message OR ring)" and not question.notes


def test_filters_can_be_joined_and_can_leave_out() -> None:
    question = words.parse('tool:Bash OR tool:Read -kind:meta -path:"a b" is:error -epoch:3 Path:x')
    assert [(key, value) for key, value, _ in question.filters] == [
        ("tool", "Bash,Read"), ("-kind", "meta"), ("-path", "a b"), ("is", "error"), ("-epoch", "3"), ("path", "x"),
    ]  # fmt: skip
    question = words.parse("-since:2d")
    assert [term.text for term in question.exclude] == [
        "since:2d"
    ] and "what a minus leaves" in question.notes[0]
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
