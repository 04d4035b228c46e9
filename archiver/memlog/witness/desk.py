"""Who waits for the witness: jobs in a queue, and clients that asked for what is new to be archived."""

import os
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from memlog.archive.store import Archive
from memlog.errors import InputError, MemlogError
from memlog.settings import Settings
from memlog.witness import jobs as work
from memlog.witness import trouble
from memlog.witness.batch import Totals
from memlog.witness.drain import Drain
from memlog.witness.jobs import Job, Running, error_to_wire
from memlog.witness.log import log
from memlog.witness.server import Client
from memlog.witness.snapshots import Snapshots

_TELL_S = 1.0  # how often a client hears of a job that moves slowly


class Desk:
    """Requests that take longer than an answer, each with the client to tell."""

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        self._jobs = jobs
        self._queue: deque[tuple[Running, Client]] = deque()
        self._told_at = 0.0
        self._asked_to_drain: list[Client] = []
        self._drained_before: dict[str, int] = {}

    @property
    def waits_for_drain(self) -> bool:
        """True while a client waits until the rings have nothing new."""
        return bool(self._asked_to_drain)

    def names(self) -> list[str]:
        """The jobs at work and waiting."""
        return [running.name for running, _ in self._queue]

    def take_job(self, client: Client, request: Mapping[str, Any]) -> None:
        """Queue the job a request names. Raises: InputError, as the job itself says."""
        running = work.find(self._jobs, request["job"], request.get("args", {}))
        log.info("job asked for name=%s", running.name)
        self._queue.append((running, client))

    def take_drain(self, client: Client, drain: Drain, devices: object) -> None:
        """Note who waits for a drain. Raises: InputError for a device that is not there."""
        for path in devices if isinstance(devices, list) else []:
            if not isinstance(path, str) or not os.path.exists(path):
                raise InputError(f"there is no {path}")
            drain.rings.add_device(path)
        drain.errands.hurry()
        if not self._asked_to_drain:
            self._drained_before = drain.totals.as_dict()
        self._asked_to_drain.append(client)

    def tell_drained(self, drain: Drain) -> None:
        """How far the drain is, to who waits for it."""
        if self._asked_to_drain:
            before = Totals(**self._drained_before)
            progress = drain.progress(drain.totals.taken() - before.taken())
            for client in self._asked_to_drain:
                client.progress(*progress)

    def answer_drains(self, drain: Drain, snapshots: Snapshots) -> None:
        """The rings have nothing new: say so, once what lay in the spool is in too."""
        if not self._asked_to_drain or drain.rings.find():
            return
        drain.errands.find()
        if drain.errands and not self._queue:
            for client in self._asked_to_drain:
                client.progress(0, 0, "bringing in the spool")
            return
        before = self._drained_before
        result = {name: n - before[name] for name, n in drain.totals.as_dict().items()}
        snapshots.write(drain, limit=None, open_too=True)
        for client in self._asked_to_drain:
            client.answer(result=result)
        self._asked_to_drain = []

    def turn_away(self, error: MemlogError) -> None:
        """Whoever waits is told why; what a job has done so far stays done."""
        for running, client in self._queue:
            running.cancel(error)
            client.answer(error=error_to_wire(error))
        for client in self._asked_to_drain:
            client.answer(error=error_to_wire(error))
        self._queue.clear()
        self._asked_to_drain = []

    def step(self, archive: Archive, settings: Settings) -> bool:
        """One batch of the job at the head of the queue; a client that went away leaves its job running.

        Raises: what trouble.is_storage() knows, after the client was told.
        """
        if not self._queue:
            return False
        running, client = self._queue[0]
        running.step(archive, settings)
        now = time.monotonic()
        if not running.finished:
            client.progress(*running.progress)
            if now - self._told_at >= _TELL_S:
                self._told_at = now
                for _, other in list(self._queue)[1:]:
                    other.progress(0, 0, f"waiting for {running.name}")
            return True
        self._queue.popleft()
        error = running.error
        if error is not None:
            log.error("job failed name=%s error=%s", running.name, trouble.sentence(error),
                      exc_info=None if isinstance(error, (MemlogError, OSError)) else error)  # fmt: skip
            client.answer(error=error_to_wire(error))
            if trouble.is_storage(error):
                raise error
        else:
            log.info("job done name=%s", running.name)
            client.answer(result=running.result)
        return True
