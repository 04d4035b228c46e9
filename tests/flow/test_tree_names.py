"""Folders of sessions: plain names inside the tree, one for each, whatever a session calls itself."""

import os
import random
from pathlib import Path

import pytest

from memlog.archive import folder, tree
from memlog.errors import UnsafePathError

HOSTILE = [
    "", ".", "..", "../escaped", "/etc/passwd", "a/b", "a\\b", "a\0b", "\0", "CON", "nul", "x-", "x-" + "0" * 32, "ring",
    "spool", "log", "tmp", "archive", "witness", "watermark", "Session-A", "session-a", "SESSION-A", "a" * 64, "a" * 65,
    "a" * 5000, "-rf", "--", "~", "~root", "$HOME", "a\nb", "a\n", " ", "a ", ".hidden", "é", "e\u0301", "ﬁ", "\u202e",
    "\ud800", "%2e%2e%2f", "..%2f", "con.json", "session.json", "a;rm -rf", "İ", "ß", "SS",
]  # fmt: skip


def test_ten_thousand_hostile_ids_stay_inside_the_tree_and_apart() -> None:
    draw = random.Random(5)
    alphabet = "abAB01-_./\\\0 \n~éß\u202e\ud800x"
    ids = dict.fromkeys(HOSTILE)
    while len(ids) < 10_000:
        ids["".join(draw.choices(alphabet, k=draw.randint(0, 70)))] = None
    names: dict[str, tuple[str, str]] = {}
    for agent in ("claude-code", "codex", "", "a\0b", "claude-code\0"):
        for session in ids:
            name = tree.session_dir(agent, session)
            assert os.path.dirname(os.path.normpath(os.path.join("/home/tree", name))) == "/home/tree"
            assert name.isascii() and name == name.casefold() and 0 < len(name) <= 64
            assert name not in tree._RESERVED and not name.endswith((".db", ".json", ".sock"))
            assert names.setdefault(name, (agent, session)) == (agent, session), "two sessions, one folder"
    # The twin: ids that are only joined escape, collide where case is folded, or cannot be names.
    naive = [os.path.normpath(os.path.join("/home/tree", i)) for i in ids]
    assert any(os.path.dirname(n) != "/home/tree" for n in naive)
    assert len({n.casefold() for n in naive}) < len(ids)
    assert tree.session_dir("a\0b", "c") != tree.session_dir("a", "b\0c")


def test_ordinary_ids_of_claude_code_are_their_own_folders() -> None:
    uuid = "0b5c1d9e-0000-4000-8000-00000000abcd"
    assert tree.session_dir("claude-code", uuid) == uuid
    assert tree.session_dir("codex", uuid).startswith("x-")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\0b"])
def test_a_folder_has_a_plain_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafePathError):
        folder.Folder.open(str(tmp_path), name, create=True)
