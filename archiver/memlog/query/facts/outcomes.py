"""Test results in what a program printed, a line each, in the words of each runner."""

import re
from collections.abc import Iterator

from memlog.query.facts.calls import Found
from memlog.query.facts.failures import COLOUR, LONGEST_LINE
from memlog.query.facts.lines import any_word, hot_lines

_MOST_LINES = 200  # of one answer; what is more says the same again

# Lines a runner alone writes; a bare `PASS` or `FAIL` of Go is the result of a whole run.
_RUNNERS = (
    # go, gotestsum
    r"(?:---|===) (?:PASS|FAIL|SKIP): \S.*|ok[ \t]+\S*[./]\S*[ \t]+(?:\(cached\)|[\d.]+s).*|FAIL\t\S.*|PASS|FAIL|DONE \d+ tests?.*",
    # pytest
    r"(?:=+ )?(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun),? ?)+in [\d.]+ ?s.*"
    r"|(?:\[gw\d+\] )?(?:\[ *\d+%\] )?(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) \S+::\S.*|\S+::\S+.* (?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b.*"
    r"|\S+\.py [.FEsxX]+[ \t]*(?:\[ *\d+%\])?|(?:FAILED|ERROR) \S+\.py(?: - .*)?|_{3,} ERROR .* _{3,}|(?:collecting \.\.\. )?collected \d+ items?(?: / \d+ \w+)* / \d+ errors?.*",
    # unittest
    r"Ran \d+ tests? (?:in|across) .*|OK(?: \((?:\w+=\d+(?:, )?)+\))?|FAILED \((?:\w+ ?\w*=\d+(?:, )?)+\)"
    r"|\w+ \([\w.]+\) \.\.\. (?:ok|FAIL|ERROR|skipped\b.*|expected failure)|(?:FAIL|ERROR): \w+ \([\w.]+\).*",
    # jest, vitest, mocha, bun, node, deno
    r"(?:Tests|Test Suites|Test Files|Errors|Suites):?[ \t]+.*\b\d+ (?:passed|failed|skipped|todo|errors?)\b.*|(?:PASS|FAIL) +\S+\.\w+.*"
    r"|\d+ (?:passing|failing|pending|pass|fail)\b(?: \(.*\))?|\((?:pass|fail|skip)\) \S.*|(?:#|\u2139) (?:pass|fail) \d+|(?:ok|FAILED) \| \d+ passed.*"
    r"|[❯×✓✗✘✕] \S+ +\(\d+(?: tests?\b.*)?\).*|[✓✗✘×✔✖✕] \S.*\(\d+(?:\.\d+)? ?ms\)|[✓✗✘×✔✖✕] [^\s>][^>]* > .* \d+ ?m?s",
    # cargo, nextest
    r"(?:\d+ )?test result: (?:ok|FAILED)\..*|test .+ \.\.\. (?:ok|FAILED|ignored)\b.*|(?:PASS|FAIL) \[ *[\d.]+s\] .*|Summary \[ *[\d.]+s\] .*\btests? run: .*",
    # TAP, rspec, minitest, mix, gradle, maven, phpunit
    r"(?:not )?ok \d+(?: -)? \S.*|\d+ examples?, \d+ failures?.*|rspec \./\S+:\d+ # .*"
    r"|\d+ (?:tests?|runs?|properties|doctests?), (?:\d+ \w+, )*\d+ failures?.*|\d+ tests? completed, \d+ failed.*|[\w.$]+(?: > .+)? > .+ (?:PASSED|FAILED|SKIPPED)"
    r"|(?:\[[A-Z]+\] +)?Tests run: \d+, Failures: \d+.*|OK,? .*\(\d+ tests?.*\)|OK \(\d+ tests?.*\)|Tests: \d+, Assertions: \d+.*",
    # dotnet, ctest, googletest, playwright, xctest, flutter
    r"(?:Passed|Failed)! +- Failed: +\d+, Passed: .*|(?:Passed|Failed|Skipped) [\w.]+\S* \[[<\d].*\]|(?:Passed|Failed): +\d+"
    r"|\d+% tests passed.*|\d+/\d+ Test +#\d+: .*(?:\bPassed|\*\*\*\w+).*|\[ +(?:OK|PASSED|FAILED) +\] \S.*"
    r"|\d+ (?:passed|failed|flaky)(?: \([\d.]+m?s\))?|Test (?:Case|Suite) .* (?:passed|failed)\b.*|Executed \d+ tests?, with .*|\d\d:\d\d \+\d+(?: ~\d+)?(?: -\d+)?: (?:All|Some) tests .*",
    # whoever counts, or says it of all
    r"\W*(?:[\w-]+(?: \w+)?: )?\d+(?:/\d+| of \d+)? tests? (?:passed|failed)\b.*|\W*(?:\w+: )?\d+ passed, \d+ failed.*|\W*(?:\w+: )?[Pp]assed[:=] ?\d+,? +[Ff]ailed[:=] ?\d+.*"
    r"|\W*(?:[Aa]ll|ALL) (?:\d+ |\w+ )?(?:tests|TESTS) (?:have )?(?:pass(?:ed)?|PASS(?:ED)?)\b.{0,20}|\W*(?:PASS|FAIL)(?:ED)?\]?:? +[\w`\"'./-].*",
)
_LINE = re.compile("|".join(f"(?:{runner})" for runner in _RUNNERS))
# A line without one of these is not looked at.
_HOT = any_word(
    "PASS", "FAIL", "Passed", "passed", "Failed", "failed", "passing", "failing", "pending", "ok ", "ok\t", "... ok",
    "ignored", "OK", "ERROR", "SKIP", "DONE ", "Ran ", "ests run", "failure", "ests pass", "pass)", "fail)", "skip)",
    "# pass", "# fail", "\u2139 ", " pass", " fail", "flaky", "Executed ", "rspec ./", ".py .", ".py F", ".py E", ".py s",
    "***", "skipped", "todo", "errors", "Assertions", "Some tests", "✓", "✗", "✘", "✕", "✔", "✖", "×", "❯",
)  # fmt: skip
# Ticks and crosses without a time are results where a runner counts them below.
_TICKED = re.compile(r"[✓✗✘✕✔✖×] [A-Za-z`'\"].*")
_COUNTED = re.compile(
    r"^[ \t]*(?:\d+ (?:passing|failing)\b|.*\d+ tests? (?:passed|failed|ran)|(?:Tests|Test Suites|Test Files):?[ \t]+.*\d|[#\u2139] tests \d)",
    re.M,
)
_BAD = re.compile(
    r"FAIL|Failed|\(fail\)|[#\u2139] fail [1-9]|\b[1-9]\d* failures?\b|\bfail(?:ed|ing)?\b|\b[1-9]\d* (?:failed|failing|errors?|fail)\b|\bERROR\b|^not ok|[✗✘×✕✖]|Failures: [1-9]"
    r"|Some tests|^\S+\.py [.sxX]*[FE]|\*\*\*"
)
_GOOD_COUNT = re.compile(
    r"\b0 (?:failed|failing|fail|failures?|errors?|tests failed)\b|\b[Ff]ail(?:ed|ures)?[:=] *0\b|[#\u2139] fail 0\b"
)


def outcomes(text: str) -> Iterator[Found]:
    """Test results, a line each."""
    counted: bool | None = None
    number = 0
    for start, end in hot_lines(text, _HOT):
        if end - start > LONGEST_LINE:
            continue
        line = text[start:end]
        plain = (COLOUR.sub("", line) if "\x1b" in line else line).strip()
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
