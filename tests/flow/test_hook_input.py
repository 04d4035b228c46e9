"""Whatever stands on a hook's stdin, it exits 0, says nothing, and does not wait."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from memlog.capture import told
from memlog.paths import Home
from memlog.record import Event, decode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Frame

HOOK = [sys.executable, "-m", "memlog.capture.hook"]
SECRET = "gh" + "p_" + "a1B2" * 9


def events(settings: Settings) -> list[Event]:
    with open_ring(settings) as ring:
        items = ring.reader().read(100_000, 1 << 30)
    found = [decode(item.blob) for item in items if isinstance(item, Frame)]
    return [event for event in found if isinstance(event, Event)]


def call(input_: bytes, *words: str) -> None:
    done = subprocess.run([*HOOK, *words], input=input_, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


BROKEN: list[bytes] = [
    b"", b" ", b"\n", b"{", b"}", b"[]", b"null", b"42", b'"text"', b"{]", b"\xff\xfe\x00", b"\x00" * 100, b'{"session_id": }', b"not json",
    b'{"session_id":"s"} trailing', b"[" * 100_000, b'{"a":' * 100_000, b"{" + b" " * 200_000, b'{"a":"\xc3(' + b'"}', ("{" + SECRET).encode(),
]  # fmt: skip


def test_what_is_no_json_object_is_an_event_that_says_so(home: Home, settings: Settings) -> None:
    for raw in BROKEN:
        call(raw, "PreCompact")
    found = events(settings)
    assert [event.event for event in found] == ["damaged_input"] * len(BROKEN)
    for event, raw in zip(found, BROKEN, strict=True):
        assert event.data["event"] == "PreCompact" and event.data["bytes"] == len(raw)
        assert (
            len(event.data["input"]) <= 4_096
            and event.data["input"][:1] == raw.decode("utf-8", "backslashreplace")[:1]
        )
    assert found[-1].data["input"] == "{[redacted:github]" and found[-1].redacted == {"github": 1}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--home"],
        ["-x"],
        ["PreCompact", "extra", "--what=ever"],
        ["\udcff"],
        ["x" * 5_000],
        ["--help"],
        ["--version"],
    ],
)
def test_any_command_line_will_do(words: list[str], home: Home, settings: Settings) -> None:
    call(b'{"session_id":"s","hook_event_name":"Stop"}', *words)
    if words[:1] != ["--home"]:
        [event] = events(settings)
        assert event.event == {0: "Stop"}.get(len(words), event.event)[:64]


def test_fields_of_any_type_will_do(home: Home, settings: Settings, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    odd: list[Any] = [
        None,
        True,
        5,
        1 << 80,
        1.5,
        [],
        {},
        "",
        "\0",
        "\ud800",
        "x" * 100_000,
        [[[[1]]]],
        str(tmp_path),
        str(tmp_path / "pipe.jsonl"),
        "/dev/zero",
        "/proc/self/mem",
        "rel.jsonl",
        "~",
    ]
    for value in odd:
        fields = dict.fromkeys(
            (
                "session_id",
                "transcript_path",
                "cwd",
                "hook_event_name",
                "prompt",
                "agent_transcript_path",
                "tool_response",
            ),
            value,
        )
        call(json.dumps(fields).encode(), "SubagentStop")
    assert [event.event for event in events(settings)] == ["SubagentStop"] * len(odd)


def test_a_text_of_megabytes_is_kept_as_far_as_a_record_goes(home: Home, settings: Settings) -> None:
    call(json.dumps({"session_id": "s", "prompt": "é" * 1_000_000}).encode(), "UserPromptSubmit")
    call(json.dumps({"session_id": "s", "prompt": "x" * (9 << 20)}).encode(), "UserPromptSubmit")
    first, second = events(settings)
    assert first.data["prompt"].startswith("é" * 1_000) and "characters more" in first.data["prompt"]
    assert (second.event, second.data["bytes"]) == ("damaged_input", told.LONGEST_INPUT)


@pytest.mark.parametrize(
    ("sent", "most_s"), [(b'{"session_id":"s"}', 1.0), (b'{"session_id":', 2.5), (b"", 2.5)]
)
def test_a_stdin_that_is_never_closed_is_not_waited_for(
    sent: bytes, most_s: float, home: Home, settings: Settings
) -> None:
    ours, theirs = os.pipe()
    try:
        os.write(theirs, sent)
        started = time.monotonic()
        done = subprocess.run([*HOOK, "Stop"], stdin=ours, capture_output=True, timeout=20)
        took = time.monotonic() - started
        assert (done.returncode, done.stdout + done.stderr) == (0, b"") and took < most_s + 1
    finally:
        os.close(ours)
        os.close(theirs)
    [event] = events(settings)
    assert event.event == ("Stop" if sent.endswith(b"}") else "damaged_input")


def test_a_stdin_that_comes_in_drips_is_read_whole(home: Home, settings: Settings) -> None:
    process = subprocess.Popen([*HOOK, "Stop"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    for piece in (b'{"session_id":"s",', b'"prompt":"a}', b' b"', b"}"):
        process.stdin.write(piece)
        process.stdin.flush()
        time.sleep(0.15)
    process.stdin.close()
    assert process.wait(10) == 0
    assert [event.data["prompt"] for event in events(settings)] == ["a} b"]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "</dev/null"])
def test_descriptors_that_are_closed_will_do(closed: str, home: Home, settings: Settings) -> None:
    line = f'"{sys.executable}" -m memlog.capture.hook Stop {closed}; echo $?'
    done = subprocess.run(["sh", "-c", line], input=b"{}", capture_output=True, timeout=20)
    assert done.stdout.strip() == b"0"
    assert len(events(settings)) == 1


# -- many calls, most of them in processes forked from one that has imported everything ----------


def run_calls(count: int, folder: Path, *words: str, seed: int = 1, way: str = "forked") -> dict[str, int]:
    """Exit codes (as text) of that many broken calls, and how often each came."""
    driver = Path(__file__).with_name("hook_calls.py")
    command = [sys.executable, str(driver), str(count), str(folder), str(seed), way, *words]
    found: dict[str, int] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


@pytest.mark.parametrize(("way", "count"), [("forked", 300), ("started", 12)])
def test_broken_calls_all_exit_0(
    home: Home, settings: Settings, tmp_path: Path, way: str, count: int
) -> None:
    assert run_calls(count, tmp_path, way=way) == {"0": count}
    assert len(events(settings)) >= count // 2  # all but those told of another home


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "count", "seed"), [*(("forked", 5_000, n) for n in range(2, 6)), ("started", 500, 6)]
)
def test_20000_broken_calls_all_exit_0(
    home: Home,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    count: int,
    seed: int,
) -> None:
    """Four times 5,000 calls, and 500 started as a host starts them."""
    monkeypatch.setenv("MEMLOG_RING_BYTES", "67108864")
    assert run_calls(count, tmp_path, seed=seed, way=way) == {"0": count}
    assert len(events(settings)) >= count * 3 // 4


@pytest.mark.parametrize("way", ["forked", "started"])
def test_the_calls_would_notice_another_exit_code(home: Home, tmp_path: Path, way: str) -> None:
    """The twin of those above."""
    assert run_calls(3, tmp_path, "exit-2", way=way) == {"2": 3}


@pytest.mark.parametrize(
    "broken",
    [
        "memlog.capture.told",
        "memlog.capture.tail",
        "memlog.paths",
        "cbor2",
        "memlog.ring.open",
        "memlog.errors",
    ],
)
def test_an_installation_that_lost_a_module_still_exits_0(broken: str, home: Home) -> None:
    program = f"import sys; sys.modules[{broken!r}] = None; sys.argv = ['x', 'PreCompact']\nfrom memlog.capture.hook import main; main()"
    done = subprocess.run([sys.executable, "-c", program], input=b"{}", capture_output=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    twin = subprocess.run(
        [sys.executable, "-c", program.replace("; main()", "")], input=b"{}", capture_output=True
    )
    assert twin.returncode == 0
    bad = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules[{broken!r}] = None; import {broken}"],
        capture_output=True,
    )
    assert bad.returncode == 1  # the injector works


def test_what_even_the_log_cannot_take_is_lost_in_silence(home: Home, tmp_path: Path) -> None:
    Path(home.root).write_text("a file where the home should be")
    call(b'{"session_id":"s"}', "PreCompact")
    call(b"{}", "PreCompact", "--home", "/proc/nowhere")
    assert Path(home.root).read_text() == "a file where the home should be"
