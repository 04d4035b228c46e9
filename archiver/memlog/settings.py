"""Settings: one frozen value; default < config.toml < MEMLOG_* < flag.

A NamedTuple, because the hook reads it (see wire.py).
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from memlog.contracts import RING_DEFAULT, RING_MAX, RING_MIN
from memlog.errors import SettingsError
from memlog.paths import Home, read_bounded


class Settings(NamedTuple):
    """Every setting. Sizes are bytes, times milliseconds or seconds as their names say."""

    home: str = ""  # where everything lies; "" = $MEMLOG_HOME, else ~/.claude/memlog
    ring: str = "auto"  # auto | kernel | shm; auto: the kernel's where /dev/memlog opens
    ring_dir: str = ""  # "" = <home>/ring; /dev/shm/... where the home is a network file system
    device: str = "/dev/memlog"  # the kernel ring
    ring_bytes: int = RING_DEFAULT  # capacity of a new ring, 64 KiB to 256 MiB
    start_witness: bool = True  # a hook that finds no witness starts one
    redact: bool = True  # credentials become typed markers before they reach a ring
    hand_over_bytes: int = 3_000_000  # a transcript tail larger than this is handed over, not written
    hook_lock_ms: int = 20  # how long a hook waits for another writer, then it spools
    lock_ms: int = 1_000  # how long other writers wait
    batch_records: int = 1_000  # the witness commits a batch of at most this many records
    batch_bytes: int = 4_000_000  # the witness commits a batch of at most this many bytes of blobs
    batch_ms: int = 200  # the witness commits at latest this long after a batch's first record
    session_quota_bytes: int = 100 * 1024 * 1024  # of one session's snapshots; 0 = no limit
    keep_days: int = 0  # memlog admin retention: sessions that ended longer ago go; 0 = kept for ever
    quota_bytes: int = 0  # memlog admin retention: of all sessions' blobs; 0 = no limit
    project_quota_bytes: int = 0  # memlog admin retention: of the blobs of one project; 0 = no limit
    quota_low_percent: int = 90  # a quota that is passed is brought down to this share of it
    retention: bool = False  # the witness applies those limits by itself, once an hour when idle
    epoch_silence_s: int = 86_400  # a session this long without a record is closed
    log_level: str = "info"  # debug | info | warning | error
    log_bytes: int = 1_000_000  # a log is rotated at this size
    log_files: int = 3  # rotated logs to keep
    port: int = 8001  # of memlog serve, on 127.0.0.1
    login: str = "auto"  # auto | on | off: a link opens the pages; auto: off a terminal not for yourself
    sql_time_ms: int = 5_000  # longest run of one memlog query sql
    sql_rows: int = 1_000  # rows of one memlog query sql


class Origin(NamedTuple):
    """Where a setting's value came from: default, a file and line, a variable, or a flag."""

    name: str
    value: object
    source: str


Layer = Iterator[tuple[str, object, str]]  # name, value or what is wrong with it, where it was said

# variables that are no settings
_OTHERS = frozenset(
    f"MEMLOG_{name}" for name in ("DEBUG", "FUZZ_SEED", "MODULE", "PAGER", "SERVICE", "SHARED")
)
_LONGEST = 1_000_000  # bytes of a config.toml
_CHOICES = {
    "ring": ("auto", "kernel", "shm"),
    "log_level": ("debug", "info", "warning", "error"),
    "login": ("auto", "on", "off"),
}
_LIMITS = {
    "ring_bytes": (RING_MIN, RING_MAX),
    "port": (0, 65_535),
    "batch_records": (1, 100_000),
    "batch_bytes": (65_536, 1 << 30),
    "batch_ms": (1, 60_000),
    "log_files": (0, 100),
    "quota_low_percent": (1, 100),
}


def load(home: str | None = None, environ: dict[str, str] | None = None, **flags: object) -> Settings:
    """The settings in force for a home. Flags that are None were not given.

    Raises: SettingsError naming the file and line, the variable, or the flag.
    """
    return Settings(**{o.name: o.value for o in explain(home, environ, **flags)})  # type: ignore[arg-type]


