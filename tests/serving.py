"""`memlog serve` as a process of its own, for tests that ask its pages."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(*words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`memlog serve` and the line it prints."""
    command = [sys.executable, "-m", "memlog.cli.start", "serve", *words]
    served = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with served:
        assert served.stdout is not None
        try:
            yield served, served.stdout.readline().strip()
        finally:
            served.send_signal(signal.SIGINT)
            ended = served.wait(30)
    assert ended == 0
