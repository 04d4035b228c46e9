"""`memlog witness run|drain|status|stop`."""

import json
import os
import subprocess
from pathlib import Path

from archives import record, ring_frames
from conftest import Run
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from witness import ask, records, running


def image(path: Path) -> Path:
    frames = ring_frames([record("from an image", n=1), record("and another", n=2)])
    path.write_bytes(b"".join(f.header.pack() + f.blob for f in frames if f.header))
    return path


def test_drain_archives_what_is_there_and_exits(run_memlog: Run, home: Home, settings: Settings) -> None:
    with open_ring(settings) as ring:
        for blob in encode(record("hello")):
            ring.write(blob)
    done = run_memlog("witness", "drain", "--json", check=0)
    assert json.loads(done.stdout)["records"] == 1
    assert "archived 1 records" in done.stderr
    assert "archived 0 records" in run_memlog("witness", "drain", check=0).stderr


def test_drain_of_an_image_twice_adds_nothing_with_and_without_a_witness(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    path = image(tmp_path / "ring.img")
    assert "archived 2 records" in run_memlog("witness", "drain", "--device", str(path), check=0).stderr
    with running(home):
        done = run_memlog("witness", "drain", "--device", str(path), check=0)
        assert "archived 0 records, 2 met again" in done.stderr
        (tmp_path / "more.img").write_bytes(path.read_bytes())
        run_memlog("witness", "drain", "--device", "more.img", check=0, cwd=tmp_path)
    assert records(home) == 2
    assert not os.path.exists(os.path.join(home.ring, "ring")) or records(home) == 2


def test_a_device_that_is_not_there_is_3(run_memlog: Run, home: Home) -> None:
    run_memlog("witness", "drain", "--device", "/nowhere", check=3)
    run_memlog("witness", "run", "--device", "/nowhere", check=3)
    assert not os.path.exists(home.archive)


def test_drain_writes_the_snapshots_of_a_session_that_goes_on(
    run_memlog: Run, home: Home, settings: Settings
) -> None:
    with open_ring(settings) as ring:
        for blob in encode(record("still at work", session="session-b")):
            ring.write(blob)
    done = run_memlog("witness", "drain", "--session", "session-b", check=0)
    (path,) = done.stdout.splitlines()
    assert path == os.path.join(home.root, "session-b", "snap-00000.json")
    assert "still at work" in Path(path).read_text()
    run_memlog("witness", "drain", "--session", "nobody", check=3)


def test_run_once_is_one_pass_into_the_home_named_by_out(run_memlog: Run, home: Home, tmp_path: Path) -> None:
    path = image(tmp_path / "ring.img")
    out = Home(str(tmp_path / "elsewhere"))
    run_memlog("witness", "run", "--once", "--out", out.root, "--device", str(path), check=0)
    assert records(out) == 2 and not os.path.exists(home.archive)


def test_a_home_that_is_taken_is_7(run_memlog: Run, home: Home) -> None:
    with running(home) as child:
        for words in (("run",), ("run", "--once")):
            done = run_memlog("witness", *words, check=7)
            assert f"pid {child.pid}" in done.stderr and "next: memlog witness status" in done.stderr


def test_status_is_0_while_it_runs_and_1_while_it_does_not(run_memlog: Run, home: Home) -> None:
    done = run_memlog("witness", "status", check=1)
    assert "no sessions" in done.stderr
    with running(home) as child:
        assert f"pid {child.pid} runs" in run_memlog("witness", "status", check=0).stderr


def test_a_wrong_setting_stops_it_before_it_begins(run_memlog: Run, home: Home) -> None:
    os.mkdir(home.root, 0o700)
    Path(home.config).write_text("batch_recods = 5\n")
    done = run_memlog("witness", "run", check=2)
    assert "line 1" in done.stderr and "batch_records" in done.stderr


def test_a_quota_trims_the_tree_and_not_the_archive(run_memlog: Run, home: Home, tmp_path: Path) -> None:
    from bench import corpus

    corpus.transcript(tmp_path / "a.jsonl", 400_000, compactions=4)
    run_memlog(
        "import",
        "claude-code",
        str(tmp_path / "a.jsonl"),
        check=0,
        env={"MEMLOG_SESSION_QUOTA_BYTES": "150000"},
    )
    ((folder, epochs),) = ask(home, "SELECT dir, epochs FROM v_session")
    names = [name for name in os.listdir(os.path.join(home.root, folder)) if name.startswith("snap-")]
    assert epochs == 5 and 0 < len(names) < 4
    assert records(home) > 50


def test_help_names_every_verb(run_memlog: Run) -> None:
    said = run_memlog("witness", "--help", check=0).stdout
    assert all(verb in said for verb in ("run", "drain", "status", "stop"))


def test_it_ends_when_its_terminal_says_ctrl_c(home: Home) -> None:
    with running(home) as child:
        child.send_signal(subprocess.signal.SIGINT)  # type: ignore[attr-defined]
        assert child.wait(10) == 0
