"""What the driver's errno says, in our words. Loaded where something failed."""

import errno

from memlog.errors import BlobTooLargeError, InputError, MemlogError, RefusedError, RingUnavailableError


def not_opened(path: str, exc: OSError) -> RingUnavailableError:
    """Why there is no ring behind this device node."""
    if exc.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return RingUnavailableError(
            f"there is no {path}: the kernel module is not loaded", hint="memlog doctor, or --ring shm"
        )
    if exc.errno in (errno.EACCES, errno.EPERM):
        return RingUnavailableError(
            f"{path} may not be opened by you", hint="join the group memlog, or --ring shm"
        )
    return RingUnavailableError(f"{path}: {exc.strerror}")


def refused(path: str, exc: OSError) -> MemlogError:
    """Why the kernel did not do what it was asked for."""
    if exc.errno in (errno.EPERM, errno.EACCES):
        return RefusedError(f"{path}: the kernel does not permit you this", hint="sudo, or your own ring")
    if exc.errno == errno.EINVAL:
        return InputError(f"{path}: the kernel takes no such value", hint="memlog stats")
    if exc.errno == errno.EMSGSIZE:
        return BlobTooLargeError(f"{path}: the record is larger than the ring", hint="memlog resize 4M")
    return RingUnavailableError(f"{path}: {exc.strerror}")
