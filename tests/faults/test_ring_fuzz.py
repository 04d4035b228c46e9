"""A million inputs for the ring's parser, the first of them guided by what they run; and planted bugs, found."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.conftest import QUICK, Record
from faults.table import Row
from memlog import wire
from memlog.ring import layout, shm_reader
from ring_fuzz import Parser, corpus, covered, hunt, planted

KIND, OPERATION = "hostile bytes", "ring parser"
SHARDS = 1 if QUICK else 4
EXECUTIONS, GUIDED = (60_000, 2_000) if QUICK else (260_000, 20_000)

PLANTS: tuple[tuple[str, Any, str, str], ...] = (
    ("end_not_checked", layout.frame_at, " or offset + total > len(raw)", ""),
    ("seq_not_checked", shm_reader.ShmReader._parse, "if header.seq > self._after:", "if True:"),
    ("damage_dropped", wire.scan_image, "yield Damage(bad, data[bad:offset], reason)", "pass"),
    ("size_not_checked", shm_reader.ShmReader._position, "len(raw) - offset >= PEEK.size", "offset < len(raw)"),
)  # fmt: skip


@pytest.fixture
def parser(root: Path) -> Iterator[Parser]:
    found = Parser(Path(tempfile.mkdtemp(dir=root)))
    yield found
    found.close()


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_bytes_break_the_parser(shard: int, parser: Parser, record: Record) -> None:
    seed = random.SystemRandom().randrange(1 << 31)
    broken = list(hunt(parser, corpus(), EXECUTIONS, random.Random(seed), guided=GUIDED))
    record(Row(KIND, OPERATION, EXECUTIONS, EXECUTIONS, corrupt=len(broken)))
    if not shard:
        print(
            f"{len(corpus())} inputs of the corpus run {covered(parser, corpus())[0]:.1%} of the parser's lines"
        )
    assert not broken, [(b.what, b.data.hex()) for b in broken[:3]]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant[0])
def test_a_planted_bug_is_found(
    plant: tuple[str, Any, str, str], parser: Parser, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, function, old, new = plant
    monkeypatch.setattr(function, "__code__", planted(function, old, new))
    tried, found = 0, None
    for tried in range(1_000, 60_001, 1_000):
        found = next(hunt(parser, corpus(), 1_000, random.Random(tried)), None)
        if found is not None:
            break
    record(Row(KIND, OPERATION, tried, tried, corrupt=int(found is not None), twin=name))
    assert found is not None, "the planted bug is not found: the inputs above prove nothing"
