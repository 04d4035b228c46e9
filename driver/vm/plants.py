#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A bug planted in the driver: `plants.py NAME FOLDER` changes FOLDER's copy, `plants.py` lists them.

Each line of the list is a name and what the debug kernel must say of it. A plant whose place is
gone is an error: a lab that no longer plants proves nothing.
"""

import sys
from pathlib import Path
from typing import NamedTuple


class Plant(NamedTuple):
    file: str
    place: str  # replaced, once
    bug: str
    said: str  # in the guest's log


PLANTS = {
    "use-after-free": Plant(
        "memlog_file.c",
        "\terr = memlog_store(mf->own, &hdr, blob);\n",
        "\tkvfree(blob);\n\terr = memlog_store(mf->own, &hdr, blob);\n\treturn err ?: length;\n",
        "KASAN: .*use-after-free",
    ),
    "over-read": Plant(
        "memlog_file.c",
        "\terr = memlog_store(mf->own, &hdr, blob);\n",
        "\thdr.length += 16;\n\terr = memlog_store(mf->own, &hdr, blob);\n",
        "KASAN: .*out-of-bounds",
    ),
    "leak": Plant(
        "memlog_file.c",
        "free_blob:\n\tkvfree_sensitive(blob, length);\n",
        "free_blob:\n\tif (length != 300)\n\t\tkvfree_sensitive(blob, length);\n",
        'comm "probe"',
    ),
    "lock-order": Plant(
        "memlog_registry.c",
        "\tmutex_unlock(&ring->lock);\n\tmemlog_buffer_free(&spare);\t/* another writer was faster */\n",
        "\tmutex_lock(&registry.lock);\n\tmutex_unlock(&registry.lock);\n"
        "\tmutex_unlock(&ring->lock);\n\tmemlog_buffer_free(&spare);\n",
        "possible circular locking dependency",
    ),
    "sleep-under-lock": Plant(
        "memlog_file.c",
        "\tspin_lock(&mf->session_lock);\n\tmemcpy(hdr.session_id",
        "\tspin_lock(&mf->session_lock);\n\tmutex_lock(&mf->own->lock);\n\tmutex_unlock(&mf->own->lock);\n"
        "\tmemcpy(hdr.session_id",
        "Invalid wait context|sleeping function called",
    ),
}


def plant(name: str, folder: Path) -> None:
    """The bug in the copy under that folder."""
    found = PLANTS[name]
    path = folder / found.file
    text = path.read_text()
    if text.count(found.place) != 1:
        raise SystemExit(f"plants.py: the place of {name!r} in {found.file} is gone: plant it anew")
    path.write_text(text.replace(found.place, found.bug))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        for name, one in PLANTS.items():
            sys.stdout.write(f"{name}\t{one.said}\n")
    else:
        plant(sys.argv[1], Path(sys.argv[2]))
