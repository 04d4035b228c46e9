"""Who may ask, what an answer carries, how large it gets."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from datasette.app import Datasette

from datasette_memlog import answering, assets, guard
from pages.line import HANDLERS, IS_ONE, SQL

PAGES = ("/", "/archive", "/archive/v_record", "/archive/-/search?q=alarm", f"{SQL}.json?sql=select+1", "/-/databases.json",
         "/-/static/app.css", "/no-such-page")  # fmt: skip
FOREIGN = (
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:8001", "127.0.0.1@evil.example",
    "127.0.0.1:8001.evil.example", "127.0.0.1 evil.example", "0.0.0.0", "192.168.1.4:8001", "[::ffff:127.0.0.1]", "2130706433",
    "localhost.", "", "localhost:", "localhost:80:80", "xn--lcalhost-54a", "１２７.0.0.1",
)  # fmt: skip


async def ask(datasette: Any, path: str, headers: list[tuple[str, str]], **more: Any) -> httpx.Response:
    """The answer to a request with just these headers, a missing or doubled Host included."""
    raw, _, query = path.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": raw, "raw_path": raw.encode(),
        "query_string": query.encode(), "scheme": "http", "client": ("127.0.0.1", 9),
        "headers": [(k.encode(), v.encode()) for k, v in headers], **more,
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await datasette.app()(scope, receive, send)
    head, body = sent[0], b"".join(m.get("body", b"") for m in sent[1:])
    return httpx.Response(head["status"], headers=head["headers"], content=body)


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_foreign_host_is_misdirected(serve: Any, archive: str, host: str) -> None:
    datasette = serve(archive)
    for path in PAGES:
        answer = await ask(datasette, path, [("host", host)])
        assert answer.status_code == 421 and "alarm" not in answer.text


async def test_no_host_and_two_hosts_are_misdirected(serve: Any, archive: str) -> None:
    datasette = serve(archive)
    assert (await ask(datasette, "/", [])).status_code == 421
    assert (await ask(datasette, "/", [("host", "localhost"), ("Host", "evil.example")])).status_code == 421


async def test_without_the_plugin_a_foreign_host_is_answered(
    archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known-bad twin: Datasette itself answers any Host."""
    monkeypatch.setattr(guard.archives, "names", lambda datasette: [])
    assert (await ask(Datasette([archive]), "/", [("host", "evil.example")])).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8001", "localhost:1", "LocalHost", "[::1]", "[::1]:8001"]
)
async def test_loopback_is_answered(serve: Any, archive: str, host: str) -> None:
    assert (await ask(serve(archive), "/archive", [("host", host)])).status_code == 200


