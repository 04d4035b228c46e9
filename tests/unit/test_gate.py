"""Which patterns a sentence is asked: never one fewer than it matches, and far fewer than there are."""

import ast
import re
from pathlib import Path

import pytest

from memlog.query.facts import gate, languages
from memlog.query.facts.gate import ANY, Gate, words_of
from memlog.query.facts.needs import Fragment, alternatives, needs

KINDS = ("rule", "request", "correction", "fault", "complaint", "decision")


def _patterns() -> list[str]:
    return [source for kind in KINDS for source in getattr(languages.LATIN, kind).sources]


def _sentences() -> list[str]:
    """What the tests of facts say in any language, each in lower case."""
    said = set()
    for path in Path(__file__).parent.glob("test_facts*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.update(line.strip().lower().replace("’", "'") for line in node.value.split("\n"))
    return sorted(said)


def _left_out(patterns: list[str], sentences: list[str]) -> tuple[int, int, int]:
    """How often a pattern matched, was asked, and matched without being asked."""
    asked = Gate(patterns, [frozenset()] * len(patterns))
    matched = opened = missed = 0
    compiled = [re.compile(pattern) for pattern in patterns]
    for sentence in sentences:
        words = words_of(sentence)
        may = asked.may(words) if words else ANY
        for number, pattern in enumerate(compiled):
            found = pattern.search(sentence) is not None
            matched += found
            opened += may >> number & 1
            missed += found and not may >> number & 1
    return matched, opened, missed


def test_every_pattern_that_matches_is_asked_and_most_others_are_not() -> None:
    patterns, sentences = _patterns(), _sentences()
    matched, opened, missed = _left_out(patterns, sentences)
    assert len(patterns) > 200 and matched > 150
    assert missed == 0
    assert opened < len(patterns) * len(sentences) / 10


def test_a_need_that_is_wrong_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(source: str) -> tuple[frozenset[Fragment], ...]:
        return tuple(frozenset(Fragment(one.text, whole=True) for one in need) for need in needs(source))

    monkeypatch.setattr(gate, "needs", too_much)  # also pieces of words are taken for words
    assert _left_out(_patterns(), _sentences())[2] > 0


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (r"\bfoo\b", {"foo"}),
        (r"\bfoo\w+", {"foo*"}),
        (r"foo bar", {"foo*"}),
        (r"\bfoo(?: bar)?\b", {"foo"}),
        (r"\bfoo(?:bar)?\b", {"foo*"}),
        (r"(?:foo|bar) it\b", {"foo*", "bar*"}),
        (r"\b(?:foo|bar) it\b", {"foo", "bar"}),
        (r"\bauthori[sz]e\b", {"authorise", "authorize"}),
        (r"\bfoo(?: )?bar\b", {"foo*"}),
        (r"(?<!x )(?=y)\bfoo\b(?! z)", {"foo"}),
        (r"\b(?:foo )+bar\b", {"foo"}),
        (r"\bfoo's\b", {"foo"}),
        (r"foo?", set()),
        (r"\b(?:foo|\w+)\b", set()),
        (r"(?i)foo", set()),
        (r"(foo)\1", {"foo*"}),
    ],
)
def test_what_a_pattern_cannot_match_without(source: str, wanted: set[str]) -> None:
    found = next(iter(needs(source)), frozenset())
    assert {one.text + ("" if one.whole else "*") for one in found} == wanted


@pytest.mark.parametrize("source", [r"a|b(?:c|d)|[|x]\|y(?!e|f)", "whole", r"(?P<n>x|y)z|w"])
def test_alternatives_are_those_between_the_outer_bars(source: str) -> None:
    found = alternatives(source)
    assert "|".join(found) == source
    assert len(found) == {"whole": 1, r"(?P<n>x|y)z|w": 2}.get(source, 3)
    for one in found:
        re.compile(one)
