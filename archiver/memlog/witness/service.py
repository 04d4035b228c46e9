"""The witness as a service of this user: a systemd user unit, or a launchd agent on macOS."""

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from memlog.errors import UnavailableError
from memlog.paths import Home, replace_file
from memlog.ring.open import ring_dir
from memlog.settings import Settings

Words = list[str]
Run = Callable[[Words], "subprocess.CompletedProcess[str]"]

_MARK = "memlog install service"  # in every file of ours; another's is put aside and back again
_ASIDE = ".before-memlog"
_STARTS_S = 3_700
# No PrivateTmp: `memlog import /tmp/…` is done by the witness, and must find the file; /tmp is read-only to
# it all the same. No capability settings: a user's manager may not drop any, and the unit would not start.
# What the manager of an older kernel cannot set up it leaves out; nothing here is needed to work.
_UNIT = """\
# Written by `{mark}`; `{mark} --uninstall` takes it away.
[Unit]
Description=memlog witness of {title}
# Never given up: a recorder that is down for good is noticed too late.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
{environment}# Fed between two steps of work: a batch, a snapshot, a step of a job.
WatchdogSec=300
# A migration copies the archive before it begins.
TimeoutStartSec=3600
TimeoutStopSec=30
# `memlog witness stop` ends it with 0: it stays stopped.
Restart=on-failure
RestartSec=10
# A wrong setting, an archive that is damaged or of a newer memlog, a home of another user: for a person.
RestartPreventExitStatus=2 6 7

UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"""


class Service(NamedTuple):
    """A file that makes a witness a service, and the commands that go with it.

    probe: succeeds where the manager answers. checks: what is wrong when a command fails.
    start: also where it was enabled long ago. stop: what still runs, once the file is gone.
    wanted: the link that enables it. folders: removed where they are left empty.
    """

    name: str
    path: str
    content: bytes
    probe: Words
    checks: list[tuple[Words, str]]
    enable: list[Words]
    start: list[Words]
    disable: list[Words]
    stop: list[Words]
    forget: list[Words]
    wanted: str = ""
    folders: tuple[str, ...] = ()


def service(home: Home, settings: Settings, *, system: str = sys.platform) -> Service:
    """The service of a home. Raises: UnavailableError where no manager is known."""
    if system.startswith("linux"):
        return _systemd(home, settings)
    if system == "darwin":
        return _launchd(home)
    raise UnavailableError(f"no service manager of {system} is known to memlog", hint="memlog witness run")


def execute(words: Words) -> "subprocess.CompletedProcess[str]":
    """A manager's command; exit code 127 where there is no such program."""
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=_STARTS_S)
    except OSError as exc:
        return subprocess.CompletedProcess(words, 127, "", f"{words[0]}: {exc.strerror}")


# -- what may be done with it --------------------------------------------------------------------


def differs(found: Service, home: Home, *, run: Run = execute) -> list[str]:
    """What keeps the service from archiving, a sentence each; [] when all is well."""
    content = _read(found.path)
    if content is None or not _is_ours(content):
        return [f"{found.path}: not installed"]
    told = [] if content == found.content else [f"{found.path}: not what this memlog would write"]
    if os.path.lexists(home.witness_stopped):
        told.append("stopped by `memlog witness stop`; `memlog install service` starts it again")
    if not answers(found, run=run):
        return [*told, f"`{' '.join(found.probe)}` does not answer: whether it runs is not known"]
    return [*told, *(words for command, words in found.checks if run(command).returncode)]


def answers(found: Service, *, run: Run = execute) -> bool:
    """True where this user's service manager can be talked to."""
    return run(found.probe).returncode == 0


def write(found: Service) -> str:
    """What was done to its file: "installed", "updated", or "" where nothing was."""
    before = _read(found.path)
    if before == found.content:
        return ""
    Path(found.path).parent.mkdir(parents=True, exist_ok=True)
    if before is not None and not _is_ours(before):
        os.rename(found.path, found.path + _ASIDE)
        before = None
    replace_file(found.path, found.content)
    return "installed" if before is None else "updated"


def activate(found: Service, changed: bool, *, run: Run = execute) -> list[Words]:
    """Have the manager run it, from now on and at every login; the commands to type where none answers.

    Raises: UnavailableError with what the manager said.
    """
    if not answers(found, run=run):
        return found.enable
    for words in found.disable if changed else ():
        run(words)  # what ran under the file as it was; it may not have been known at all
    if changed or any(run(words).returncode for words, _ in found.checks):
        for words in found.enable:
            _must(words, run)
    return []


def remove(found: Service, *, run: Run = execute) -> tuple[bool, list[Words]]:
    """True when it was there, and is ended and gone; the commands to type where no manager answers.

    A file that was there before ours is put back.
    """
    content = _read(found.path)
    if content is None or not _is_ours(content):
        return False, []
    there = answers(found, run=run)
    for words in found.disable if there else ():
        _must(words, run)
    os.unlink(found.path)
    if os.path.lexists(found.path + _ASIDE):
        os.rename(found.path + _ASIDE, found.path)
    if found.wanted and os.path.islink(found.wanted) and not os.path.exists(found.path):
        os.unlink(found.wanted)  # enabled by hand, or by a manager that is gone
    for folder in found.folders:
        try:
            os.rmdir(folder)
        except OSError:
            pass  # somebody else's files are in it
    for words in found.forget if there else ():
        run(words)
    return True, [] if there else [*found.stop, *found.forget]


