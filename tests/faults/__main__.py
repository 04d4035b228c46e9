"""`python tests/faults [pytest's words]`: the fault tests, under the injector; 1 unless all is as promised."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from faults.injector import build  # noqa: E402


def main() -> None:
    """Becomes pytest."""
    root = HERE.parents[1]
    shim = build(root / "build" / "faults")
    words = ["-m", "faults", "-n", str(min(os.cpu_count() or 1, 8)), "--dist", "worksteal", *sys.argv[1:]]
    os.chdir(root)
    environ = {**os.environ, "LD_PRELOAD": str(shim)}
    os.execve(sys.executable, [sys.executable, "-m", "pytest", "tests/faults", *words], environ)


main()
