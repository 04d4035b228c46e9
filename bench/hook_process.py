"""CPU of a whole `memlog-hook` process: a small tail, an epoch at once, and a first capture handed over."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.corpus import transcript
from bench.measure import bare_s, process_s
from bench.report import Row

TAIL, EPOCH, FIRST = 4_096, 2_000_000, 20_000_000
SESSION = "b3f1c0de-0000-4000-8000-000000000001"


def rows(records: int = 10_000) -> list[Row]:
    """A 4 KB tail against a bare interpreter, 2 MB and 20 MB in seconds, too; `records` changes nothing."""
    bare = bare_s(1)
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for tail in _tails(Path(folder), times=30):  # in turn: what slows one down slows the other down
            seconds.append(tail)
            bare = min(bare, bare_s(1))
        small = min(seconds)
        epoch = min(_fresh(Path(folder), EPOCH, times=15))
        first = min(_fresh(Path(folder), FIRST, times=3))
    return [
        Row("memlog-hook Stop, 4 KB tail, over python -I -S -c pass (CPU)", f"{small / bare:.2f}×", "≤ 4×"),
        Row("… of it: an interpreter that runs it", f"{1e3 * bare:.1f} of {1e3 * small:.1f} ms", "reported"),
        Row("memlog-hook PreCompact, 2 MB tail, all redaction rules (CPU)", f"{epoch:.3f} s", "≤ 0.25 s"),
        Row("… over the bare interpreter, to compare days and machines", f"{epoch / bare:.1f}×", "≤ 25×"),
        Row("memlog-hook PreCompact, 20 MB tail, handed over (CPU)", f"{first:.3f} s", "≤ 0.5 s"),
        Row("… over the bare interpreter", f"{first / bare:.1f}×", "reported"),
    ]


def _tails(folder: Path, times: int) -> Iterator[float]:
    """Seconds of a hook each time the transcript has grown by about TAIL bytes."""
    whole = folder / "whole.jsonl"
    transcript(whole, 400_000 + 40 * TAIL * times, session=SESSION)
    grown = folder / "grown.jsonl"
    with whole.open("rb") as source, grown.open("wb") as target:
        for line in source:
            target.write(line)
            if target.tell() > 400_000:
                break
        target.flush()
        home = folder / "home-tail"
        _hook("Stop", grown, home)
        for _ in range(times):
            size = 0
            for line in source:
                if size + len(line) <= TAIL + 1_000:
                    size += target.write(line)
                if size >= TAIL:
                    break
            target.flush()
            yield _hook("Stop", grown, home)


def _fresh(folder: Path, size: int, times: int) -> Iterator[float]:
    """Seconds of a first capture, each time into a ring of its own."""
    path = folder / f"{size}.jsonl"
    transcript(path, size, session=SESSION)
    for n in range(times):
        yield _hook("PreCompact", path, folder / f"home-{size}-{n}")


def _hook(event: str, path: Path, home: Path) -> float:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "witness.stopped").touch()  # the hook looks whether it has to start one
    said = {"session_id": SESSION, "transcript_path": str(path), "cwd": "/tmp", "hook_event_name": event}
    if event == "PreCompact":
        said |= {"trigger": "auto", "custom_instructions": ""}
    script = os.path.join(os.path.dirname(sys.executable), "memlog-hook")
    command = [script] if os.path.exists(script) else [sys.executable, "-m", "memlog.capture.hook"]
    # Empty counts as unset: without compiled modules every start would compile them again.
    environ = {
        "MEMLOG_HOME": str(home), "MEMLOG_RING": "shm", "PYTHONDONTWRITEBYTECODE": ""
    }  # fmt: skip
    return process_s([*command, event], stdin=json.dumps(said).encode(), env=environ, times=1)


def main() -> None:
    """Print the rows alone."""
    from bench.report import table

    print(table(rows()))


if __name__ == "__main__":
    main()
