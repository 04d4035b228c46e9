"""The witness as a process: it ends when told, survives being killed, and waits for a full disk."""

import json
import os
import random
import resource
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archives import conversation, record
from conftest import Run
from memlog.errors import WitnessRunningError
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import control, daemon, lock
from memlog.witness.log import PrivateHandler, close_log, log, open_log
from memlog.witness.status import read_status
from witness import COMMAND, ask, end, one, records, running, start, until


def say(settings: Settings, *texts: str, first: int = 0) -> int:
    """The seq of the last of some records."""
    seq = 0
    with open_ring(settings) as ring:
        for n, text in enumerate(texts, first):
            for blob in encode(record(text, n=n)):
                seq = ring.write(blob, session="session-a")
    return seq


def state(home: Home) -> dict[str, Any]:
    return read_status(home) or {}


def test_a_record_is_archived_a_moment_after_it_was_written(home: Home, settings: Settings) -> None:
    with running(home):
        seq = say(settings, "hello")
        with open_ring(settings) as ring:
            until(lambda: ring.info().drained_seq == seq)
        assert one(home, "SELECT text FROM v_record") == "hello"
    assert lock.holder(home) is None
    assert state(home)["state"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(home: Home, settings: Settings, number: signal.Signals) -> None:
    child = start(home)
    say(settings, "hello")
    assert end(child, number) == 0
    assert not os.path.exists(home.socket)
    with running(home):
        until(lambda: records(home) == 1)


def test_a_second_witness_exits_7_and_names_the_holder(home: Home) -> None:
    with running(home) as first:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=20)
        assert done.returncode == 7
        assert f"pid {first.pid}" in done.stderr


@pytest.mark.slow
def test_it_is_killed_at_any_moment_and_every_record_is_there_once(home: Home, settings: Settings) -> None:
    settings = settings._replace(ring_bytes=16 << 20)
    said = [f"record number {n} " + "word " * (n % 200) for n in range(3_000)]
    seq = say(settings, *said)
    killed, rng = [], random.Random(7)
    with open_ring(settings) as ring:
        for n in range(12):
            child = subprocess.Popen(COMMAND, env={**os.environ, "MEMLOG_BATCH_RECORDS": "10"})
            until(lambda n=n: ring.info().drained_seq > n * seq // 15)  # type: ignore[misc]
            time.sleep(rng.uniform(0, 0.02))
            child.kill()
            assert child.wait() == -signal.SIGKILL
            killed.append(ring.info().drained_seq)
            assert killed[-1] <= records(home)  # never called safe before it is
        assert len(set(killed)) > 6 and killed[0] < seq, "no kill fell into the work"
        with running(home):
            until(lambda: ring.info().drained_seq == seq)
    assert [text for (text,) in ask(home, "SELECT text FROM v_record ORDER BY seq")] == said
    assert one(home, "SELECT count(*) FROM record_sighting") == 0
    hits = one(home, "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'record'")
    assert hits == len(said)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A home on a file system of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a tmpfs")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", place], check=False)
    if done.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.slow
def test_a_full_disk_is_waited_for_and_nothing_is_lost(
    small_disk: Path, tmp_path: Path, run_memlog: Run
) -> None:
    home = Home(str(small_disk / "home"))
    env = {"MEMLOG_HOME": home.root, "MEMLOG_RING_DIR": str(tmp_path / "ring")}
    settings = Settings(home=home.root, ring="shm", ring_dir=str(tmp_path / "ring"))
    words = random.Random(1)
    texts = [" ".join(f"{words.getrandbits(40):x}" for _ in range(600)) for _ in range(400)]
    with running(home, **env):
        say(settings, *texts)
        until(lambda: state(home).get("state") == "degraded", "the disk did not fill up")
        assert "full" in state(home)["last_error"]
        status = run_memlog("--home", home.root, "status", env=env)
        assert status.returncode == 1 and "degraded" in status.stdout
        archived = records(home)
        assert archived < len(texts)
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
        until(lambda: state(home).get("state") == "running", "it did not resume")
        until(lambda: records(home) == len(texts))
    assert [text for (text,) in ask(home, "SELECT text FROM v_record ORDER BY seq")] == texts
    log_text = Path(home.log, "witness.log").read_text()
    assert log_text.count("witness degraded") <= 3  # said once for each new reason, not at every try
    assert "witness resumed" in log_text


