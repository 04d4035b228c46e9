"""Where things lie under the home, and how its files are made.

Plain strings and os.path: pathlib costs the hook a bare interpreter's start.
"""

import errno
import os
import stat

from memlog.errors import UnsafePathError

DIR_MODE = 0o700
FILE_MODE = 0o600
_OWN = "memlog --home DIR with a home of your own, or run it as that user"


def default_home() -> str:
    """$MEMLOG_HOME, else ~/.claude/memlog."""
    return os.environ.get("MEMLOG_HOME") or os.path.join(os.path.expanduser("~"), ".claude", "memlog")


class Home:
    """Paths below one home; nothing is created by asking."""

    __slots__ = ("root",)

    def __init__(self, root: str | None = None) -> None:
        self.root = os.path.abspath(os.path.expanduser(root or default_home()))

    def __fspath__(self) -> str:
        return self.root

    def __repr__(self) -> str:
        return f"Home({self.root!r})"

    @property
    def archive(self) -> str:
        return os.path.join(self.root, "archive.db")

    @property
    def config(self) -> str:
        return os.path.join(self.root, "config.toml")

    @property
    def key(self) -> str:
        """32 random bytes: identities of lines without an id, never leaves the home."""
        return os.path.join(self.root, "key")

    @property
    def archive_key(self) -> str:
        """The key the archive was made with: tells another one, and brings it back where it is gone."""
        return os.path.join(self.root, "archive.key")

    @property
    def ring(self) -> str:
        return os.path.join(self.root, "ring")

    @property
    def spool(self) -> str:
        return os.path.join(self.root, "spool")

    @property
    def watermarks(self) -> str:
        return os.path.join(self.root, "watermark")

    @property
    def log(self) -> str:
        return os.path.join(self.root, "log")

    @property
    def socket(self) -> str:
        return os.path.join(self.root, "witness.sock")

    @property
    def lock(self) -> str:
        return os.path.join(self.root, "witness.lock")

    @property
    def witness_start(self) -> str:
        """What came of the last start (witness/start.py); its mtime: when a hook last tried."""
        return os.path.join(self.root, "witness.start")

    @property
    def witness_stopped(self) -> str:
        """Exists after `memlog witness stop`: hooks start none."""
        return os.path.join(self.root, "witness.stopped")

    @property
    def told(self) -> str:
        """Its mtime is when an agent's user was last told that nothing is archived."""
        return os.path.join(self.root, "told")

    @property
    def tombstones(self) -> str:
        return os.path.join(self.root, "tombstones.jsonl")

    @property
    def doorbell(self) -> str:
        return os.path.join(self.root, "ring", "doorbell")


def own(home: Home) -> Home:
    """This home, if it is not there yet or belongs to this user.

    Another's is refused to root too: what root makes in it its owner cannot write any more.
    Raises: UnsafePathError.
    """
    try:
        found = os.stat(home.root)
    except PermissionError as exc:
        raise UnsafePathError(f"{home.root} is another user's: {exc.strerror}", hint=_OWN) from exc
    except NotADirectoryError as exc:
        raise UnsafePathError(f"{home.root} lies in what is not a directory", hint=_OWN) from exc
    except OSError:
        return home  # who makes it or opens it says what is wrong
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafePathError(f"{home.root} is not a directory", hint=_OWN)
    if found.st_uid != os.geteuid():
        raise UnsafePathError(
            f"{home.root} belongs to uid {found.st_uid}, and you are uid {os.geteuid()}", hint=_OWN
        )
    return home


def make_dir(path: str) -> None:
    """A directory of mode 0700 that is ours, under any umask; parents are made as they are.

    Raises: UnsafePathError when it belongs to somebody else or is a link.
    """
    try:
        os.mkdir(path, DIR_MODE)
        os.chmod(path, DIR_MODE)
        return
    except FileExistsError:
        pass
    except FileNotFoundError:
        parent = os.path.dirname(path)
        if os.path.isdir(parent):
            raise  # /proc takes no directory, and says so like this
        os.makedirs(parent, DIR_MODE, exist_ok=True)
        make_dir(path)
        return
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafePathError(f"{path} is not a directory")
    if found.st_uid != os.geteuid():
        raise UnsafePathError(f"{path} belongs to uid {found.st_uid}, not to you")
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.chmod(path, DIR_MODE)


