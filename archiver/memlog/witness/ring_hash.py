"""The running hash a kernel ring keeps, recomputed over what it holds."""

from hashlib import sha256

from memlog.contracts import HASH_BYTES
from memlog.ring.protocol import Ring
from memlog.wire import Frame

_NONE = (b"", bytes(HASH_BYTES))


def check(ring: Ring) -> tuple[bytes, bytes] | None:
    """(what the ring says, what its records give) where the two differ; None where they agree.

    Also None where the ring keeps no hash, or was written to or read past while it was looked at.
    Source: schema/memlog.h, struct memlog_info.
    """
    before = ring.info()
    if before.hash_after in _NONE:
        return None
    running, expected = before.hash_before, before.oldest_seq
    reader = ring.reader()
    try:
        while items := reader.read():
            for item in items:
                if not isinstance(item, Frame) or item.header is None or item.header.seq != expected:
                    return None  # evicted under the reader, or damaged and told as such
                running = sha256(running + item.header.pack() + sha256(item.blob).digest()).digest()
                expected += 1
    finally:
        reader.close()
    after = ring.info()
    if (after.oldest_seq, after.next_seq) != (before.oldest_seq, expected):
        return None
    return None if running == after.hash_after else (after.hash_after, running)
