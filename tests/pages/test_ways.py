"""How a reader gets about in a session: what counts as a prompt, its two ends."""

import re
from pathlib import Path
from typing import Any

from pages.filled import fill
from pages.told import folder, said


async def test_the_header_counts_the_prompts_that_are_drawn_and_says_how_many_messages_there_are(
    serve: Any, tmp_path: Path
) -> None:
    line = {"line": {"isMeta": True}}
    records = [
        said(0, "message", "user", "do it"),
        said(1, "message", "user", "Base directory for this skill: here", rest=line),
        said(2, "message", "user", "<command-name>/clear</command-name>"),
        said(3, "message", "user", "is isMeta true?", rest={"line": {"isMeta": False}}),
    ]
    client = serve(fill(tmp_path, records)).client
    html = (await client.get(await folder(client))).text
    drawn = len(re.findall('class="e prompt"', html))
    assert drawn == 2 and ">2 prompts</li>" in html and ">4 turns</li>" in html
    assert (
        len(re.findall('class="epochs".*?</ol>.*?</ol>', html, re.DOTALL)[0].split('href="#r')) - 1 == drawn
    )


async def test_both_ends_of_a_session_are_a_link_away(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, [said(n, "message", "assistant", f"answer {n}") for n in range(300)])
    client = serve(path).client
    place = await folder(client)
    first = (await client.get(place)).text
    last = re.search(r'class="to-last" href="([^"]+)"', first)
    assert last and last[1] == f"{place}?at=last#end" and "to-first" not in first
    record = re.findall(r'id="r(\d+)', first)[0]
    html = (await client.get(last[1])).text
    assert html.index("answer 299</p>") < html.index('id="end"')
    assert f'class="to-first" href="{place}"' in html and "to-last" not in html
    live = (await client.get(f"{place}/live?from={record}")).text
    assert "data-last" not in live
    fill(tmp_path, [said(n, "message", "assistant", f"answer {n}") for n in range(300, 900)])
    live = (await client.get(f"{place}/live?from={record}")).text
    assert f'data-last="{place}?at=last#end"' in live


async def test_every_figure_of_errors_says_what_it_counts(serve: Any, tmp_path: Path) -> None:
    """The host's failures, a tool's, and the messages read in them are three figures."""
    path = fill(
        tmp_path,
        [
            said(0, "message", "user", "do it"),
            *(said(n, "meta", "system", "529 Overloaded", error=True) for n in (1, 2, 3)),
            said(4, "message", "assistant", "API Error", error=True),
            said(5, "tool_result", "tool", "error: E0308: no such thing\nerror: E0309: nor this", tool="Bash", error=True),
        ],
    )  # fmt: skip
    client = serve(path).client
    place = await folder(client)
    line = (await client.get(place)).text.partition('data-part="line"')[2].partition("</ul>")[0]
    assert ">5 errors</span>: 3 host lines, 1 reply, 1 tool answer</li>" in line
    html = (await client.get(place.replace("/session/", "/facts/"))).text
    assert (
        ">1 failed</a>" in html
        and "The 5 errors of this session: 3 host lines, 1 reply, 1 tool answer." in html
    )
    assert "An error here is a message that was read" in html
    assert "Errors: all records marked as failed" in (await client.get("/archive/-/sessions")).text


async def test_errors_that_are_all_of_tools_need_no_list(serve: Any, tmp_path: Path) -> None:
    path = fill(tmp_path, [said(n, "tool_result", "tool", "no", tool="Bash", error=True) for n in range(2)])
    client = serve(path).client
    place = await folder(client)
    assert ">2 errors</span></li>" in (await client.get(place)).text
    assert "of this session:" not in (await client.get(place.replace("/session/", "/facts/"))).text
