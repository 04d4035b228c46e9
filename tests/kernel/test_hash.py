"""The running hash: that nothing between two drains is missing."""

import hashlib

import pytest

from guest import DEVICE
from memlog.contracts import RING_MIN
from memlog.ring.device import DeviceRing
from memlog.wire import Frame

pytestmark = pytest.mark.kernel


def test_it_is_what_the_records_give_also_after_evictions(device: str) -> None:
    with DeviceRing(DEVICE) as ring:
        ring.resize(RING_MIN)
        for n in range(700):
            ring.write(b"%d" % n * (1 + n % 90))
        info = ring.info()
        assert info.evicted and info.hash_before != info.hash_after
        running = info.hash_before
        for frame in ring.reader().read():
            assert isinstance(frame, Frame) and frame.header
            blob = hashlib.sha256(frame.blob).digest()
            running = hashlib.sha256(running + frame.header.pack() + blob).digest()
        assert running == info.hash_after
        twin = hashlib.sha256(info.hash_before)  # one record left out
        assert twin.digest() != info.hash_after
