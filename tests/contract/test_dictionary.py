"""The shipped dictionary is made of our own text, and never changes."""

from hashlib import sha256

import pytest
import zstandard
from bench import train_dictionary

SHIPPED = train_dictionary.TARGET.read_bytes()
# Archived bodies need these very bytes: another dictionary gets another number.
SHA256 = "df2351f12a361a86a799e3e65087987c50a39524a0c6adf3507b96aa7c274f53"
TRAINED_WITH = (1, 5, 7)
RUN = train_dictionary.MATCH  # the shortest piece a dictionary is made of


def foreign_runs(dictionary: bytes, text: bytes) -> list[tuple[int, int]]:
    """(start, length) of the stretches whose runs of RUN bytes are nowhere in the text."""
    wanted = {dictionary[at : at + RUN] for at in range(len(dictionary) - RUN + 1)}
    wanted.difference_update([text[at : at + RUN] for at in range(len(text) - RUN + 1)])
    stretches: list[tuple[int, int]] = []
    for at in range(len(dictionary) - RUN + 1):
        if dictionary[at : at + RUN] in wanted:
            if stretches and sum(stretches[-1]) == at:
                stretches[-1] = (stretches[-1][0], stretches[-1][1] + 1)
            else:
                stretches.append((at, 1))
    return stretches


def content(dictionary: bytes) -> bytes:
    """What follows magic, number and entropy tables, which hold no text."""
    offsets = b"".join(n.to_bytes(4, "little") for n in (1, 4, 8))  # they end the tables
    return dictionary[dictionary.index(offsets) + len(offsets) :]


def test_the_shipped_dictionary_is_the_one_archives_were_packed_with() -> None:
    assert sha256(SHIPPED).hexdigest() == SHA256
    assert len(SHIPPED) <= 112 * 1024
    assert zstandard.ZstdCompressionDict(SHIPPED).dict_id() == train_dictionary.NUMBER


@pytest.mark.skipif(zstandard.ZSTD_VERSION != TRAINED_WITH, reason="another zstd trains another dictionary")
def test_the_script_makes_the_shipped_dictionary() -> None:
    assert train_dictionary.train() == SHIPPED


@pytest.mark.slow
def test_the_dictionary_holds_our_text_and_nothing_else() -> None:
    text = b"".join(train_dictionary.samples())  # the trainer sees them back to back
    # Where two pieces of the text meet, runs that cross the border are nowhere.
    assert [s for s in foreign_runs(content(SHIPPED), text) if s[1] >= RUN] == []
    planted = content(SHIPPED)[:50_000] + b"a sentence nobody trained on" + content(SHIPPED)[50_000:]
    assert [s for s in foreign_runs(planted, text) if s[1] >= RUN] != []
