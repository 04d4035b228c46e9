"""Compiled modules without the package around them.

A search is a process of 25 ms: zstandard's __init__ costs it 12, and pysqlite3's datetime and collections 4.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load(package: str, name: str) -> "Any":
    """The compiled module `package.name`, the one `import package` would use too, now or later.

    Raises: ImportError where the package is laid out otherwise: then import it whole.
    """
    full = f"{package}.{name}"
    found = sys.modules.get(full)
    if found is not None:
        return found
    import _imp
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import EXTENSION_SUFFIXES, ExtensionFileLoader
    from os.path import isfile, join

    for folder in sys.path:
        for suffix in EXTENSION_SUFFIXES:
            path = join(folder, package, name + suffix)
            if isfile(path):
                spec = ModuleSpec(full, ExtensionFileLoader(full, path), origin=path)
                module = _imp.create_dynamic(spec)
                _imp.exec_dynamic(module)
                sys.modules[full] = module  # what a later import of the package will find
                return module
    raise ImportError(f"no compiled {full} on the path")