def explain(
    home: str | None = None, environ: dict[str, str] | None = None, *,
    faults: list[SettingsError] | None = None, **flags: object,
) -> list[Origin]:  # fmt: skip
    """Each setting with its value and where it came from, in the order of Settings.

    faults: what is wrong is put there, and what it would have set stays as it was.
    Raises: SettingsError, without `faults`.
    """
    environ = dict(os.environ) if environ is None else environ
    place = Home(home or environ.get("MEMLOG_HOME"))
    found: dict[str, tuple[object, str]] = {n: (v, "default") for n, v in Settings._field_defaults.items()}
    source = "flag" if home else "MEMLOG_HOME" if environ.get("MEMLOG_HOME") else "default"
    found["home"] = (place.root, source)
    for layer in (_of_file(place.config), _of_variables(environ), _of_flags(flags)):
        for name, value, where in layer:
            if isinstance(value, SettingsError):
                if faults is None:
                    raise value
                faults.append(value)
            else:
                found[name] = (value, where)
    return [Origin(name, *found[name]) for name in Settings._fields]


def strays(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like a setting of ours and is none."""
    known = {"MEMLOG_" + name.upper() for name in Settings._fields} | _OTHERS
    odd = sorted(v for v in environ if v.startswith("MEMLOG_") and not v.startswith("MEMLOG_LAB_"))
    names = {variable: variable.removeprefix("MEMLOG_").lower() for variable in odd if variable not in known}
    return [
        f"{variable} sets nothing: no setting is called {name!r}{_nearest(name)}"
        for variable, name in names.items()
    ]


def _of_file(path: str) -> "Layer":
    try:
        lines = _read_file(path)
    except SettingsError as exc:
        yield "", exc, path
        return
    for name, value, line in lines:
        where = f"{path}, line {line}"
        if name == "home":
            why = "home cannot be set here; $MEMLOG_HOME or memlog --home DIR says where the home is"
            yield name, SettingsError(f"{where}: {why}"), where
        elif name not in Settings._fields:
            yield name, SettingsError(f"{where}: no setting is called {name!r}{_nearest(name)}"), where
        else:
            yield name, _checked(name, value, where), where


def _of_variables(environ: Mapping[str, str]) -> "Layer":
    for name in Settings._fields:
        variable = "MEMLOG_" + name.upper()
        if name != "home" and environ.get(variable):
            try:
                value: object = _parse(name, environ[variable], variable)
            except SettingsError as exc:
                yield name, exc, variable
            else:
                yield name, _checked(name, value, variable), variable


def _of_flags(flags: Mapping[str, object]) -> "Layer":
    for name, value in flags.items():
        if value is not None:
            yield name, _checked(name, value, f"--{name.replace('_', '-')}"), "flag"


def _checked(name: str, value: object, where: str) -> object:
    """The value, or what is wrong with it."""
    try:
        return _check(name, value, where)
    except SettingsError as exc:
        return exc


def _read_file(path: str) -> list[tuple[str, Any, int]]:
    try:
        raw = read_bounded(path, _LONGEST)
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise SettingsError(f"{path} cannot be read: {exc.strerror}") from exc
    import tomllib  # 23 ms of CPU: only where there is a file

    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{path}: {exc}") from exc
    lines = raw.decode("utf-8").splitlines()
    return [(name, value, _line_of(name, lines)) for name, value in table.items()]


def _line_of(name: str, lines: list[str]) -> int:
    for number, line in enumerate(lines, 1):
        words = line.strip().strip("[").replace('"', "")
        if words.startswith(name) and words[len(name) : len(name) + 1] in ("", " ", "=", "]", ".", "\t"):
            return number
    return 1


def _nearest(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, Settings._fields[1:], 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _parse(name: str, text: str, where: str) -> object:
    kind = type(Settings._field_defaults[name])
    if kind is bool:
        word = text.strip().lower()
        if word not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            raise SettingsError(f"{where}: {text!r} is neither true nor false")
        return word in ("1", "true", "yes", "on")
    if kind is int:
        try:
            return int(text.replace("_", ""))
        except ValueError as exc:
            raise SettingsError(f"{where}: {text!r} is not a whole number") from exc
    return text


def _check(name: str, value: object, where: str) -> object:
    kind = type(Settings._field_defaults[name])
    if type(value) is not kind:
        word = {bool: "true or false", int: "a whole number", str: "a text"}[kind]
        raise SettingsError(f"{where}: {name} must be {word}, not {value!r}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingsError(f"{where}: {name} is one of {', '.join(_CHOICES[name])}, not {value!r}")
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = _LIMITS.get(name, (0, 1 << 50))
        if not low <= value <= high:
            raise SettingsError(f"{where}: {name} lies between {low} and {high}, not {value}")
    return value
