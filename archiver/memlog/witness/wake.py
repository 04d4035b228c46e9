"""A pipe that ends the witness's wait, from any thread and from a signal handler."""

import os
import selectors

from memlog.ring.doorbell import swallow


class Wake:
    """Its end in a selector is the key without data."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        selector.register(self._out, selectors.EVENT_READ, None)

    def call(self) -> None:
        """End the wait that is on, or the next one."""
        try:
            os.write(self._in, b"\0")
        except OSError:
            pass  # full: it is awake

    def swallow(self) -> None:
        """Forget the calls so far."""
        swallow(self._out)

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)
