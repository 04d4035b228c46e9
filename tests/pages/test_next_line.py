"""The pages under the next line of Datasette: every test of this folder, in an environment with that line."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

VERSION = "1.0a41"
ROOT = Path(__file__).parents[2]
# Of who runs the tests: while one runs, home is an empty folder of its own, and each would ask the index again.
# Root's lies where the other users that root's tests become can read it.
HOME = Path("/var/cache") if os.getuid() == 0 else Path.home() / ".cache"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or HOME) / "memlog-datasette" / VERSION


def run(*words: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)


def line() -> str:
    """The Python of an environment with that version, and all else as it is here. None to be had: skipped; in the gate a failure."""
    python = CACHE / "bin/python"
    ready = CACHE / "ready"
    if not ready.exists():
        made = run(sys.executable, "-m", "venv", "--clear", str(CACHE))
        if not made.returncode:
            made = run(str(python), "-m", "pip", "install", "--quiet", f"datasette=={VERSION}")
        if made.returncode:
            why = f"no Datasette {VERSION} here: {made.stderr.strip()[-300:]}"
            pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
        ready.touch()
    # What this line lacks comes from the environment that runs the tests; Datasette itself is its own.
    (packages,) = CACHE.glob("lib/python*/site-packages")
    here = sysconfig.get_path("purelib")
    (packages / "beside.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return str(python)


@pytest.mark.slow
def test_every_test_of_the_pages_holds_under_the_next_line_too() -> None:
    python = line()
    said = run(python, "-c", "import datasette.version as v, datasette_memlog; print(v.__version__)")
    assert said.stdout.strip() == VERSION, said.stderr
    done = run(python, "-m", "pytest", "tests/pages", "-v", f"--ignore={__file__}", "--tb=short")
    assert done.returncode == 0, done.stdout[-8_000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 200 and "skipped" not in done.stdout.splitlines()[-1]
