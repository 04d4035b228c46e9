"""Files of a bundle as they are read, in a folder or in a zip."""

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from memlog.export import manifest

_CHUNK = 1 << 20


class Folder:
    """Files of a bundle that is a folder."""

    def __init__(self, place: str) -> None:
        self.place = place

    def names(self) -> list[str]:
        return sorted(os.listdir(self.place))

    def manifest(self) -> bytes:
        return manifest.read(self.place)

    def open(self, name: str) -> BinaryIO:
        return manifest.opened(os.path.join(self.place, name))

    def size(self, name: str) -> int:
        return os.stat(os.path.join(self.place, name)).st_size

    @contextmanager
    def path(self, name: str) -> Iterator[str]:
        yield os.path.join(self.place, name)


class Zip:
    """Files of a bundle that is a zip."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self.packed = packed

    def names(self) -> list[str]:
        return sorted(self.packed.namelist())

    def manifest(self) -> bytes:
        with self.packed.open(manifest.NAME) as file:
            return file.read(manifest.MOST)

    def open(self, name: str) -> BinaryIO:
        return self.packed.open(name)  # type: ignore[return-value]

    def size(self, name: str) -> int:
        return self.packed.getinfo(name).file_size  # no more than that is unpacked, whatever follows

    @contextmanager
    def path(self, name: str) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="memlog-verify-") as folder:
            path = os.path.join(folder, os.path.basename(name))
            with self.open(name) as file, open(path, "wb") as out:
                while chunk := file.read(_CHUNK):
                    out.write(chunk)
            yield path
