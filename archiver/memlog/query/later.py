"""What an agent came back for: the uses of a fact in the epoch after a compaction."""

from typing import NamedTuple

from memlog.query.before import Image
from memlog.query.comeback import Seen
from memlog.query.facts import shell
from memlog.query.facts.fact import Fact
from memlog.query.verdict import ASKED


class Back(NamedTuple):
    """How often a fact was used again, what was done with it last or how it ended, and the first record.

    uses: None where the agent did nothing in that epoch, and of what is only printed or named: that a test
    prints its line again is nobody asking for it.
    """

    uses: int | None
    then: str | None = None
    first: int | None = None


class Later:
    """Asks the image of an epoch for the uses of what was known before it.

    A command is the same one whatever folder it begins in, wherever its output goes and whatever filters
    it; and it is used where another runs it beside more.
    """

    def __init__(self, then: Image) -> None:
        self._then = then
        self._running: dict[str, set[tuple[str, str]]] = {}
        for key, seen in then.seen.items():
            if key[0] == "command":
                ran = shell.ran(seen.last.value)
                for one in {*ran, " && ".join(ran)}:
                    self._running.setdefault(one, set()).add(key)

    def of(self, key: tuple[str, str], fact: Fact) -> Back:
        """The uses of a fact. key: its kind and key; fact: its last citation."""
        if not self._then.acted or key[0] not in ASKED:
            return Back(None)
        keys = {key}
        if key[0] == "command":
            keys |= self._running.get(" && ".join(shell.ran(fact.value)), set())
        found: list[tuple[Seen, int]] = [
            (self._then.seen[one], self._then.first[one]) for one in keys if one in self._then.seen
        ]
        if not found:
            return Back(0)
        last = max((seen for seen, _ in found), key=lambda seen: seen.at)
        return Back(sum(seen.uses for seen, _ in found), last.last.detail, min(first for _, first in found))
