"""query/facts/endings: a command whose output says it failed is not told as one that went well."""

import pytest

from memlog.query.facts.endings import hidden

FAIL = "=== RUN TestA\n--- FAIL: TestA (0.00s)\nFAIL\texample/a\t0.1s\n"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("cd /w && go test ./... 2>&1 | tail -20", FAIL),
        ("pytest -q | head -50; echo done", "FAILED tests/test_a.py::test_b\n"),
        ("make all 2>&1 |& grep -v warning", "cc a.c\nmake: *** [Makefile:3: all] Error 1\n"),
        ("npm run build | tee log", "x\nnpm ERR! code ELIFECYCLE\n"),
        ("./run.sh | cat", "the job exited with status 3\n"),
    ],
)
def test_a_pipe_into_a_filter_hides_an_end_the_output_denies(command: str, text: str) -> None:
    assert hidden(command, text)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("go test ./...", FAIL),  # the host has its exit code
        ("go test ./... | tail -20", "ok  \texample/a\t0.1s\n"),
        ("set -o pipefail; go test ./... | tail -20", FAIL),
        ("test -f a || grep FAIL b", FAIL),
        ("cat old.log | tail -20", FAIL),
        ("git log | head", "fix: FAIL of TestA\nFAIL of a test"),
        ("pytest | tail -3", "12 passed, 0 failed in 3.1s\n"),
    ],
)
def test_what_is_known_or_only_quoted_stays_as_it_was_told(command: str, text: str) -> None:
    assert not hidden(command, text)
