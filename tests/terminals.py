"""A terminal for tests: what a person is sent."""

import os
import pty
import select
import subprocess
import sys


def on_a_terminal(*words: str, columns: int = 100, lines: int = 50, **env: str) -> str:
    """What a person's terminal is sent."""
    main, side = pty.openpty()
    terminal_size = ["stty", "rows", str(lines), "cols", str(columns)]
    subprocess.run(terminal_size, stdin=side, check=True)
    said = {**os.environ, "PAGER": "cat", "TERM": "xterm", **env}
    command = [sys.executable, "-m", "memlog.cli.start", *words]
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=said)
    os.close(side)
    sent = b""
    while True:
        ready, _, _ = select.select([main], [], [], 30)
        try:
            piece = os.read(main, 65_536) if ready else b""
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        sent += piece
    process.wait(timeout=30)
    os.close(main)
    return sent.decode("utf-8").replace("\r\n", "\n")
