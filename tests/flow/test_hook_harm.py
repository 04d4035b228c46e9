"""What a host sees of a hook, which is nothing, and what others can make of it, which is nothing either."""

import json
import os
import resource
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from conftest import Run
from flow.heard import HOOK, SESSION, grow, in_ring, records, said
from memlog.capture import spool
from memlog.paths import Home
from memlog.settings import Settings


def test_settings_that_make_no_sense_cost_a_log_line_and_no_record(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    Path(home.root).mkdir(mode=0o700)
    Path(home.config).write_text("ring_bites = 3\n")
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 2)
    run_hook("Stop", said(path), env={"MEMLOG_RING": ""})
    assert len(records(in_ring(settings))) == 2
    assert "ring_bites" in (Path(home.log) / "hook.log").read_text()


def test_everything_a_hook_makes_is_private_under_any_umask(
    home: Home, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 60)
    before = os.umask(0)
    try:
        run_hook("Stop", said(path), env={"MEMLOG_HAND_OVER_BYTES": "1000"})
        run_hook("Stop", "not json")
        run_hook("Stop", said(path), env={"MEMLOG_RING": "kernel", "MEMLOG_DEVICE": "/nonexistent"})
    finally:
        os.umask(before)
    seen = 0
    for folder, _, names in os.walk(home.root):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder
        for name in names:
            if name.endswith(".transcript"):
                continue  # a link to the host's own file
            assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600, name
            seen += 1
    assert seen >= 6


def _limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_disk_that_takes_nothing_is_no_concern_of_the_hosts(home: Home, tmp_path: Path) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 20)
    done = subprocess.run(
        [*HOOK, "PreCompact"], input=json.dumps(said(path)).encode(), capture_output=True, preexec_fn=_limit_files, timeout=30
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not any(f.stat().st_size for f in Path(home.root).rglob("*") if f.is_file())  # the limit held


def test_a_home_of_links_to_other_places_is_not_written_through(
    home: Home, run_hook: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 3)
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "file").write_text("mine")
    run_hook("Stop", said(path))
    for name in ("ring", "spool", "watermark", "log"):
        target = Path(home.root) / name
        if target.exists():
            os.rename(target, tmp_path / f"was-{name}")
        target.symlink_to(trap)
    run_hook("Stop", said(path))
    run_hook("Stop", "broken")
    assert sorted(p.name for p in trap.iterdir()) == ["file"] and (trap / "file").read_text() == "mine"
    for name in ("ring", "spool", "watermark", "log"):
        os.unlink(Path(home.root) / name)
    (Path(home.root) / "log").mkdir(mode=0o700)
    (Path(home.root) / "log/hook.log").symlink_to(trap / "file")
    os.unlink(home.key)
    Path(home.key).symlink_to(trap / "file")
    run_hook("Stop", said(path))
    assert (trap / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM]
)
def test_a_signal_ends_a_hook_with_0(number: signal.Signals, home: Home) -> None:
    process = subprocess.Popen(
        [*HOOK, "Stop"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc to see handlers by")
    bit = 1 << (signal.SIGUSR2 - 1)  # the last one it takes
    while (
        not int(next(x for x in status.read_text().splitlines() if x.startswith("SigCgt")).split()[1], 16)
        & bit
    ):
        time.sleep(0.005)
    os.kill(process.pid, number)
    assert process.communicate()[0] == b"" and process.returncode == 0


def test_a_hook_takes_no_longer_than_the_host_allows_a_session_to_end(home: Home, tmp_path: Path) -> None:
    started = time.monotonic()
    path = tmp_path / f"{SESSION}.jsonl"
    grow(path, 3_000, "x" * 500)  # 1.9 MB: the whole of it is handed over at the end
    subprocess.run(
        [*HOOK, "SessionEnd"], input=json.dumps(said(path, "SessionEnd", reason="other")).encode(), check=True
    )
    assert time.monotonic() - started < 5
    assert len(spool.pending(home)) == 1
