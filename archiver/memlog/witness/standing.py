"""How the witness stands, as status.json and the answer to a `status` request say it."""

import os
import time
from typing import TYPE_CHECKING, Any

from memlog import __version__
from memlog.capture import installed
from memlog.paths import Home
from memlog.witness import clock
from memlog.witness.batch import Totals
from memlog.witness.status import archive_counts, level_or_error

if TYPE_CHECKING:
    from memlog.witness.daemon import Witness

_COUNTS_S = 10.0
_HOOKS_S = 60.0


class Standing:
    """What is said of one witness; what costs a query or reads settings is asked anew only now and then."""

    def __init__(self, home: Home, started_ns: int) -> None:
        self._home = home
        self._started_ns = started_ns
        self._started_steady_ns = clock.now()[1]
        self._counts: dict[str, Any] = {}
        self._counts_at = -_COUNTS_S
        self._hooks: dict[str, Any] = {}
        self._hooks_at = -_HOOKS_S

    def of(self, witness: "Witness", state: str) -> dict[str, Any]:
        """As JSON carries it."""
        self._look_again(witness)
        drain, idle = witness.drain, witness.idle
        totals = Totals()
        totals.add(witness.before)
        if drain is not None:
            totals.add(drain.totals)
        return {
            "pid": os.getpid(), "version": __version__, "started_ns": self._started_ns,
            "started_steady_ns": self._started_steady_ns, "state": state,
            "last_error": witness.last_error or None, "drained": totals.as_dict(),
            "lag_s": round(drain.lag_s(), 3) if drain is not None else None,
            "last_batch_ns": witness.last_ns or None,
            "hooks": self._hooks, "clock": witness.clock.last,
            "jobs": witness.desk.names(),
            "errands": len(drain.errands) if drain is not None else 0,
            "ring_error": (drain.rings.error or None) if drain is not None else None,
            "rings": [level_or_error(each.ring) for each in drain.rings.sources] if drain is not None else [],
            "wal_bytes": idle.wal_bytes() if idle is not None else None, **self._counts,
        }  # fmt: skip

    def _look_again(self, witness: "Witness") -> None:
        now = time.monotonic()
        if witness.archive is not None and now - self._counts_at >= _COUNTS_S:
            self._counts_at, self._counts = now, archive_counts(witness.archive.con)
        if now - self._hooks_at >= _HOOKS_S:
            self._hooks_at, self._hooks = now, {"missing": installed.missing(self._home)}
