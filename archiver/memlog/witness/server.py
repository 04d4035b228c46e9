"""<home>/witness.sock: requests of this user's commands, one JSON object a line.

A request is {"job": name, "args": {…}} or {"verb": "status" | "drain" | "stop"}, one per
connection. Answers: {"progress": [done, total, note]} any number of times, then {"result": {…}} or
{"error": {type, message, hint, exit_code}}. Nothing a client does or leaves undone blocks the loop.
"""

import ctypes
import json
import os
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from memlog.errors import InputError, WitnessUnavailableError
from memlog.paths import FILE_MODE, Home
from memlog.witness.jobs import error_to_wire

MAX_REQUEST = 4 << 20
MAX_CLIENTS = 32
_BACKLOG = 128
IDLE_S = 30.0  # to send a request, or to take the last answer
_SUN_PATH = 100  # bytes; sun_path is 108 on Linux, 104 on macOS


@contextmanager
def socket_address(home: Home) -> Iterator[str]:
    """A name of the home's socket that fits into sun_path, valid inside the block.

    Raises: WitnessUnavailableError when the home's path is too long and the system offers no way round.
    """
    if len(os.fsencode(home.socket)) <= _SUN_PATH:
        yield home.socket
        return
    if not os.path.isdir("/proc/self/fd"):
        raise WitnessUnavailableError(
            f"{home.socket} is too long for a socket on this system", hint="use a home with a shorter path"
        )
    fd = os.open(home.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{os.path.basename(home.socket)}"
    finally:
        os.close(fd)


def peer_uid(sock: socket.socket) -> int:
    """The uid at the other end, as the kernel knows it."""
    if hasattr(socket, "SO_PEERCRED"):
        return int(struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
    return _getpeereid(sock.fileno())


def _getpeereid(fd: int) -> int:
    # macOS and the BSDs; glibc has no getpeereid, so a test passes its own library.
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.getpeereid(fd, ctypes.byref(uid), ctypes.byref(gid)) != 0:
        raise OSError(ctypes.get_errno(), "getpeereid")
    return uid.value


class Client:
    """One connection: a request comes in, answers go out as fast as the other end takes them."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.touched = time.monotonic()
        self.asked = False
        self.done = False
        self._in = bytearray()
        self._out = bytearray()
        self._progress = b""

    @property
    def wants_write(self) -> bool:
        return bool(self._out or self._progress)

    @property
    def finished(self) -> bool:
        return self.done and not self.wants_write

    def progress(self, done: int, total: int, note: str) -> None:
        """The latest progress; one the client was too slow to take is replaced by it."""
        self._progress = _line({"progress": [done, total, note]})

    def answer(self, **body: Any) -> None:
        """The last line: result=… or error=…."""
        self._out += self._progress if not self._out else b""
        self._progress = b""
        self._out += _line(body)
        self.done = True
        self.touched = time.monotonic()

    def receive(self) -> dict[str, Any] | None:
        """The request, once it is whole.

        Raises: InputError when it is none; EOFError when the client is gone.
        """
        try:
            data = self.sock.recv(65_536)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            data = b""
        if not data:
            raise EOFError
        if self.asked:
            return None  # one request a connection: more bytes mean nothing
        self._in += data
        line, end, _ = self._in.partition(b"\n")
        if len(line) > MAX_REQUEST:
            raise InputError(f"a request is at most {MAX_REQUEST} bytes")
        if not end:
            return None
        self.asked = True
        self._in.clear()
        try:
            body = json.loads(line)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise InputError("a request is one JSON object on a line")
        return body

    def flush(self) -> None:
        """Send what the client takes now. Raises: EOFError when it is gone."""
        if not self._out:
            self._out += self._progress
            self._progress = b""
        try:
            sent = self.sock.send(self._out)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as exc:
            raise EOFError from exc
        if sent:
            self.touched = time.monotonic()
        del self._out[:sent]


class Server:
    """The listening socket and its clients, on the witness's selector."""

    def __init__(self, home: Home, selector: selectors.BaseSelector) -> None:
        """Listens; the caller holds the witness's lock, so a socket file left behind is nobody's."""
        self._home = home
        self._selector = selector
        self._clients: list[Client] = []
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._sock.setblocking(False)
            try:
                os.unlink(home.socket)
            except FileNotFoundError:
                pass
            with socket_address(home) as address:
                self._sock.bind(address)  # nobody else reaches it before the chmod: the home is 0700
            os.chmod(home.socket, FILE_MODE)
            self._sock.listen(_BACKLOG)
        except BaseException:
            self._sock.close()
            raise
        selector.register(self._sock, selectors.EVENT_READ, self)

    def close(self) -> None:
        """Stop listening, drop the clients, remove the socket file."""
        for client in list(self._clients):
            self._drop(client)
        self._selector.unregister(self._sock)
        self._sock.close()
        try:
            os.unlink(self._home.socket)
        except OSError:
            pass

    def accept(self) -> None:
        """Let waiting clients in: of this user, and at most MAX_CLIENTS."""
        while True:
            try:
                sock, _ = self._sock.accept()
            except OSError:
                return  # none waits, or the process has no descriptor left for it
            sock.setblocking(False)
            try:
                allowed = peer_uid(sock) in (os.geteuid(), 0) and len(self._clients) < MAX_CLIENTS
            except OSError:
                allowed = False
            if not allowed:
                sock.close()
                continue
            client = Client(sock)
            self._clients.append(client)
            self._selector.register(sock, selectors.EVENT_READ, client)

    def serve(self, client: Client, mask: int) -> dict[str, Any] | None:
        """What the client asked for now, if it just finished asking. A broken request is answered here."""
        request = None
        try:
            if mask & selectors.EVENT_READ:
                request = client.receive()
            if mask & selectors.EVENT_WRITE:
                client.flush()
        except InputError as exc:
            client.answer(error=error_to_wire(exc))
        except EOFError:
            self._drop(client)
            return None
        return request

    def tidy(self) -> None:
        """Send what is waiting, and part with who is served, silent or stuck."""
        now = time.monotonic()
        for client in list(self._clients):
            try:
                if client.wants_write:
                    client.flush()
            except EOFError:
                self._drop(client)
                continue
            idle = now - client.touched > IDLE_S
            if client.finished or (idle and (client.done or not client.asked)):
                self._drop(client)
                continue
            mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.wants_write else 0)
            if self._selector.get_key(client.sock).events != mask:
                self._selector.modify(client.sock, mask, client)

    def drain(self, timeout_s: float = 1.0) -> None:
        """Give the clients a last moment to take their answers."""
        end = time.monotonic() + timeout_s
        while any(c.wants_write for c in self._clients) and time.monotonic() < end:
            self.tidy()
            time.sleep(0.01)

    def _drop(self, client: Client) -> None:
        self._clients.remove(client)
        self._selector.unregister(client.sock)
        client.sock.close()
        client.done = True


def _line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
