"""What a drill of forgetting looks for: every form a text takes in a home, in every file of it."""

import os
import random
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard

from memlog.archive import body
from memlog.paths import Home

_MAGIC = b"\x28\xb5\x2f\xfd"
_LONGEST = 1 << 17
_LEAST = 10  # bytes of a needle that chance does not find


class Trace(NamedTuple):
    """Where something was found that should be gone."""

    file: str
    what: str


class Needles(NamedTuple):
    """frames: bodies as they are stored; texts: plain; terms: words no other text has."""

    frames: tuple[bytes, ...]
    texts: tuple[bytes, ...]
    terms: tuple[bytes, ...]


def rare(rng: random.Random) -> str:
    """A word nobody else writes; no two begin alike, so that an index stores nearly all of each."""
    return "".join(rng.choice(string.ascii_lowercase + string.digits) for _ in range(20))


def needles(rows: Iterable[tuple[bytes, int, int | None]], terms: Iterable[str]) -> Needles:
    """Of rows (body, packing, text_bytes), taken before they are forgotten."""
    frames, texts = [], []
    for packed, packing, text_bytes in rows:
        frames.append(packed)
        texts.append(body.text_of(packed, packing, text_bytes).encode()[:200])
    # an index stores a word without what it shares with the word before it
    kept = tuple(term.encode()[4:] for term in terms)
    return Needles(tuple(frames), tuple(t for t in texts if len(t) >= _LEAST), kept)


def traces(home: Home, wanted: Needles) -> list[Trace]:
    """Every trace in any file under the home, raw, and in what any zstd frame there gives."""
    found = []
    for path in _files(home.root):
        data = path.read_bytes()
        name = str(path.relative_to(home.root))
        found += [Trace(name, f"a frame of {len(f)} bytes") for f in wanted.frames if f[:64] in data]
        found += [Trace(name, f"the text {text[:20]!r}") for text in wanted.texts if text in data]
        found += [Trace(name, f"the term …{term.decode()}") for term in wanted.terms if term in data]
        for plain in _unpacked(data):
            found += [Trace(name, "a text in a zstd frame") for text in wanted.texts if text[:40] in plain]
            found += [Trace(name, "a term in a zstd frame") for term in wanted.terms if term in plain]
    return sorted(set(found))


def _files(root: str) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in sorted(names) if Path(folder, name).is_file())


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What each zstd frame of these bytes gives, or the beginning of it where its end lies elsewhere."""
    dictionary = zstandard.ZstdCompressionDict(body.dictionary_bytes())
    at = data.find(_MAGIC)
    while at >= 0:
        for engine in (zstandard.ZstdDecompressor(dict_data=dictionary), zstandard.ZstdDecompressor()):
            piece, plain = data[at : at + _LONGEST], b""
            stream = engine.decompressobj()
            try:
                for n in range(0, len(piece), 64):
                    plain += stream.decompress(piece[n : n + 64])
                    if stream.eof:
                        break
            except zstandard.ZstdError:
                pass
            if plain:
                yield plain
        at = data.find(_MAGIC, at + 1)
