"""A host's settings file: read whole, replaced whole in its own layout, its first bytes kept."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memlog.capture.hosts import CLAUDE_HOST, Host
from memlog.capture.identity import hex_digest
from memlog.errors import InputError, UnavailableError
from memlog.paths import FILE_MODE, Home, make_dir, open_private, read_bounded, replace_file

LONGEST = 16_000_000  # bytes; a person's settings are a few thousand
_MEND = "mend the file, or move it away, then the same command again"


class HostSettings:
    """A settings file: its bytes, how they are laid out, and a whole replacement of them."""

    def __init__(self, path: str, host: Host = CLAUDE_HOST) -> None:
        self.host = host
        self.path = os.path.abspath(os.path.expanduser(path))
        self.target = os.path.realpath(self.path)  # a link in a dotfiles folder stays a link
        self.raw: bytes | None
        try:
            self.raw = read_bounded(self.target, LONGEST)
        except FileNotFoundError:
            self.raw = None
        except OSError as exc:
            raise InputError(
                f"{self.path} cannot be read: {exc.strerror}", hint="the same with --settings FILE"
            ) from exc

    def value(self) -> dict[str, Any]:
        """The settings; {} where there is no file. Raises: InputError."""
        value = parse(self.raw, self.path)
        hooks = value.get("hooks", {})
        if not isinstance(hooks, dict) or any(
            not isinstance(groups, list) for name, groups in hooks.items() if name in self.host.events
        ):
            raise InputError(
                f"{self.path}: its hooks are not as {self.host.title} reads them; nothing was changed",
                hint='make "hooks" an object of lists, {"Stop": []}, then the same command again',
            )
        return value

    def dump(self, value: dict[str, Any]) -> bytes:
        """The value in the file's own layout: indent, line ends, last newline, BOM."""
        text = (self.raw or b"{\n}\n").decode("utf-8-sig")
        indent = _indent(text)
        escaped = text.isascii() and "\\u" in text
        made = json.dumps(value, indent=indent, ensure_ascii=escaped)
        made += "\n" if text.endswith("\n") else ""
        made = made.replace("\n", "\r\n") if "\r\n" in text else made
        return (b"\xef\xbb\xbf" if (self.raw or b"").startswith(b"\xef\xbb\xbf") else b"") + made.encode()

    def write(self, raw: bytes | None) -> None:
        """Replace the file's bytes, whole or not at all, its mode kept; None: remove it."""
        try:
            if raw is None:
                os.unlink(self.target)
                return
            mode = os.stat(self.target).st_mode & 0o777 if self.raw is not None else FILE_MODE
            Path(self.target).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self.target, raw)
            os.chmod(self.target, mode)
        except OSError as exc:
            raise UnavailableError(f"{self.path} cannot be written: {exc.strerror}") from exc


def parse(raw: bytes | None, path: str) -> dict[str, Any]:
    """The object of a settings file. Raises: InputError naming the file."""
    if raw is None or not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as exc:
        raise InputError(f"{path} is not JSON: {exc}; nothing was changed", hint=_MEND) from exc
    if not isinstance(value, dict):
        raise InputError(f"{path} is not a JSON object; nothing was changed", hint=_MEND)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice, and one of them would be lost")
    return found


def _indent(text: str) -> str | int | None:
    """What the first nested line is indented with; None where the value stands on one line."""
    lines = text.replace("\r\n", "\n").split("\n")
    for line in lines[1:]:
        blank = line[: len(line) - len(line.lstrip(" \t"))]
        if blank and line.strip():
            return blank
    return None if len(text.strip()) > 2 and "\n" not in text.strip() else 2


# -- the bytes before ----------------------------------------------------------------------------


def _place(home: Home, path: str, ending: str) -> str:
    return os.path.join(home.root, "backup", f"settings-{hex_digest(path.encode())[:16]}{ending}")


def keep(
    home: Home, path: str, before: bytes | None, after: bytes, *, agent: str, made: Sequence[str] = ()
) -> None:  # fmt: skip
    """Remember a file as it was, what it was made to be, for whom, and the folders made for it."""
    make_dir(home.root)
    make_dir(os.path.join(home.root, "backup"))
    if before is not None:
        replace_file(_place(home, path, ".before"), before)
    facts = {
        "path": path, "existed": before is not None, "after": hex_digest(after), "agent": agent,
        "made": list(made),
    }  # fmt: skip
    replace_file(_place(home, path, ".json"), json.dumps(facts).encode())


def backup(home: Home, path: str) -> dict[str, Any]:
    """What is remembered: {} or path, existed, and the digest of what we wrote."""
    raw = _read(_place(home, path, ".json"))
    try:
        facts = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def remembered(home: Home) -> list[tuple[str, str]]:
    """(agent, path) of each file that hooks of this home were put into and not taken out of."""
    try:
        names = sorted(os.listdir(os.path.join(home.root, "backup")))
    except OSError:
        return []
    found = []
    for name in names:
        if name.startswith("settings-") and name.endswith(".json"):
            try:
                facts = json.loads(_read(os.path.join(home.root, "backup", name)) or b"")
                found.append((str(facts["agent"]), str(facts["path"])))
            except (ValueError, KeyError, TypeError):
                continue  # of a memlog that did not note the agent
    return sorted(found)


def original(home: Home, path: str) -> bytes | None:
    """The bytes before; None where there was no file."""
    return _read(_place(home, path, ".before")) if backup(home, path).get("existed") else None


def forget(home: Home, path: str) -> None:
    """Drop what is remembered."""
    for ending in (".json", ".before"):
        try:
            os.unlink(_place(home, path, ending))
        except FileNotFoundError:
            pass


def _read(path: str) -> bytes | None:
    try:
        fd = open_private(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        return file.read()
