"""Markdown made to cost: it is counted before it is read, and shown as it was written where it is too much."""

import re
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from datasette_memlog import marks, prose
from pages.filled import fill
from pages.told import folder, said

BOMBS = {
    "images in images": "![[" * 20_000, "brackets": "[" * 20_000, "links in links": "[a](" * 12_000, "emphasis": "_a" * 20_000,
    "bold": "**b** " * 10_000, "items": "- a\n" * 10_000, "a wide table": "|a" * 90 + "\n" + "|-" * 90 + "\n" + "a\n" * 90,
}  # fmt: skip


def calls(read: Any) -> int:
    """How many functions of Markdown's reader were called."""
    seen = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal seen
        seen += event == "call" and "markdown_it" in frame.f_code.co_filename

    sys.setprofile(count)
    try:
        read()
    finally:
        sys.setprofile(None)
    return seen


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_text_with_too_many_marks_is_shown_as_it_was_written(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calls(lambda: marks.Said()("summary", text)) == 0
    html = marks.Said()("summary", text)
    assert marks.TOO_MANY in html and text[:300] in html and 'tabindex="0"' in html
    small = text if "|-" in text else text[: len(text) // 40]
    for budget in ("MARKS", "BRACKETS", "CELLS", "A_PAGE"):  # the known-bad twin: no budget
        monkeypatch.setattr(marks, budget, 1 << 40)
    assert calls(lambda: marks.Said()("summary", small)) > 2_000, "it was the count that kept it short"


def test_a_page_reads_so_many_marks_and_shows_the_rest_as_it_was_written() -> None:
    page = marks.Said()
    shown = [page("reply", f"{n} " + "**b** " * 500) for n in range(30)]
    plain = [marks.TOO_MANY in html for html in shown]
    assert plain == sorted(plain) and not plain[0] and plain[-1]
    assert sum(marks.weight(f"{n} " + "**b** " * 500) for n in range(plain.index(True))) <= marks.A_PAGE
    assert page("reply", "0 " + "**b** " * 500) == shown[0], "what was read stays read"


@pytest.mark.parametrize("sign", ["> ", "1. ", "> 1. "])
def test_what_is_nested_too_deep_is_not_left_out(sign: str) -> None:
    assert "the end" in prose.markdown(sign * 4 + "the end") and "<pre" not in prose.markdown(
        sign * 4 + "the end"
    )
    for n in range(4, 60):
        assert "the end" in prose.markdown(sign * n + "the end"), n
    assert prose.TOO_DEEP in prose.markdown(sign * 60 + "the end")


async def test_texts_are_read_beside_the_server_and_not_by_it(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"message": "It is **done**.", "thinking": "*hm*", "summary": "kept **this**"}
    records = [said(n, kind, "assistant", text) for n, (kind, text) in enumerate(texts.items())]
    client = serve(fill(tmp_path, [*records, said(4, "message", "user", "do **it**")])).client
    place = await folder(client)  # it has started
    threads = []
    real = prose.markdown

    def read(*given: Any, **more: Any) -> Any:
        threads.append(threading.get_ident())
        return real(*given, **more)

    monkeypatch.setattr(prose, "markdown", read)
    html = (await client.get(place)).text
    assert "<strong>done</strong>" in html and "<strong>it</strong>" in html
    record = re.findall(r"/-/record/(\d+)", html)[0]
    assert "<strong>" in (await client.get(f"/archive/-/record/{record}")).text
    assert len(threads) >= 5 and threading.get_ident() not in threads


async def test_a_record_in_very_many_parts_has_a_page_of_bounded_size(serve: Any, tmp_path: Path) -> None:
    client = serve(fill(tmp_path, [said(0, "message", "user", "**b** " * 400_000)])).client
    html = (await client.get(await folder(client))).text
    record = re.findall(r"/-/record/(\d+)", html)[0]
    page = (await client.get(f"/archive/-/record/{record}")).text
    assert len(page) < 2_000_000 and marks.TOO_MANY in page and "more blobs" in page
