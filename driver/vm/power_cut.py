#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The witness archives from the real device onto an ext4 disk, while its machine is killed at random moments.

power_cut.py [CUTS] [--twin]: boots User-Mode Linux CUTS times over one disk. In each boot the
guest first looks whether all that was said to be archived before the last cut is there, then
writes and archives until it is killed. Exits 0 where nothing archived was lost. --twin: the
archive with synchronous=NORMAL; then it exits 0 only where that did lose something.

Guest memory is lost at a cut, as in a real one; what the disk was told to keep, it keeps. A disk
that lies is not tried here.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

VM = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "memlog-lab"
REPO = VM.parents[1]
DISK_BYTES = 256 << 20
BOOT_S = 60
SEQS_SQL = "SELECT seq, count(*) FROM v_record WHERE ring_id = :ring GROUP BY seq"


# -- the machine that is not cut ------------------------------------------------------------


def run(cuts: int, twin: bool) -> int:
    """Cuts in a row; the exit code."""
    work = REPO / "build" / "kernel" / ("power-cut-twin" if twin else "power-cut")
    out = work / "out"
    out.mkdir(parents=True, exist_ok=True)
    for name in ("acked", "verdicts"):
        (out / name).write_text("")
    disk = work / "disk"
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", str(disk)], check=True)
    subprocess.run([VM / "get_uml.sh"], check=True)
    subprocess.run([VM / "build_module.sh", CACHE / "uml" / "build", work], check=True)
    (out / "memlog.ko").write_bytes((work / "driver" / "memlog.ko").read_bytes())
    dice = random.Random(7)
    for cut in range(cuts + 1):
        _boot(work, twin, dice.uniform(0.3, 4) if cut < cuts else 0)
    verdicts = [[int(word) for word in line.split()] for line in (out / "verdicts").read_text().splitlines()]
    said, lost, twice = (sum(one[column] for one in verdicts) for column in range(3))
    sys.stdout.write(f"cuts {cuts}, archived records {said}, of these lost {lost}, doubled {twice}\n")
    if len(verdicts) != cuts or not said:
        sys.stdout.write(f"the guest did not look after every cut: see {out}/console\n")
        return 1
    return int(not lost) if twin else int(bool(lost or twice))


def _boot(work: Path, twin: bool, alive_s: float) -> None:
    """One boot, killed that long after it began to archive; 0: it only looks and goes down."""
    acked, out = work / "out" / "acked", work / "out"
    before = acked.stat().st_size
    words = f"{REPO}/.venv/bin/python {Path(__file__).resolve()} guest {out} {int(twin)} {int(not alive_s)}"
    guest = subprocess.Popen(
        [VM / "run_uml.sh", CACHE / "uml" / "build", out, str(BOOT_S), words],
        env=os.environ | {"MEMLOG_LAB_ARGS": f"ubd0={work / 'disk'}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if alive_s:
        deadline = time.monotonic() + BOOT_S
        while acked.stat().st_size == before and time.monotonic() < deadline and guest.poll() is None:
            time.sleep(0.02)
        time.sleep(alive_s)
        _cut(work / "disk")
    guest.wait()


def _cut(disk: Path) -> None:
    """SIGKILL to all processes that are this guest: each names its disk; some have left its session."""
    word = f"ubd0={disk}".encode()
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and word in Path("/proc", name, "cmdline").read_bytes().split(b"\0"):
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            continue


# -- the guest ------------------------------------------------------------------------------


def guest(out: Path, twin: bool, only_look: bool) -> None:
    """Looks at what the last boot said, then archives and says what is."""
    mount = Path("/tmp/disk")
    mount.mkdir()
    subprocess.run(["mount", "-t", "ext4", "/dev/ubda", str(mount)], check=True)
    home = mount / "home"
    lines = [line.split() for line in (out / "acked").read_text().splitlines()]
    if lines:
        _look(home, out, lines[-1][0], int(lines[-1][1]))
    if only_look:
        return
    subprocess.run(["insmod", str(out / "memlog.ko")], check=True)
    env = os.environ | {"MEMLOG_HOME": str(home), "MEMLOG_RING": "kernel"}
    subprocess.Popen([sys.executable, __file__, "witness", str(int(twin))], env=env)
    _archive(out)


def _look(home: Path, out: Path, ring_id: str, acked: int) -> None:
    """One line: records of the last boot said to be archived, lost, archived twice."""
    found = _archived(home, ring_id)
    lost = sum(seq not in found for seq in range(1, acked + 1))
    with (out / "verdicts").open("a") as file:
        file.write(f"{acked} {lost} {sum(count > 1 for count in found.values())}\n")


def _archived(home: Path, ring_id: str) -> dict[int, int]:
    """How often each seq is in the archive; {} where there is none that can be read."""
    from memlog.archive.connection import open_reader
    from memlog.errors import MemlogError

    try:
        con = open_reader(str(home / "archive.db"))
        assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return dict(con.execute(SEQS_SQL, {"ring": ring_id}).fetchall())
    except MemlogError as exc:
        sys.stderr.write(f"{exc}\n")
        return {}


def _archive(out: Path) -> None:
    """Write without end, never beyond what the ring holds; each mark the witness set goes to the host."""
    from memlog.ring.device import DeviceRing

    ring = DeviceRing()
    told = 0
    with (out / "acked").open("a") as file:
        while True:
            info = ring.info()
            if info.drained_seq > told:
                told = info.drained_seq
                file.write(f"{info.ring_id.hex()} {told}\n")
                file.flush()
            if info.next_seq - info.drained_seq < 2_000:
                for _ in range(20):
                    ring.write(b"a record of %d bytes" % told * 20)
            else:
                time.sleep(0.005)


def witness(twin: bool) -> None:
    """The real witness; as the twin, one that commits without FULL."""
    if twin:
        from memlog.archive import connection

        pragmas = connection._WRITER_PRAGMAS
        connection._WRITER_PRAGMAS = tuple(p.replace("= FULL", "= NORMAL") for p in pragmas)
        assert pragmas != connection._WRITER_PRAGMAS
    sys.argv = ["memlog", "witness", "run"]
    from memlog.cli.start import main

    main()


if __name__ == "__main__":
    if sys.argv[1:2] == ["guest"]:
        guest(Path(sys.argv[2]), sys.argv[3] == "1", sys.argv[4] == "1")
    elif sys.argv[1:2] == ["witness"]:
        witness(sys.argv[2] == "1")
    else:
        numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
        sys.exit(run(numbers[0] if numbers else 10, "--twin" in sys.argv))
