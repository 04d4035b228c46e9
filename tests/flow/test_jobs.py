"""Requests to the witness: jobs step by step with rings drained in between, and no client that holds it up."""

import ctypes
import json
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from archives import event, record
from memlog.archive.store import Archive
from memlog.errors import (
    InputError,
    MemlogError,
    NotFoundError,
    QueryError,
    UnavailableError,
    WitnessRunningError,
    WitnessUnavailableError,
)
from memlog.paths import Home
from memlog.record import encode, encode_event
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import client, daemon, drain, lock, server, snapshots
from memlog.witness.jobs import Progress, error_from_wire, error_to_wire
from witness import until

Steps = Generator[Progress, None, dict[str, Any]]


def slow(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """Counts, and says before each step how much of the ring is drained."""
    drained = []
    for n in range(args["steps"]):
        yield Progress(n, args["steps"], "counting")
        time.sleep(args.get("pause", 0))
        with open_ring(settings) as ring:
            drained.append(ring.info().drained_seq)
    return {"drained": drained}


def failing(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    yield Progress(0, 1, "")
    raise QueryError("there is no such word", hint="memlog query --help")


def broken(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    yield Progress(0, 1, "")
    raise ZeroDivisionError("a bug of ours")


JOBS = {"slow": slow, "failing": failing, "broken": broken}


@contextmanager
def witness(settings: Settings) -> Iterator[None]:
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=daemon.run, args=(settings,), kwargs={"jobs": JOBS, "stop": stop, "ready": ready.set}
    )
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        try:
            client.ask(Home(settings.home), {"verb": "stop"})  # sooner than the event alone
        except WitnessUnavailableError:
            pass
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def connect(home: Home) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(10)
    sock.connect(home.socket)
    return sock


def say(settings: Settings, n: int) -> int:
    with open_ring(settings) as ring:
        return max(ring.write(blob) for blob in encode(record(f"number {n}", n=n)))


def test_a_job_runs_in_the_witness_and_tells_how_far_it_is(home: Home, settings: Settings) -> None:
    told: list[Progress] = []
    with witness(settings):
        result = client.run(home, settings, "slow", {"steps": 5, "pause": 0.02}, {}, told.append)
    assert len(result["drained"]) == 5
    assert told[-1].total == 5 and told[-1].note == "counting"


def test_rings_are_drained_between_the_steps_of_a_job(home: Home, settings: Settings) -> None:
    with witness(settings):
        done: list[dict[str, Any]] = []
        args = {"steps": 40, "pause": 0.02}
        thread = threading.Thread(target=lambda: done.append(client.run(home, settings, "slow", args, {})))
        thread.start()
        for n in range(8):
            say(settings, n)
            time.sleep(0.06)
        thread.join()
    assert len(set(done[0]["drained"])) >= 3  # it moved while the job ran


def test_without_a_witness_the_same_job_runs_here_and_drains_too(home: Home, settings: Settings) -> None:
    say(settings, 1)
    result = client.run(home, settings, "slow", {"steps": 2}, JOBS)
    assert result["drained"] == [1, 1]
    assert lock.holder(home) is None
    with pytest.raises(QueryError):
        client.run(home, settings, "failing", {}, JOBS)
    assert lock.holder(home) is None


def test_an_error_of_a_job_is_raised_where_the_person_is(home: Home, settings: Settings) -> None:
    with witness(settings):
        with pytest.raises(QueryError, match="no such word") as caught:
            client.run(home, settings, "failing", {}, {})
        assert (caught.value.exit_code, caught.value.hint) == (2, "memlog query --help")
        with pytest.raises(MemlogError, match="ZeroDivisionError: a bug of ours"):
            client.run(home, settings, "broken", {}, {})
        with pytest.raises(InputError, match="no job 'nonsense'"):
            client.run(home, settings, "nonsense", {}, {})
        assert client.ask(home, {"verb": "status"})["state"] == "running"


def test_jobs_wait_for_each_other(home: Home, settings: Settings) -> None:
    notes: list[str] = []
    with witness(settings):
        first = threading.Thread(
            target=client.run, args=(home, settings, "slow", {"steps": 60, "pause": 0.03}, {})
        )
        first.start()
        until(lambda: client.ask(home, {"verb": "status"})["jobs"] == ["slow"])
        client.run(home, settings, "slow", {"steps": 1}, {}, lambda p: notes.append(p.note))
        first.join()
    assert "waiting for slow" in notes


def test_a_pass_is_answered_though_a_job_is_at_work(home: Home, settings: Settings) -> None:
    with witness(settings):
        args = {"steps": 2_000, "pause": 0.01}
        with connect(home) as sock:
            sock.sendall(json.dumps({"job": "slow", "args": args}).encode() + b"\n")
            sock.recv(100)
            with open_ring(settings) as ring:
                seq = say(settings, 1)
                client.drain(home, settings)
                assert ring.info().drained_seq == seq
            assert client.ask(home, {"verb": "status"})["jobs"] == ["slow"]


def test_a_tree_that_cannot_be_written_holds_up_no_record(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(*args: Any, **named: Any) -> None:
        tried.append(args)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(drain.tree, "write_dirty", full)
        patch.setattr(snapshots, "_AGAIN_S", 0.2)
        with witness(settings), open_ring(settings) as ring:
            for n in range(3):
                seq = say(settings, n)
                ring.write(encode_event(event("PreCompact", trigger="auto")))
                until(lambda seq=seq: ring.info().drained_seq > seq)  # type: ignore[misc]
            until(lambda: client.ask(home, {"verb": "status"})["state"] == "degraded")
            assert "disk full" in client.ask(home, {"verb": "status"})["last_error"]
            patch.undo()
            until(lambda: client.ask(home, {"verb": "status"})["state"] == "running")
    assert tried
    assert os.path.exists(os.path.join(home.root, "session-a", "snap-00000.json"))


def test_a_client_that_leaves_does_not_take_its_job_along(home: Home, settings: Settings) -> None:
    with witness(settings):
        with connect(home) as sock:
            sock.sendall(json.dumps({"job": "slow", "args": {"steps": 20, "pause": 0.02}}).encode() + b"\n")
            assert b"progress" in sock.recv(100)
        assert client.ask(home, {"verb": "status"})["jobs"] == ["slow"]
        until(lambda: client.ask(home, {"verb": "status"})["jobs"] == [])


def test_a_stopped_witness_tells_who_waits_and_the_work_goes_on_without_it(
    home: Home, settings: Settings
) -> None:
    with witness(settings):
        with connect(home) as sock:
            sock.sendall(
                json.dumps({"job": "slow", "args": {"steps": 10_000, "pause": 0.01}}).encode() + b"\n"
            )
            sock.recv(100)
            client.ask(home, {"verb": "stop"})
            said = b"".join(iter(lambda: sock.recv(65_536), b""))
        error = json.loads(said.splitlines()[-1])["error"]
        assert error["type"] == "WitnessUnavailableError"


@pytest.mark.parametrize(
    "request_",
    [b"\n", b"{}\n", b"[]\n", b"\xff\xfe\n", b'{"job": 5}\n', b'{"job": "slow", "args": []}\n',
     b'{"verb": "dance"}\n', b"[" * 100_000 + b"\n", b"x" * (server.MAX_REQUEST + 70_000)],
)  # fmt: skip
def test_a_broken_request_is_refused_and_the_next_one_answered(
    home: Home, settings: Settings, request_: bytes
) -> None:
    with witness(settings):
        with connect(home) as sock:
            try:
                sock.sendall(request_)
            except BrokenPipeError:
                pass
            answer = json.loads(sock.makefile("rb").readline())
        assert answer["error"]["exit_code"] == 2
        assert client.ask(home, {"verb": "status"})["state"] == "running"


def test_no_client_holds_up_the_rings(home: Home, settings: Settings) -> None:
    with witness(settings):
        mute = [connect(home) for _ in range(10)]
        half = connect(home)
        half.sendall(b'{"verb": "sta')
        deaf = connect(home)  # asks, and never reads what comes
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.sendall(json.dumps({"job": "slow", "args": {"steps": 1_000}}).encode() + b"\n")
        with open_ring(settings) as ring:
            for n in range(5):
                started, seq = time.monotonic(), say(settings, n)
                until(lambda seq=seq: ring.info().drained_seq >= seq)  # type: ignore[misc]
                assert time.monotonic() - started < 2
        until(lambda: client.ask(home, {"verb": "status"})["jobs"] == [])
        for sock in (*mute, half, deaf):
            sock.close()


def test_more_clients_than_it_takes_are_turned_away(home: Home, settings: Settings) -> None:
    with witness(settings):
        socks = [connect(home) for _ in range(server.MAX_CLIENTS + 8)]
        until(lambda: sum(map(_is_closed, socks)) == 8)
        for sock in socks:
            sock.close()
        until(lambda: _status_or_none(home) is not None)


def _is_closed(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


def _status_or_none(home: Home) -> dict[str, Any] | None:
    try:
        return client.ask(home, {"verb": "status"})
    except WitnessUnavailableError:
        return None


def test_a_client_that_says_nothing_is_parted_with(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.1)
    with witness(settings), connect(home) as sock:
        assert sock.recv(1) == b""


def test_the_socket_is_private_and_another_user_is_not_heard(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with witness(settings):
        assert stat.S_IMODE(os.stat(home.socket).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(home.root).st_mode) == 0o700
        with connect(home) as sock:
            assert server.peer_uid(sock) == os.geteuid()
        asked = []

        def stranger(sock: socket.socket) -> int:
            asked.append(sock)
            return os.geteuid() + 1

        monkeypatch.setattr(server, "peer_uid", stranger)
        with connect(home) as sock:
            sock.sendall(b'{"verb": "stop"}\n')
            try:
                assert sock.recv(1) == b""
            except ConnectionResetError:
                pass
        assert asked
        monkeypatch.undo()
        assert client.ask(home, {"verb": "status"})["state"] == "running"


def test_where_the_kernel_has_no_so_peercred_getpeereid_tells_the_uid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Libc:
        @staticmethod
        def getpeereid(fd: int, uid: Any, gid: Any) -> int:
            ctypes.cast(uid, ctypes.POINTER(ctypes.c_uint32))[0] = 4_242
            return 0

    ours, theirs = socket.socketpair()
    with ours, theirs:
        raw = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        assert struct.unpack("iII", raw)[1] == server.peer_uid(ours)
        monkeypatch.delattr(socket, "SO_PEERCRED")
        monkeypatch.setattr(ctypes, "CDLL", lambda *a, **k: Libc)
        assert server.peer_uid(ours) == 4_242


def test_a_home_with_a_long_path_has_a_socket_too(home: Home) -> None:
    deep = Home(os.path.join(home.root, *["a-folder-with-a-long-name"] * 6))
    assert len(deep.socket) > 108
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock,
        pytest.raises(OSError, match="path too long"),  # what the detour is for
    ):
        sock.connect(deep.socket)
    settings = Settings(home=deep.root, ring="shm")
    with witness(settings):
        assert client.ask(deep, {"verb": "status"})["state"] == "running"


def test_a_socket_left_by_a_killed_witness_is_replaced(home: Home, settings: Settings) -> None:
    os.mkdir(home.root, 0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(home.socket)
    with pytest.raises(WitnessUnavailableError):
        client.ask(home, {"verb": "status"})
    with witness(settings):
        assert client.ask(home, {"verb": "status"})["state"] == "running"


def test_a_lock_without_a_socket_is_waited_for_and_then_named(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_RACE_S", 0.2)
    held = lock.take(home, now_ns=1)
    with pytest.raises(WitnessRunningError, match=f"pid {os.getpid()}"):
        client.run(home, settings, "slow", {"steps": 1}, JOBS)
    monkeypatch.setattr(client, "_RACE_S", 10)
    thread = threading.Thread(target=lambda: (time.sleep(0.3), held.close()))
    thread.start()
    assert client.run(home, settings, "slow", {"steps": 1}, JOBS)["drained"] == [0]
    thread.join()


def test_errors_travel_whole() -> None:
    for exc in (NotFoundError("no such session"), UnavailableError(hint="wait"), InputError()):
        again = error_from_wire(json.loads(json.dumps(error_to_wire(exc))))
        assert (type(again), str(again), again.hint) == (type(exc), str(exc), exc.hint)
    assert type(error_from_wire({"type": "SystemExit", "message": "x"})) is MemlogError
    assert type(error_from_wire("nonsense")) is MemlogError