@pytest.mark.slow
def test_a_limit_on_file_size_is_trouble_of_the_disk_too(home: Home, settings: Settings) -> None:
    words = random.Random(1)
    texts = [" ".join(f"{words.getrandbits(40):x}" for _ in range(600)) for _ in range(200)]
    say(settings, *texts)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))

    child = subprocess.Popen(COMMAND, preexec_fn=limit, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until(lambda: state(home).get("state") == "degraded", "the limit was not met")
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: records(home) == len(texts), "it did not resume")
    child.terminate()
    child.communicate(timeout=20)
    assert child.returncode == 0


def test_a_foreign_file_in_the_archives_place_ends_it_with_6(home: Home) -> None:
    os.mkdir(home.root, 0o700)
    Path(home.archive).write_bytes(b"SQLite format 3\0" + b"nothing of the kind " * 500)
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=20)
    assert done.returncode == 6, done.stderr


def test_blobs_that_are_not_cbor_stop_nothing(home: Home, settings: Settings) -> None:
    hostile = [b"\xff", b"\x9f" * 500, b"\xd8\x1c\x81\xd8\x1d\x00", b"\xc2\x58\xff" + b"\1" * 255, b"\xf7"]
    with open_ring(settings) as ring:
        for blob in hostile:
            ring.write(blob)
    seq = say(settings, "after them")
    with running(home), open_ring(settings) as ring:
        until(lambda: ring.info().drained_seq == seq)
    assert records(home) == len(hostile) + 1
    assert one(home, "SELECT count(*) FROM v_record WHERE decode_error IS NOT NULL") >= 3


def test_stop_ends_it_and_keeps_hooks_from_starting_another(
    home: Home, settings: Settings, run_memlog: Run
) -> None:
    child = start(home)
    done = run_memlog("witness", "stop", check=0)
    assert f"witness {child.pid} stopped" in done.stderr
    assert child.wait(5) == 0
    assert child.stdout is not None
    child.stdout.close()
    assert os.path.exists(home.witness_stopped)
    assert "no witness was running" in run_memlog("witness", "stop", check=0).stderr
    with running(home):
        assert not os.path.exists(home.witness_stopped)


def test_who_must_be_alone_gets_the_lock_and_the_witness_runs_again_afterwards(home: Home) -> None:
    child = start(home)
    try:
        with control.alone(home):
            assert child.wait(5) == 0
            with pytest.raises(WitnessRunningError):
                lock.take(home, now_ns=1)
        until(lambda: lock.holder(home) is not None)
        held = lock.holder(home)
        assert held is not None and held.pid not in (child.pid, os.getpid())
        until(lambda: control.stop(home) is not None)
    finally:
        assert child.stdout is not None
        child.stdout.close()


