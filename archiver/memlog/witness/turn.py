"""One turn of the witness's loop: the rings first, then jobs, then what waits while nothing comes."""

import time
from typing import TYPE_CHECKING

from memlog.witness.drain import SNAPSHOTS_AT_ONCE, Drain
from memlog.witness.idle import Idle
from memlog.witness.snapshots import Snapshots

if TYPE_CHECKING:
    from memlog.witness.daemon import Witness

_BATCHES_FIRST = 4  # of the rings, before a job gets its next step


def work(witness: "Witness") -> bool:
    """One batch of each ring, one step of one job or errand, or idle work; True when more is at hand.

    Raises: whatever keeps the archive from taking it.
    """
    drain, idle, desk, snapshots = witness.drain, witness.idle, witness.desk, witness.snapshots
    assert drain is not None and idle is not None and witness.archive is not None
    archived = _drain(drain, flush=desk.waits_for_drain)
    if archived:
        witness.last_ns = time.time_ns()
    if drain.snapshot_due:
        snapshots.write(drain)
    if archived:
        desk.tell_drained(drain)
    elif not drain.pending():
        desk.answer_drains(drain, snapshots)
    if desk.step(witness.archive, witness.settings) or archived:
        snapshots.due = True
        idle.busy()
        idle.checkpoint()
        return True
    if drain.pending():
        return False
    return drain.rings.find() or _tidy(drain, idle, snapshots)


def _drain(drain: Drain, *, flush: bool) -> int:
    """Batches that were archived."""
    archived = 0
    for _ in range(_BATCHES_FIRST):
        done = drain.step(flush=flush)
        archived += done.batches
        if not done.batches:
            break
    return archived


def _tidy(drain: Drain, idle: Idle, snapshots: Snapshots) -> bool:
    """One step of what waits while the rings have nothing new; True when more is at hand."""
    drain.errands.find()
    if drain.errands.step():
        snapshots.due = True
        idle.busy()
        return True
    if snapshots.due:
        snapshots.due = snapshots.write(drain) >= SNAPSHOTS_AT_ONCE
        return True
    if idle.open_due and snapshots.may_be_written():
        written = snapshots.write(drain, open_too=True)
        idle.open_written(more=written >= SNAPSHOTS_AT_ONCE or bool(snapshots.error))
        return True
    more = idle.step()
    snapshots.due = idle.take_closed() > 0
    return more or snapshots.due
