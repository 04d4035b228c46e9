"""How far a job is: a line on a terminal, from the first half second on, and nothing elsewhere."""

import pytest

from archives import conversation, fill, record
from memlog.cli import progress
from memlog.cli.progress import ProgressLine
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import client
from memlog.witness.jobs import Progress
from terminals import on_a_terminal


@pytest.mark.parametrize("width", [1, 10, 40, 79, 200])
def test_the_line_fits_the_screen_and_keeps_the_end_of_a_note(width: int) -> None:
    for note in ("/a/long/path/" * 20 + "end.jsonl", "漢字" * 90 + "end.jsonl", "\x1b[31m"):
        for total in (0, 10_000_000):
            line = ProgressLine().line(Progress(5_000_000, total, note), width, 75.0, 12.0)
            assert progress.columns(line) <= width
            assert "\x1b" not in line
            assert width < 79 or "end" not in note or line.endswith("end.jsonl")


def test_the_line_says_how_much_is_done_and_guesses_what_is_left() -> None:
    line = ProgressLine("records", 1)
    at = line._begun
    assert line._left(Progress(1_000, 9_000, ""), at) is None
    assert line._left(Progress(2_000, 9_000, ""), at + 1) is None  # too soon to guess
    assert line._left(Progress(3_000, 9_000, ""), at + 4) == pytest.approx(12)
    told = line.line(Progress(4_500, 9_000, ""), 79, 0, 12)
    assert told.startswith((" 50% ##########.......... 4,500", " 50% ██████████░░░░░░░░░░ 4,500"))
    assert "4,500 of 9,000 records  12 s left" in told


def test_nothing_is_said_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLine() as line:
        line._begun -= 9
        line(Progress(1, 2, "x"))
    assert capsys.readouterr().err == ""


def test_a_drain_says_how_much_of_the_ring_is_left(home: Home, settings: Settings) -> None:
    with open_ring(settings) as ring:
        for n in range(60):
            for blob in encode(record(f"word {n}", n=n)):
                ring.write(blob)
    seen: list[Progress] = []
    client.drain(home, settings._replace(batch_records=20), on_progress=seen.append)
    assert [(p.done, p.total) for p in seen if p.total] == [(20, 60), (40, 60)]


@pytest.mark.slow
def test_a_check_that_takes_long_says_where_it_is(home: Home) -> None:
    for session in ("a", "b"):
        fill(home, conversation([f"word {n} " * 9 for n in range(400)], session=session))
    at_once = "import memlog.cli.progress as p, memlog.archive.verify as v; p._QUIET_S = p._EVERY_S = 0; v._TICK = 100"
    with open(f"{home.root}/sitecustomize.py", "w") as file:
        file.write(at_once)
    sent = on_a_terminal("admin", "verify", PYTHONPATH=home.root)
    assert "checking every page" in sent and "of 800 links" in sent
    assert "\r\x1b[Knot proved: " in sent and sent.endswith("\neverything is as it was archived\n")
