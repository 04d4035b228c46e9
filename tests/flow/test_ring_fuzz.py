"""Rings whose bytes somebody else wrote: every whole record comes out once, and nothing breaks the reader.

`make test-faults` runs a million more. tests/ring_fuzz.py SECONDS grows the corpus.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from memlog.ring import layout
from memlog.ring.layout import EMPTY, PAGE
from ring_fuzz import Parser, corpus, covered, hunt


@pytest.fixture
def parser(tmp_path: Path) -> Iterator[Parser]:
    found = Parser(tmp_path)
    yield found
    found.close()


def test_the_corpus_runs_nearly_every_line_of_the_parser(parser: Parser) -> None:
    part, missed = covered(parser, corpus())
    assert part >= 0.95, missed
    assert covered(parser, corpus()[:1])[0] < 0.5  # it does not count what no input ran


@pytest.mark.slow
def test_inputs_made_of_the_corpus_break_nothing(parser: Parser) -> None:
    assert list(hunt(parser, corpus(), 6_000, random.Random(5), guided=1_000)) == []


def test_a_ring_that_claims_what_it_cannot_hold_is_no_ring() -> None:
    """Found by the loop: each of these ended in an error nobody caught, or in reading for ever."""
    assert layout.unpack_slot(EMPTY._replace(tail=1 << 63).pack()) is not None
    for wrong in ({"head": 9}, {"oldest_seq": 2}, {"oldest_seq": 0}):
        assert layout.unpack_slot(EMPTY._replace(**wrong).pack()) is None
    no_area = layout.Static(0, bytes(16), "boot", 4096, 0, 1)
    assert layout.unpack_static(no_area.pack()) is None
    assert layout.unpack_static(no_area._replace(area=PAGE).pack()) is not None
