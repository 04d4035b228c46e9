"""docs/pictures/*.png: the pages over our sample sessions, as Chromium shows them.

`.venv/bin/python docs/pictures.py [FOLDER]` writes them anew: after a change of the
pages, and to be looked at.
"""

import struct
import sys
import tempfile
import threading
import zlib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from browser.chromium import Chromium, Tab  # noqa: E402
from memlog.cli import server  # noqa: E402
from memlog.settings import Settings  # noqa: E402
from pages.filled import fill, records_of  # noqa: E402

MOST_BYTES = 80_000
SUBAGENT = "subagents/1176869d-40c9-4f4b-8d3e-62de097f0ca9"
SESSIONS = (
    "compacted.jsonl", "unicode.jsonl", "plain.jsonl", f"{SUBAGENT}.jsonl",
    f"{SUBAGENT}/subagents/agent-a7c31f0.jsonl",
)  # fmt: skip
COMPACTED = "/archive/-/sessions?only=compactions"


class Shot(NamedTuple):
    """A picture: links that lead there from `at`, then what is done on the page before it is taken."""

    at: str
    clicks: tuple[str, ...] = ()
    does: str = ""
    width: int = 1000
    height: int = 640
    dark: bool = False


OPEN_TWO = "[...document.querySelectorAll('.failed details')].slice(0, 1).forEach((d) => { d.open = true; })"
SHOTS = {
    "front": Shot("/"),
    "session": Shot(COMPACTED, ("table.list tbody th a",), OPEN_TWO, dark=True),
    "compaction": Shot(COMPACTED, ("table.list tbody th a", ".timeline .compaction a"), height=720),
    "facts": Shot(
        COMPACTED,
        (
            "table.list tbody th a",
            ".contents a[href*='/-/facts/']",
            ".choices ul:last-child a[href*='fact=command']",
        ),
    ),
    "search": Shot("/archive/-/search?q=alarm&facet=tool"),
    "record": Shot(COMPACTED, ("table.list tbody th a", ".prompt .whole"), width=400, height=720),
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        path = fill(Path(home), records_of(*SESSIONS))
        sock, end = server.listen(0), threading.Event()
        serving = threading.Thread(
            target=server.run,
            args=(server.application(path, Settings()), sock),
            kwargs={"until": end.wait},
            daemon=True,
        )
        serving.start()
        browser = Chromium(Path(home) / "profile")
        try:
            for name, shot in SHOTS.items():
                place = folder / f"{name}.png"
                take(Tab(browser), server.address(sock), shot, place)
                place.write_bytes(smaller(place.read_bytes()))
                size = place.stat().st_size
                print(f"{place.name} {shot.width}x{shot.height} {size:,} bytes")
                if size > MOST_BYTES:
                    raise SystemExit(f"{place.name} is over {MOST_BYTES:,} bytes: a smaller window")
        finally:
            browser.close()
            end.set()
            serving.join(10)


def take(tab: Tab, site: str, shot: Shot, place: Path) -> None:
    """One picture."""
    tab.look(shot.width, shot.height, dark=shot.dark)
    tab.open(site + shot.at)
    for selector in shot.clicks:
        tab.open(tab.run(f"document.querySelector({selector!r}).href"))
    if shot.does:
        tab.run(shot.does + "; 1")
    tab.picture(place)
    if complaints := tab.complaints():
        raise SystemExit(f"{place.name}: {complaints}")


def smaller(png: bytes) -> bytes:
    """The same picture with 32 shades a colour and zlib's best: about half of what a browser writes."""
    head, data, at = b"", b"", 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        head, data = (body if kind == b"IHDR" else head), data + (body if kind == b"IDAT" else b"")
        at += 12 + length
    width, height, depth, colour = struct.unpack_from(">IIBB", head)
    if depth != 8 or colour not in (2, 6):
        return png
    rows = list(unfiltered(zlib.decompress(data), width, height, 3 if colour == 2 else 4))
    shades = bytes(min(255, (value + 4) // 8 * 8) for value in range(256))
    body = zlib.compress(b"".join(b"\0" + row.translate(shades) for row in rows), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png[:8] + b"".join(chunk(*one) for one in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b"")))


def unfiltered(raw: bytes, width: int, height: int, step: int) -> "list[bytes]":
    """Rows of red, green, blue."""
    size, before, rows = width * step, bytearray(width * step), []
    for y in range(height):
        kind = raw[y * (size + 1)]
        row = bytearray(raw[y * (size + 1) + 1 : (y + 1) * (size + 1)])
        for x in range(size) if kind else ():
            left = row[x - step] if x >= step else 0
            corner = before[x - step] if x >= step else 0
            row[x] = (row[x] + predicted(kind, left, before[x], corner)) & 255
        before = row
        rows.append(bytes(row) if step == 3 else bytes(v for n, v in enumerate(row) if n % 4 != 3))
    return rows


def predicted(kind: int, left: int, above: int, corner: int) -> int:
    """What a filter of PNG adds to a byte."""
    if kind in (1, 2):
        return left if kind == 1 else above
    if kind == 3:
        return (left + above) // 2
    guess = left + above - corner
    return min(
        (abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner)
    )[2]


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
