"""Real transcripts: what capture makes of them, against a counter that knows nothing of it."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from memlog.capture import agents
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark
from memlog.record import Record
from shared_data import DATA, files, leaves

pytestmark = pytest.mark.data

KEY = b"k" * 32
CLAUDE = agents.reader("claude-code")
FILES = files("claude-code", "*.gz") + files("claude-code-edge", "*.gz")
SAID = ("message", "thinking", "tool_use", "tool_result", "attachment", "summary")


@cache
def raw_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.slow)], ids=["even", "odd"])
def captured(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[Path, list[Record]]:
    """The records of each file of one half, read at once as a hook reads: redaction on."""
    folder = tmp_path_factory.mktemp("whole")
    found = {}
    for path in FILES[request.param :: 2]:
        plain = folder / path.name.removesuffix(".gz")
        plain.write_bytes(raw_of(path))
        found[path] = [r for piece in read(str(plain), CLAUDE, key=KEY) for r in piece.records]
    return found


def objects(path: Path) -> Iterator[Any]:
    for line in raw_of(path).split(b"\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError:
                yield None


def content_of(value: dict[str, Any]) -> list[Any]:
    message = value.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, list) and content else [content]


def texts(block: Any) -> Iterator[str]:
    """Texts of a message, a tool's input, or its result."""
    if isinstance(block, str):
        yield block
    elif isinstance(block, list):
        for part in block:
            yield from texts(part)
    elif isinstance(block, dict):
        if block.get("type") == "tool_use":
            yield from leaves(block.get("input"))
        else:
            for key in ("text", "thinking", "content"):
                yield from texts(block.get(key))


def test_the_records_of_each_file_are_as_many_as_a_counter_of_its_own_finds(
    captured: dict[Path, list[Record]],
) -> None:
    for path, records in captured.items():
        expected: Counter[str] = Counter()
        for value in objects(path):
            if not isinstance(value, dict):
                expected["damage"] += 1
            elif value.get("type") in ("user", "assistant"):
                expected["said"] += len(content_of(value))
            elif value.get("type") == "attachment":
                expected["said"] += 1
            else:
                expected["compaction" if value.get("subtype") == "compact_boundary" else "meta"] += 1
        found = Counter("said" if r.kind in SAID else r.kind for r in records)
        assert found == expected, path.name


def test_every_text_and_every_uuid_is_in_a_record(captured: dict[Path, list[Record]]) -> None:
    compared = 0
    for path, records in captured.items():
        whole = "\0".join(r.text for r in records)
        sources = {r.source_id for r in records}
        for value in objects(path):
            if isinstance(value, dict) and value.get("type") in ("user", "assistant"):
                wanted = [t for block in content_of(value) for t in texts(block)]
                missing = [t for t in wanted if t not in whole]
                assert all("_live_" in t for t in missing), (
                    path.name,
                    missing[0][:100],
                )  # the one credential there is
                assert value.get("uuid") is None or value["uuid"] in sources
                compared += len(wanted)
    assert compared > 5_000


def test_no_id_less_line_is_two_records_and_no_identity_is_shared(captured: dict[Path, list[Record]]) -> None:
    for path, records in captured.items():
        same = Counter((r.session, r.source_id, r.block, r.mac) for r in records)
        twice = {key for key, n in same.items() if n > 1}
        lines = Counter(raw_of(path).split(b"\n"))
        assert len(twice) <= sum(1 for line, n in lines.items() if n > 1 and b'"uuid"' in line), path.name


def test_real_sessions_hold_hardly_anything_the_rules_take_for_a_secret(
    captured: dict[Path, list[Record]],
) -> None:
    found: Counter[str] = Counter()
    for records in captured.values():
        for record in records:
            found.update(record.redacted)
    # 62 MB that were cleaned of credentials before; a test's made-up Stripe key is left.
    assert sum(found.values()) <= 4, found


GROWN = [
    (DATA / entry["file"], entry)
    for entry in (json.loads((DATA / "manifest.json").read_text()) if DATA.is_dir() else [])
    if entry.get("growth_offsets") or entry.get("growth_lines")
]


def test_importing_each_earlier_state_in_turn_gives_the_records_of_the_whole(
    captured: dict[Path, list[Record]], tmp_path: Path
) -> None:
    assert len(GROWN) == 16
    grows = [(path, entry) for path, entry in GROWN if path in captured]
    assert len(grows) >= 5
    for path, entry in grows:
        raw = raw_of(path)
        ends = list(accumulate(len(line) for line in raw.splitlines(keepends=True)))
        cuts = entry.get("growth_offsets") or [ends[n - 1] for n in entry["growth_lines"]]
        grown = tmp_path / path.name.removesuffix(".gz")
        found: list[Record] = []
        mark: Watermark | None = None
        with grown.open("wb") as file:
            for cut in [*cuts, len(raw)]:
                file.write(raw[file.tell() : cut])
                file.flush()
                for piece in read(str(grown), CLAUDE, key=KEY, start=mark, settled=cut == len(raw)):
                    found += piece.records
                    mark = piece.watermark
                mark = Watermark.from_json(json.loads(json.dumps(mark.to_json()))) if mark else None
        assert found == captured[path], path.name
        grown.unlink()
