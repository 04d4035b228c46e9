"""CPU time of processes and of calls: wall time on a busy machine says little."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import quantiles


def process_s(
    command: Sequence[str], *, stdin: bytes = b"", env: Mapping[str, str] | None = None, times: int = 15
) -> float:
    """Least CPU seconds (user and system) of a command over `times` runs.

    Raises: RuntimeError when it exits other than 0.
    """
    return min(_once(command, stdin, env) for _ in range(times))


def _once(command: Sequence[str], stdin: bytes, env: Mapping[str, str] | None) -> float:
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(env or {})}
    )  # fmt: skip
    assert child.stdin is not None and child.stderr is not None
    child.stdin.write(stdin)
    child.stdin.close()
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {child.returncode}: {said.decode(errors='replace')}")
    return used.ru_utime + used.ru_stime


def bare_s(times: int = 15) -> float:
    """CPU seconds of a Python that does nothing: what a command's start is compared with."""
    return process_s([sys.executable, "-I", "-S", "-c", "pass"], times=times)


def cpu_s(call: Callable[[], object]) -> float:
    """CPU seconds of this process (all its threads) in one call."""
    before = time.process_time()
    call()
    return time.process_time() - before


def p95(values: Sequence[float]) -> float:
    """The value 95 of 100 stay below."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
