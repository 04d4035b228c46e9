"""Homes side by side: an archive a project, and a home a user."""

import json
import logging.handlers  # noqa: F401 - lies in root's folder: loaded before a child lets go
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from archives import fill, record
from conftest import Run
from memlog.capture import install, installed
from memlog.cli import root, search
from memlog.errors import OtherHomeError, UnsafePathError
from memlog.paths import Home, own
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import client, lock, service
from users import NOBODY, as_nobody, needs_root
from witness import ask, running

SESSIONS = Path(__file__).parents[1] / "data/sessions"


# -- one archive a project -----------------------------------------------------------------------


def call(line: str, session: str, cwd: Path) -> None:
    """What a host does with the command in its settings."""
    payload = {"session_id": session, "prompt": f"of {session}", "hook_event_name": "UserPromptSubmit"}
    done = subprocess.run(
        ["sh", "-c", line], input=json.dumps(payload), text=True, cwd=cwd, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_hooks_of_two_projects_write_to_a_home_each_and_searches_see_their_own(
    home: Home, run_memlog: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEMLOG_HOME")
    homes = {name: Home(str(tmp_path / name / ".memlog")) for name in ("red", "blue")}
    for name, one in homes.items():
        settings = tmp_path / name / ".claude/settings.local.json"
        settings.parent.mkdir(parents=True)
        install.install(one, str(settings))
        assert install.check(one, str(settings)) == []
        hooks = json.loads(settings.read_text())["hooks"]["UserPromptSubmit"]
        call(hooks[0]["hooks"][0]["command"], f"session-{name}", settings.parent)
    with running(homes["red"]) as red, lock.take(homes["blue"], now_ns=1):  # a lock and a socket each
        assert client.ask(homes["red"], {"verb": "status"})["pid"] == red.pid
    for name, one in homes.items():
        assert command(one, "witness", "drain")[0] == 0
        assert ask(one, "SELECT session FROM v_event") == [(f"session-{name}",)]
        done = run_memlog(
            "query", "sql", "select session from v_event", "--csv", env={"MEMLOG_HOME": one.root}
        )
        assert done.stdout.split() == ["session", f"session-{name}"]
    names = {service.service(one, Settings(home=one.root), system="linux").path for one in homes.values()}
    assert len(names) == 2
    assert not os.path.exists(os.path.expanduser("~/.claude/memlog")) and not os.path.exists(home.root)


def test_each_home_has_settings_of_its_own(run_memlog: Run, tmp_path: Path) -> None:
    for name, port in (("red", 8101), ("blue", 8102)):
        one = Home(str(tmp_path / name))
        os.mkdir(one.root, 0o700)
        Path(one.config).write_text(f"port = {port}\n")
        told = run_memlog("--home", one.root, "doctor", "--settings", "--json", check=0).stdout
        found = {row["name"]: row for row in json.loads(told)}
        assert found["port"]["value"] == port and found["port"]["source"] == f"{one.config}, line 1"


def test_hooks_of_the_default_home_do_not_name_it_and_those_of_another_do(home: Home) -> None:
    assert install.command("Stop", Home(os.path.expanduser("~/.claude/memlog"))).endswith(" Stop")
    assert install.command("Stop", home).endswith(f" Stop --home {home.root}")


# -- several users -------------------------------------------------------------------------------


def command(home: Home, *words: str) -> tuple[int, str]:
    """Exit code and stderr of a command in this process."""
    told = StringIO()
    with redirect_stderr(told), redirect_stdout(TextIOWrapper(BytesIO())):
        if words[:2] == ("query", "search"):
            code = search.main(words[2:], home.root)
        else:
            code = root.main(["--home", home.root, *words])
    return code, told.getvalue()


ALL = (
    ("query", "sessions"), ("query", "search", "secret"), ("export", "jsonl"), ("stats",), ("witness", "stop"),
    ("witness", "run"), ("witness", "drain"), ("import", "jsonl", os.devnull), ("admin", "migrate"),
)  # fmt: skip


def listing(folder: Path) -> list[tuple[str, int, int]]:
    found = [folder, *sorted(folder.rglob("*"))]
    return [(str(path), path.lstat().st_uid, path.lstat().st_mtime_ns) for path in found]


@needs_root
def test_another_users_home_is_refused_by_every_command_and_left_alone(shared: Path) -> None:
    mine = Home(str(shared / "mine"))
    fill(mine, [record("secret")])
    with open_ring(Settings(home=mine.root, ring="shm")) as ring:
        ring.write(b"secret")
    for words in ALL[:4]:  # what they load lies in root's folder: it is loaded before the child lets go
        assert command(mine, *words)[0] == 0, words
    before = listing(shared)
    for words in ALL:
        code, told = as_nobody(lambda words=words: command(mine, *words))  # type: ignore[misc]
        assert code == 7, (words, told)
        assert f"{mine.root} belongs to uid 0, and you are uid {NOBODY}" in told
        assert "next: memlog --home DIR with a home of your own" in told
    assert "Permission denied" in str(as_nobody(lambda: open_ring(Settings(home=mine.root, ring="shm"))))
    assert listing(shared) == before


@needs_root
def test_two_users_have_a_home_a_ring_and_a_socket_each_and_root_keeps_out_of_it(shared: Path) -> None:
    theirs = Home(str(shared / "theirs" / "home"))
    os.mkdir(shared / "theirs", 0o755)
    os.chown(shared / "theirs", NOBODY, NOBODY)
    open_ring(Settings(home=str(shared / "mine"), ring="shm")).close()
    fill(Home(str(shared / "mine")), [record("mine")])

    def live() -> int:
        with open_ring(Settings(home=theirs.root, ring="shm")) as ring:
            ring.write(b"theirs")
            uid = ring.info().uid
        fill(theirs, [record("theirs")])
        return uid

    assert as_nobody(live) == NOBODY
    assert {path.lstat().st_uid for path in Path(theirs.root).rglob("*")} == {NOBODY}
    assert os.stat(theirs.root).st_mode & 0o777 == 0o700
    os.rename(theirs.ring, shared / "ring")  # a hook would make it
    before = listing(shared)
    for words in ALL:
        code, told = command(theirs, *words)
        assert code == 7 and f"belongs to uid {NOBODY}, and you are uid 0" in told, (words, told)
    payload = json.dumps({"session_id": "s", "hook_event_name": "Stop"})
    done = subprocess.run([sys.executable, "-m", "memlog.capture.hook", "Stop", "--home", theirs.root],
                          input=payload, text=True, capture_output=True)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert listing(shared) == before  # root could have written there, and its owner not afterwards
    with pytest.raises(UnsafePathError):
        own(theirs)


@pytest.mark.parametrize("agent", ["claude-code", "codex", "opencode"])
def test_a_home_looks_where_it_was_installed_and_takes_no_other_homes_hooks(
    agent: str, home: Home, tmp_path: Path
) -> None:
    other = Home(str(tmp_path / "other"))
    before = installed.set_up(agent, other)
    theirs = Path(before.path).read_bytes()
    project = {"claude-code": "settings.local.json", "codex": "config.toml", "opencode": "memlog.js"}[agent]
    mine = str(tmp_path / "project" / project)
    installed.set_up(agent, home, mine)
    assert installed.missing(home) == [] and installed.missing(other) == []
    with pytest.raises(OtherHomeError, match=re.escape(f"record into {other.root}")) as refused:
        installed.set_up(agent, home)
    assert "--take-over" in refused.value.hint and Path(before.path).read_bytes() == theirs
    assert installed.uninstall(agent, home).done == ""  # nor does it take them out
    assert Path(before.path).read_bytes() == theirs
    Path(mine).unlink()
    assert installed.remedies(home) == [f"memlog install {agent} --settings {mine}"]
    assert installed.set_up(agent, home, take_over=True).done
    assert installed.missing(other) != []
    if agent != "opencode":
        assert installed.uninstall(agent, home).done == "restored"
        assert Path(before.path).read_bytes() == theirs  # and from there the other home restores its own
        assert installed.uninstall(agent, other).done == "restored" and not os.path.exists(before.path)


def test_the_command_refuses_with_7_and_says_how(run_memlog: Run, home: Home, tmp_path: Path) -> None:
    other = str(tmp_path / "other")
    run_memlog("--home", other, "install", "claude-code", check=0)
    done = run_memlog("install", "claude-code", check=7)
    assert "next: memlog install claude-code --take-over, or memlog --home" in done.stderr
    run_memlog("install", "claude-code", "--take-over", check=0)
    run_memlog("install", "claude-code", "--check", check=0)
