"""`memlog status`: what runs, what is archived, and what is wrong, with what to do."""

import json
import os
import random
import re
import resource
import time
from pathlib import Path

import pytest

from archives import MINUTE, record
from cli.hooked import HOOKED, transcript
from conftest import Run
from memlog.paths import Home
from memlog.query import checks
from memlog.query.checks import BAD, WARN
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from witness import records, running, until


def test_a_witness_that_dies_at_its_start_is_told_with_the_reason_and_the_remedy(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    os.mkdir(home.root, 0o700)
    Path(home.archive).write_bytes(os.urandom(9_000))
    os.chmod(home.archive, 0o600)
    path = transcript(tmp_path / "t.jsonl")
    env = {"MEMLOG_START_WITNESS": "1"}
    run_hook("Stop", {**HOOKED, "transcript_path": path}, env=env)
    until(lambda: Path(home.witness_start).read_bytes())
    done = run_memlog("status", check=1, env=env)
    assert "witness  BAD: last start failed" in done.stdout and "file is not a database" in done.stdout
    assert done.stderr.count("next: memlog admin rebuild archive --from-tree") == 1
    rows = json.loads(run_memlog("doctor", "--json", check=1, env=env).stdout)
    row = next(row for row in rows if row["check"] == "witness")
    assert row["state"] == BAD and "memlog admin rebuild" in row["remedy"]
    # and the remedy mends it
    run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", check=0)
    run_memlog("witness", "drain", check=0)
    assert records(home) == 2
    run_memlog("status", check=0, env=env)


def test_a_witness_that_did_not_get_as_far_as_to_say_why_is_told_too(run_memlog: Run, home: Home) -> None:
    os.mkdir(home.root, 0o700)
    Path(home.witness_start).touch()
    run_memlog("status", check=0)  # it may be about to
    os.utime(home.witness_start, (time.time() - 40,) * 2)
    said = run_memlog("status", check=1).stdout
    assert re.search(r"last start failed 4\d s ago: it ended before it could say why", said)


def test_a_killed_witness_is_named_and_a_stopped_one_is_not(run_memlog: Run, home: Home) -> None:
    with running(home):
        pass
    assert json.loads(run_memlog("status", "--json", check=0).stdout)["witness"]["state"] == "stopped"
    with running(home) as child:
        child.kill()
        child.wait()
        done = run_memlog("status", check=1)
        run_memlog("witness", "stop", check=0)
        assert "stopped by `memlog witness stop`" in run_memlog("status", check=0).stdout
    assert (
        re.search(r"it ended without a word at most \d+ s ago: killed", done.stdout)
        and "next: memlog witness run" in done.stderr
    )


def test_a_start_that_failed_for_a_setting_is_over_once_the_setting_is_mended(
    run_memlog: Run, home: Home
) -> None:
    os.mkdir(home.root, 0o700)
    config = Path(home.config)
    config.write_text('batch_ms = "soon"\n')
    run_memlog("witness", "run", check=2)
    os.utime(home.config, (1, 1))
    config.write_text("batch_ms = 20\n")
    assert "witness  none runs; " in run_memlog("status", check=0, env={"MEMLOG_START_WITNESS": "1"}).stdout
    os.utime(home.config, (1, 1))  # its twin: nobody touched it since
    assert "last start failed" in run_memlog("status", check=1).stdout


def test_a_session_that_runs_without_its_hooks_being_called_is_bad_news(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    run_memlog("install", "claude-code", check=0)
    path = transcript(tmp_path / "user/.claude/projects/-w/s-1.jsonl")
    run_hook("Stop", {**HOOKED, "transcript_path": path})
    (mark,) = Path(home.watermarks).glob("*.json")
    run_memlog("status", check=0)
    os.utime(mark, (time.time() - 9_000,) * 2)
    os.utime(path, (time.time() - 900,) * 2)
    said = run_memlog("status", check=1).stdout
    assert "hooks    BAD: installed, but last called" in said and path in said


def test_a_full_disk_is_named(run_memlog: Run, home: Home, settings: Settings) -> None:
    draw = random.Random(1)
    with running(home) as child:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
        with open_ring(settings) as ring:
            for n in range(150):
                ring.write(encode(record(" ".join(f"{draw.getrandbits(40):x}" for _ in range(600)), n=n))[0])
        until(lambda: "degraded" in run_memlog("status").stdout)
        done = run_memlog("status", check=1)
    assert "is degraded: disk full" in done.stdout or "is degraded: I/O error" in done.stdout


def test_a_ring_that_ran_over_is_named(run_memlog: Run, home: Home, settings: Settings) -> None:
    with open_ring(settings._replace(ring_bytes=65_536)) as ring:
        for _ in range(9):
            ring.write(b"x" * 30_000)
    assert "ring     BAD: 7 records overwritten before" in run_memlog("status", check=1).stdout
    run_memlog("witness", "drain", check=0)
    assert "overwritten" not in run_memlog("status", check=1).stdout
    assert "losses   BAD: 7 ring records lost in 1 gap" in run_memlog("status", check=1).stdout


def test_a_spool_that_grows_is_named(run_memlog: Run, home: Home) -> None:
    os.mkdir(home.root, 0o700)
    os.mkdir(home.spool, 0o700)
    Path(home.spool, f"{time.time_ns() - 10 * MINUTE}-1-aa.frames").write_bytes(b"x")
    done = run_memlog("status", check=1)
    assert "spool    BAD: grows: 1 file, 1 bytes, the oldest 10 min old" in done.stdout
    assert "next: memlog witness drain" in done.stderr


def test_a_clock_that_was_set_back_is_named(
    run_memlog: Run, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead_ns = time.time_ns() + 180 * MINUTE
    with open_ring(settings) as ring, monkeypatch.context() as patched:
        patched.setattr("memlog.ring.shm.time_ns", lambda: ahead_ns)  # what the clock said before
        ring.write(b"\xa0")
    done = run_memlog("status", check=1)
    assert "clock    BAD: it jumped back: the newest stamp lies 3 h in the future" in done.stdout


def test_the_metrics_are_the_figures_of_status(run_memlog: Run, home: Home, settings: Settings) -> None:
    with open_ring(settings) as ring:
        ring.write(b"\xa0")
    text = run_memlog("status", "--metrics", check=0).stdout
    facts = json.loads(run_memlog("status", "--json", check=0).stdout)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'memlog_[a-z_]+\{archive="archive"[^}]*\} -?[0-9.e+-]+', line) for line in lines)
    found = dict(line.rsplit(" ", 1) for line in lines)
    assert found['memlog_undrained_records{archive="archive"}'] == "1" == str(facts["undrained"])
    assert found['memlog_witness_up{archive="archive"}'] == "0"
    assert not any("memlog_archive_records" in line for line in lines)  # not known is not 0
    run_memlog("witness", "drain", check=0)
    text = run_memlog("status", "--metrics", check=0).stdout
    assert 'memlog_archive_records{archive="archive"} 1\n' in text
    assert text.count("# TYPE memlog_archive_records gauge\n") == 1


def test_a_new_home_is_well_and_looking_makes_nothing(run_memlog: Run, home: Home) -> None:
    found = json.loads(run_memlog("status", "--json", check=0).stdout)
    assert found["ok"] and found["archive"] is None and not found["witness"]["running"]
    rows = json.loads(run_memlog("doctor", "--json", check=0).stdout)
    assert {row["check"]: row["state"] for row in rows}["archive"] == WARN
    assert not os.path.exists(home.root)


def test_status_says_what_runs_and_what_is_archived(run_memlog: Run, home: Home, settings: Settings) -> None:
    with running(home) as child:
        with open_ring(settings) as ring:
            for blob in encode(record("hello")):
                ring.write(blob)
        until(lambda: records(home) == 1)
        until(lambda: json.loads(run_memlog("status", "--json").stdout)["undrained"] == 0)
        found = json.loads(run_memlog("status", "--json", check=0).stdout)
    assert found["witness"]["pid"] == child.pid and found["witness"]["state"] == "running"
    assert found["archive"]["records"] == 1 and found["archive"]["sessions"] == 1
    assert found["archive"]["last_record"].startswith("20") and found["archive"]["bytes"] > 0
    assert found["losses"] == {"gaps": 0, "healed": 0, "lost": 0, "holes": 0, "noticed_ns": None}
    (ring_,) = found["rings"]
    assert (ring_["kind"], ring_["records"], ring_["undrained"]) == ("shm", 1, 0)


def test_a_record_nobody_archives_is_bad_news_after_a_minute(
    run_memlog: Run, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_ring(settings) as ring:
        ring.write(b"\xa0")
    found = json.loads(run_memlog("status", "--json", check=0).stdout)
    assert found["undrained"] == 1 and found["lag_s"] > 0
    level = found["rings"]
    later = checks.ring(level, False, time.time_ns() + 2 * MINUTE)
    assert later.state == BAD and "memlog witness drain" in later.remedy


def test_a_recent_loss_is_bad_news_and_says_where_to_look(
    run_memlog: Run, home: Home, settings: Settings
) -> None:
    with open_ring(settings) as ring:
        for _ in range(3):
            ring.write(b"\xa0")
        ring.clear(force=True)
    run_memlog("witness", "drain", check=0)
    done = run_memlog("status", check=1)
    assert "3 ring records lost in 1 gap" in done.stdout
    found = json.loads(run_memlog("doctor", "--json", check=1).stdout)
    assert next(row for row in found if row["check"] == "losses")["remedy"] == "memlog query gaps"


def test_a_transcript_that_became_rubbish_is_counted_as_damage(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    path = transcript(tmp_path / "s-1.jsonl")
    run_hook("Stop", {**HOOKED, "transcript_path": path})
    Path(path).write_bytes(random.Random(1).randbytes(3_000) + b"\n")
    run_hook("Stop", {**HOOKED, "transcript_path": path})
    run_memlog("witness", "drain", check=0)
    said = run_memlog("status", check=0).stdout
    found = re.search(r"damage   WARN: kept as they were: (\d+) lines that are no JSON", said)
    assert found and int(found[1]) == records(home) - 2 > 3


@pytest.mark.slow
def test_every_count_of_records_leaves_parts_out_or_says_what_it_counts(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "s-1.jsonl"
    line = {"type": "user", "sessionId": "s-1", "timestamp": "2026-01-08T14:41:01Z"}
    texts = ["short", "words of a long text " * 9_000, "short again"]
    lines = [{**line, "uuid": f"u-{n}", "message": {"content": text}} for n, text in enumerate(texts)]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    run_hook("SessionEnd", {**HOOKED, "transcript_path": str(path)})
    assert "archived 3 records, 2 events" in run_memlog("witness", "drain", check=0).stderr
    rows = records(home)
    assert rows > 3
    assert "3 records of 1 session" in run_memlog("status", check=0).stdout
    assert json.loads(run_memlog("status", "--json", check=0).stdout)["archive"]["records"] == 3
    for words in (["query", "sessions"], ["query", "epochs"]):
        assert [row["records"] for row in json.loads(run_memlog(*words, check=0).stdout)] == [3]
    (session,) = json.loads(run_memlog("witness", "status", "--json").stdout)["sessions"]
    assert session["records"] == 3
    dry = run_memlog("admin", "rebuild", "archive", "--from-tree", check=0).stdout
    assert f"would make an archive of {rows} rows of 1 session in 1 file" in dry
    made = run_memlog("admin", "rebuild", "archive", "--from-tree", "--apply", check=0).stdout
    assert f"made an archive of 3 records ({rows} rows) of 1 session in 1 file" in made
    again = run_memlog("import", "claude-code", str(path), "--again", check=0)
    assert "imported 0 new records" in again.stderr and "; 3 archived already" in again.stderr


def test_what_a_hook_met_last_is_among_the_facts(run_memlog: Run, run_hook: Run, home: Home) -> None:
    run_hook("Stop", HOOKED)
    assert json.loads(run_memlog("status", "--json").stdout)["hooks"]["last_error"] is None
    run_hook("Stop", HOOKED, env={"MEMLOG_BATCH_MS": "soon"})
    assert "MEMLOG_BATCH_MS" in json.loads(run_memlog("status", "--json").stdout)["hooks"]["last_error"]
