"""Every command that prints what somebody wrote, on a terminal: nothing of it is obeyed. See test_output.py for searches."""

from pathlib import Path

import pytest

from archives import event, fill, record
from memlog.cli import terminal
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Header
from terminals import on_a_terminal

HOSTILE = (
    "red \x1b[31m title \x1b]0;owned\x07 clip \x1b]52;c;Zm9v\x07 link \x1b]8;;http://evil\x1b\\ back \x08 cr \r nul \x00 del \x7f "
    "c1 \x9b31m \x85 bidi \u202e\u2066 zero \u200b \ufeff line \u2028 tag \U000e0041 end needle"
)
NAME = "ses\x1b[2Jsion\u202e-x"
TOOL = "Ba\x1b]0;x\x07sh"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("hostile")
    home = Home(str(folder / "home"))
    call = {
        "input": {"command": f"rm {HOSTILE}", "file_path": f"/x/{NAME}"},
        "tool_use_id": "t\x1b1",
        "is_error": True,
    }
    said = [
        record(HOSTILE, n=1, session=NAME, project=f"/home/{NAME}"),
        record(f"Do not {HOSTILE}. We decided to {NAME}.", n=2, session=NAME),
        record(HOSTILE, n=3, session=NAME, kind="tool_use", tool=TOOL, role="assistant", rest=call),
        record(f"error: {HOSTILE}", n=4, session=NAME, kind="tool_result", tool=TOOL, role="tool", error=True, rest=call),
        record(HOSTILE, n=5, session=NAME, kind="compaction", role="system"),
        record(HOSTILE, n=6, session=NAME, boundary=f"{NAME}-5"),
        record(f"We decided to {HOSTILE}. {HOSTILE}", n=0, session=f"{NAME}2"),
        event("PreCompact", session=NAME, trigger=HOSTILE, prompt=HOSTILE),
    ]  # fmt: skip
    fill(home, said)
    with open_ring(Settings(home=home.root, ring="shm")) as ring:
        ring.write(HOSTILE.encode("utf-8", "surrogatepass"))
        ring.write(b"\xff\xfe" + HOSTILE.encode("utf-8", "surrogatepass"), session="s" * 8)
    image = folder / "image\x1b[31m.ring"
    image.write_bytes(
        Header(7, 1, 1, 0, 0, b"a\x1b[31mbc".ljust(16, b"\0")).pack() + b"\x1b]0;x\x07" + b"rub\x1b[2Jbish"
    )
    return home


COMMANDS = [
    ["show"], ["show", "--format", "json"], ["tail"], ["stats"], ["status"], ["doctor"], ["witness", "status"],
    ["query", "gaps"], ["query", "timeline"], ["query", "facts", "last"], ["query", "lost", "last"],
    ["query", "diff", "last", f"{NAME}2"], ["query", "record", f"{NAME}-3"], ["query", "facts", NAME],
    ["admin", "size"], ["admin", "size", "--by", "tool"], ["admin", "size", "--by", "session"], ["admin", "verify", "--quick"],
    ["admin", "forget", "--session", "last"], ["admin", "forget", "needle"], ["admin", "retention", "--keep-days", "1"],
    ["doctor", "secrets"], ["admin", "anchor"], ["show", "--device", "{folder}/image\x1b[31m.ring"],
    ["admin", "restore", "/no/\x1b[31m\u202e"], ["import", "jsonl", "/no/\x1b[31m"], ["export", "jsonl", "--session", NAME],
    ["query", "\x1b[31mno-such"], ["no-such\x1b[31m"], ["query", "sessions", "--project", "\x1b]0;x\x07"],
]  # fmt: skip


FAST = 8  # the others run with make test-slow


@pytest.mark.parametrize(
    "words",
    [*COMMANDS[:FAST], *(pytest.param(words, marks=pytest.mark.slow) for words in COMMANDS[FAST:])],
    ids=lambda w: " ".join(w[:3]).encode("ascii", "replace").decode(),
)
def test_nothing_a_terminal_obeys_reaches_it(
    hostile: Home, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMLOG_HOME", hostile.root)
    folder = str(Path(hostile.root).parent)
    sent = on_a_terminal(*(word.replace("{folder}", folder) for word in words), NO_COLOR="1")
    assert sent.strip()
    assert not [c for c in sent if terminal.obeyed(c) and c not in "\n\t"], repr(sent)


@pytest.mark.parametrize(
    "words", [["show"], ["query", "facts", "last"], ["admin", "forget", "needle"]], ids=str
)
def test_without_the_escapes_it_would_be_sent(
    hostile: Home, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The twin: the same commands with safe_text switched off."""
    (tmp_path / "sitecustomize.py").write_text(
        "from memlog.cli import terminal\nterminal.obeyed = lambda c: False\nterminal.safe_text = terminal.safe_line = str\n"
    )
    monkeypatch.setenv("MEMLOG_HOME", hostile.root)
    sent = on_a_terminal(*words, NO_COLOR="1", PYTHONPATH=str(tmp_path))
    assert [c for c in sent if terminal.obeyed(c) and c not in "\n\t"]
