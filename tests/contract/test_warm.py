"""A command forked by an interpreter that has loaded memlog is one started anew."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from archives import conversation, fill
from memlog.paths import Home
from warm import Warm


@pytest.fixture(scope="module")
def own() -> Iterator[Warm]:
    found = Warm()
    yield found
    found.end()


@pytest.mark.parametrize(
    ("module", "words", "given"),
    [
        ("memlog.cli.start", ["query", "sessions", "--json"], b""),
        ("memlog.cli.start", ["query", "serch"], b""),
        ("memlog.cli.start", ["import", "jsonl", "-"], b"{\n\xff"),
        ("memlog.capture.hook", ["Stop"], b"{}"),
    ],
)
def test_a_forked_command_says_what_one_started_anew_says(
    home: Home, own: Warm, module: str, words: list[str], given: bytes
) -> None:
    fill(home, conversation(["one token", "two tokens"]))
    anew = subprocess.run(
        [sys.executable, "-m", module, *words], input=given, capture_output=True, timeout=50
    )
    forked = own.run(module, words, dict(os.environ), given, 50)
    assert forked == (anew.returncode, anew.stdout, anew.stderr)


def test_a_command_that_does_not_end_is_killed_and_the_next_one_runs(home: Home, own: Warm) -> None:
    fill(home, conversation(["one token"]))
    with pytest.raises(subprocess.TimeoutExpired):
        own.run("memlog.cli.start", ["query", "search", "nobody", "--follow"], dict(os.environ), b"", 0.3)
    assert own.run("memlog.cli.start", ["--version"], dict(os.environ), b"", 50)[0] == 0


def test_what_decides_how_an_interpreter_starts_needs_one_that_starts(own: Warm) -> None:
    here = dict(os.environ)
    own.asked = 100
    assert own.takes(here, b"") and own.takes({**here, "MEMLOG_RING": "kernel"}, b"")
    for name in ("PYTHONPATH", "LC_ALL", "LD_PRELOAD", "TZ"):
        assert not own.takes({**here, name: "other"}, b""), name
    assert not own.takes(here, bytes(1 << 17)), "no pipe holds it"
