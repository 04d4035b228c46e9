"""`memlog install service`: a witness under systemd or launchd, that stays stopped when it was stopped."""

import configparser
import os
import plistlib
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import Run
from memlog.errors import UnavailableError, WitnessRunningError
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import control, lock, service, supervised
from witness import until

UNITS = ".config/systemd/user"


def unit_of(content: bytes) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(content.decode())
    return parser["Service"]


class Manager:
    """Stands for systemctl and launchctl: keeps what it was told, and fails what a test names."""

    def __init__(self, *fails: str) -> None:
        self.fails, self.told = fails, list[str]()

    def __call__(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        self.told.append(" ".join(words))
        code = int(any(word in words for word in self.fails))
        return subprocess.CompletedProcess(words, code, "", "no\n" if code else "")


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Where a service says READY."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        yield manager


def test_a_unit_names_this_installation_and_home_and_lets_it_write_there_only(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    unit = unit_of(service.service(home, settings, system="linux").content)
    assert shlex.split(unit["ExecStart"])[:4] == [sys.executable, "-P", "-m", "memlog.cli.start"]
    assert unit["Environment"] == f"MEMLOG_HOME={home.root}" and unit["ReadWritePaths"] == home.root
    assert (unit["Type"], unit["Restart"], unit["UMask"]) == ("notify", "on-failure", "0077")
    for name, value in {
        "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "read-only",
        "RestrictAddressFamilies": "AF_UNIX", "MemoryDenyWriteExecute": "yes", "LockPersonality": "yes",
        "RestrictNamespaces": "yes", "SystemCallArchitectures": "native",
    }.items():  # fmt: skip
        assert unit[name] == value
    elsewhere = service.service(home, settings._replace(ring_dir=str(tmp_path / "rings")), system="linux")
    assert unit_of(elsewhere.content)["ReadWritePaths"] == f"{home.root} -{tmp_path}/rings"


def test_the_default_home_is_not_named_and_others_have_a_service_each(settings: Settings) -> None:
    default = service.service(Home(os.path.expanduser("~/.claude/memlog")), settings, system="linux")
    assert default.name == "memlog.service" and b"MEMLOG_HOME" not in default.content
    names = {service.service(Home(f"/srv/{n}/memlog"), settings, system="linux").name for n in "ab"}
    assert len(names) == 2 and all(n.startswith("memlog-memlog-") for n in names)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("name", ["home", "a b%h$x\"c\\d'e"])
def test_systemd_understands_the_unit_whatever_the_home_is_called(name: str, tmp_path: Path) -> None:
    found = service.service(Home(str(tmp_path / name)), Settings(home=str(tmp_path / name)), system="linux")
    path = tmp_path / found.name

    def verify(content: bytes) -> str:
        path.write_bytes(content)
        return subprocess.run(
            ["systemd-analyze", "--user", "--man=no", "verify", path], capture_output=True, text=True,
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        ).stderr  # fmt: skip

    assert verify(found.content) == ""
    assert "Unknown key" in verify(found.content.replace(b"UMask", b"UMusk"))  # it would say so


def test_installing_again_changes_nothing_and_uninstalling_leaves_what_was_there(
    home: Home, settings: Settings
) -> None:
    found = service.service(home, settings, system="linux")
    path = Path(found.path)
    assert path.parent == Path.home() / UNITS
    assert service.write(found) == "installed" and service.write(found) == ""
    path.write_bytes(found.content.replace(b"WatchdogSec=300", b"WatchdogSec=5"))
    assert service.differs(found, home, run=Manager())[0].endswith("not what this memlog would write")
    assert service.write(found) == "updated"
    assert service.differs(found, home, run=Manager()) == []
    assert service.remove(found, run=Manager()) == (True, [])
    assert not (Path.home() / ".config").exists()
    assert service.remove(found, run=Manager()) == (False, [])

    path.parent.mkdir(parents=True)
    path.write_text("[Service]\nExecStart=/mine\n")  # somebody wrote one by hand
    assert "not installed" in service.differs(found, home, run=Manager())[0]
    assert service.write(found) == "installed"
    service.remove(found, run=Manager())
    assert path.read_text() == "[Service]\nExecStart=/mine\n" and len(list(path.parent.iterdir())) == 1


def test_a_manager_is_told_what_is_needed_and_no_more(home: Home, settings: Settings) -> None:
    found = service.service(home, settings, system="linux")
    service.write(found)
    new, known, sleeping = Manager(), Manager(), Manager("is-enabled")
    assert service.activate(found, changed=True, run=new) == []
    assert new.told[-2:] == [
        "systemctl --user daemon-reload", f"systemctl --user enable --now {found.name}"
    ]  # fmt: skip
    service.activate(found, changed=False, run=known)
    assert not any("enable --now" in line for line in known.told)
    service.activate(found, changed=False, run=sleeping)
    assert sleeping.told[-1].endswith(f"enable --now {found.name}")
    with pytest.raises(UnavailableError, match="no"):
        service.activate(found, changed=True, run=Manager("--now"))
    assert service.activate(found, changed=True, run=Manager("show")) == found.enable


def test_launchd_gets_an_agent_that_is_started_again_only_when_it_fails(
    home: Home, settings: Settings
) -> None:
    found = service.service(home, settings, system="darwin")
    job = plistlib.loads(found.content)
    assert Path(found.path) == Path.home() / "Library/LaunchAgents" / f"{job['Label']}.plist"
    assert job["ProgramArguments"][-3:] == ["witness", "run", "--supervised"]
    assert job["EnvironmentVariables"]["MEMLOG_HOME"] == home.root
    assert job["RunAtLoad"] is True and job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["Umask"] == 0o077
    assert service.write(found) == "installed" and service.write(found) == ""
    manager = Manager()
    service.activate(found, changed=True, run=manager)
    domain = f"gui/{os.getuid()}"
    assert manager.told[-3:] == [
        f"launchctl bootout {domain}/{found.name}", f"launchctl enable {domain}/{found.name}",
        f"launchctl bootstrap {domain} {found.path}",
    ]  # fmt: skip
    assert service.remove(found, run=manager) == (True, []) and not os.path.exists(found.path)
    with pytest.raises(UnavailableError, match="freebsd"):
        service.service(home, settings, system="freebsd14")


def test_where_no_manager_answers_the_commands_are_printed(home: Home, run_memlog: Run) -> None:
    nobody = {"XDG_RUNTIME_DIR": "/nonexistent", "DBUS_SESSION_BUS_ADDRESS": ""}
    done = run_memlog("install", "service", env=nobody, check=0)
    (unit,) = (Path.home() / UNITS).iterdir()
    assert done.stdout.split("\n")[1].strip() == f"systemctl --user enable --now {unit.name}"
    assert "does not answer" in run_memlog("install", "service", "--check", env=nobody, check=1).stdout
    run_memlog("install", "service", "--plugin", "x", env=nobody, check=2)
    done = run_memlog("install", "service", "--uninstall", env=nobody, check=0)
    stop, reload = done.stdout.split("\n")[:2]
    assert stop.strip() == f"systemctl --user stop {unit.name}" and reload.endswith("daemon-reload")
    assert list(Path.home().iterdir()) == [] and not os.path.exists(home.root)


@pytest.mark.slow
def test_stopped_stays_stopped_for_hooks_and_the_service_until_somebody_starts_it(
    home: Home, settings: Settings, run_memlog: Run, run_hook: Run, tmp_path: Path
) -> None:
    words = shlex.split(unit_of(service.service(home, settings, system="linux").content)["ExecStart"])
    starting = {"MEMLOG_START_WITNESS": "1"}
    with listening(tmp_path / "notify") as manager:
        env = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        child = subprocess.Popen(words, env=env, stderr=subprocess.DEVNULL)
        assert manager.recv(4_096) == b"READY=1"
        run_memlog("witness", "stop", check=0)
        assert child.wait(10) == 0  # Restart=on-failure leaves it alone
        again = subprocess.run(words, env=env, timeout=20)
        said = b""
        while b"stopped by" not in said:
            said = manager.recv(4_096)
        assert again.returncode == 0 and said.startswith(b"READY=1")  # exit before READY is a failure
    run_hook("Stop", {"session_id": "s"}, env=starting)
    time.sleep(0.3)
    assert lock.holder(home) is None and os.path.exists(home.witness_stopped)
    assert not os.path.exists(home.witness_start) or os.stat(home.witness_start).st_mtime == 0
    try:
        assert "runs" in run_memlog("witness", "restart", check=0).stderr
        assert lock.holder(home) is not None and not os.path.exists(home.witness_stopped)
    finally:
        control.stop(home)


def test_a_service_waits_for_the_witness_of_a_hook_and_takes_over(home: Home) -> None:
    ran = list[str]()

    def witness() -> None:
        lock.take(home, now_ns=2).close()
        ran.append("ran")

    other = lock.take(home, now_ns=1)
    waiting = threading.Thread(target=supervised.run, args=(home, witness), kwargs={"look_s": 0.01})
    waiting.start()
    time.sleep(0.6)  # the lock itself is tried for 0.2 s
    assert ran == [] and waiting.is_alive()
    other.close()
    waiting.join(10)
    assert ran == ["ran"]
    with lock.take(home, now_ns=3), pytest.raises(WitnessRunningError):
        witness()  # without waiting it would have given up


def test_a_service_that_waits_ends_with_the_witness_that_is_stopped(home: Home) -> None:
    other = lock.take(home, now_ns=1)
    answers = list[bool]()

    def run() -> None:
        answers.append(supervised.run(home, lambda: lock.take(home, now_ns=2).close(), look_s=0.01))

    waiting = threading.Thread(target=run)
    waiting.start()
    time.sleep(0.3)
    control.forbid(home)
    waiting.join(10)
    other.close()
    assert answers == [False]


SCRIPT = """
mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user/0
export XDG_RUNTIME_DIR=/run/user/0
/lib/systemd/systemd --user >/dev/null 2>&1 & manager=$!
until systemctl --user show --property=Version >/dev/null 2>&1; do sleep 0.1; done
memlog() { "$PYTHON" -m memlog.cli.start "$@"; }
say() { echo "$1 $(systemctl --user is-active memlog) ${2-}"; }
memlog install service; say installed $?
memlog install service --check >/dev/null; say checked $?
pid=$(systemctl --user show -p MainPID --value memlog)
grep -q '^Seccomp:.2' /proc/$pid/status; say filtered $?
nsenter -t $pid -m touch "$HOME/written" 2>/dev/null; say confined $?
memlog import claude-code "$DATA"; say imported $?
kill -9 $pid; sleep 12; say killed
memlog admin migrate 2>/dev/null; say migrated $?
memlog witness stop; sleep 12; say stopped
systemctl --user start memlog; sleep 1; say forbidden
memlog witness restart; say restarted $?
memlog install service --uninstall; echo removed $? $(find "$HOME/.config" -type f)
kill $manager; wait
"""


@pytest.mark.slow
@pytest.mark.skipif(
    os.getuid() != 0 or not os.path.exists("/lib/systemd/systemd") or not shutil.which("unshare"),
    reason="starts a user manager of its own in a private /run",
)
def test_under_a_real_systemd_it_runs_confined_comes_back_and_stays_stopped() -> None:
    data = Path(__file__).parents[1] / "data/sessions"
    home = Home(os.path.expanduser("~/.claude/memlog"))
    env = {**os.environ, "PYTHON": sys.executable, "DATA": str(data)}
    del env["MEMLOG_HOME"], env["MEMLOG_START_WITNESS"]
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", SCRIPT], env=env,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split("\n")[:-1] == [
        "installed active 0", "checked active 0", "filtered active 0", "confined active 1",
        "imported active 0", "killed active ", "migrated active 0", "stopped inactive ",
        "forbidden inactive ", "restarted active 0", "removed 0",
    ], done.stderr  # fmt: skip
    until(lambda: lock.holder(home) is None)
