"""`python tests/faults [FILE …] [pytest's words]`: the fault tests, or those, under the injector; 1 unless all is as promised."""

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
    if not any(os.path.exists(word) for word in words):
        words.insert(0, "tests/faults")
    environ = {**os.environ, "LD_PRELOAD": str(shim)}
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *words], environ)


main()
