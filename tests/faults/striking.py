"""One point: a copy of the home, the operation struck there, run again, and what must hold of it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from faults.injector import Ended, Fault, Injector, Mode, copy_tree
from faults.operations import Operation, Place
from faults.soundness import Verdict, merged
from faults.table import Row
from memlog.errors import MemlogError
from memlog.witness import trouble

Twin = Callable[[Operation], None]


TRIES = 6  # of a point whose fault does not fire: a witness makes a few calls more or fewer from run to run


class Point(NamedTuple):
    """What came of it. injected: the fault fired; seen: the calls of that run."""

    injected: bool
    verdict: Verdict
    seen: int = 0


class Range:
    """An operation, prepared, and the calls of a run that nothing disturbs."""

    def __init__(self, operation: Operation, root: Path) -> None:
        self.operation = operation
        self.at = Place(root)
        self.look = Place(root / "look")
        self.look.static = self.at.static
        self.at.make()
        operation.prepare(self.at)
        self.base = root / "base"
        copy_tree(self.at.now, self.base)
        self.injector = Injector(self.at.now)
        clean = self.run(Fault(Mode.COUNT))
        assert not clean.error, clean.error
        self.calls = clean.seen
        operation.learn(self.at)
        seen = self.checked(clean.said, done=True)
        assert not seen.error and not any(seen.result), seen
        assert operation.wanted and self.calls > 20

    def count(self, kinds: int) -> int:
        """Calls of these kinds, in a run that nothing disturbs, that can be refused."""
        self.reset()
        return self.run_and_again(Fault(Mode.COUNT, kinds=kinds)).seen

    def reset(self) -> None:
        copy_tree(self.base, self.at.now)

    def keep(self) -> None:
        """What lies there now, to be looked at without touching it."""
        copy_tree(self.at.now, self.look.now)

    def run(self, fault: Fault, *twins: Twin) -> Ended:
        """The operation in a child, under a fault."""
        return self.injector.child(lambda: self._go(twins), fault)

    def run_and_again(self, fault: Fault, again: Fault = Fault()) -> Ended:  # noqa: B008 - a value
        """The same, its calls failing; then they do not any more, and it is run again by the same process.

        again: the fault of that second run. Result: how many times it had said something by then.
        """

        operation, injector = self.operation, self.injector

        def work() -> int:
            operation.space_returns = injector.disarm
            operation.is_refused = lambda: bool(injector.control.mode and injector.control.fired)
            operation.started = lambda: injector.arm(fault)
            if not operation.waits:
                operation.started()
            try:
                self._go(())
            except Exception as exc:
                if operation.waits or not (isinstance(exc, MemlogError) or trouble.is_storage(exc)):
                    raise
            injector.disarm()
            operation.started = lambda: None
            self.keep()
            said = len(injector.said.lines())
            if again.mode:
                injector.arm(again)
            self._go(())
            return said

        return injector.child(work)

    def _go(self, twins: Iterable[Twin]) -> None:
        for twin in twins:
            twin(self.operation)
        self.operation.run(self.at, self._say)

    def _say(self, value: object) -> None:
        self.injector.said.say(value)
        self.injector.mark(len(self.injector.said.lines()))

    def checked(self, said: list[Any], *, done: bool) -> Ended:
        """The verdict of a child, so that what breaks there breaks no other point."""
        place = self.at if done else self.look
        return self.injector.child(lambda: list(self.operation.verdict(place, said, done=done)))

    def resumed(self, said: list[Any], *twins: Twin) -> Verdict:
        """After a kill: what is there, and what is there once the operation was run again."""
        self.keep()
        ended = [self.checked(said, done=False), self.run(Fault(), *twins), self.checked([], done=True)]
        return verdict_of(*ended)

    def kill(self, fault: Fault, *twins: Twin) -> Point:
        """Struck, then run again by another process."""
        return _fired(lambda fault: self._kill(fault, twins), fault)

    def refuse(self, fault: Fault) -> Point:
        """Calls fail, then they do not any more, and the same process goes on."""
        return _fired(self._refuse, fault)

    def _kill(self, fault: Fault, twins: Iterable[Twin]) -> Point:
        self.reset()
        struck = self.run(fault, *twins)
        if not struck.killed:
            return Point(False, verdict_of(struck), struck.seen)
        return Point(True, self.resumed(struck.said, *twins))

    def _refuse(self, fault: Fault) -> Point:
        self.reset()
        struck = self.run_and_again(fault)
        if not struck.fired:
            return Point(False, verdict_of(struck), struck.seen)
        said = struck.said[: struck.result]
        return Point(True, verdict_of(struck, self.checked(said, done=False), self.checked([], done=True)))


def _fired(strike: Callable[[Fault], Point], fault: Fault) -> Point:
    """The point, or where that run ended before it, the last call such a run came to."""
    for _ in range(TRIES):
        point = strike(fault)
        if point.injected or any(point.verdict):
            break
        fault = fault._replace(at=max(1, min(fault.at - 1, point.seen)))
    return point


def verdict_of(*ended: Ended) -> Verdict:
    """What children found, and what they broke on."""
    verdict = merged([e.result for e in ended if isinstance(e.result, list)] or [Verdict.none()])
    verdict.corrupt.extend(e.error for e in ended if e.error)
    return verdict


class Tally:
    """The row of a table, and the first sentences of what is broken."""

    def __init__(self, kind: str, operation: str, twin: str = "") -> None:
        self.row = Row(kind, operation, twin=twin)
        self.said: list[str] = []

    def add(self, point: Point, where: str) -> None:
        """Count one point."""
        lost, duplicated, corrupt = point.verdict
        more = Row("", "", 1, int(point.injected), len(lost), len(duplicated), len(corrupt))
        self.row = self.row.plus(more)
        for word, found in zip(("lost", "duplicated", "corrupt"), point.verdict, strict=True):
            self.said += [f"{where}: {word}: {what}" for what in found[:3]]

    def require_zero(self) -> None:
        """Nothing is broken, and every fault fired."""
        assert not self.row.broken, "\n".join([str(self.row), *self.said[:12]])
        assert self.row.injected == self.row.tried > 0, f"the injector did not fire: {self.row}"
