"""Whatever a record holds, a page shows it as text: no element, attribute, script or link is its author's."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from memlog.record import Record
from pages.filled import fill
from pages.line import HANDLERS, SQL

BREAKS = (
    "<script>evil()</script>", "<img src=x onerror=evil()>", "<svg/onload=evil()>", "<evil>", '"><evil x="',
    "'><evil x='", '" onmouseover="evil()" x="', "' onmouseover='evil()' x='", "</title><evil>", "</textarea><evil>",
    "</style><evil>", "</script><evil>", "</pre><evil>", "--><evil>", "<!--<evil>", "<iframe srcdoc='<evil>'>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>", "<form action=//evil.example>",
    "<a href=javascript:evil()>x</a>", "javascript:evil()", "JaVaScRiPt:evil()", " javascript:evil()", "data:text/html,<evil>",
    "vbscript:evil()", "https://evil.example/", "http://evil.example/?a=1", "//evil.example/", "{{ 7 * 7 }}evil",
    "{% raw %}<evil>", "${evil()}", "&lt;evil&gt;", "&#60;evil&#62;", "<evil\n>", "<evil\t>", "<\0evil>", "<EVIL>",
    "<evil/>", "<math><evil>", "<template><evil></template>", "<noscript><evil></noscript>", "<object data=evil>",
    "<embed src=evil>", "<link rel=stylesheet href=//evil.example>", "<style>@import '//evil.example'</style>",
    "\\u003cevil\\u003e", "%3Cevil%3E", "+ADw-evil+AD4-", '{"<evil>": "<evil>"}', "}</style><evil>", "\u202e<evil>",
    "a\\9 <evil>", "\U0001f30a<evil>", "\ufeff<evil>",
)  # fmt: skip


class Foreign(HTMLParser):
    """Collects what no page of ours has: `found` is empty for a page nobody got markup into."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.texts: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        if "evil" in tag or tag in (
            "iframe",
            "object",
            "embed",
            "base",
            "img",
            "template",
            "math",
            "noscript",
        ):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            value = value or ""
            if (
                (name.startswith("on") and value not in HANDLERS)
                or "evil" in name
                or name in ("srcdoc", "http-equiv")
            ):
                self.found.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "formaction", "data"):
                place = re.sub(r"[\s\x00-\x20]", "", value).lower()
                relative = place.startswith(("/", "?", "#")) and not place.startswith("//") or place == ""
                if (
                    not relative
                    and place != "https://datasette.io/"
                    and not place.startswith("http://localhost/")
                ):
                    self.found.append(f"{tag} {name}={value}")

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        # A style sheet names columns in escaped strings; what an author's own would need is an address.
        if "evil" in data and (self.inside == "script" or (self.inside == "style" and "//evil" in data)):
            self.found.append(f"{self.inside}: {data[:80]}")

    def handle_comment(self, data: str) -> None:
        if "evil" in data and not data.strip().startswith("Templates considered"):
            self.found.append(f"comment {data[:80]}")


def foreign(html: str) -> Foreign:
    page = Foreign()
    page.feed(html)
    page.close()
    return page


def hostile(n: int, text: str) -> Record:
    """A record with this text wherever a host writes one."""
    return Record(
        agent=f"agent {text}", session=f"{n} {text}", source_id=f"{n}{text}", block=0, kind="message",
        ts_ns=1_780_000_000_000_000_000 + n, text=text, mac=bytes(8), role=text, tool=text, project=text, parent_id=text,
        boundary="", error=True, redacted={text: 1}, rest={text: {text: [text]}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def hostile_archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fill(tmp_path_factory.mktemp("home"), [hostile(n, text) for n, text in enumerate(BREAKS)])


@pytest.mark.slow
async def test_no_page_holds_markup_of_a_record(serve: Any, hostile_archive: str) -> None:
    client = serve(hostile_archive).client
    rows = (await client.get("/archive/v_record.json?_shape=array&_size=max")).json()
    assert {row["text"] for row in rows} == set(BREAKS)
    pages = [
        "/", "/archive", "/archive?_show_hidden=1", "/archive/v_record?_size=max", "/archive/v_record?_all=1&_size=max",
        "/archive/v_record?_facet=tool&_facet=session&_facet=text", "/archive/v_session?_size=max", "/archive/v_session?_all=1&_size=max",
        "/archive/v_epoch", "/archive/session?_size=max", "/archive/record?_size=max", "/archive/newest_sessions",
        "/archive/before_last_error", "/archive/largest_records", "/archive/what_is_missing",
        f"{SQL}?sql=select+*+from+v_record", f"{SQL}?sql=select+session+as+[<evil>],+text+as+data+from+v_record",
        "/archive/-/search?q=evil",
    ]  # fmt: skip
    pages += [f"/archive/-/record/{row['id']}" for row in rows]
    shown = set()
    for path in pages:
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        page = foreign(answer.text)
        assert page.found == [], path
        shown.update(text.strip() for text in page.texts)
    assert {
        text for text in BREAKS if text == text.strip() and "\u202e" not in text and "\0" not in text
    } <= shown


@pytest.mark.slow
async def test_no_address_puts_markup_into_a_page(serve: Any, tmp_path: Path) -> None:
    client = serve(fill(tmp_path / "few", [hostile(n, text) for n, text in enumerate(BREAKS[:3])])).client
    for text in BREAKS:
        for path, *names in (
            ("/archive/-/search", "q"), ("/archive/v_record", "_search", "session__exact", "kind"),
            ("/archive/before_last_error", "session"), (SQL, "sql"), ("/archive/v_record", "_col"),
            ("/archive/v_record", "_sort"),
        ):  # fmt: skip
            answer = await client.get(path, params=dict.fromkeys(names, text))
            known = (
                (200, 400, 500) if names == ["_sort"] else (200, 400)
            )  # Datasette's answer to a column nobody has
            assert answer.status_code in known and foreign(answer.text).found == [], (path, names, text)


@pytest.mark.parametrize(
    "html",
    [
        "<td>{}</td>", '<td title="{}">', "<td title='{}'>", '<a href="{}">', "<script>{}</script>", "<title>{}</title>",
        "<textarea>{}</textarea>", "<!--{}-->",
    ],
)  # fmt: skip
def test_the_check_sees_what_is_not_escaped(html: str) -> None:
    """The known-bad twin: in each place a page has, some of these strings do harm, and are found."""
    assert any(foreign(html.replace("{}", text)).found for text in BREAKS)


def test_the_check_sees_most_of_them_in_a_cell() -> None:
    seen = [text for text in BREAKS if foreign(f"<td>{text}</td>").found]
    assert len(seen) >= 30
