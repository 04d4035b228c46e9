"""The timeline of an incident: a step beside each record, calls with the outcome of their answers."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from memlog.query import timeline
from memlog.query.facts.stream import call_of

if TYPE_CHECKING:
    from memlog.query.slice import Row

_WAITING = 512  # steps; a call whose answer comes later has it in a step of its own
_CALL = 4_000  # characters of a call that say what it is about
_LEFT_OUT = ("meta", "thinking")
_META = '"isMeta":true'  # within a text its quotes would be escaped


class Steps:
    """Steps of records that go by, a bounded number of them held back until their answers are known."""

    def __init__(self, columns: list[str]) -> None:
        self._at = {name: columns.index(name) for name in columns}
        self._held: dict[int, list[Any]] = {}
        self._calls: dict[tuple[str, str], tuple[int, str]] = {}  # their steps and texts

    def beside(self, found: "Iterable[tuple[str, Row]]") -> "Iterator[tuple[str, Row]]":
        """The rows, and steps among them."""
        for table, row in found:
            yield table, row
            if table == "record":
                yield from self._of(row)

    def late(self) -> "Iterator[tuple[str, Row]]":
        """Steps that are still held back."""
        for step in self._held.values():
            yield "step", tuple(step)
        self._held.clear()

    def _of(self, row: "Row") -> "Iterator[tuple[str, Row]]":
        kind = row[self._at["kind"]]
        if row[self._at["part"]] or kind in _LEFT_OUT:
            return
        session, id_ = row[self._at["session"]], row[self._at["id"]]
        call = self._call(row) if kind in ("tool_use", "tool_result") else None
        step = self._step(row, kind)
        asked, said = (
            self._calls.pop((session, call), (None, "")) if kind == "tool_result" and call else (None, "")
        )
        if asked is not None and asked in self._held:
            self._held[asked][-1] = timeline.answered(said, row[self._at["text"]] or "", step[-1])
            return
        self._held[id_] = step
        if kind == "tool_use" and call:
            self._calls[session, call] = id_, (row[self._at["text"]] or "")[:_CALL]
        while len(self._held) > _WAITING:
            yield "step", tuple(self._held.pop(next(iter(self._held))))
        while len(self._calls) > _WAITING:
            self._calls.pop(next(iter(self._calls)))

    def _step(self, row: "Row", kind: str) -> list[Any]:
        at = self._at
        role = row[at["role"]]
        injected = role == "user" and _META in (row[at["extra"]] or "")
        what, text, outcome = timeline.told(
            kind, role, row[at["text"]] or "", bool(row[at["error"]]), injected=injected
        )
        return [
            row[at["id"]],
            row[at["ts"]],
            row[at["ts_ns"]],
            row[at["session"]],
            row[at["agent"]],
            row[at["epoch"]],
            timeline.HOST if what == "note" else role or row[at["agent"]],
            what,
            row[at["tool"]],
            text,
            outcome,
        ]

    def _call(self, row: "Row") -> str | None:
        try:
            rest = json.loads(row[self._at["extra"]] or "null")
        except (ValueError, RecursionError):
            return None
        return call_of(rest) if isinstance(rest, dict) else None
