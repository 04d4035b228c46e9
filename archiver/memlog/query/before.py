"""What an agent had when an epoch ended: the facts of its records, each extracted once."""

from collections.abc import Iterator

from memlog.archive.connection import Connection
from memlog.query.comeback import Mentions, Seen
from memlog.query.facts import extract
from memlog.query.facts.fact import Fact, Said
from memlog.query.facts.stream import records


class Image:
    """An epoch as its agent had it, gathered record by record; what a subagent did is none of it.

    seen: facts by kind and key; first: the record that told each first.
    at: how many records it had. acted: whether the agent said or did something.
    Limits: grows with different facts, not with records; of texts it holds the latest.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.seen: dict[tuple[str, str], Seen] = {}
        self.first: dict[tuple[str, str], int] = {}
        self.mentions = Mentions()
        self.at = 0
        self.acted = False
        self._turn = 0
        self._places: dict[int, tuple[int, int]] = {}  # of commands that wait: number of the record, turn

    def add(
        self, said: Said, waiting: dict[str, Fact], read: extract.Reading | None = None
    ) -> Iterator[Fact]:
        """Facts of the next record, also those of a subagent. waiting: commands whose answer has not come."""
        if not said.aside and said.kind not in ("summary", "compaction"):
            self.at += 1
            self._turn += said.role == "user" and said.kind == "message" and not said.injected
            self.acted = self.acted or said.role == "assistant"
            self.mentions.add(self.at, said)
        for fact in extract.step(said, waiting, read):
            self._note(fact)
            yield fact
        if said.call in waiting and not said.aside:
            self._places[said.id] = (self.at, self._turn)

    def close(self, waiting: dict[str, Fact]) -> None:
        """The epoch has ended: commands that wait count as they are."""
        for fact in waiting.values():
            self._note(fact)
        self._places.clear()

    def _note(self, fact: Fact) -> None:
        where = self._places.pop(fact.record, (self.at, self._turn))
        if fact.aside or fact.epoch != self.epoch:  # of a call the epoch before it made
            return
        key = (fact.kind, fact.key)
        if key not in self.seen:
            self.seen[key] = Seen(fact)
            self.first[key] = fact.record
        self.seen[key].also(fact, *where)


def before(con: Connection, session_id: int, epoch: int) -> Image:
    """The image of one epoch. session_id: the row of the session."""
    image = Image(epoch)
    waiting: dict[str, Fact] = {}
    for said in records(con, session_id, epoch):
        if not said.aside:
            for _ in image.add(said, waiting):
                pass
    image.close(waiting)
    return image
