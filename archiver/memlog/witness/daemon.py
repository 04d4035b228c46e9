"""The witness in the foreground: rings into the archive, jobs in between, until it is told to stop."""

import os
import selectors
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from memlog import __version__
from memlog.archive.store import Archive
from memlog.errors import MemlogError, UnavailableError, WitnessUnavailableError
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import clock, lock, requests, start, trouble, turn
from memlog.witness.batch import Totals
from memlog.witness.desk import Desk
from memlog.witness.drain import Drain
from memlog.witness.idle import Idle
from memlog.witness.jobs import Job
from memlog.witness.log import PrivateHandler, close_log, log, open_log
from memlog.witness.notify import notify, watchdog_s
from memlog.witness.server import Server
from memlog.witness.setback import Setback
from memlog.witness.signals import Signals
from memlog.witness.snapshots import Snapshots
from memlog.witness.standing import Standing
from memlog.witness.status import StatusFile
from memlog.witness.waiter import Waiter
from memlog.witness.wake import Wake

_LOOK_S = 1.0  # at latest after this the rings are looked at, doorbell or not
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
            stack.enter_context(Signals(stop=witness.tell_to_stop, reopen=witness.tell_to_reopen_log))
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
        self.archive: Archive | None = None
        self.drain: Drain | None = None
        self.idle: Idle | None = None
        self.desk = Desk(jobs)
        self.clock = clock.Clock(*clock.now())
        self.before = Totals()  # of drains that were closed
        self.last_ns = 0  # when something was archived last
        self._devices = list(devices)
        self._handler = handler
        self._stack = ExitStack()
        self._selector = selectors.DefaultSelector()
        self._stack.callback(self._selector.close)
        self._wake = Wake(self._selector)
        self._stack.callback(self._wake.close)
        self._server: Server | None = None
        self._waiter: Waiter | None = None
        self._status = StatusFile(home)
        self.standing = Standing(home, started_ns)
        self._setback = Setback()
        self.snapshots = Snapshots()
        self._told_to_stop = self._told_to_reopen = False
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
        self._waiter = Waiter(self.settings, self._wake.call)
        self._write_status("running", now=True)

    def close(self) -> None:
        """Answer who waits, close everything; what was not committed stays in its ring."""
        notify("STOPPING=1")
        gone = WitnessUnavailableError("the witness was stopped; what it did stays done")
        self.desk.turn_away(gone)
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
        self.archive = Archive.open(self.home, now_ns=time.time_ns(), settings=self.settings)
        self.idle = Idle(self.archive)
        self.drain = Drain(self.archive, self.settings, self._devices)
        self.drain.rings.find()

    def _close_archive(self) -> None:
        if self.drain is not None:
            self.before.add(self.drain.totals)
            self.drain.close()
        if self.archive is not None:
            try:
                self.archive.close()
            except Exception as exc:
                log.error("archive did not close error=%s", trouble.sentence(exc))
        self.archive = self.drain = self.idle = None

    # -- the loop --------------------------------------------------------------------------------

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
        return bool(self._setback)

    @property
    def waits_for(self) -> str:
        """What the archive is waited for; "" while it takes what comes."""
        return self._setback.words

    @property
    def last_error(self) -> str:
        """What keeps records from being archived, or snapshots from being written; "" where nothing does."""
        return self._setback.words or self.snapshots.error

    @property
    def stopping(self) -> bool:
        return self._told_to_stop or self.stop.is_set()

    def tell_to_stop(self) -> None:
        """From a signal handler: a plain store, no lock."""
        self._told_to_stop = True
        self._wake.call()

    def tell_to_reopen_log(self) -> None:
        """From a signal handler."""
        self._told_to_reopen = True
        self._wake.call()

    def _wait(self, timeout_s: float) -> None:
        if timeout_s > 0 and self._waiter is not None:
            self._waiter.arm()
        for key, mask in self._selector.select(timeout_s):
            if key.data is None:
                self._wake.swallow()
            elif key.data is self._server:
                self._server.accept()
            elif self._server is not None and (request := self._server.serve(key.data, mask)) is not None:
                requests.answer(self, key.data, request)
        if self._server is not None:
            self._server.tidy()

    def _pause_s(self) -> float:
        if self._setback:
            return min(max(self._setback.left_s(), 0.01), _LOOK_S)
        if self.drain is not None and self.drain.pending():
            return self.settings.batch_ms / 1_000
        return _LOOK_S

    def _turn(self) -> bool:
        """One batch of each ring, one step of one job or errand, or idle work; True when more is at hand."""
        if self._setback.left_s() > 0:
            self._write_status("degraded")
            return False
        busy = False
        try:
            if self.archive is None:
                self._open_archive()
            busy = turn.work(self)
        except Exception as exc:
            # The witness's own edge: whatever it is, records stay in their rings and it goes on.
            self._degrade(exc)
            return False
        if self._setback:
            log.info("witness resumed after=%s", self._setback.pass_by())
            notify("STATUS=running")
            start.note(self.home, start.RUNNING)
            self._listen()
            self._write_status("running", now=True)
        self._write_status("running")
        return busy

    def _finish(self) -> None:
        """Commit what was read already, and let the tree hold it."""
        if self.drain is not None and not self._setback:
            try:
                self.drain.step(flush=True)
                until = time.monotonic() + _LAST_TREE_S
                while self.snapshots.write(self.drain, open_too=True) and time.monotonic() < until:
                    self._watch()
            except Exception as exc:
                log.error("last batch not archived error=%s", trouble.sentence(exc))

    def _degrade(self, exc: Exception) -> None:
        words = trouble.sentence(exc)
        if self._setback.meet(words):
            expected = trouble.is_storage(exc)
            log.error("witness degraded error=%s", words, exc_info=None if expected else exc)
            notify(f"STATUS=degraded: {words}")
            start.note(self.home, start.DEGRADED, reason=words, hint="memlog status")
        self.desk.turn_away(UnavailableError(f"the witness waits: {words}", hint="memlog status, then again"))
        if self.drain is not None:
            self.drain.rewind()
        if trouble.needs_reopening(exc):
            self._close_archive()
        self._write_status("degraded", now=True)

    def _watch(self) -> None:
        if self._told_to_reopen:
            self._told_to_reopen = False
            self._handler.reopen()
        if jump_s := self.clock.look(*clock.now()):
            log.warning("clock jumped by_s=%+.0f", jump_s)
        now = time.monotonic()
        if self._watchdog_s is not None and now - self._watched_at >= self._watchdog_s:
            self._watched_at = now
            notify("WATCHDOG=1")

    # -- status ----------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """In a word, as a `status` request is answered."""
        return "degraded" if self.last_error else "stopped" if self.stopping else "running"

    def _write_status(self, state: str, *, now: bool = False) -> None:
        if not now and not self._status.due():
            return
        if state == "running" and self.snapshots.error:
            state = "degraded"
        try:
            self._status.write(self.standing.of(self, state), now=now)
        except Exception as exc:  # telling how it is must never end it
            log.error("status not written error=%s", trouble.sentence(exc))
