"""Records of an agent of one's own: `memlog.open_ring().write(…)`, and objects of `memlog write --json`."""

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from memlog.capture import quick_json, stamps
from memlog.capture.identity import MAC_BYTES, Hmac, short_name
from memlog.capture.leaves import fit, fit_text, render
from memlog.contracts import KINDS, UNKNOWN_AGENT
from memlog.errors import InputError, RingBusyError, RingFullError, RingUnavailableError
from memlog.paths import Home, load_key
from memlog.record import Record, encode
from memlog.redact import redact_record, rules_for
from memlog.ring.open import open_ring as open_plain
from memlog.ring.protocol import Ring
from memlog.settings import Settings, load

_NAMES = ("agent", "session", "role", "tool", "project", "parent_id")
_NUMBERED = ("id", "parent_id", "session")  # may be numbers
_KEYS = frozenset((*_NAMES, "kind", "id", "ts", "error", "text", "speaker"))


def open_ring(
    *, agent: str = UNKNOWN_AGENT, session: str | None = None, project: str | None = None,
    home: str | None = None,
) -> "Writer":  # fmt: skip
    """A writer of records into the ring of this user; close it, or use it in a `with`.

    agent, session, project: of every record that does not say otherwise. session: a day of its own for
    each agent where nothing names one. home: another than $MEMLOG_HOME says.
    Raises: InputError for settings that make no sense, UnsafePathError.
    """
    return Writer(load(home), {"agent": agent, "session": session, "project": project})


class Writer:
    """A ring that makes records of what is written to it.

    Threads may share one, and so may the processes they fork. What the ring does not take, because it is
    full of what no witness has archived, or not there, waits in the spool.
    """

    def __init__(self, settings: Settings, always: Mapping[str, str | None]) -> None:
        from _thread import allocate_lock

        self._settings = settings
        self._home = Home(settings.home or None)
        self._always = {name: value for name, value in always.items() if value is not None}
        self._hmac = Hmac(load_key(self._home))
        self._lock = allocate_lock()  # flock() does not keep two threads apart that share a descriptor
        self._ring: Ring | None = None
        self._pid = 0

    def write(
        self, text: object, *, kind: str = "message", role: str | None = None, tool: str | None = None,
        session: str | None = None, agent: str | None = None, project: str | None = None,
        id: str | int | None = None, parent_id: str | None = None, ts: str | float | None = None,
        error: bool = False, rest: Mapping[str, Any] | None = None,
    ) -> int:  # fmt: skip
        """The ring's number of a new record, which survives this process from now on; 0: it is in the spool.

        text: what a person reads and search finds; of any other JSON value its strings and numbers, and the
        value is kept beside. bytes: a blob as it is. kind: one of record.cddl. id: of your own, unique in
        the session: the same record under the same id is one row; without one it is new each time. ts: ISO
        8601 or a number since 1970, now without one. rest: anything else worth keeping.
        Raises: InputError.
        """
        if isinstance(text, (bytes, bytearray)):
            return self._put([bytes(text)], session or self._always.get("session"))
        given = {
            "kind": kind, "role": role, "tool": tool, "session": session, "agent": agent,
            "project": project, "id": id, "parent_id": parent_id, "ts": ts, "error": error,
        }  # fmt: skip
        value = {**self._always, **{name: one for name, one in given.items() if one is not None}}
        if rest is not None and not isinstance(rest, Mapping):
            raise InputError(f"rest is {rest!r}", hint="a mapping of anything else worth keeping")
        record = make(value, text, rest or {}, self._hmac, redact=self._settings.redact)
        return self._put(encode(record), record.session)

    def _put(self, blobs: list[bytes], session: str | None) -> int:
        seq = 0
        with self._lock:
            while blobs:
                try:
                    seq = self._opened().write(blobs[0], session=session, keep_undrained=True)
                except (RingBusyError, RingFullError, RingUnavailableError):
                    from memlog.capture import spool

                    spool.spool_frames(self._home, [(blob, session) for blob in blobs])
                    return 0
                blobs = blobs[1:]
        return seq

    def _opened(self) -> Ring:
        if self._ring is None or self._pid != os.getpid():  # a fork's descriptors share their lock
            self._ring, self._pid = open_plain(self._settings), os.getpid()
        return self._ring

    def close(self) -> None:
        """Let go of the ring; what was written stays."""
        with self._lock:
            ring, self._ring = self._ring, None
            if ring is not None and self._pid == os.getpid():
                ring.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def from_json(value: Mapping[str, Any], hmac: Hmac, *, redact: bool) -> Record:
    """The record of an object: `text` and what else of a record it names, the rest kept.

    Raises: InputError.
    """
    rest = {k: v for k, v in value.items() if k not in _KEYS}
    if "role" not in value and "speaker" in value:
        value = {**value, "role": value["speaker"]}
    elif "speaker" in value:
        rest["speaker"] = value["speaker"]
    return make(value, value["text"], rest, hmac, redact=redact)


def make(
    value: Mapping[str, Any], text: object, rest: Mapping[str, Any], hmac: Hmac, *, redact: bool
) -> Record:  # fmt: skip
    """A record of schema/record.cddl. value: what write() names. Raises: InputError."""
    kind = value.get("kind", "message")
    if kind not in KINDS:
        raise InputError(
            f"no record is of kind {kind!r}; known: {', '.join(KINDS)}", hint="see docs/records.md"
        )
    if not (text is None or isinstance(text, (str, int, float, Mapping, list, tuple))):
        raise InputError(f"a {type(text).__name__} is no text", hint="a text, another JSON value, or bytes")
    names = {name: _name(name, value.get(name)) for name in _NAMES}
    now_ns = time.time_ns()
    ts_ns = stamps.parse(value["ts"]) if value.get("ts") is not None else now_ns
    if ts_ns is None:
        raise InputError(f"{value['ts']!r} is no time", hint="ISO 8601, or a number since 1970")
    try:
        said = fit(_plain(text))
        kept = fit({str(k): _plain(v) for k, v in rest.items()})
    except RecursionError as exc:
        raise InputError("a value is nested deeper than it can be written", hint="write its text") from exc
    if not isinstance(said, str):
        kept["value"] = said
    source = _name("id", value.get("id"))
    record = Record(
        agent=names["agent"] or UNKNOWN_AGENT,
        session=names["session"] or time.strftime("%Y-%m-%d", time.gmtime(ts_ns // 1_000_000_000)),
        source_id=source or f"~{os.urandom(16).hex()}.1", block=0, kind=str(kind), ts_ns=ts_ns,
        text=render(said), mac=b"",
        role=names["role"], tool=names["tool"], project=names["project"], parent_id=names["parent_id"],
        error=value.get("error") is True, rest=kept,
    )  # fmt: skip
    if kind == "compaction":
        record = record._replace(boundary=record.source_id)
    content = [kind, record.role, record.tool, record.text, record.parent_id, record.error, record.rest]
    raw = quick_json.dumps(content).encode()
    record = record._replace(mac=hmac.digest(raw)[:MAC_BYTES])
    return redact_record(record, rules_for(raw)) if redact else record


def _name(key: str, value: object) -> str | None:
    if value is None:
        return None
    text = str(value) if key in _NUMBERED and type(value) is int else value
    if not isinstance(text, str) or not text or (key == "id" and text.startswith("~")):
        raise InputError(f"{key} is {value!r}", hint="a text that is not empty; an id begins with no ~")
    return short_name(fit_text(text))


def _plain(value: object) -> Any:
    """The value as JSON has it; what JSON has not as its str()."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return str(value)
