"""What the witness does at a signal: SIGTERM and SIGINT end it after its batch, SIGHUP opens the log anew."""

import signal
from collections.abc import Callable
from typing import Any


class Signals:
    """Inside, these signals are the witness's; outside, whose they were before. Only for the main thread."""

    def __init__(self, *, stop: Callable[[], None], reopen: Callable[[], None]) -> None:
        self._wanted = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reopen}
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        for number, do in self._wanted.items():
            self._before[number] = signal.signal(number, lambda *_, do=do: do())

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