def test_it_tells_the_service_manager(home: Home, tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(10)
        child = start(home, NOTIFY_SOCKET=str(address), WATCHDOG_USEC="400000")
        said = [manager.recv(4_096) for _ in range(3)]
        assert b"READY=1" in said and b"WATCHDOG=1" in said
        assert end(child) == 0
        while b"STOPPING=1" not in said:
            said.append(manager.recv(4_096))


def test_sighup_goes_on_in_a_new_log(home: Home) -> None:
    with running(home) as child:
        path = Path(home.log, "witness.log")
        until(lambda: "witness started" in path.read_text())
        os.rename(path, path.with_suffix(".old"))
        child.send_signal(signal.SIGHUP)
        until(path.exists)
    assert "witness stopped" in path.read_text()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_log_goes_on_after_a_full_disk_and_is_closed_on_one(home: Home, settings: Settings) -> None:
    handler = open_log(home, settings)
    handler.stream = open("/dev/full", "a")  # noqa: SIM115 - handed on
    log.info("is not taken")
    handler.reopen()
    log.info("goes on")
    assert "goes on" in Path(handler.baseFilename).read_text()
    assert handler.stream
    handler.stream.close()
    handler.stream = open("/dev/full", "a")  # noqa: SIM115 - handed on
    log.info("is not taken")
    close_log(handler)


def test_the_log_is_private_rotates_and_holds_no_text(home: Home, settings: Settings) -> None:
    handler = open_log(home, settings._replace(log_bytes=2_000, log_files=2))
    assert isinstance(handler, PrivateHandler)
    try:
        for n in range(200):
            log.info("drained records=%d", n)
    finally:
        close_log(handler)
    names = sorted(os.listdir(home.log))
    assert names == ["witness.log", "witness.log.1", "witness.log.2"]
    for name in names:
        found = os.stat(os.path.join(home.log, name))
        assert stat.S_IMODE(found.st_mode) == 0o600 and found.st_size <= 2_000
    secret = "the words of a prompt"
    say(settings, secret)
    with running(home):
        until(lambda: records(home) == 1)
    assert secret not in "".join(Path(home.log, name).read_text() for name in os.listdir(home.log))


def test_its_files_are_private_under_any_umask(home: Home, settings: Settings) -> None:
    old = os.umask(0)
    try:
        with running(home):
            say(settings, "hello")
            until(lambda: records(home) == 1)
            found = {
                os.path.join(folder, name): stat.S_IMODE(os.lstat(os.path.join(folder, name)).st_mode)
                for folder, folders, names in os.walk(home.root)
                for name in folders + names
            }
    finally:
        os.umask(old)
    assert len(found) > 8
    assert {path: oct(mode) for path, mode in found.items() if mode & 0o077} == {}


def test_it_runs_in_a_thread_and_ends_when_its_event_is_set(home: Home, settings: Settings) -> None:
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=daemon.run, args=(settings,), kwargs={"jobs": {}, "stop": stop, "ready": ready.set}
    )
    thread.start()
    assert ready.wait(10)
    seq = say(settings, "hello")
    with open_ring(settings) as ring:
        until(lambda: ring.info().drained_seq == seq)
    stop.set()
    thread.join(10)
    assert not thread.is_alive() and lock.holder(home) is None


def test_the_ring_it_drains_may_be_resized_and_replaced_under_it(home: Home, settings: Settings) -> None:
    with running(home):
        say(settings, "one")
        with open_ring(settings) as ring:
            until(lambda: ring.info().drained_seq == 1)
            ring.resize(1 << 20)
            say(settings, "two", first=1)
            until(lambda: ring.info().drained_seq == 2)
        os.unlink(os.path.join(home.ring, "ring"))
        say(settings, "three", first=2)
        until(lambda: records(home) == 3)
    assert [text for (text,) in ask(home, "SELECT text FROM v_record ORDER BY ts_ns")] == [
        "one",
        "two",
        "three",
    ]
    assert one(home, "SELECT count(*) FROM v_gap") == 0


def test_the_status_says_what_it_did(home: Home, settings: Settings, run_memlog: Run) -> None:
    with running(home) as child:
        for blob in (b for r in conversation(["a", "b", "c"]) for b in encode(r)):
            with open_ring(settings) as ring:
                ring.write(blob)
        until(lambda: state(home).get("drained", {}).get("archived") == 3)
        found = state(home)
        assert (found["pid"], found["state"], found["last_error"]) == (child.pid, "running", None)
        assert [level["undrained"] for level in found["rings"]] == [0]
        shown = json.loads(run_memlog("witness", "status", "--json", check=0).stdout)
        assert shown["witness"]["pid"] == child.pid
        assert [row["records"] for row in shown["sessions"]] == [3]
    done = run_memlog("witness", "status", "--json", check=1)
    assert json.loads(done.stdout)["witness"]["running"] is False
