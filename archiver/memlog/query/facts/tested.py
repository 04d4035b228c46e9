"""Which test or suite a line with a result is about, in the words of each runner."""

import re

_TIME = re.compile(
    r"[(\[<|]\s*(?:in\s+)?[\d.,]+ ?(?:ns|µs|us|ms|s|sec|seconds|m|min)?\s*[)\]>|]"  # (0.59s), [ 0.70s ]
    r"|\b(?:in )?\d+(?:[.,]\d+)? ?(?:ns|µs|us|ms|s|sec|secs|seconds|min)\b|\(cached\)|\[ *\d+%\]"
    r"|\b\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b|\bcoverage: .*|\[(?:no test files|build failed|setup failed)\]"
)
# Of a result, not of its name; a count is of the tests that were run.
_HOW = re.compile(
    r"(?:^|(?<=\s))(?:---|===|=+|_{3,}|\*+|not|ok|OK|PASS(?:ED)?|FAIL(?:ED|URE)?|ERROR|SKIP(?:PED)?|XFAIL|XPASS|Passed|Failed|Skipped|ignored"
    r"|passed|failed|skipped|expected failure|test result|test|DONE|Summary|\((?:pass|fail|skip)\)|\[ +(?:OK|PASSED|FAILED) +\]|[✓✗✘✕✔✖×❯ℹ#])(?::|(?=\s|$))"
)
_COUNTS = re.compile(
    r"\d+(?:/\d+)?%? (?:\w+ )?(?:passed|failed|passing|failing|pending|skipped|errors?|failures?|tests?|runs?|examples?|warnings?|todo"
    r"|deselected|xfailed|xpassed|properties|doctests?|suites?|items?|pass|fail|completed|assertions?)\b"
    r"|\b(?:Tests run|Failures|Errors|Skipped|Passed|Failed|Assertions|Tests|Test Suites|Test Files|Suites|Ran|Executed|collected|pass|fail"
    r"|failures|errors|skipped) ?[:=]?(?: *\d+)?"
)
_WHY = re.compile(r" - .*$|: (?:expected|assert|panic|timeout)\b.*$", re.I)
_NUMBER = re.compile(r"^\d+(?:/\d+)?(?: Test +#\d+:| -)?(?=\s|$)|^(?:\[gw\d+\])|\.{3,}\**(?=\s|$)|\*{3}")
# Lines that count and name nothing.
_SUMMARY = re.compile(
    r"(?:=+ |\[[A-Z]+\] +)?(?:(?:\d+ )?test result:|Tests?(?: Suites| Files)?:|Tests run|Ran \d|Suites:|Errors:|DONE \d|Summary\b|collected"
    r"|(?:Passed|Failed)[!:]|(?:FAILED|OK) ?[(|,]|Some tests|Executed \d|[#\u2139] |\d+%? (?:tests? )?(?:passed|failed|errors?|skipped|passing"
    r"|failing|pending|pass|fail|tests?|runs?|examples?|properties|doctests?|completed|warnings?)\b)"
)
_EMPTY = re.compile(r"[(\[][^\w()\[\]]*[)\]]")  # brackets a count stood in
_MARKS = re.compile(r"(?<=\.py) [.FEsxX]+ *$")


def name(line: str) -> str:
    """The name of a test or a suite, the same whether it passed or failed; empty where there is none.

    Durations, counts and times are none of it: `--- FAIL: TestX (0.59s)` and `--- PASS: TestX (0.70s)` are
    both `TestX`; `FAIL` and `3 failed in 2.1s` name nothing.
    """
    if _SUMMARY.match(line):
        return ""
    said = _MARKS.sub("", " ".join(_HOW.sub(" ", _TIME.sub(" ", line)).split()))
    said = _WHY.sub("", _NUMBER.sub(" ", _COUNTS.sub(" ", said)).strip())
    said = " ".join(_EMPTY.sub(" ", _HOW.sub(" ", said)).split())
    return said.strip(" .,:;|()[]!-=") and said
