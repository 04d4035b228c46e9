"""Commands in processes of their own that need not load memlog first: an interpreter that has, forks for each.

A command takes 0.15 s before its own first line, and the tests start a thousand. What depends on how an interpreter
starts (its variables, its folder, another user) is for a process started anew, and so is every input no pipe holds.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

PIPE_BYTES = 1 << 16
# Loading all of memlog pays after some commands: where one test runs, its own start as anywhere else.
FEW = 6
# Read by an interpreter, or by what loads it, while it starts.
STARTING = ("PYTHON", "LC_", "LANG", "LD_", "TZ")


def start_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that decide how an interpreter starts."""
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(STARTING) and name != "PYTHONDONTWRITEBYTECODE"
    }


class Warm:
    """An interpreter that has loaded memlog, and forks."""

    def __init__(self) -> None:
        self.owner, self.user, self.environ = os.getpid(), os.getuid(), dict(os.environ)
        self.busy, self.asked = False, 0
        self.process: subprocess.Popen[bytes] | None = None

    def _begin(self) -> None:
        self.socket, theirs = socket.socketpair()
        # Its streams are pipes, as those of the commands will be: Python looks once, when it starts.
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], env=self.environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        theirs.close()

    def takes(self, environ: Mapping[str, str], given: bytes) -> bool:
        """Whether a command with these variables and this input would be the same as one started anew."""
        ours = (self.owner, self.user, start_of(self.environ))
        here = (os.getpid(), os.getuid(), start_of(environ)) == ours
        self.asked += 1
        return here and not self.busy and self.asked > FEW and len(given) <= PIPE_BYTES

    def run(
        self, module: str, words: Sequence[str], environ: Mapping[str, str], given: bytes, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Exit code (minus the signal that ended it), stdout and stderr of `python -m module words`."""
        if self.process is None:
            self._begin()
        self.busy = True
        pipes = [os.pipe() for _ in range(3)]
        (stdin, into), (out, stdout), (err, stderr) = pipes
        umask = os.umask(0)
        os.umask(umask)
        told = {"module": module, "words": [*words], "environ": {**environ}}
        told |= {"folder": os.getcwd(), "umask": umask}
        body = json.dumps(told, default=os.fspath).encode()
        socket.send_fds(self.socket, [len(body).to_bytes(4, "big")], [stdin, stdout, stderr])
        self.socket.sendall(body)
        for fd in (stdin, stdout, stderr):
            os.close(fd)
        os.write(into, given)
        os.close(into)
        pid = self._number()
        try:
            said = gather((out, err), time.monotonic() + timeout)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        finally:
            os.close(out)
            os.close(err)
            status = self._number()
            self.busy = False
        return os.waitstatus_to_exitcode(status), said[0], said[1]

    def _number(self) -> int:
        told = self.socket.recv(4, socket.MSG_WAITALL)
        if len(told) < 4:
            assert self.process is not None
            raise EOFError(self.process.communicate()[1].decode())
        return int.from_bytes(told, "big")

    def end(self) -> None:
        if self.process is not None:
            self.socket.close()
            self.process.communicate()


def gather(fds: Sequence[int], until: float) -> list[bytes]:
    """What comes from each of them, to the end; TimeoutExpired where that is not until then."""
    found = {fd: bytearray() for fd in fds}
    with selectors.DefaultSelector() as waiting:
        for fd in fds:
            waiting.register(fd, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(until - time.monotonic())
            if not ready and time.monotonic() >= until:
                raise subprocess.TimeoutExpired("memlog", until)
            for key, _ in ready:
                data = os.read(key.fd, PIPE_BYTES)
                found[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
    return [bytes(found[fd]) for fd in fds]


def split_once() -> Callable[[str], tuple[str, ...]]:
    """sqlite-utils splits a migration character by character, 40 ms for each new archive: from now on once a text."""
    from sqlite_utils import db

    split = db._iter_complete_sql_statements
    db._iter_complete_sql_statements = functools.cache(lambda sql: tuple(split(sql)))
    return db._iter_complete_sql_statements


def load() -> None:
    """All of memlog and what it loads late; it reads neither variables nor files of a home before it is called."""
    import memlog
    from memlog.archive import migrate

    for module in pkgutil.walk_packages(memlog.__path__, "memlog."):
        importlib.import_module(module.name)
    split = split_once()
    for migration in migrate.migrations():
        split(migration.sql)
    gc.freeze()  # a fork shares what nobody touches


def main(ours: socket.socket) -> None:
    """Fork for each request; returns in each child, which then is the command."""
    load()
    while True:
        size, fds, _, _ = socket.recv_fds(ours, 4, 3)
        if not size:
            os._exit(0)
        told = json.loads(ours.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
        pid = os.fork()
        if not pid:
            ours.close()
            become(told, fds)
            return
        for fd in fds:
            os.close(fd)
        ours.sendall(pid.to_bytes(4, "big"))
        ours.sendall(os.waitpid(pid, 0)[1].to_bytes(4, "big"))


def become(told: dict, fds: Sequence[int]) -> None:
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(told["environ"])
    os.umask(told["umask"])
    os.chdir(told["folder"])
    sys.argv = [told["module"], *told["words"]]
    # As where nothing was loaded: the program is __main__ and nothing else.
    sys.modules.pop(told["module"], None)
    try:
        runpy.run_module(told["module"], run_name="__main__", alter_sys=True)
    except SystemExit as exc:
        if isinstance(exc.code, int | None):
            leave(exc.code or 0)
        raise


def leave(code: int) -> None:
    """End as an interpreter does, but for taking apart what it loaded: that would copy every page of it."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what is open is closed
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
