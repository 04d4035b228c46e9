"""What a hook hands over: tails too large, and all that a full, held or missing ring does not take."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import Run
from flow.heard import CLAUDE, SESSION, events, grow, in_ring, in_spool, of_file, records, said
from memlog.capture import spool, watermark
from memlog.capture.transcript import read
from memlog.capture.watermark import beginning
from memlog.paths import Home, load_key
from memlog.record import Event, decode
from memlog.ring.open import open_ring
from memlog.settings import Settings


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
