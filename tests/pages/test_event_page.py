"""What only a hook delivered is found by the pages' search, and has a page."""

from pathlib import Path
from typing import Any

import archives
from archives import event, record
from memlog.paths import Home


async def test_an_event_is_found_and_has_a_page(serve: Any, tmp_path: Path) -> None:
    home = Home(str(tmp_path / "told"))
    archives.fill(home, [record("hello"), event("UserPromptSubmit", prompt="<b>zeppelin</b>")])
    client = serve(home.archive).client
    found = await client.get("/archive/-/search?q=zeppelin")
    assert found.status_code == 200 and "/archive/-/record/e1" in found.text
    page = await client.get("/archive/-/record/e1")
    assert page.status_code == 200 and "&lt;b&gt;zeppelin" in page.text
    assert (await client.get("/archive/-/record/e2")).status_code == 404
    assert (await client.get("/archive/v_event_text")).status_code == 200