def open_private(path: str, flags: int) -> int:
    """A descriptor of a file of mode 0600, never through a link; O_CLOEXEC.

    Raises: UnsafePathError when the file is a link or belongs to somebody else.
    """
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    except OSError as exc:
        if os.path.islink(path):
            raise UnsafePathError(f"{path} is a symbolic link") from exc
        raise
    found = os.fstat(fd)
    if found.st_uid != os.geteuid():
        os.close(fd)
        raise UnsafePathError(f"{path} belongs to uid {found.st_uid}, not to you")
    if stat.S_IMODE(found.st_mode) & 0o177:
        os.fchmod(fd, FILE_MODE)
    return fd


def read_bounded(path: str, most: int) -> bytes:
    """The bytes of a regular file that somebody else wrote.

    Raises: OSError, also for a device or a pipe, and for more bytes than `most`.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe nobody writes to would hold us
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        raw = file.read(most + 1)
    if len(raw) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most:,} bytes", path)
    return raw


def replace_file(path: str, data: bytes, *, sync: bool = True) -> None:
    """The file's new content, whole or not at all, mode 0600.

    sync: fsync file and directory, for what must survive a power cut.
    """
    folder = os.path.dirname(path)
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        os.fchmod(fd, FILE_MODE)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        if sync:
            os.fsync(fd)
    except BaseException:
        os.close(fd)
        os.unlink(temporary)
        raise
    os.close(fd)
    os.rename(temporary, path)
    if sync:
        sync_dir(folder)


def sync_dir(path: str) -> None:
    """A rename or unlink in this directory survives a power cut once this returns."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def load_key(home: Home) -> bytes:
    """The home's 32-byte key, made at first use; equal in every process that asks.

    A key that is gone or cut short is put back from `archive.key`; beside an archive none is made anew.
    Raises: UnsafePathError.
    """
    try:
        return read_key(home)
    except FileNotFoundError:
        pass
    make_dir(home.root)
    temporary = f"{home.key}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    replace_file(temporary, _read_key(home.archive_key) or os.urandom(32))
    try:
        if _read_key(home.key) is None:
            os.link(temporary, home.key)  # the first one wins; a rename could replace a key already used
        else:
            os.rename(temporary, home.key)  # cut short: nobody used it
    except FileExistsError:
        pass
    finally:
        try:
            os.unlink(temporary)
        except FileNotFoundError:
            pass
    return read_key(home)


def read_key(home: Home) -> bytes:
    """The home's key as load_key() gives it, where nothing has to be written for that.

    Raises: FileNotFoundError where load_key() would make it, UnsafePathError where it can do nothing.
    """
    key, kept = _read_key(home.key), _read_key(home.archive_key)
    mend = f"cp {home.archive_key} {home.key}" if kept is not None else "restore it from a backup"
    if kept is not None and len(kept) != 32:
        raise UnsafePathError(f"{home.archive_key} does not hold a key of 32 bytes", hint="mv it away")
    if key is None or (kept is not None and len(key) < 32):
        if kept is None and _is_archive(home.archive):
            raise UnsafePathError(
                f"{home.key} is gone, and with another key what is archived would be stored twice", hint=mend
            )
        raise FileNotFoundError(home.key)
    if len(key) != 32:
        raise UnsafePathError(f"{home.key} does not hold a key of 32 bytes", hint=mend)
    if kept is not None and key != kept:
        raise UnsafePathError(f"{home.key} is not the key this archive was made with", hint=mend)
    return key


def _is_archive(path: str) -> bool:
    """True for a database of ours, by its application_id; what never was one has no key."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return os.path.lexists(path)
    try:
        head = os.read(fd, 100)
        return head.startswith(b"SQLite format 3\0") and head[68:72] == b"MLOG"
    finally:
        os.close(fd)


def keep_key(home: Home, key: bytes) -> None:
    """Have the archive remember its key: `archive.key` beside it, from the first time it is opened."""
    if not os.path.lexists(home.archive_key):
        replace_file(home.archive_key, key)


def _read_key(path: str) -> bytes | None:
    try:
        fd = open_private(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise UnsafePathError(f"{path} cannot be read: {exc.strerror}", hint=f"chmod 600 {path}") from exc
    try:
        return os.read(fd, 64)
    except OSError as exc:
        raise UnsafePathError(f"{path} cannot be read: {exc.strerror}", hint="mv it away") from exc
    finally:
        os.close(fd)
