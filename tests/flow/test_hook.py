"""A hook call: what reaches the ring and the spool, and what the host sees of it, which is nothing."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from memlog.capture import agents, spool, watermark
from memlog.capture.transcript import read
from memlog.capture.watermark import beginning
from memlog.paths import Home, load_key
from memlog.record import Event, Record, decode, encode
from memlog.ring.image import ImageRing
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Frame

SESSIONS = Path(__file__).parents[1] / "data/sessions"
CLAUDE = agents.reader("claude-code")
HOOK = [sys.executable, "-m", "memlog.capture.hook"]
SESSION = "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa"


def in_ring(settings: Settings) -> list[Record | Event]:
    with open_ring(settings) as ring:
        return decoded(ring.reader().read(100_000, 1 << 30))


def decoded(items: list[Any]) -> list[Record | Event]:
    found = []
    for item in items:
        assert isinstance(item, Frame)
        value = decode(item.blob)
        assert value is not None
        found.append(value)
    return found


def in_spool(home: Home) -> list[Record | Event]:
    found: list[Record | Event] = []
    for file in spool.pending(home):
        if file.name.endswith(".frames"):
            with ImageRing(file.path) as image:
                found += decoded(image.reader().read(100_000, 1 << 30))
    return found


def records(found: list[Record | Event]) -> list[Record]:
    return [r for r in found if isinstance(r, Record)]


def events(found: list[Record | Event]) -> list[str]:
    return [e.event for e in found if isinstance(e, Event)]


def of_file(home: Home, path: Path, **named: Any) -> list[Record]:
    """What an import of the file gives."""
    pieces = read(str(path), CLAUDE, key=load_key(home), **named)
    return [decode(blob) for piece in pieces for r in piece.records for blob in encode(r)]  # type: ignore[misc]


def said(path: Path | str, event: str = "Stop", **fields: Any) -> dict[str, Any]:
    return {
        "session_id": SESSION,
        "transcript_path": str(path),
        "cwd": "/w",
        "hook_event_name": event,
        **fields,
    }


def grow(path: Path, lines: int, text: str = "line") -> None:
    start = path.read_bytes().count(b"\n") if path.exists() else 0
    with path.open("a") as file:
        for n in range(start, start + lines):
            file.write(json.dumps({
                "type": "user", "uuid": f"u-{n}", "sessionId": SESSION, "cwd": "/w", "timestamp": "2026-01-08T14:41:01.267Z",
                "message": {"role": "user", "content": f"{text} {n}"},
            }) + "\n")  # fmt: skip


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


def test_a_tail_larger_than_the_limit_is_handed_over_whole(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 400, "x" * 500)
    with path.open("a") as file:
        file.write('{"torn')
    run_hook("PreCompact", said(path), env={"MEMLOG_HAND_OVER_BYTES": "100000"})
    found = in_ring(settings)
    assert events(found) == ["capture_pending", "PreCompact"] and records(found) == []
    pending = found[0]
    assert isinstance(pending, Event)
    [file_] = spool.pending(home)
    assert decode(file_.note or b"") == pending
    assert pending.data["spooled"] == file_.name and os.path.samefile(file_.path, path)
    assert (pending.data["from"], pending.data["to"]) == (0, path.stat().st_size - 6)
    os.unlink(path)  # the host cleans up; the link keeps the bytes
    kept = of_file(
        home, Path(file_.path), start=beginning(str(path)), stop=pending.data["to"], session=SESSION
    )
    assert [r.source_id for r in kept] == [f"u-{n}" for n in range(400)]


def test_what_is_handed_over_again_keeps_its_name_until_the_witness_took_it(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    env = {"MEMLOG_HAND_OVER_BYTES": "1000"}
    for _ in range(3):
        grow(path, 50)
        run_hook("Stop", said(path), env=env)
    run_hook("Stop", said(path), env=env)  # nothing new
    told = [e for e in in_ring(settings) if isinstance(e, Event) and e.event == "capture_pending"]
    assert [e.data["to"] for e in told] == sorted({e.data["to"] for e in told}) and len(told) == 3
    [file] = spool.pending(home)
    assert {e.data["spooled"] for e in told} == {file.name}
    assert decode(file.note or b"") == told[-1]
    spool.discard(home, file.name)
    assert os.listdir(home.spool) == [] and path.exists()
    watermark.save_archived(home, list(read(str(path), CLAUDE, key=load_key(home)))[-1].watermark)
    grow(path, 2)
    run_hook("Stop", said(path), env=env)
    assert [r.source_id for r in records(in_ring(settings))] == ["u-150", "u-151"]


def test_a_transcript_on_another_file_system_is_copied(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    folder = Path("/dev/shm") / f"memlog-test-{os.getpid()}"
    if not os.access("/dev/shm", os.W_OK) or os.stat("/dev/shm").st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("no second file system to write to")
    folder.mkdir()
    try:
        path = folder / f"{SESSION}.jsonl"
        grow(path, 60)
        run_hook("Stop", said(path), env={"MEMLOG_HAND_OVER_BYTES": "1000"})
        [file] = spool.pending(home)
        assert Path(file.path).read_bytes() == path.read_bytes() and not os.path.samefile(file.path, path)
        assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600
        pending = in_ring(settings)[0]
        assert isinstance(pending, Event)
        mark = beginning(str(path))._replace(
            **{k: v for k, v in pending.data["watermark"].items() if k != "path"}
        )
        assert len(of_file(home, Path(file.path), start=mark, stop=pending.data["to"])) == 60
    finally:
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()


def test_a_full_ring_evicts_nothing_and_the_rest_is_handed_over(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 400, "x" * 500)
    run_hook("Stop", said(path), env={"MEMLOG_RING_BYTES": "70000"})
    small = settings._replace(ring_bytes=70_000)
    with open_ring(small) as ring:
        assert ring.info().evicted == 0
    written = records(in_ring(small))
    assert 10 < len(written) < 400
    outside = [e for e in in_spool(home) if isinstance(e, Event)]  # the ring took no event either
    captured, pending = outside[0], outside[1]
    assert [e.event for e in outside] == ["captured", "capture_pending", "Stop"]
    assert captured.data["count"] == len(written) and captured.data["to"] == pending.data["from"]
    [file] = [f for f in spool.pending(home) if f.name.endswith(".transcript")]
    mark = beginning(str(path))._replace(
        **{k: v for k, v in pending.data["watermark"].items() if k != "path"}
    )
    rest = of_file(home, Path(file.path), start=mark, stop=pending.data["to"])
    assert [r.source_id for r in written + rest] == [f"u-{n}" for n in range(400)]
    with open_ring(small) as ring:
        with pytest.raises(Exception):  # noqa: B017  # the twin: it is really full
            ring.write(b"x" * 3_000, keep_undrained=True)
        ring.write(b"x" * 3_000)
        assert ring.info().evicted > 0


def test_a_ring_somebody_holds_costs_milliseconds_and_everything_goes_to_the_spool(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 1)
    run_hook("Stop", said(path))
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl,sys,time; f=open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)", str(Path(home.ring) / "ring")],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        os.kill(holder.pid, signal.SIGSTOP)
        grow(path, 5)
        started = time.monotonic()
        run_hook("PreCompact", said(path))
        assert time.monotonic() - started < 5
        assert [r.source_id for r in records(in_spool(home))] == [f"u-{n}" for n in range(1, 6)]
        assert events(in_spool(home)) == ["captured", "PreCompact"]
    finally:
        os.kill(holder.pid, signal.SIGCONT)
        holder.kill()
        holder.communicate()
    run_hook("Stop", said(path))
    assert [r.source_id for r in records(in_ring(settings))] == [
        "u-0"
    ]  # what is spooled is not written again


def test_without_any_ring_everything_goes_to_the_spool_once(
    home: Home, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 3)
    env = {"MEMLOG_RING": "kernel", "MEMLOG_DEVICE": str(tmp_path / "no-device")}
    run_hook("Stop", said(path), env=env)
    grow(path, 2)
    run_hook("Stop", said(path), env=env)
    found = in_spool(home)
    assert [r.source_id for r in records(found)] == [f"u-{n}" for n in range(5)]
    assert "RingUnavailableError" in (Path(home.log) / "hook.log").read_text()


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


def test_settings_that_make_no_sense_cost_a_log_line_and_no_record(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    Path(home.root).mkdir(mode=0o700)
    Path(home.config).write_text("ring_bites = 3\n")
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 2)
    run_hook("Stop", said(path), env={"MEMLOG_RING": ""})
    assert len(records(in_ring(settings))) == 2
    assert "ring_bites" in (Path(home.log) / "hook.log").read_text()


def test_the_home_may_be_named_on_the_command_line(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 2)
    other = tmp_path / "other home"
    subprocess.run([*HOOK, "Stop", "--home", str(other)], input=json.dumps(said(path)).encode(), check=True)
    assert len(records(in_ring(settings._replace(home=str(other))))) == 2
    assert not Path(settings.home).exists()


def test_everything_a_hook_makes_is_private_under_any_umask(
    home: Home, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 60)
    before = os.umask(0)
    try:
        run_hook("Stop", said(path), env={"MEMLOG_HAND_OVER_BYTES": "1000"})
        run_hook("Stop", "not json")
        run_hook("Stop", said(path), env={"MEMLOG_RING": "kernel", "MEMLOG_DEVICE": "/nonexistent"})
    finally:
        os.umask(before)
    seen = 0
    for folder, _, names in os.walk(home.root):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder
        for name in names:
            if name.endswith(".transcript"):
                continue  # a link to the host's own file
            assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600, name
            seen += 1
    assert seen >= 6


def _limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_disk_that_takes_nothing_is_no_concern_of_the_hosts(home: Home, tmp_path: Path) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 20)
    done = subprocess.run(
        [*HOOK, "PreCompact"], input=json.dumps(said(path)).encode(), capture_output=True, preexec_fn=_limit_files, timeout=30
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not any(f.stat().st_size for f in Path(home.root).rglob("*") if f.is_file())  # the limit held


def test_a_home_of_links_to_other_places_is_not_written_through(
    home: Home, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 3)
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "file").write_text("mine")
    run_hook("Stop", said(path))
    for name in ("ring", "spool", "watermark", "log"):
        target = Path(home.root) / name
        if target.exists():
            os.rename(target, tmp_path / f"was-{name}")
        target.symlink_to(trap)
    run_hook("Stop", said(path))
    run_hook("Stop", "broken")
    assert sorted(p.name for p in trap.iterdir()) == ["file"] and (trap / "file").read_text() == "mine"
    for name in ("ring", "spool", "watermark", "log"):
        os.unlink(Path(home.root) / name)
    (Path(home.root) / "log").mkdir(mode=0o700)
    (Path(home.root) / "log/hook.log").symlink_to(trap / "file")
    os.unlink(home.key)
    Path(home.key).symlink_to(trap / "file")
    run_hook("Stop", said(path))
    assert (trap / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM]
)
def test_a_signal_ends_a_hook_with_0(number: signal.Signals, home: Home) -> None:
    process = subprocess.Popen(
        [*HOOK, "Stop"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc to see handlers by")
    bit = 1 << (signal.SIGUSR2 - 1)  # the last one it takes
    while (
        not int(next(x for x in status.read_text().splitlines() if x.startswith("SigCgt")).split()[1], 16)
        & bit
    ):
        time.sleep(0.005)
    os.kill(process.pid, number)
    assert process.communicate()[0] == b"" and process.returncode == 0


def test_a_hook_takes_no_longer_than_the_host_allows_a_session_to_end(home: Home, tmp_path: Path) -> None:
    started = time.monotonic()
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 3_000, "x" * 500)  # 1.9 MB: the whole of it is handed over at the end
    subprocess.run(
        [*HOOK, "SessionEnd"], input=json.dumps(said(path, "SessionEnd", reason="other")).encode(), check=True
    )
    assert time.monotonic() - started < 5
    assert len(spool.pending(home)) == 1
