"""The facts of health.look() as metrics, in Prometheus's text format."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memlog.query.dates import since

# name → what it measures and where in the facts it lies; docs/operations.md has a row for each
METRICS = {
    "memlog_witness_up": ("1 while a witness runs", ("witness", "running")),
    "memlog_witness_healthy": ("1 while it runs and archives", ("witness", "healthy")),
    "memlog_witness_uptime_seconds": ("since it started", ("witness", "uptime_s")),
    "memlog_witness_silent_seconds": ("since it last wrote its status", ("witness", "silent_s")),
    "memlog_hooks_missing": ("reasons why hooks do not run", ("hooks", "missing")),
    "memlog_last_capture_timestamp_seconds": ("when a hook was last called", ("hooks", "last_call")),
    "memlog_undrained_records": ("in rings, not archived", ("undrained",)),
    "memlog_drain_lag_seconds": ("age of the oldest of them", ("lag_s",)),
    "memlog_archive_sessions": ("sessions archived", ("archive", "sessions")),
    "memlog_archive_records": ("records archived, parts not counted", ("archive", "records")),
    "memlog_archive_bytes": ("size of archive.db", ("archive", "bytes")),
    "memlog_archive_wal_bytes": ("size of its write-ahead log", ("archive", "wal_bytes")),
    "memlog_last_record_timestamp_seconds": ("time of the newest record", ("archive", "last_record")),
    "memlog_gaps": ("ranges a ring lost", ("losses", "gaps")),
    "memlog_gaps_healed": ("of them, read again from transcripts", ("losses", "healed")),
    "memlog_lost_records": ("records of gaps not healed", ("losses", "lost")),
    "memlog_holes": ("ranges of transcripts that did not arrive", ("losses", "holes")),
    "memlog_damaged_lines": ("lines that are no JSON, kept", ("damage", "lines")),
    "memlog_damaged_blobs": ("bytes of rings that are no record, kept", ("damage", "blobs")),
    "memlog_spool_files": ("files hooks put aside", ("spool", "files")),
    "memlog_spool_bytes": ("their size", ("spool", "bytes")),
    "memlog_disk_free_bytes": ("free where the home lies", ("disk", "free")),
    "memlog_clock_ahead_seconds": ("how far the newest stamp lies in the future", ("clock", "ahead_s")),
}
RING_METRICS = {
    "memlog_ring_bytes": ("bytes held", "bytes"),
    "memlog_ring_capacity_bytes": ("bytes it can hold", "capacity"),
    "memlog_ring_records": ("records held", "records"),
    "memlog_ring_undrained_records": ("of them, not archived", "undrained"),
    "memlog_ring_evicted_records": ("records overwritten since it was made", "evicted"),
}


def exposition(archives: Mapping[str, Mapping[str, Any]]) -> str:
    """Facts of archives, by name, in Prometheus's text format; what is not known is left out."""
    lines: list[str] = []
    for name, (meaning, path) in METRICS.items():
        found = [(label, _number(_at(facts, path))) for label, facts in archives.items()]
        lines += _series(name, meaning, [(f'archive="{_escaped(label)}"', n) for label, n in found])
    for name, (meaning, key) in RING_METRICS.items():
        rings = [(label, ring) for label, facts in archives.items() for ring in facts["rings"] or ()]
        lines += _series(
            name, meaning, [(_ring_labels(a, ring), _number(ring.get(key))) for a, ring in rings]
        )
    return "".join(line + "\n" for line in lines)


def _series(name: str, meaning: str, samples: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    known = [(labels, value) for labels, value in samples if value is not None]
    if known:
        yield f"# HELP {name} {meaning}"
        yield f"# TYPE {name} gauge"
        yield from (f"{name}{{{labels}}} {value}" for labels, value in known)


def _ring_labels(archive: str, ring: Mapping[str, Any]) -> str:
    pairs = {"archive": archive, "kind": ring.get("kind"), "path": ring.get("path")}
    return ",".join(f'{name}="{_escaped(str(value))}"' for name, value in pairs.items())


def _at(facts: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = facts
    if path == ("witness", "healthy"):
        return facts["witness"]["state"] == "running"
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _number(value: Any) -> str | None:
    if isinstance(value, str):
        return str(since(value, 0) / 1e9)
    if isinstance(value, list):
        return str(len(value))
    return None if value is None else str(float(value) if isinstance(value, float) else int(value))


def _escaped(text: str) -> str:
    safe = text.encode("utf-8", "backslashreplace").decode()
    return safe.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
