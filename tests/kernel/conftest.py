"""Tests of the real device: they run inside the guest that `make test-kernel` boots."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator

import pytest

from guest import DEVICE, KIND, MODULE, WRITERS
from memlog.contracts import IOC_CLEAR, IOC_SET_RING_SIZE, RING_DEFAULT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.path.exists(DEVICE):
        return
    if KIND:
        raise pytest.UsageError(f"the guest has no {DEVICE}: the module did not load")
    missing = pytest.mark.skip(reason=f"no {DEVICE} here; make test-kernel boots a guest that has one")
    for item in items:
        if item.get_closest_marker("kernel"):
            item.add_marker(missing)


@pytest.fixture
def device() -> Iterator[str]:
    """The device, every ring of it empty and of the default size."""
    fd = os.open(DEVICE, os.O_RDWR)
    try:
        fcntl.ioctl(fd, IOC_CLEAR)
        fcntl.ioctl(fd, IOC_SET_RING_SIZE, struct.pack("=I", RING_DEFAULT))
        yield DEVICE
        fcntl.ioctl(fd, IOC_CLEAR)
        fcntl.ioctl(fd, IOC_SET_RING_SIZE, struct.pack("=I", RING_DEFAULT))
    finally:
        os.close(fd)


@pytest.fixture
def unwitnessed() -> str:
    """The device of a module loaded anew: no witness has a mark in any ring."""
    if not MODULE:
        pytest.skip("MEMLOG_MODULE names no module")
    subprocess.run(["rmmod", "memlog"], check=True)
    subprocess.run(["insmod", MODULE, f"memlog_gid={WRITERS}"], check=True)
    return DEVICE
