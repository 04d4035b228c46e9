"""Users, programs and the device of the guest that `make test-kernel` boots."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

DEVICE = os.environ.get("MEMLOG_DEVICE", "/dev/memlog")
OUT = Path(os.environ.get("MEMLOG_LAB_OUT", "/nonexistent"))  # the module and the C programs
KIND = os.environ.get("MEMLOG_LAB_KIND", "")
MODULE = os.environ.get("MEMLOG_MODULE", "")
MEMLOG = [sys.executable, "-m", "memlog.cli.start"]

WRITERS = 4242  # the gid the module is loaded with
ROOT, ALICE, BOB, OUTSIDER = 0, 1001, 1002, 1003  # OUTSIDER is no member


def groups_of(uid: int) -> list[int]:
    return [WRITERS] if uid in (ALICE, BOB) else []


def start_as(uid: int, command: list[str], env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """A program of this user, its pipes open."""
    return subprocess.Popen(
        command, user=uid, group=uid, extra_groups=groups_of(uid), text=True, cwd="/",
        env=os.environ | environ_of(uid) | dict(env or {}),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run_as(
    uid: int, *command: str, said: str = "", check: int | None = 0, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """What a program of this user did; check: the exit code it must have."""
    child = start_as(uid, list(command), env)
    out, err = child.communicate(said, timeout=120)
    if check is not None:
        assert child.returncode == check, f"uid {uid}: {command}: exit {child.returncode}\n{out}\n{err}"
    return subprocess.CompletedProcess(command, child.returncode, out, err)


def memlog_as(
    uid: int, *words: str, said: str = "", check: int | None = 0
) -> "subprocess.CompletedProcess[str]":
    """`memlog WORDS…` of this user, with the kernel's ring."""
    return run_as(uid, *MEMLOG, *words, said=said, check=check, env={"MEMLOG_RING": "kernel"})


def environ_of(uid: int) -> dict[str, str]:
    """A home of that user's own."""
    home = Path(f"/tmp/homes/{uid}")
    if not home.is_dir():
        home.mkdir(parents=True)
        os.chown(home, uid, uid)
        home.chmod(0o700)
    return {"HOME": str(home), "MEMLOG_HOME": str(home / "memlog"), "MEMLOG_DEVICE": DEVICE}
