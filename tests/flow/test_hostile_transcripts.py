"""Transcripts nobody means well with: every other line is archived, and a line of 100 MB takes bounded memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Run
from memlog.paths import Home
from witness import ask, one

SESSION = "11111111-2222-4333-8444-555555555555"


def line(n: int, text: object) -> bytes:
    """A line as Claude Code writes it."""
    return json.dumps(
        {"type": "user", "uuid": f"00000000-0000-4000-8000-{n:012d}", "sessionId": SESSION, "cwd": "/w",
         "timestamp": "2026-03-04T05:06:07.000Z", "message": {"role": "user", "content": text}}
    ).encode()  # fmt: skip


HOSTILE: dict[str, bytes] = {
    "NULs alone": b"\0" * 5_000,
    "a NUL in a text": line(901, "before\0after"),
    "NULs in JSON": line(902, "x").replace(b'"user"', b'"us\0er"', 1),
    "torn UTF-8": line(903, "x").replace(b'"x"', b'"\xc3(\xf0\x9f\x98"'),
    "UTF-16": "{}".encode("utf-16"),
    "half a pair": line(904, "x").replace(b'"x"', b'"\\ud83d"'),
    "100,000 arrays": b"[" * 100_000,
    "100,000 arrays, closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a record": line(905, "x").replace(b'"x"', b"[" * 5_000 + b"]" * 5_000),
    "a number of 100,000 digits": line(906, "x").replace(b'"x"', b"9" * 100_000),
    "numbers that are none": line(907, "x").replace(b'"x"', b"[NaN, Infinity, -Infinity, 1e999]"),
    "100,000 keys": b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
    "a key 10,000 times": b"{" + b",".join([b'"type":1'] * 10_000) + b"}",
    "a name of 1 MB": line(908, "x").replace(SESSION.encode(), b"s" * (1 << 20)),
    "a name that is a path": line(909, "x").replace(SESSION.encode(), b"../../../../etc/passwd"),
    "only quotes": b'"' * 9_999,
    "not an object": b"42",
    "carriage returns": b"\r\r\r{}\r",
}


def test_hostile_lines_stop_nothing_and_lose_nothing(home: Home, run_memlog: Run, tmp_path: Path) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    good = [line(n, f"plain line {n}") for n in range(len(HOSTILE) + 1)]
    mixed = [one for pair in zip(good, HOSTILE.values(), strict=False) for one in pair]
    path.write_bytes(b"\n".join([*mixed, good[-1]]) + b"\n")
    run_memlog("import", "claude-code", str(path), check=0)
    assert one(home, "SELECT count(*) FROM v_record WHERE text LIKE 'plain line %'") == len(good)
    assert one(home, "SELECT count(*) FROM v_record WHERE kind = 'damage'") > 5
    assert ask(home, "SELECT text FROM v_record WHERE source_id LIKE '%901'") == [("before\0after",)]
    run_memlog("admin", "verify", check=0)
    assert not list(Path(home.root).rglob("*passwd*"))
    assert Path(home.root).resolve() in next(Path(home.root).rglob("session.json")).resolve().parents


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a text", "no JSON"])
def test_a_line_of_100_mb_takes_bounded_memory(home: Home, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    with path.open("wb") as file:
        file.write(line(1, "plain line 1") + b"\n")
        file.write(line(2, "x" * (100 << 20)) if kind == "a text" else b"y" * (100 << 20))
        file.write(b"\n" + line(3, "plain line 3") + b"\n")
    script = (
        "import sys; from memlog.cli.root import main; code = main(sys.argv[1:]);"
        "status = open('/proc/self/status').read();"
        "print('peak', int(status.split('VmHWM:')[1].split()[0]) // 1024); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "import", "claude-code", str(path)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    peak = int(done.stdout.rsplit("peak ", 1)[1])
    print(f"{kind}: {peak} MB")
    assert one(home, "SELECT count(*) FROM v_record WHERE text LIKE 'plain line %'") == 2
    held = one(home, "SELECT (SELECT sum(bytes) FROM record) + (SELECT coalesce(sum(bytes), 0) FROM damage)")
    assert held >= 100 << 20, "the line is not kept"
    assert peak < 1_500
