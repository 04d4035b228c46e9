"""Calls `memlog-hook` with broken input: `hook_calls.py COUNT FOLDER SEED forked|started [exit-2]`.

Prints exit codes and how often each came. `forked` from a process that has imported everything, at 4 ms a call;
`started` as a host does it. A process of its own, because forking pytest is slow.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from memlog.capture import agents, hook, locate, starter, tail, told
from memlog.capture.readers import claude_code
from memlog.contracts import CLAUDE_EVENTS
from memlog.redact import redact_text

SESSIONS = Path(__file__).parents[1] / "data/sessions"
SECRET = "gh" + "p_" + "a1B2" * 9


def broken_calls(seed: int, folder: Path) -> Iterator[tuple[bytes, list[str]]]:
    """Inputs no host should send, endlessly: cut, mixed, of wrong types, with paths that are none."""
    draw = random.Random(seed)
    transcript = folder / "s.jsonl"
    transcript.write_bytes((SESSIONS / "odd.jsonl").read_bytes())
    os.mkfifo(folder / "pipe.jsonl")
    whole = {
        "session_id": "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa", "transcript_path": str(transcript), "cwd": "/w",
        "hook_event_name": "Stop", "prompt": f"use {SECRET}", "trigger": "auto", "tool_response": {"stdout": "x" * 3_000},
    }  # fmt: skip
    odd: list[Callable[[], Any]] = [
        lambda: None, lambda: draw.getrandbits(200), lambda: -1.5, list, dict, lambda: {"a": [None]},
        lambda: "".join(map(chr, draw.choices(range(0x11_0000), k=20))), lambda: "../" * draw.randrange(50) + "etc/passwd",
        lambda: str(folder), lambda: str(folder / "pipe.jsonl"), lambda: "/dev/null", lambda: "/dev/full", lambda: True,
        lambda: str(folder / "gone"), lambda: "é" * draw.randrange(9_000), lambda: "\0",
    ]  # fmt: skip
    commands = [
        ["Nonsense"],
        [],
        ["--home"],
        ["PreCompact", "--home="],
        ["--agent"],
        ["--agent", "nobody", "Stop"],
    ]
    commands += [
        ["--agent", agent, event] for agent in agents.READERS for event in ("Stop", "PreCompact")
    ] * 2
    while True:
        value: dict[str, Any] = {k: v for k, v in whole.items() if draw.random() < 0.8}
        for key in draw.sample([*whole, "agent_transcript_path", "x"], k=draw.randrange(4)):
            value[key] = draw.choice(odd)()
        raw = json.dumps(value).encode()
        if draw.random() < 0.5:
            cut = draw.randrange(len(raw) + 1)
            raw = draw.choice(
                [raw[:cut], raw[cut:], raw[:cut] + draw.randbytes(9) + raw[cut:], draw.randbytes(cut)]
            )
        yield raw, [draw.choice(CLAUDE_EVENTS)] if draw.random() < 0.7 else draw.choice(commands)


def forked(words: list[str], stdin: int, call: Callable[[], object]) -> int:
    """Exit code of one call in a fork of this process."""
    child = os.fork()
    if child == 0:
        try:
            os.dup2(stdin, 0)
            sys.argv = ["memlog-hook", *words]
            call()
        except SystemExit as exc:
            os._exit(exc.code if isinstance(exc.code, int) else 77)
        finally:
            os._exit(77)  # main() does not return
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def started(words: list[str], stdin: int, call: Callable[[], object]) -> int:
    """Exit code of one call in an interpreter of its own."""
    program = ["-m", "memlog.capture.hook"] if call is hook.main else ["-c", "raise SystemExit(2)"]
    return subprocess.run([sys.executable, *program, *words], stdin=stdin, timeout=50).returncode


def main(count: int, folder: Path, seed: int, way: str, call: Callable[[], object]) -> None:
    redact_text(f"Bearer {SECRET} password= api_key ://x:y@ sk- xox")  # compile what every call would
    stdin = os.open(folder / "stdin", os.O_RDWR | os.O_CREAT, 0o600)
    found: Counter[int] = Counter()
    for raw, words in islice(broken_calls(seed, folder), count):
        os.ftruncate(stdin, 0)
        os.pwrite(stdin, raw, 0)
        os.lseek(stdin, 0, os.SEEK_SET)
        found[(started if way == "started" else forked)(words, stdin, call)] += 1
    print(json.dumps({str(code): n for code, n in found.items()}))


if __name__ == "__main__":
    assert all((claude_code, locate, starter, tail, told))  # imported once, for all of them
    _, number, place, chosen, how, *bad = sys.argv
    main(int(number), Path(place), int(chosen), how, (lambda: sys.exit(2)) if bad else hook.main)
