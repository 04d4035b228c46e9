"""The witness in the foreground: rings into the archive, jobs in between, until it is told to stop."""

import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import FrameType
from typing import Any

from memlog import __version__
from memlog.archive.store import Archive
from memlog.capture import installed
from memlog.errors import (
    InputError,
    MemlogError,
    OtherVersionError,
    UnavailableError,
    WitnessUnavailableError,
)
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import clock, lock, start, trouble
from memlog.witness.batch import Totals
from memlog.witness.desk import Desk
from memlog.witness.drain import SNAPSHOTS_AT_ONCE, Drain
from memlog.witness.idle import Idle
from memlog.witness.jobs import Job, error_to_wire
from memlog.witness.log import PrivateHandler, close_log, log, open_log
from memlog.witness.notify import notify, watchdog_s
from memlog.witness.server import Client, Server
from memlog.witness.status import StatusFile, archive_counts, level_or_error
from memlog.witness.waiter import Waiter

_LOOK_S = 1.0  # at latest after this the rings are looked at, doorbell or not
_BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
_COUNTS_S = 10.0
_HOOKS_S = 60.0
_BATCHES_FIRST = 4  # of the rings, before a job gets its next step
_TREE_AGAIN_S = 30.0
_LAST_TREE_S = 5.0  # what is not in the tree by then, the next witness writes


def run(
    settings: Settings,
    *,
    jobs: Mapping[str, Job],
    stop: threading.Event | None = None,
    devices: Sequence[str] = (),
    ready: Callable[[], None] | None = None,
) -> None:
    """Be the witness of this home until SIGTERM, SIGINT, a `stop` request, or the event is set.

    ready: called once, when the lock is held and the socket answers.
    Raises: WitnessRunningError; ArchiveError for an archive this version cannot use.
    """
    home = Home(settings.home or None)
    with lock.take(home, now_ns=time.time_ns()) as held, ExitStack() as stack:
        handler = open_log(home, settings)
        stack.callback(close_log, handler)
        stop = stop or threading.Event()
        witness = Witness(home, settings, jobs, devices, stop, held.holder.started, handler)
        stack.callback(witness.close)
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(_Signals(witness))
        witness.open()
        log.info("witness started pid=%d version=%s", os.getpid(), __version__)
        notify("READY=1")
        if not witness.waits:
            start.note(home, start.RUNNING)
        if ready is not None:
            ready()
        witness.loop()


