"""Test results in what a program printed, a line each, in the words of each runner."""

import re
from collections.abc import Iterator

from memlog.query.facts.calls import Found
from memlog.query.facts.failures import COLOUR, LONGEST_LINE
from memlog.query.facts.lines import any_word, hot_lines
from memlog.query.facts.runners import RUNNERS

_MOST_LINES = 200  # of one answer; what is more says the same again

_LINE = re.compile("|".join(f"(?:{runner})" for runner in RUNNERS))
# A line without one of these is not looked at.
_HOT = any_word(
    "PASS", "FAIL", "Passed", "passed", "Failed", "failed", "passing", "failing", "pending", "ok ", "ok\t", "... ok",
    "ignored", "OK", "ERROR", "SKIP", "DONE ", "Ran ", "ests run", "failure", "ests pass", "pass)", "fail)", "skip)",
    "# pass", "# fail", " error in", "\u2139 ", " pass", " fail", "flaky", "Executed ", "rspec ./", ".py .", ".py F", ".py E", ".py s",
    "***", "skipped", "todo", "errors", "Assertions", "Some tests", "✓", "✗", "✘", "✕", "✔", "✖", "×", "❯",
    "FAILURES!", "%)", "%]", "⨯", "SUCCESS", "SUCCEEDED", "Executed", "specs ", "spec,", "scenarios", "steps (", "Specs", "› ", "did not run", "interrupted",
    "test cases:", "assertions:", "Totals:", "Total tests", "Test Run", "Test summary", "[E]", "Skipped ", "Result: ", "successful", ".t .", "no tests ran", "collected ",
    "NO TESTS", '"Action":"', "(Timeout)", "(Not Run)", "Total ", "succeeded", "Action",
)  # fmt: skip
# Ticks and crosses without a time are results where a runner counts them below.
_TICKED = re.compile(r"[✓✗✘✕✔✖×✅❌] [A-Za-z`'\"\d].*|\[info\] - .*")
_COUNTED = re.compile(
    r"^[ \t]*(?:\d+ (?:passing|failing)\b|.*\d+ tests? (?:passed|failed|ran)|(?:Tests|Test Suites|Test Files):?[ \t]+.*\d|[#\u2139] tests \d|\[\w+\] (?:Passed|Failed): Total|.*\bTest run with \d+)",
    re.M,
)
# A runner's tree names what failed by its number, above the count.
_NUMBERED = re.compile(r"^[ \t]+(\d+\) \S[^\n]*)$", re.M)
_FAILING = re.compile(r"^[ \t]*\d+ failing\b", re.M)
_BAD = re.compile(
    r"FAIL|Failed|\(fail\)|[#\u2139] fail [1-9]|\b[1-9]\d* failures?\b|\bfail(?:ed|ing)?\b|\b[1-9]\d* (?:failed|failing|errors?|fail)\b|\bERROR\b|^not ok|[✗✘×✕✖]|Failures: [1-9]"
    r"|Some tests|⨯|❌|\[E\]|interrupted|did not run|\(Timeout|\"Action\":\"fail\"|FAILURES|Failed: Total \d+, Failed [1-9]"
    r"|^\S+\.py [.sxX]*[FE]|^[.sxX]*[FE][.FEsxX]* +\[|\*\*\*"
)
_GOOD_COUNT = re.compile(
    r"\b0 (?:failed|failing|fail|failures?|errors?|tests failed)\b|\b[Ff]ail(?:ed|ures)?[:=] *0\b|[#\u2139] fail 0\b"
)


def outcomes(text: str) -> Iterator[Found]:
    """Test results, a line each."""
    counted: bool | None = None
    number = 0
    failing = _FAILING.search(text) if " failing" in text else None
    for match in _NUMBERED.finditer(text, 0, failing.start()) if failing else ():
        yield Found("test", match[1].strip(), "failed", *match.span(1))
    for start, end in hot_lines(text, _HOT):
        if end - start > LONGEST_LINE:
            continue
        line = text[start:end]
        plain = (COLOUR.sub("", line) if "\x1b" in line else line).strip()
        if not start:  # as a terminal shows what the host calls an error
            plain = plain.removeprefix("Error: ")
        if not _LINE.fullmatch(plain):
            if not _TICKED.fullmatch(plain):
                continue
            counted = _COUNTED.search(text) is not None if counted is None else counted
            if not counted:
                continue
        number += 1
        if number > _MOST_LINES:
            return
        start += len(line) - len(line.lstrip())
        bad = _BAD.search(_GOOD_COUNT.sub("", plain))
        yield Found("test", plain, "failed" if bad else "passed", start, start + len(line.strip()))
