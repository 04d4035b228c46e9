"""What found what a bundle says: a digest over the sources that read records and write reports."""

import hashlib
import os
from functools import cache

import memlog
from memlog.contracts import schema_dir

_FOLDERS = ("query", os.path.join("query", "facts"), "export")
_MODULES = ("record.py", os.path.join("archive", "body.py"), os.path.join("export", "report.css"))
_SCHEMA = ("export.sql", "incident.sql")


@cache
def digest() -> str:
    """SHA-256, in hex; equal where the same records give the same tables and reports."""
    root = os.path.dirname(os.path.abspath(memlog.__file__))
    names = [*_MODULES]
    for folder in _FOLDERS:
        names += [
            os.path.join(folder, n) for n in os.listdir(os.path.join(root, folder)) if n.endswith(".py")
        ]
    paths = [(name, os.path.join(root, name)) for name in sorted(names)]
    paths += [(name, os.path.join(schema_dir(), name)) for name in _SCHEMA]
    found = hashlib.sha256()
    for name, path in paths:
        with open(path, "rb") as file:
            found.update(f"{name.replace(os.sep, '/')}\0".encode() + hashlib.sha256(file.read()).digest())
    return found.hexdigest()
