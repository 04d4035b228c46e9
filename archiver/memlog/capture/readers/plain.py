"""What a reader takes over whose host writes no records of ours and puts nothing beside its transcript."""

from typing import Any

from memlog.capture.agents import Place
from memlog.record import Record
from memlog.wire import Frame

SPILL_MARK = b""


def frame_of(value: dict[str, Any]) -> Frame | None:
    """Never one."""
    return None


def spilled(value: dict[str, Any], records: list[Record], place: Place) -> list[Record]:
    """None: everything is in the transcript."""
    return []
