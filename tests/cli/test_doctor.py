"""`memlog doctor`: each check tells well from bad, and the remedy is one that helps."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from archives import MINUTE, NOW_NS
from cli.hooked import HOOKED, transcript
from conftest import Run
from memlog.capture import install
from memlog.errors import RingFullError, SqliteTooOldError
from memlog.paths import Home
from memlog.query import checks, health, surroundings
from memlog.query.checks import BAD, OK, WARN, Check
from memlog.query.health import Damaged, Losses, Spool
from memlog.ring.open import open_ring
from memlog.settings import Settings
from users import NOBODY, as_nobody, needs_root
from witness import ask, running, until


def test_the_age_of_a_witness_is_not_the_wall_clocks(home: Home) -> None:
    with running(home):
        until(lambda: health.look(home, now_ns=time.time_ns())["witness"]["state"] == "running")
        facts = health.look(home, now_ns=time.time_ns() + 9_000 * 10**9)["witness"]
    assert facts["uptime_s"] < 60 and facts["state"] == "running"


def test_hooks_that_were_installed_and_are_gone_are_bad_news(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    run_memlog("install", "claude-code", check=0)
    run_hook("Stop", {**HOOKED, "transcript_path": transcript(tmp_path / "t.jsonl")})
    assert "installed for claude-code, last called 20" in run_memlog("status", check=0).stdout
    settings = tmp_path / "user/.claude/settings.json"
    kept = settings.read_bytes()
    settings.write_text("{}")
    done = run_memlog("status", check=1)
    assert "hooks    BAD: removed: not installed" in done.stdout
    assert "next: memlog install claude-code" in done.stderr
    settings.write_bytes(kept)
    run_memlog("install", "claude-code", "--uninstall", check=0)  # a person's wish is no bad news
    assert "hooks    WARN: missing: not installed" in run_memlog("status", check=0).stdout


def test_transcripts_the_host_will_delete_are_counted_with_the_date(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    def row() -> dict[str, str]:
        rows = json.loads(run_memlog("doctor", "--json").stdout)
        return next(row for row in rows if row["check"] == "transcripts")

    now_s = time.time()
    for days in (1, 25, 28):
        path = transcript(tmp_path / f"user/.claude/projects/-w/s-{days}.jsonl")
        os.utime(path, (now_s - days * 86_400,) * 2)
    found = row()
    assert found["state"] == WARN and found["detail"].startswith("2 transcripts not archived")
    assert time.strftime("%Y-%m-%d", time.gmtime(now_s + 2 * 86_400)) in found["detail"]
    (tmp_path / "user/.claude/settings.json").write_text('{"cleanupPeriodDays": 90}')
    assert row()["state"] == OK
    (tmp_path / "user/.claude/settings.json").unlink()
    run_memlog("import", "claude-code", check=0)
    assert row()["state"] == OK


def test_a_home_that_lies_on_the_network_is_a_warning(home: Home) -> None:
    os.mkdir(home.root, 0o700)
    assert surroundings.home(home, network=False).state == OK
    assert "network" in surroundings.home(home, network=True).detail


@needs_root
def test_a_home_that_takes_no_file_is_bad_news(shared: Path) -> None:
    place = Home(str(shared / "home"))
    for folder in (place.root, place.spool):
        os.mkdir(folder, 0o700)
        os.chown(folder, NOBODY, NOBODY)

    def seen() -> tuple[str, str, str]:
        found = surroundings.home(place, network=False)
        return found.state, found.detail, found.remedy

    assert as_nobody(seen)[0] == OK
    for folder in (place.spool, place.root):
        os.chmod(folder, 0o500)
        state, detail, remedy = as_nobody(seen)
        assert state == BAD and detail.startswith(f"{folder} cannot be written")
        assert remedy == f"chmod u+rwx {folder}"
        os.chmod(folder, 0o700)


def test_a_device_has_the_mode_and_group_of_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / "memlog"
    device.touch()
    device.chmod(0o666)
    assert surroundings.device(str(device), "auto").state == BAD
    device.chmod(0o660)
    found = surroundings.device(str(device), "auto")
    assert found.state == WARN and "chgrp memlog" in found.remedy
    monkeypatch.setattr(surroundings, "_group", lambda gid: "memlog")
    assert surroundings.device(str(device), "auto").state == OK
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "usermod -aG memlog" in surroundings.device(str(device), "auto").remedy


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
    def found_of(name: str) -> dict[str, str]:
        rows = json.loads(run_memlog("doctor", "--json").stdout)
        return next(row for row in rows if row["check"] == name)

    found = found_of("hooks")
    assert found["state"] == WARN and found["remedy"] == "memlog install claude-code"
    run_memlog("install", "claude-code", check=0)
    found = found_of("hooks")
    assert found["state"] == OK or not os.access(install.program(), os.X_OK)


def test_an_old_sqlite_is_bad_and_a_racy_one_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert surroundings.sqlite().state == OK
    monkeypatch.setattr(surroundings.connection, "wal_is_safe", lambda: False)
    assert surroundings.sqlite().state == WARN

    def refuse() -> None:
        raise SqliteTooOldError

    monkeypatch.setattr(surroundings.connection, "require_version", refuse)
    found = surroundings.sqlite()
    assert found.state == BAD and "pysqlite3" in found.remedy


def witness(state: str, **named: Any) -> Check:
    """The check of a witness in this state."""
    start = {"state": None, "reason": "no archive", "hint": "memlog admin verify", "ago_s": 75.0}
    facts = {"state": state, "pid": 7, "start": start, "forbidden": False, "uptime_s": 9.0, "drained": None,
             "last_error": "disk full: x", "silent_s": 400.0, "may_start": True, **named}  # fmt: skip
    return checks.witness(facts, facts["may_start"])


def hooks(
    *missing: str, last: str | None = None, unseen: Any = None, installed: tuple[str, ...] = ()
) -> Check:
    facts = {"missing": list(missing), "last_call": last, "unseen": unseen, "installed": installed}
    return checks.hooks(facts)


def clock(now_ns: int = NOW_NS, ahead_s: float = 0.0, jump_s: float | None = None) -> Check:
    return checks.clock({"ahead_s": ahead_s, "jump_s": jump_s, "jumped": "then"}, now_ns)


UNSEEN = {"path": "/p/s.jsonl", "changed": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("check", "state", "word"),
    [
        (checks.losses(None, NOW_NS), OK, "no gap"),
        (checks.losses(Losses(2, 2, 0, 0, None), NOW_NS), OK, "2 gaps, healed"),
        (checks.losses(Losses(2, 1, 9, 0, NOW_NS - MINUTE), NOW_NS), BAD, "9 ring records lost in 1 gap"),
        (checks.losses(Losses(2, 1, 9, 0, NOW_NS - 3_000 * MINUTE), NOW_NS), WARN, "9 ring records lost"),
        (checks.damage(None, NOW_NS), OK, "none"),
        (checks.damage(Damaged(3, 0, NOW_NS - MINUTE), NOW_NS), WARN, "3 lines"),
        (checks.damage(Damaged(3, 1, NOW_NS - 3_000 * MINUTE), NOW_NS), OK, "1 piece of rings"),
        (checks.spool(Spool(0, 0, None), NOW_NS), OK, "empty"),
        (checks.spool(Spool(1, 9, NOW_NS - MINUTE), NOW_NS), OK, "1 file"),
        (checks.spool(Spool(1, 9, NOW_NS - 9 * MINUTE), NOW_NS), BAD, "grows: 1 file"),
        (checks.ring([], False, NOW_NS), OK, "no ring yet"),
        (checks.ring([{"kind": "kernel", "error": "no right"}], True, NOW_NS), BAD, "no right"),
        (surroundings.device("/nowhere", "kernel"), BAD, "there is no /nowhere"),
        (surroundings.device("/nowhere", "auto"), OK, "shared-memory"),
        (surroundings.device("/nowhere", "shm"), OK, "not used"),
        (witness("stopped"), OK, "the next hook starts one"),
        (witness("stopped", may_start=False), WARN, "hooks start none"),
        (witness("stopped", forbidden=True), WARN, "memlog witness stop"),
        (witness("running"), OK, "pid 7 runs for 9 s"),
        (witness("starting"), OK, "holds the lock"),
        (witness("degraded"), BAD, "disk full"),
        (witness("silent"), BAD, "said nothing for 7 min"),
        (witness("killed"), WARN, "killed"),
        (witness("killed", may_start=False), BAD, "killed"),
        (witness("failed"), BAD, "last start failed 1 min ago: no archive"),
        (hooks(), OK, "never called yet"),
        (hooks("Stop: no hook of memlog"), WARN, "missing: Stop"),
        (hooks("Stop: no hook of memlog", last="2026", installed=("claude-code",)), BAD, "removed: Stop"),
        (hooks("codex: Stop: no hook of memlog", installed=("codex",)), BAD, "removed: codex: Stop"),
        (hooks("not installed for Claude Code", last="2026"), WARN, "last called 2026"),  # a plugin's
        (hooks("settings.json is not JSON", last="2026", installed=("claude-code",)), WARN, "not JSON"),
        (hooks(last="2026-01-01", unseen=UNSEEN), BAD, "/p/s.jsonl changed"),
        (checks.disk({"free": 10**7, "total": 10**12}), BAD, "full: 10 MB"),
        (checks.disk({"free": 10**11, "total": 10**12}), OK, "100.0 GB free"),
        (clock(), OK, "no jump"),
        (clock(1), BAD, "1970-01-01"),
        (clock(ahead_s=7_200.0), BAD, "the newest stamp lies 2 h in the future"),
        (clock(jump_s=-90.0), WARN, "jumped 2 min back at then"),
        (surroundings.installs(["/a/memlog"], "/a/memlog"), OK, "one"),
        (surroundings.installs([], "/a/memlog"), OK, "one"),
        (
            surroundings.installs(["/a/memlog", "/b/memlog"], "/a/memlog"),
            WARN,
            "several: /a/memlog, /b/memlog",
        ),
        (surroundings.installs(["/b/memlog"], "/a/memlog"), WARN, "a shell runs /b/memlog"),
        (surroundings.expiring(0, None, 30, NOW_NS), OK, "after 30 days"),
        (surroundings.expiring(2, NOW_NS + 1_440 * MINUTE, 30, NOW_NS), WARN, "2 transcripts not archived"),
        (surroundings.expiring(2, NOW_NS - MINUTE, 30, NOW_NS), WARN, "at its next start"),
    ],
)
def test_each_check_tells_well_from_bad(check: Check, state: str, word: str) -> None:
    assert (check.state, word in check.detail) == (state, True), check
    assert (state == OK) == (check.remedy == "")


def test_a_second_installation_a_shell_finds_first_is_named(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    other = tmp_path / "bin/memlog"
    other.parent.mkdir()
    other.touch(0o755)
    rows = json.loads(run_memlog("doctor", "--json", env={"PATH": str(other.parent)}).stdout)
    row = next(row for row in rows if row["check"] == "installs")
    assert row["state"] == WARN and f"a shell runs {other}" in row["detail"]


@pytest.mark.slow
def test_a_probe_is_written_counted_and_archived(run_memlog: Run, home: Home, settings: Settings) -> None:
    def row(**named: Any) -> dict[str, str]:
        rows = json.loads(run_memlog("doctor", "--write-probe", "--json", **named).stdout)
        return next(row for row in rows if row["check"] == "probe")

    assert row()["detail"] == "written to the shm ring as seq 1, no witness runs to archive it"
    with running(home):
        assert row()["detail"] == "written to the shm ring as seq 2, and archived"
    assert ask(home, "SELECT event, session FROM v_event") == [("probe", "")] * 2
    assert json.loads(run_memlog("status", "--json").stdout)["hooks"]["last_call"] is None  # no hook was
    with open_ring(settings._replace(ring_bytes=65_536)) as ring:
        ring.resize(65_536)
        with pytest.raises(RingFullError):
            while True:
                ring.write(b"x", keep_undrained=True)
    assert row(check=1)["state"] == BAD  # it would overwrite what nobody has archived


def test_what_is_said_of_hooks_is_short_and_the_remedy_is_one_that_helps(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    lines = [f"E{n}: no hook of memlog" for n in range(8)] + [f"codex: E{n}: no hook of memlog" for n in "ab"]
    lines += [f"F{n}: runs '/long/x' instead of '/long/y'" for n in range(3)]
    facts = {"missing": lines, "last_call": None, "unseen": None, "installed": ["claude-code", "codex"]}
    said = checks.hooks({**facts, "remedies": ["memlog install claude-code", "memlog install codex"]})
    assert said.detail == (
        "removed: 8 events have no hook of memlog; codex: 2 events have no hook of memlog; "
        "F0: runs '/long/x' instead of '/long/y', and so 2 more; never called yet"
    )
    assert said.remedy == "memlog install claude-code, then memlog install codex"
    program = checks.hooks({**facts, "missing": ["/v/bin/memlog-hook cannot be run"]})
    assert program.remedy == "chmod +x /v/bin/memlog-hook"
    run_memlog("install", "claude-code", check=0)
    local = tmp_path / "user/.claude/settings.local.json"
    local.write_text('{"disableAllHooks": true}')
    assert f"next: set to false: {local}: disableAllHooks\n" in run_memlog("status").stderr


def test_a_folder_in_the_spool_is_named_and_not_to_be_drained(run_memlog: Run, home: Home) -> None:
    Path(home.spool, "1-1-aa.frames").mkdir(parents=True)
    os.chmod(home.root, 0o700)
    done = run_memlog("status", check=1)
    assert "1-1-aa.frames is no file" in done.stdout and "next: mv " in done.stderr
