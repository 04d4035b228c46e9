"""A hook call: what reaches the ring."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conftest import Run
from flow.heard import (
    CLAUDE,
    HOOK,
    SESSION,
    SESSIONS,
    events,
    grow,
    in_ring,
    in_spool,
    of_file,
    records,
    said,
)
from memlog.capture import watermark
from memlog.capture.transcript import read
from memlog.paths import Home, load_key
from memlog.record import Event
from memlog.ring.open import open_ring
from memlog.settings import Settings


def test_a_call_puts_the_new_lines_what_they_were_and_the_event_into_the_ring(
    home: Home, settings: Settings, run_hook: Run
) -> None:
    path = SESSIONS / "compacted.jsonl"
    done = run_hook("PreCompact", said(path, "PreCompact", trigger="auto", custom_instructions=""))
    assert (done.stdout, done.stderr) == ("", "")
    found = in_ring(settings)
    assert records(found) == of_file(home, path)
    captured, told = found[-2:]
    assert isinstance(captured, Event) and isinstance(told, Event)
    assert captured.event == "captured" and captured.data["count"] == len(found) - 2
    assert (captured.data["path"], captured.data["from"], captured.data["to"]) == (
        str(path),
        0,
        path.stat().st_size,
    )
    assert (told.event, told.session, told.project, told.data["trigger"]) == (
        "PreCompact",
        SESSION,
        "/w",
        "auto",
    )
    mark = watermark.load(home, str(path))
    assert (
        mark is not None
        and mark.to_json() == captured.data["watermark"]
        and mark.offset == path.stat().st_size
    )
    with open_ring(settings) as ring:
        assert mark.ring_id == ring.info().ring_id.hex()


def test_each_call_adds_only_what_is_new(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 3)
    for event, lines in (("UserPromptSubmit", 2), ("Stop", 0), ("PostToolUse", 1), ("SessionEnd", 2)):
        run_hook(event, said(path, event))
        grow(path, lines)
    run_hook("Stop", said(path))
    found = in_ring(settings)
    assert [r.source_id for r in records(found)] == [f"u-{n}" for n in range(8)]
    assert records(found) == of_file(home, path)
    assert events(found) == [
        "captured",
        "UserPromptSubmit",
        "captured",
        "Stop",
        "PostToolUse",
        "captured",
        "SessionEnd",
        "captured",
        "Stop",
    ]


def test_hooks_that_meet_another_ring_start_from_what_is_archived(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 6)
    run_hook("Stop", said(path))
    marks = [p.watermark for p in read(str(path), CLAUDE, key=load_key(home))]
    watermark.save_archived(home, marks[1])
    os.unlink(Path(home.ring) / "ring")  # as after a reboot
    grow(path, 1)
    run_hook("Stop", said(path))
    assert [r.source_id for r in records(in_ring(settings))] == ["u-2", "u-3", "u-4", "u-5", "u-6"]
    run_hook("Stop", said(path))
    assert len(records(in_ring(settings))) == 5  # the twin: the same ring is believed


def test_what_is_archived_already_is_not_captured_again(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 4)
    watermark.save_archived(home, list(read(str(path), CLAUDE, key=load_key(home)))[2].watermark)
    run_hook("Stop", said(path))
    assert [r.source_id for r in records(in_ring(settings))] == ["u-3"]


@pytest.mark.parametrize("given", ["", None, "gone"])
def test_a_transcript_the_host_does_not_name_is_found(
    given: str | None, home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    cwd = "/home/ines/code/tide.watch_2"
    folder = tmp_path / "user/.claude/projects/-home-ines-code-tide-watch-2"
    folder.mkdir(parents=True)
    grow(folder / f"{SESSION}.jsonl", 2)
    (folder.parent / "-elsewhere").mkdir()
    run_hook("PreCompact", {**said(given or "", cwd=cwd), "transcript_path": given and str(tmp_path / given)})
    assert len(records(in_ring(settings))) == 2
    os.rename(folder, folder.with_name("a-name-only-the-host-knows"))
    grow(folder.with_name("a-name-only-the-host-knows") / f"{SESSION}.jsonl", 1)
    run_hook("Stop", {**said("", cwd=cwd), "transcript_path": given})
    assert {r.source_id for r in records(in_ring(settings))} == {"u-0", "u-1", "u-2"}


@pytest.mark.parametrize("session", ["../../etc/passwd", "/etc/passwd", "..", "a\0b", "x" * 5_000])
def test_a_session_id_never_becomes_a_path(
    session: str, home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    (tmp_path / "user/.claude/projects/-w").mkdir(parents=True)
    run_hook("Stop", {**said(""), "session_id": session})
    [event] = in_ring(settings)
    assert event.session.startswith(session[:100]) and len(event.session.encode()) <= 512


def test_subagent_files_of_the_session_are_captured_too(
    home: Home, settings: Settings, run_hook: Run
) -> None:
    main = next((SESSIONS / "subagents").glob("*.jsonl"))
    [agent] = main.with_suffix("").glob("subagents/*.jsonl")
    run_hook("SubagentStop", said(main, "SubagentStop", agent_transcript_path=str(agent), agent_id="a7c31f0"))
    found = in_ring(settings)
    assert records(found) == of_file(home, main) + of_file(home, agent)
    assert {r.boundary for r in of_file(home, agent)} == {None}
    run_hook("Stop", said(main))  # nothing new in either
    assert len(in_ring(settings)) == len(found) + 1


def test_what_a_host_says_is_kept_without_credentials_and_without_its_largest_fields(
    home: Home, settings: Settings, run_hook: Run
) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    run_hook(
        "PostToolUse",
        said(
            "",
            "PostToolUse",
            prompt=f"use {secret}",
            tool_name="Bash",
            tool_response={"stdout": "x" * 50_000},
        ),
    )
    [event] = in_ring(settings)
    assert isinstance(event, Event)
    assert event.data["prompt"] == "use [redacted:github]" and event.redacted == {"github": 1}
    assert len(event.data["tool_response"]) < 2_200 and "characters more" in event.data["tool_response"]
    assert secret.encode() not in (Path(home.ring) / "ring").read_bytes()


def test_redaction_comes_before_the_ring_and_can_be_switched_off(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    path = tmp_path / "s.jsonl"
    grow(path, 2, secret)
    run_hook("Stop", said(path), env={"MEMLOG_REDACT": "false"})
    assert secret.encode() in (Path(home.ring) / "ring").read_bytes()  # the twin
    os.unlink(Path(home.ring) / "ring")
    run_hook("Stop", said(path))
    assert secret.encode() not in (Path(home.ring) / "ring").read_bytes()
    assert [r.redacted for r in records(in_ring(settings))] == [{"github": 1}] * 2


def test_hooks_at_the_same_time_lose_nothing(home: Home, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 50)
    running = []
    for _ in range(6):
        process = subprocess.Popen(
            [*HOOK, "Stop"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(said(path)).encode())
        process.stdin.close()
        running.append(process)
    for process in running:
        assert process.stdout is not None and process.stdout.read() == b"" and process.wait() == 0
        process.stdout.close()
    found = records(in_ring(settings)) + records(in_spool(home))
    assert {r.source_id for r in found} == {f"u-{n}" for n in range(50)}


def test_the_home_may_be_named_on_the_command_line(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 2)
    other = tmp_path / "other home"
    subprocess.run([*HOOK, "Stop", "--home", str(other)], input=json.dumps(said(path)).encode(), check=True)
    assert len(records(in_ring(settings._replace(home=str(other))))) == 2
    assert not Path(settings.home).exists()