async def test_a_host_of_the_plugin_s_settings_is_answered(archive: str) -> None:
    datasette = Datasette([archive], metadata={"plugins": {"datasette-memlog": {"hosts": ["box.example"]}}})
    assert (await ask(datasette, "/", [("host", "box.example")])).status_code == 200
    assert (await ask(datasette, "/", [("host", "box.example.evil")])).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_can_link_here_and_nothing_else(serve: Any, archive: str, site: str) -> None:
    datasette = serve(archive)
    host = ("host", "localhost")

    async def status(site: str, mode: str, dest: str, path: str = "/archive/v_gap") -> int:
        told = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)]
        return (await ask(datasette, path, [host, *told])).status_code

    question = f"{SQL}.json?sql=select+1"
    assert await status(site, "navigate", "document") == 200
    assert await status("same-origin", "cors", "empty", question) == 200
    assert await status("none", "navigate", "document", question) == 200
    assert await status(site, "navigate", "document", question) == 403
    for mode, dest in (
        ("no-cors", "image"),
        ("cors", "empty"),
        ("navigate", "iframe"),
        ("no-cors", "script"),
    ):
        assert await status(site, mode, dest) == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://evil.example", 403), ("null", 403), ("http://localhost:9", 403), ("http://localhost", 200),
        ("https://localhost.evil.example", 403),
    ],
)  # fmt: skip
async def test_a_browser_that_only_names_the_origin_of_another_page_is_answered_nothing(
    serve: Any, archive: str, origin: str, status: int
) -> None:
    told = [("host", "localhost"), ("origin", origin)]
    for path in ("/archive/v_gap", f"{SQL}.json?sql=select+1"):
        assert (await ask(serve(archive), path, told)).status_code == status
        assert (await ask(serve(archive), path, told[:1])).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_carries_the_headers(serve: Any, archive: str, path: str) -> None:
    answer = await ask(serve(archive), path, [("host", "localhost")])
    for name, value in {
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
    }.items():  # fmt: skip
        assert answer.headers.get_list(name) == [value]
    script = re.search(r"script-src ([^;]*)", answer.headers["content-security-policy"])
    assert (
        script
        and "unsafe-inline" not in script[1]
        and "unsafe-eval" not in script[1]
        and "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    )


@pytest.mark.parametrize(
    "path",
    ["/archive", "/archive/v_record", "/archive/v_session?_facet=agent", f"{SQL}?sql=select+1",
     "/archive/before_last_error", "/archive/session/1"],
)  # fmt: skip
async def test_every_inline_script_is_one_the_policy_names(serve: Any, archive: str, path: str) -> None:
    import base64
    import hashlib

    answer = await serve(archive).client.get(path)
    policy = re.search(r"script-src ([^;]*)", answer.headers["content-security-policy"])
    assert policy is not None

    def named(text: str) -> bool:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"'sha256-{digest}'" in policy[1]

    scripts = re.findall(r'<script(?: nonce="([\w-]{20,})")?>(.*?)</script>', answer.text, re.DOTALL)
    assert scripts
    for nonce, text in scripts:
        assert f"'nonce-{nonce}'" in policy[1] if nonce else named(text), text
    for handler in re.findall(r"<[^>]*\son[a-z]+\s*=\s*\"([^\"]*)", answer.text):
        assert handler in HANDLERS and named(handler)
    again = await serve(archive).client.get(path)
    assert not IS_ONE or again.headers["content-security-policy"] != answer.headers["content-security-policy"]


async def test_an_answer_too_large_is_refused_before_it_starts(
    serve: Any, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MAX_RESPONSE", 4_096)
    datasette = serve(archive)
    assert (await datasette.client.get("/archive/v_gap.json")).status_code == 200
    answer = await datasette.client.get("/archive/v_record.json")
    assert answer.status_code == 413 and len(answer.content) < 4_096


async def test_a_stream_too_large_ends_broken_not_short(
    archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MAX_RESPONSE", 20_000)
    with pytest.raises(ConnectionError, match="cut"):
        await Datasette([archive]).client.get("/archive/v_record.csv?_stream=on&_size=10")


async def test_style_and_scripts_are_asked_for_once_and_again_when_they_have_changed(
    serve: Any, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(archive).client
    page = (await client.get("/archive/-/sessions")).text
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    answer = await client.get(address)
    assert (
        answer.headers["cache-control"].endswith("immutable")
        and "max-age=31536000" in answer.headers["cache-control"]
    )
    assert (
        answer.headers["content-type"] == "text/css; charset=utf-8"
        and answer.headers["x-content-type-options"] == "nosniff"
    )
    assert answer.content == (Path(guard.__file__).parent / "static" / "pages.css").read_bytes()
    old = await client.get(address.replace("?v=", "?v=0"))
    assert old.headers["cache-control"] == "no-cache" and old.content == answer.content
    seen = await client.get(address.partition("?")[0], headers={"if-none-match": answer.headers["etag"]})
    assert seen.status_code == 304 and not seen.content
    monkeypatch.setattr(
        assets,
        "known",
        lambda: (
            {"pages.css": (b"p {}", "another")}
            | dict.fromkeys(("keys.js", "editor.js", "mark.svg", "memlog.css", "dark.css"), (b"", ""))
        ),
    )
    assert address not in (await client.get("/archive/-/sessions")).text
    for other in ("nothing.css", "../guard.py", ""):
        gone = await client.get(f"/-/static-plugins/memlog_recorder/{other}")
        assert gone.status_code in (403, 404), other
