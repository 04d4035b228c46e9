"""Files and folders a text names, component by component."""

import pytest

from memlog.archive.files import named


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("see pkg/cmd/common.go:907", "common.go", True), ("see pkg/cmd/common.go:907", "cmd/common.go", True),
        ("push_common.go", "common.go", False), ("push-common.go", "common.go", False),
        ("a.common.go", "common.go", False), (".common.go", "common.go", False),
        ("common.go.bak", "common.go", False), ("common.go~ x", "common.go", False),
        ("common.goo", "common.go", False), ("commonXgo", "common.go", False),
        ("Read common.go.", "common.go", True), ("see common.go ...", "common.go", True),
        ("-common.go +1", "common.go", True), ("--file=common.go", "common.go", True),
        ("`COMMON.GO`", "common.go", True), ("notcommon.go, then common.go", "common.go", True),
        ("xcmd/common.go", "cmd/common.go", False), ("cmd/common.go", "./cmd/common.go", True),
        ("src/main.rs", "src/", True), ("cd src", "src/", False), ("lib/src/a", "src/", True),
        ("mysrc/main.rs", "src/", False), ("/home/ann/shop/a.py", "/home/ann", True),
        ("/mnt/home/ann/shop", "/home/ann", False), ("file:///home/ann/x", "/home/ann", True),
        (r"cmd\common.go", "cmd/common.go", True), (r'"cmd\\common.go"', r"cmd\common.go", True),
        (r'{"out": "one\ncmd/common.go\ntwo"}', "cmd/common.go", True),
        ("Übung.md", "übung.md", True), ("U\u0308bung.md", "übung.md", True), ("Rübung.md", "übung.md", False),
        ("my file.txt", "my file.txt", True),
        ("cmd/common.go:3", "*.go", True), ("common.gone", "*.go", False), ("common.go.bak", "*.go", False),
        ("a/test_x.py", "test_*.py", True), ("a/my_test_x.py", "test_*.py", False),
        ("src/a/b.rs", "src/*.rs", False), ("src/b.rs", "src/*.rs", True), ("src/a/c/b.rs", "src/**/*.rs", True),
        ("src/b.rs", "src/**/b.rs", True), ("lib/src/b.rs", "/src/*.rs", False), ("in /src/b.rs!", "/src/*.rs", True),
        ("app/[slug]/page.tsx", "app/*/page.tsx", True), ("a1.c", "a?.c", True), ("a12.c", "a?.c", False),
        ("[src/a.go](x)", "*.go", True), ("src/", "src/*", False), ("src/a", "src/*", True),
    ],
)  # fmt: skip
def test_a_file_is_named_by_whole_components_in_a_row(text: str, path: str, found: bool) -> None:
    assert named(text.encode(), path) == found


def test_each_of_several_paths_counts_once() -> None:
    assert named(b"a.py b.py a.py", "a.py\nb.py\nc.py") == 2


def test_no_text_makes_a_pattern_slow() -> None:
    text = b"a/" * 30_000 + b"b"
    assert named(text, "a/**/a/**/a/**/x*a*a*a*a") == 0
    assert named(b"aaaa." * 3_000, "*a*a*a*a*a*a*a*b.") == 0
