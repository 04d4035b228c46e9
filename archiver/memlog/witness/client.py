"""Ask the running witness, or do its work here when there is none."""

import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from memlog import __version__
from memlog.errors import OtherVersionError, WitnessRunningError, WitnessUnavailableError
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import lock, start
from memlog.witness.jobs import Job, Progress, error_from_wire
from memlog.witness.server import socket_address

OnProgress = Callable[[Progress], None]

_CONNECT_S = 2.0
_SILENCE_S = 120.0  # a witness says something at least every few seconds
_RACE_S = 10.0  # how long a lock without a socket behind it is waited for


def ask(home: Home, request: Mapping[str, Any], on_progress: OnProgress | None = None) -> dict[str, Any]:
    """The running witness's answer.

    Raises: WitnessUnavailableError when none answers; whatever error the witness sends.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            sock.settimeout(_CONNECT_S)
            with socket_address(home) as address:
                sock.connect(address)
            sock.settimeout(_SILENCE_S)
            sock.sendall(json.dumps({**request, "version": __version__}).encode() + b"\n")
            with sock.makefile("rb") as lines:
                for line in lines:
                    body = json.loads(line)
                    if "progress" in body:
                        if on_progress:
                            on_progress(Progress(*body["progress"]))
                    elif "error" in body:
                        raise error_from_wire(body["error"])
                    else:
                        return dict(body["result"])
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise WitnessUnavailableError(f"the witness does not answer: {exc}") from exc
    raise WitnessUnavailableError("the witness ended before it answered")


def run(
    home: Home,
    settings: Settings,
    name: str,
    args: dict[str, Any],
    jobs: Mapping[str, Job],
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """The result of a job, done by the running witness, or here where there is none.

    Raises: what the job raises; WitnessRunningError when somebody holds the lock and answers no request;
    OtherVersionError when it is of another version.
    """
    return _there_or_here(
        home,
        lambda: ask(home, {"job": name, "args": args}, on_progress),
        lambda: run_here(home, settings, name, args, jobs, on_progress),
    )


def drain(
    home: Home, settings: Settings, devices: tuple[str, ...] = (), *, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """What one pass over every ring archived; the tree holds it then, too.

    devices: rings and images besides this user's own.
    """
    request = {"verb": "drain", "devices": list(devices)}
    return _there_or_here(
        home,
        lambda: ask(home, request, on_progress),
        lambda: drain_here(home, settings, devices, on_progress=on_progress),
    )


def _there_or_here(
    home: Home, there: Callable[[], dict[str, Any]], here: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    end = time.monotonic() + _RACE_S
    while True:
        # A witness that dies under a request leaves whole batches: asking again goes on where it was.
        found = lock.holder(home)
        if found is not None:
            _require_same(found)
            try:
                return there()
            except WitnessUnavailableError:
                pass
        try:
            return here()
        except WitnessRunningError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def _require_same(found: lock.Holder) -> None:
    """Raises: OtherVersionError for a witness that may not understand the request, or do it otherwise."""
    if found.version not in ("", __version__):
        raise OtherVersionError(
            f"the running witness, pid {found.pid}, is memlog {found.version}, this command {__version__}"
        )


def run_here(
    home: Home,
    settings: Settings,
    name: str,
    args: dict[str, Any],
    jobs: Mapping[str, Job],
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """The job, in this process, under the witness's lock; rings are drained between its batches."""
    from memlog.archive.store import Archive
    from memlog.witness import jobs as work
    from memlog.witness.drain import Drain

    now_ns = time.time_ns()
    with (
        lock.take(home, now_ns=now_ns),
        Archive.open(home, now_ns=now_ns, settings=settings) as archive,
        Drain(archive, settings) as drain,
    ):
        drain.run()
        job = work.find(jobs, name, args)
        while not job.finished:
            job.step(archive, settings)
            if on_progress and not job.finished:
                on_progress(job.progress)
            drain.run()
        drain.settle(on_progress)
        start.settled(home)
        if job.error is not None:
            raise job.error
        return job.result or {}


def drain_here(
    home: Home, settings: Settings, devices: tuple[str, ...] = (), *, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """One pass in this process, under the witness's lock."""
    from memlog.archive.store import Archive
    from memlog.witness.drain import Drain

    now_ns = time.time_ns()
    with (
        lock.take(home, now_ns=now_ns),
        Archive.open(home, now_ns=now_ns, settings=settings) as archive,
        Drain(archive, settings, devices) as drain,
    ):
        drain.run(on_progress)
        drain.settle(on_progress)
        start.settled(home)
        return drain.totals.as_dict()
