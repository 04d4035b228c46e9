"""A pattern's places in texts, found by a process of its own: no pattern can hold up who asked.

Python's engine tries every way a pattern can match and cannot be stopped; a process can. Run as a script
it is that process: texts come in, places go out, and a text that takes too much of its time ends it.
"""

import re
import signal
import subprocess
import sys
from threading import Timer

PLACES = 50  # of one text
TEXT_S = 0.5  # of the process's own time, for a text: what else the machine does is not its fault
PATIENCE_S = 60.0  # for texts passed on together, should that clock stand still: the process is stopped
FEW_BYTES = 32_000  # of texts that are passed on together: they fit into the pipe while places come out
SLOW = 8  # texts that may take longer before the pattern is given up
HEAP_BYTES = 512 << 20

Spans = list[tuple[int, int]]


class TooSlowError(Exception):
    """The pattern took too long, text after text."""


class Matcher:
    """Finds a pattern in texts. slow: how many it could not be looked for in."""

    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.slow = 0
        self._start = [pattern, "i" if ignore_case else "", str(TEXT_S)]
        self._child: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def spans(self, texts: list[str]) -> list[Spans]:
        """Places of the pattern in each text.

        Raises: TooSlowError.
        """
        found: list[Spans] = []
        while len(found) < len(texts):
            batch = _few(texts, len(found))
            some = self._some(batch)
            found += some
            if len(some) < len(batch):  # the process was stopped at this one
                self.slow += 1
                if self.slow > SLOW:
                    raise TooSlowError
                found.append([])
        return found

    def _some(self, texts: list[str]) -> list[Spans]:
        child = self._running()
        assert child.stdin is not None and child.stdout is not None
        timer = Timer(PATIENCE_S, child.kill)
        timer.daemon = True
        timer.start()
        found: list[Spans] = []
        try:
            child.stdin.write(b"".join(map(_framed, texts)))
            child.stdin.flush()
            for _ in texts:
                line = child.stdout.readline()
                if not line.endswith(b"\n"):
                    break
                numbers = list(map(int, line.split()))
                found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
        if len(found) < len(texts):
            self.close()
        return found

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            command = [sys.executable, "-I", "-S", __file__]
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            assert self._child.stdin is not None
            self._child.stdin.write(b"".join(map(_framed, self._start)))
        return self._child


def _few(texts: list[str], first: int) -> list[str]:
    """Texts from there on, as many as are passed on together; one at least."""
    stop, size = first, 0
    while stop < len(texts) and (stop == first or size + len(texts[stop]) <= FEW_BYTES):
        size += len(texts[stop])
        stop += 1
    return texts[first:stop]


def _framed(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw).to_bytes(4, "little") + raw


def _serve() -> None:
    """Answer texts until there are no more."""
    _limit_heap()
    pattern, flags, seconds = _read(), _read(), float(_read() or TEXT_S)
    compiled = re.compile(pattern or "", re.IGNORECASE if flags else 0)
    while (text := _read()) is not None:
        # its signal ends the process inside of the engine, which looks at nothing else while it tries
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        places: list[int] = []
        for match in compiled.finditer(text):
            if match.end() > match.start():
                places += match.span()
                if len(places) >= 2 * PLACES:
                    break
        sys.stdout.write(" ".join(map(str, places)) + "\n")
        sys.stdout.flush()


def _limit_heap() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (HEAP_BYTES, HEAP_BYTES))
    except (ImportError, OSError, ValueError):
        pass  # a system without limits still has the one on time


def _read() -> str | None:
    size = sys.stdin.buffer.read(4)
    if len(size) < 4:
        return None
    return sys.stdin.buffer.read(int.from_bytes(size, "little")).decode("utf-8", "surrogatepass")


if __name__ == "__main__":
    _serve()
