"""Whose program asks: on Linux the kernel says who owns the socket at the other end of a connection."""

import os
import socket
import sys

TABLE = "/proc/net/tcp"
_ESTABLISHED = "01"  # a socket its program has closed has no owner: the kernel says 0, which is root
_NOBODY = 65_534  # how a user of another namespace is shown


def can_tell() -> bool:
    """Whether this machine says it."""
    return os.access(TABLE, os.R_OK)


def is_own(client: tuple[str, int] | None, port: int) -> bool:
    """Whether a connection to this port of 127.0.0.1 comes from a program of this process's user."""
    uid = owner(client, port) if client else None
    return uid is not None and uid != _NOBODY and uid == os.getuid()


def owner(client: tuple[str, int], port: int) -> int | None:
    """The uid that opened the connection; None where nobody says."""
    try:
        theirs, ours = _written(*client), _written("127.0.0.1", port)
        with open(TABLE, encoding="ascii") as table:
            for line in table:
                fields = line.split()
                if fields[1:4] == [theirs, ours, _ESTABLISHED]:
                    return int(fields[7])
    except (OSError, ValueError, IndexError):
        return None
    return None


def _written(host: str, port: int) -> str:
    """An address as the table has it: bytes as this machine orders them, in hex."""
    number = int.from_bytes(socket.inet_aton(host), sys.byteorder)
    return f"{number:08X}:{port:04X}"
