"""Transcript files under a path."""

import os
from collections.abc import Container, Iterator

from memlog.errors import NotFoundError

ENDINGS = (".jsonl", ".jsonl.gz")


def under(path: str, skip: Container[str] = (), endings: tuple[str, ...] = ENDINGS) -> Iterator[str]:
    """The file itself, or a folder's .jsonl and .jsonl.gz files in a fixed order, folders after files.

    skip: names of folders not to look into. endings: of other files. Links to folders are not followed.
    Raises: NotFoundError.
    """
    path = os.path.abspath(os.path.expanduser(path))
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise NotFoundError(f"{path} does not exist", hint="memlog import --help")
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in skip)
        for name in sorted(names):
            if name.endswith(endings) and os.path.isfile(os.path.join(folder, name)):
                yield os.path.join(folder, name)