class Witness:
    """The loop and what it holds. One thread does everything but wait for the doorbell."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        jobs: Mapping[str, Job],
        devices: Sequence[str],
        stop: threading.Event,
        started_ns: int,
        handler: PrivateHandler,
    ) -> None:
        self.home = home
        self.settings = settings
        self.stop = stop
        self._devices = list(devices)
        self._started_ns = started_ns
        self._handler = handler
        self._stack = ExitStack()
        self._selector = selectors.DefaultSelector()
        self._stack.callback(self._selector.close)
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._stack.callback(os.close, self._wake_out)
        self._stack.callback(os.close, self._wake_in)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._server: Server | None = None
        self._archive: Archive | None = None
        self._drain: Drain | None = None
        self._idle: Idle | None = None
        self._waiter: Waiter | None = None
        self._desk = Desk(jobs)
        self._status = StatusFile(home)
        self._tree_due = True
        self._tree_error = ""
        self._tree_at = 0.0
        self._told_to_stop = self._told_to_reopen = False
        self._counts: dict[str, Any] = {}
        self._before: Totals = Totals()
        self._counts_at = -_COUNTS_S
        self._last_ns = 0
        self._trouble = ""
        self._troubles = 0
        self._retry_at = 0.0
        self._started_steady_ns = clock.now()[1]
        self._clock = clock.Clock(*clock.now())
        self._hooks: dict[str, Any] = {}
        self._hooks_at = -_HOOKS_S
        self._watchdog_s = watchdog_s()
        self._watched_at = 0.0

    # -- opening and closing ---------------------------------------------------------------------

    def open(self) -> None:
        """Archive, socket and doorbell. A disk that takes nothing is waited for; other trouble is raised."""
        try:
            self._open_archive()
        except Exception as exc:
            if not trouble.is_storage(exc) or trouble.is_lasting(exc):
                raise
            self._degrade(exc)
        self._listen()
        self._waiter = Waiter(self.settings, self.wake)
        self._write_status("running", now=True)

    def close(self) -> None:
        """Answer who waits, close everything; what was not committed stays in its ring."""
        notify("STOPPING=1")
        gone = WitnessUnavailableError("the witness was stopped; what it did stays done")
        self._desk.turn_away(gone)
        if self._waiter is not None:
            self._waiter.close()
        if self._server is not None:
            self._server.drain()
            self._server.close()
        self._write_status("stopped", now=True)
        if self.stopping:
            start.note(self.home, start.STOPPED)
        self._close_archive()
        self._stack.close()
        log.info("witness stopped pid=%d", os.getpid())

    def _listen(self) -> None:
        if self._server is not None:
            return
        try:
            self._server = Server(self.home, self._selector)
        except (OSError, MemlogError) as exc:
            # Draining is what matters: without a socket a verb says that it must wait.
            log.error("no socket, jobs cannot be asked for error=%s", exc)

    def _open_archive(self) -> None:
        self._archive = Archive.open(self.home, now_ns=time.time_ns(), settings=self.settings)
        self._idle = Idle(self._archive)
        self._drain = Drain(self._archive, self.settings, self._devices)
        self._drain.find_rings()

    def _close_archive(self) -> None:
        if self._drain is not None:
            self._before.add(self._drain.totals)
            self._drain.close()
        if self._archive is not None:
            try:
                self._archive.close()
            except Exception as exc:
                log.error("archive did not close error=%s", trouble.sentence(exc))
        self._archive = self._drain = self._idle = None

    # -- the loop --------------------------------------------------------------------------------

    def wake(self) -> None:
        """End a wait; from any thread and from a signal handler."""
        try:
            os.write(self._wake_in, b"\0")
        except OSError:
            pass  # full: it is awake

    def loop(self) -> None:
        """Until told to stop. Only what cannot pass by itself is raised."""
        busy = True
        while not self.stopping:
            self._wait(0.0 if busy else self._pause_s())
            if self.stopping:
                break
            busy = self._turn()
            self._watch()
        self._finish()

    @property
    def waits(self) -> bool:
        """True while the archive takes nothing."""
        return bool(self._trouble)

    @property
    def stopping(self) -> bool:
        return self._told_to_stop or self.stop.is_set()

    def tell_to_stop(self) -> None:
        """From a signal handler: a plain store, no lock."""
        self._told_to_stop = True
        self.wake()

    def tell_to_reopen_log(self) -> None:
        """From a signal handler."""
        self._told_to_reopen = True
        self.wake()

    def _wait(self, timeout_s: float) -> None:
        if timeout_s > 0 and self._waiter is not None:
            self._waiter.arm()
        for key, mask in self._selector.select(timeout_s):
            if key.data is None:
                self._swallow()
            elif key.data is self._server:
                self._server.accept()
            elif self._server is not None and (request := self._server.serve(key.data, mask)) is not None:
                self._answer(key.data, request)
        if self._server is not None:
            self._server.tidy()

    def _swallow(self) -> None:
        try:
            while len(os.read(self._wake_out, 4_096)) == 4_096:
                pass
        except BlockingIOError:
            pass

    def _pause_s(self) -> float:
        if self._trouble:
            return min(max(self._retry_at - time.monotonic(), 0.01), _LOOK_S)
        if self._drain is not None and self._drain.pending():
            return self.settings.batch_ms / 1_000
        return _LOOK_S

    def _turn(self) -> bool:
        """One batch of each ring, one step of one job or errand, or idle work; True when more is at hand."""
        if self._trouble and time.monotonic() < self._retry_at:
            self._write_status("degraded")
            return False
        busy = False
        try:
            if self._archive is None:
                self._open_archive()
            busy = self._work()
        except Exception as exc:
            # The witness's own edge: whatever it is, records stay in their rings and it goes on.
            self._degrade(exc)
            return False
        if self._trouble:
            log.info("witness resumed after=%s", self._trouble)
            notify("STATUS=running")
            self._trouble, self._troubles = "", 0
            start.note(self.home, start.RUNNING)
            self._listen()
            self._write_status("running", now=True)
        self._write_status("running")
        return busy

    def _work(self) -> bool:
        drain, idle = self._drain, self._idle
        assert drain is not None and idle is not None and self._archive is not None
        archived = 0
        for _ in range(_BATCHES_FIRST):
            done = drain.step(flush=self._desk.waits_for_drain)
            archived += done.batches
            if not done.batches:
                break
        if archived:
            self._last_ns = time.time_ns()
        if drain.snapshot_due:
            self._snapshots()
        if archived:
            self._desk.tell_drained(drain)
        elif not drain.pending():
            self._desk.answer_drains(drain, self._snapshots)
        if self._desk.step(self._archive, self.settings) or archived:
            self._tree_due = True
            idle.busy()
            idle.checkpoint()
            return True
        if drain.pending():
            return False
        if drain.find_rings():
            return True
        drain.find_errands()
        if drain.errand():
            self._tree_due = True
            idle.busy()
            return True
        if self._tree_due:
            self._tree_due = self._snapshots() >= SNAPSHOTS_AT_ONCE
            return True
        if idle.open_due and time.monotonic() >= self._tree_at:
            written = self._snapshots(open_too=True)
            idle.open_written(more=written >= SNAPSHOTS_AT_ONCE or bool(self._tree_error))
            return True
        more = idle.step()
        self._tree_due = idle.take_closed() > 0
        return more or self._tree_due

    def _snapshots(self, *, limit: int | None = SNAPSHOTS_AT_ONCE, open_too: bool = False) -> int:
        """Snapshots written. A tree that cannot be written must not keep records from being archived."""
        assert self._drain is not None
        if time.monotonic() < self._tree_at:
            return 0
        try:
            written = self._drain.snapshots(limit=limit, open_too=open_too)
        except OSError as exc:
            words = trouble.sentence(exc)
            if words != self._tree_error:
                log.error("snapshots not written error=%s", words)
            self._tree_error, self._tree_at = words, time.monotonic() + _TREE_AGAIN_S
            return 0
        self._tree_error = ""
        return written

    def _finish(self) -> None:
        """Commit what was read already, and let the tree hold it."""
        if self._drain is not None and not self._trouble:
            try:
                self._drain.step(flush=True)
                until = time.monotonic() + _LAST_TREE_S
                while self._snapshots(open_too=True) and time.monotonic() < until:
                    self._watch()
            except Exception as exc:
                log.error("last batch not archived error=%s", trouble.sentence(exc))

    def _degrade(self, exc: Exception) -> None:
        words = trouble.sentence(exc)
        wait_s = _BACK_OFF_S[min(self._troubles, len(_BACK_OFF_S) - 1)]
        if words != self._trouble:
            expected = trouble.is_storage(exc)
            log.error("witness degraded error=%s", words, exc_info=None if expected else exc)
            notify(f"STATUS=degraded: {words}")
            start.note(self.home, start.DEGRADED, reason=words, hint="memlog status")
        self._trouble = words
        self._troubles += 1
        self._retry_at = time.monotonic() + wait_s
        self._desk.turn_away(
            UnavailableError(f"the witness waits: {words}", hint="memlog status, then again")
        )
        if self._drain is not None:
            self._drain.rewind()
        if trouble.needs_reopening(exc):
            self._close_archive()
        self._write_status("degraded", now=True)

    def _watch(self) -> None:
        if self._told_to_reopen:
            self._told_to_reopen = False
            self._handler.reopen()
        if jump_s := self._clock.look(*clock.now()):
            log.warning("clock jumped by_s=%+.0f", jump_s)
        now = time.monotonic()
        if self._watchdog_s is not None and now - self._watched_at >= self._watchdog_s:
            self._watched_at = now
            notify("WATCHDOG=1")

    # -- requests --------------------------------------------------------------------------------

    def _answer(self, client: Client, request: dict[str, Any]) -> None:
        try:
            verb = request.get("verb")
            if verb == "status":
                client.answer(result=self._describe(self._state()))
            elif verb == "stop":
                log.info("stop asked for")
                client.answer(result={"pid": os.getpid()})
                self.stop.set()
            elif (theirs := request.get("version", __version__)) != __version__:
                raise OtherVersionError(f"this witness is memlog {__version__}, the command {theirs}")
            elif verb != "drain" and "job" not in request:
                raise InputError("a request names a job or a verb")
            elif self._drain is None or self._trouble:
                raise UnavailableError(f"the witness waits: {self._trouble}", hint="memlog status")
            elif verb == "drain":
                self._desk.take_drain(client, self._drain, request.get("devices"))
            else:
                self._desk.take_job(client, request)
        except Exception as exc:
            client.answer(error=error_to_wire(exc))

    # -- status ----------------------------------------------------------------------------------

    def _state(self) -> str:
        return "degraded" if self._trouble or self._tree_error else "stopped" if self.stopping else "running"

    def _write_status(self, state: str, *, now: bool = False) -> None:
        if not now and not self._status.due():
            return
        if state == "running" and self._tree_error:
            state = "degraded"
        try:
            self._status.write(self._describe(state), now=now)
        except Exception as exc:  # telling how it is must never end it
            log.error("status not written error=%s", trouble.sentence(exc))

    def _describe(self, state: str) -> dict[str, Any]:
        now = time.monotonic()
        if self._archive is not None and now - self._counts_at >= _COUNTS_S:
            self._counts_at, self._counts = now, archive_counts(self._archive.con)
        if now - self._hooks_at >= _HOOKS_S:
            self._hooks_at, self._hooks = now, {"missing": installed.missing(self.home)}
        error = self._trouble or self._tree_error
        drain = self._drain
        totals = Totals()
        totals.add(self._before)
        if drain is not None:
            totals.add(drain.totals)
        return {
            "pid": os.getpid(), "version": __version__, "started_ns": self._started_ns,
            "started_steady_ns": self._started_steady_ns, "state": state,
            "last_error": error or None, "drained": totals.as_dict(),
            "lag_s": round(drain.lag_s(), 3) if drain is not None else None,
            "last_batch_ns": self._last_ns or None,
            "hooks": self._hooks, "clock": self._clock.last,
            "jobs": self._desk.names(),
            "errands": len(drain.errands) if drain is not None else 0,
            "ring_error": (drain.ring_error or None) if drain is not None else None,
            "rings": [level_or_error(source.ring) for source in drain.sources] if drain is not None else [],
            "wal_bytes": self._idle.wal_bytes() if self._idle is not None else None, **self._counts,
        }  # fmt: skip


class _Signals:
    """SIGTERM and SIGINT end the loop after its batch; SIGHUP opens the log anew."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._stop)
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._reopen)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._witness.tell_to_stop()

    def _reopen(self, number: int, frame: FrameType | None) -> None:
        self._witness.tell_to_reopen_log()
