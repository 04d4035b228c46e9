"""What tests of rings ask again and again."""

import time
from pathlib import Path

from memlog.ring.protocol import Ring
from memlog.wire import Frame


def blobs(ring: Ring) -> list[bytes]:
    return [i.blob for i in ring.reader().read(1 << 20, 1 << 40) if isinstance(i, Frame)]


def wait_for(path: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.002)
