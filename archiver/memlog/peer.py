"""Whose program asks: on Linux the kernel says who owns the socket at the other end of a connection."""

import os
import socket
import sys

TABLE = "/proc/net/tcp"
_ESTABLISHED = "01"  # a socket its program has closed has no owner: the kernel says 0, which is root
_NOBODY = 65_534  # how a user of another namespace is shown
_MAPPED = "::ffff:"  # how a socket for both families names an address of IPv4


def can_tell() -> bool:
    """Whether this machine says it."""
    return os.access(TABLE, os.R_OK)


def is_own(client: tuple[str, int] | None, port: int, host: str = "127.0.0.1") -> bool:
    """Whether a connection to this port of an address of ours comes from a program of this process's user."""
    uid = owner(client, port, host) if client else None
    return uid is not None and uid != _NOBODY and uid == os.getuid()


def owner(client: tuple[str, int], port: int, host: str = "127.0.0.1") -> int | None:
    """The uid that opened the connection; None where nobody says."""
    theirs_host, host = client[0].removeprefix(_MAPPED), host.removeprefix(_MAPPED)
    try:
        theirs, ours = _written(theirs_host, client[1]), _written(host, port)
        with open(TABLE + "6" if ":" in host else TABLE, encoding="ascii") as table:
            for line in table:
                fields = line.split()
                if fields[1:4] == [theirs, ours, _ESTABLISHED]:
                    return int(fields[7])
    except (OSError, ValueError, IndexError):
        return None
    return None


def _written(host: str, port: int) -> str:
    """An address as the table has it: four bytes at a time as this machine orders them, in hex."""
    raw = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    words = (int.from_bytes(raw[at : at + 4], sys.byteorder) for at in range(0, len(raw), 4))
    return f"{''.join(f'{word:08X}' for word in words)}:{port:04X}"
