"""What systemd is told, where it listens."""

import os
import socket


def notify(*lines: str) -> bool:
    """Send READY=1, STATUS=… to the service manager; False where there is none."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.sendto("\n".join(lines).encode(), address.replace("@", "\0", 1))
        except OSError:
            return False
    return True


def watchdog_s() -> float | None:
    """Seconds between two WATCHDOG=1: half of what the manager allows; None when it does not watch us."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        return max(int(os.environ["WATCHDOG_USEC"]) / 2_000_000, 0.1)
    except (KeyError, ValueError):
        return None
