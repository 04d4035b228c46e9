"""The plugin file that has OpenCode call memlog-hook: written, checked, and taken away again."""

import json
import os
import re
from collections.abc import Iterator

from memlog.capture import host_settings, hosts, install
from memlog.capture.install import Change
from memlog.contracts import OPENCODE, OPENCODE_EVENTS
from memlog.errors import InputError
from memlog.paths import Home

MARK = "// memlog: "
_HOOK = re.compile(rb"^const HOOK = (\[.*\])$", re.MULTILINE)
TEMPLATE = "opencode_plugin.js"


def path_of(path: str | None = None) -> str:
    """Where OpenCode loads the plugin from by itself."""
    folder = hosts.folder(OPENCODE, os.path.expanduser("~"), os.environ)
    return path or os.path.join(folder, "plugins", "memlog.js")


def source(home: Home, program: str | None = None) -> bytes:
    """The plugin for this home and this installation."""
    with open(os.path.join(os.path.dirname(__file__), TEMPLATE), encoding="utf-8") as file:
        text = file.read()
    called = [word for word in install.words("", home, OPENCODE, program) if word]  # the event comes last
    folder = os.path.join(home.root, OPENCODE)
    for name, value in (("HOOK", called), ("FOLDER", folder), ("EVENTS", OPENCODE_EVENTS)):
        text = text.replace(f"__{name}__", json.dumps(value))
    return text.encode()


def set_up(home: Home, path: str | None = None, *, take_over: bool = False) -> Change:
    """Write the plugin, or mend it; nothing is written where all is well.

    Raises: InputError when another file has its name, OtherHomeError unless take_over.
    """
    file = host_settings.HostSettings(path_of(path))
    wanted = source(home)
    if file.raw == wanted:
        return Change(file.path, "", [])
    if file.raw is not None and not _is_ours(file.raw):
        raise InputError(
            f"{file.path} is not memlog's plugin; nothing was changed",
            hint="move it away, or name another file with --settings",
        )
    if not take_over and (other := _others(file.raw, home)):
        raise install.refusal(file.path, other, OPENCODE)
    differs = check(home, path)
    if file.raw is None or not host_settings.backup(home, file.path):
        made = list(_missing_folders(os.path.dirname(file.target)))
        host_settings.keep(home, file.path, None, wanted, agent=OPENCODE, made=made)
    file.write(wanted)
    return Change(file.path, "installed" if file.raw is None else "updated", differs)


def check(home: Home, path: str | None = None) -> list[str]:
    """What keeps the plugin from running, a sentence each; [] when all is well."""
    file = host_settings.HostSettings(path_of(path))
    found = []
    if file.raw is None:
        found.append(f"there is no {file.path}")
    elif not _is_ours(file.raw):
        found.append(f"{file.path} is not memlog's plugin")
    elif file.raw != source(home):
        found.append(f"{file.path} is that of another home, installation or version")
    if not os.access(install.program(), os.X_OK):
        found.append(f"{install.program()} cannot be run")
    return found


def uninstall(home: Home, path: str | None = None) -> Change:
    """Take the plugin away, and the folder where it was made for it."""
    file = host_settings.HostSettings(path_of(path))
    if file.raw is None or not _is_ours(file.raw) or _others(file.raw, home):
        return Change(file.path, "", [])
    made = host_settings.backup(home, file.path).get("made", [])
    file.write(None)
    host_settings.forget(home, file.path)
    for folder in made:
        try:
            os.rmdir(folder)
        except OSError:
            break  # somebody else put something there
    return Change(file.path, "removed", [])


def _missing_folders(folder: str) -> Iterator[str]:
    """The folders that are not there yet, the innermost first."""
    while not os.path.isdir(folder):
        yield folder
        folder = os.path.dirname(folder)


def _others(raw: bytes | None, home: Home) -> str:
    """The other home this plugin records into; "" where it is none, or that home is gone."""
    match = _HOOK.search(raw or b"")
    try:
        words = json.loads(match[1]) if match else []
    except ValueError:
        return ""
    return install.other_home([word for word in words if isinstance(word, str)], home)


def _is_ours(raw: bytes) -> bool:
    return raw.startswith(MARK.encode())
