"""`memlog status` and `memlog doctor`: what is wrong is said, with what to do, and exits 1."""

import json
import os
import time
from pathlib import Path

import pytest

from archives import NOW_NS, record
from conftest import Run
from memlog.capture import install
from memlog.errors import SqliteTooOldError
from memlog.paths import Home
from memlog.query import health
from memlog.query.health import BAD, OK, WARN, Losses, Spool
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from witness import records, running, until

MINUTE = 60 * 10**9


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
    later = health.check_ring(level, False, time.time_ns() + 2 * MINUTE)
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
    assert "3 records lost in 1 gap" in done.stdout
    found = json.loads(run_memlog("doctor", "--json", check=1).stdout)
    assert next(row for row in found if row["check"] == "losses")["remedy"] == "memlog query gaps"


def test_doctor_has_a_line_and_a_remedy_for_what_is_wrong(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    os.mkdir(home.root, 0o755)
    os.chmod(home.root, 0o755)
    Path(home.archive).write_bytes(b"no archive at all" * 100)
    os.mkdir(home.spool, 0o700)
    Path(home.spool, f"{time.time_ns() - 10 * MINUTE}-1-aa.frames").write_bytes(b"x")
    Path(home.witness_stopped).touch()
    rows = json.loads(run_memlog("doctor", "--json", check=1).stdout)
    state = {row["check"]: row["state"] for row in rows}
    assert (state["home"], state["archive"], state["spool"], state["witness"]) == (BAD, BAD, BAD, WARN)
    assert all(row["remedy"] for row in rows if row["state"] != OK)


def test_doctor_shows_every_setting_and_its_source(run_memlog: Run, home: Home) -> None:
    os.mkdir(home.root, 0o700)
    Path(home.config).write_text("# ours\nbatch_records = 7\n")
    done = run_memlog("doctor", "--settings", "--json", check=0, env={"MEMLOG_PORT": "9000"})
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert set(rows) == set(Settings._fields)
    assert rows["batch_records"]["value"] == 7 and rows["batch_records"]["source"].endswith("line 2")
    assert (rows["port"]["value"], rows["port"]["source"]) == (9000, "MEMLOG_PORT")
    assert rows["ring_bytes"]["source"] == "default"


def test_hooks_that_are_missing_are_a_warning_and_installed_ones_are_well(
    run_memlog: Run, home: Home
) -> None:
    def hooks() -> dict[str, str]:
        rows = json.loads(run_memlog("doctor", "--json").stdout)
        return next(row for row in rows if row["check"] == "hooks")

    assert hooks()["state"] == WARN and hooks()["remedy"] == "memlog install claude-code"
    run_memlog("install", "claude-code", check=0)
    found = hooks()
    assert found["state"] == OK or not os.access(install.program(), os.X_OK)


def test_an_old_sqlite_is_bad_and_a_racy_one_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.check_sqlite().state == OK
    monkeypatch.setattr(health.connection, "wal_is_safe", lambda: False)
    assert health.check_sqlite().state == WARN

    def refuse() -> None:
        raise SqliteTooOldError

    monkeypatch.setattr(health.connection, "require_version", refuse)
    found = health.check_sqlite()
    assert found.state == BAD and "pysqlite3" in found.remedy


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (health.check_losses(None, NOW_NS), OK),
        (health.check_losses(Losses(2, 2, 0, 0, None), NOW_NS), OK),
        (health.check_losses(Losses(2, 1, 9, 0, NOW_NS - MINUTE), NOW_NS), BAD),
        (health.check_losses(Losses(2, 1, 9, 0, NOW_NS - 3_000 * MINUTE), NOW_NS), WARN),
        (health.check_spool(Spool(0, 0, None), NOW_NS), OK),
        (health.check_spool(Spool(1, 9, NOW_NS - MINUTE), NOW_NS), OK),
        (health.check_spool(Spool(1, 9, NOW_NS - 9 * MINUTE), NOW_NS), BAD),
        (health.check_ring([], False, NOW_NS), OK),
        (health.check_ring([{"kind": "kernel", "error": "no right"}], True, NOW_NS), BAD),
        (health.check_device("/nowhere", "kernel"), BAD),
        (health.check_device("/nowhere", "auto"), OK),
        (health.check_device("/nowhere", "shm"), OK),
        (health.check_witness(None, {}, False, True), OK),
        (health.check_witness(None, {}, False, False), WARN),
        (health.check_witness(None, {}, True, True), WARN),
        (health.check_witness(7, {"state": "running"}, False, True), OK),
        (health.check_witness(7, {"state": "starting"}, False, True), OK),
        (health.check_witness(7, {"state": "degraded", "last_error": "disk full"}, False, True), BAD),
        (health.check_hooks([]), OK),
        (health.check_hooks(["Stop: no hook of memlog"]), WARN),
    ],
)
def test_each_check_tells_well_from_bad(check: health.Check, state: str) -> None:
    assert check.state == state
    assert (state == OK) == (check.remedy == "")
