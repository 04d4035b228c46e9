"""axe-core, the accessibility checker: from npm, one pinned version, kept outside the checkout."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "4.11.0"
# Of who runs the tests: while one runs, home is an empty folder of its own, and each would ask npm again.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "memlog-axe" / VERSION


def source() -> str:
    """Its script. Without npm the test is skipped; in the gate that is a failure."""
    script = CACHE / "node_modules/axe-core/axe.min.js"
    if not script.exists() and shutil.which("npm"):
        CACHE.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", f"axe-core@{VERSION}"]  # fmt: skip
        subprocess.run(command, cwd=CACHE, capture_output=True, timeout=120, check=False)
    if not script.exists():
        if os.environ.get("CI"):
            pytest.fail("no axe-core: the gate installs npm")
        pytest.skip("no npm, or it reaches no registry")
    return script.read_text("utf-8")
