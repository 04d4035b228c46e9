"""What a session, an epoch, a kind and a time may be called: the same everywhere."""

import json

import pytest

from archives import NOW_NS, fill, record
from memlog.cli import root, start
from memlog.paths import Home

TELLING = [
    ["query", "lost"], ["query", "facts"], ["query", "session", "--json"], ["query", "timeline"],
    ["export", "jsonl"], ["export", "csv"], ["query", "search", "tabs", "--session"],
]  # fmt: skip


@pytest.fixture
def told(home: Home) -> Home:
    """A session of two epochs, and one whose name looks like an epoch of it."""
    fill(home, [
        record("always use tabs in epoch zero", n=1),
        record("Conversation compacted", n=2, kind="compaction", role="system", boundary="session-a-2"),
        record("always use tabs in epoch one", n=3, boundary="session-a-2"),
        record("never use tabs in another", n=4, session="session-a@7"),
    ])  # fmt: skip
    return home


def said(
    capfd: pytest.CaptureFixture[str], *words: str, monkeypatch: pytest.MonkeyPatch, code: int = 0
) -> str:
    monkeypatch.setattr("sys.argv", ["memlog", *words])
    assert start.main() == code
    done = capfd.readouterr()
    return done.err if code else done.out


@pytest.mark.parametrize("words", TELLING, ids=" ".join)
def test_a_session_and_its_epoch_have_one_name_wherever_both_are_taken(
    told: Home, words: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    zero = said(capfd, *words, "session-a@0", monkeypatch=monkeypatch)
    assert "epoch zero" in zero and "epoch one" not in zero
    if words[1] != "timeline":
        assert said(capfd, *words, "session-a", "--epoch", "0", monkeypatch=monkeypatch) == zero
        wrong = said(capfd, *words, "session-a@0", "--epoch", "1", monkeypatch=monkeypatch, code=2)
        assert "epoch" in wrong
    if words[1] != "lost":
        assert "in another" in said(capfd, *words, "session-a@7", monkeypatch=monkeypatch)


def test_a_filter_of_a_search_names_an_epoch_too(
    told: Home, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(said(capfd, "query", "search", "tabs session:session-a@1", monkeypatch=monkeypatch))
    assert [row["text"] for row in found] == ["always use tabs in epoch one"]


def test_kinds_of_facts_may_be_separated_by_commas(told: Home, capfd: pytest.CaptureFixture[str]) -> None:
    assert root.main(["query", "facts", "session-a", "--fact", "file,instruction", "--json"]) == 0
    assert {row["kind"] for row in json.loads(capfd.readouterr().out)} == {"instruction"}
    assert root.main(["query", "diff", "session-a@0", "session-a@1", "--fact", "instruction,todo"]) == 0
    assert "epoch zero" in capfd.readouterr().out
    assert root.main(["query", "lost", "session-a", "--fact", "instruction,wish"]) == 2
    assert "'wish'" in capfd.readouterr().err


def test_a_time_beyond_all_there_is_is_said_to_be(told: Home, capfd: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--brief"]):
        for around, way in (("2036-01-01", "since"), ("2001-01-01", "up to")):
            assert root.main(["query", "timeline", "session-a", "--around", around, *words]) == 0
            done = capfd.readouterr()
            assert f"nothing is known {way} 20" in done.err and "epoch one" in done.out
        inside = str(NOW_NS - 24 * 3_600 * 10**9 + 2 * 60 * 10**9)
        assert root.main(["query", "timeline", "session-a", "--around", inside, *words]) == 0
        assert capfd.readouterr().err == ""


def test_an_import_of_everything_says_that_it_takes_no_path(capfd: pytest.CaptureFixture[str]) -> None:
    assert root.main(["import", "auto", "/tmp"]) == 2
    assert "auto takes no PATH" in capfd.readouterr().err
    assert root.main(["import", "--help"]) == 0
    assert "[PATH]... | auto" in " ".join(capfd.readouterr().out.split())