def start(home: Home, settings: Settings, *, run: Run = execute) -> bool:
    """True when this home has a service and its manager has started it."""
    try:
        found = service(home, settings)
    except UnavailableError:
        return False
    if not _is_ours(_read(found.path) or b"") or not answers(found, run=run):
        return False
    return all(run(words).returncode == 0 for words in found.start)


def _must(words: Words, run: Run) -> None:
    done = run(words)
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise UnavailableError(f"{' '.join(words)}: {said}", hint="memlog witness status")


# -- systemd -------------------------------------------------------------------------------------


def _systemd(home: Home, settings: Settings) -> Service:
    name = f"memlog{_suffix(home)}.service"
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    folder = os.path.join(config, "systemd", "user")
    environment = f"Environment={_quoted('MEMLOG_HOME=' + home.root)}\n" if _suffix(home) else ""
    writable = [home.root]
    rings = ring_dir(settings)
    if os.path.commonpath((rings, home.root)) != home.root:
        writable.append("-" + rings)  # its first writer makes it; before that nothing is to be written
    text = _UNIT.format(
        mark=_MARK, title=home.root.replace("%", "%%").replace("\n", " "), environment=environment,
        command=" ".join(_quoted(word).replace("$", "$$") for word in _command()),
        writable=" ".join(map(_quoted, writable)),
    )  # fmt: skip
    user = ["systemctl", "--user"]
    asleep = f"{name} is not enabled: it does not start at login"
    silent = f"{name} does not run: systemctl --user status {name}"
    return Service(
        name, os.path.join(folder, name), os.fsencode(text),
        probe=[*user, "show", "--property=Version"],
        checks=[([*user, "is-enabled", "--quiet", name], asleep),
                ([*user, "is-active", "--quiet", name], silent)],
        enable=[[*user, "daemon-reload"], [*user, "enable", "--now", name]],
        start=[[*user, "start", name]],
        disable=[[*user, "disable", "--now", name]],
        stop=[[*user, "stop", name]],
        forget=[[*user, "daemon-reload"]],
        wanted=os.path.join(folder, "default.target.wants", name),
        folders=(os.path.join(folder, "default.target.wants"), folder, os.path.dirname(folder), config),
    )  # fmt: skip


def _quoted(word: str) -> str:
    """A word of a unit file: systemd unquotes as C does, and replaces what follows a %."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    return (
        plain if plain == word and " " not in word and "\t" not in word and "'" not in word else f'"{plain}"'
    )


# -- launchd -------------------------------------------------------------------------------------


def _launchd(home: Home) -> Service:
    import plistlib  # with its XML parser: for macOS only

    name = f"memlog.witness{_suffix(home)}"
    path = os.path.join(os.path.expanduser("~"), "Library", "LaunchAgents", f"{name}.plist")
    said = os.path.join(home.log, "service.log")
    job = {
        "Label": name,
        "ProgramArguments": _command(),
        "EnvironmentVariables": {"MEMLOG_HOME": home.root, "MEMLOG_SERVICE": _MARK},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},  # `memlog witness stop` ends it with 0: it stays stopped
        "ThrottleInterval": 30,
        "ExitTimeOut": 30,
        "ProcessType": "Background",
        "Umask": 0o077,
        "StandardOutPath": said,
        "StandardErrorPath": said,
    }
    domain = f"gui/{os.getuid()}"
    absent = f"{name} is not loaded: memlog install service"
    return Service(
        name, path, plistlib.dumps(job),
        probe=["launchctl", "print", domain],
        checks=[(["launchctl", "print", f"{domain}/{name}"], absent)],
        enable=[["launchctl", "enable", f"{domain}/{name}"], ["launchctl", "bootstrap", domain, path]],
        start=[["launchctl", "kickstart", f"{domain}/{name}"]],
        disable=[["launchctl", "bootout", f"{domain}/{name}"]],
        stop=[["launchctl", "bootout", f"{domain}/{name}"]],
        forget=[],
    )  # fmt: skip


# -- of both -------------------------------------------------------------------------------------


def _command() -> Words:
    """The witness of this installation, by absolute path; the folder it starts in adds no modules to it."""
    return [sys.executable, "-P", "-m", "memlog.cli.start", "witness", "run", "--supervised"]


def _suffix(home: Home) -> str:
    """What tells services of several homes apart; "" for the default one."""
    if home.root == os.path.join(os.path.expanduser("~"), ".claude", "memlog"):
        return ""
    letters = "".join(c for c in os.path.basename(home.root) if c.isascii() and c.isalnum())
    return f"-{letters[:20]}-{sha256(os.fsencode(home.root)).hexdigest()[:8]}"


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _is_ours(content: bytes) -> bool:
    return _MARK.encode() in content
