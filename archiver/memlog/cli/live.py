"""The rings that are there now, as far as they open."""

from typing import TYPE_CHECKING

from memlog.errors import MemlogError

if TYPE_CHECKING:
    from memlog.settings import Settings


def live_rings(settings: "Settings") -> dict[tuple[bytes, int], tuple[int, int]]:
    """The oldest seq each ring holds and the next it gives, by ring id and uid; {} where none opens."""
    from memlog.ring.open import open_ring, retired_rings

    try:
        with open_ring(settings) as ring:
            rings = [ring.info(), *(one.info() for one in retired_rings(settings))]
    except (MemlogError, OSError):
        return {}
    return {(info.ring_id, info.uid): (info.oldest_seq, info.next_seq) for info in rings}
