"""<home>/log/witness.log: event first, then key=value; counts and sizes, never blob text."""

import logging
import os
import time
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler

from memlog.paths import Home, make_dir, open_private
from memlog.settings import Settings

log = logging.getLogger("memlog.witness")


class PrivateHandler(RotatingFileHandler):
    """A rotating log of mode 0600; a full disk never reaches who logs."""

    def _open(self) -> TextIOWrapper:
        fd = open_private(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:
        return

    def close(self) -> None:
        """What a full disk did not take is gone with it."""
        with suppress(OSError):
            super().close()

    def reopen(self) -> None:
        """Go on in a new file, for who rotates logs from outside."""
        self.acquire()
        try:
            before, self.stream = self.stream, None
            if before:
                with suppress(OSError):
                    before.close()
            with suppress(OSError):  # else the next line opens it
                self.stream = self._open()
        finally:
            self.release()


def log_path(home: Home) -> str:
    """Where the witness logs."""
    return os.path.join(home.log, "witness.log")


def open_log(home: Home, settings: Settings) -> PrivateHandler:
    """The witness's log, rotated at log_bytes, log_files old ones kept. Close with close_log."""
    make_dir(home.root)
    make_dir(home.log)
    handler = PrivateHandler(
        log_path(home), maxBytes=settings.log_bytes, backupCount=settings.log_files, delay=True
    )
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    log.setLevel(settings.log_level.upper())
    log.propagate = False
    return handler


def close_log(handler: PrivateHandler) -> None:
    """Stop logging to this file."""
    log.removeHandler(handler)
    handler.close()
