"""Every place of every template that shows what a record says is shown an attack, and each would be seen."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from jinja2 import BaseLoader, Environment
from markupsafe import Markup

import datasette_memlog
from datasette_memlog import facts, outlines, seam, sessions
from memlog.archive.connection import open_reader
from memlog.query.facts import listing
from pages import ambush, routes
from pages.test_markup import foreign

pytestmark = pytest.mark.slow
ATTACK = "\"><evil x='a'>"
TEMPLATES = Path(datasette_memlog.__file__).parent / "templates"
SHOWN = re.compile(r"\b(plain|show\.(?:markdown|cut|tail))\(")
# Shown as a record's text is, but by what it is made of it cannot hold one; how many of each.
OUR_WORDS = Counter({
    ("_memlog_entry.html", "plain(one.reason)"): 1,  # why a ring lost it: one of a list
    ("_memlog_entry.html", "plain(one.place)"): 1,  # of a gap: two numbers
    ("_memlog_entry.html", 'plain({"told": "host", "meta": "host", "result": "answer"}.get(entry.what, entry.what))'): 1,  # kinds
    ("_memlog_entry.html", "plain(record.role or record.agent)"): 1,  # assistant
    ("_memlog_overview.html", "plain(line.check.detail)"): 1,  # of memlog status
    ("_memlog_overview.html", "plain(line.check.remedy)"): 1,
    ("memlog_record.html", "plain(record.kind)"): 1,
    ("memlog_search.html", "plain(hit.kind)"): 1,
    ("memlog_search.html", "plain(hint)"): 1,  # a next step
    ("memlog_search.html", "plain(word)"): 1,  # words of the index: letters, digits, lines between
    ("memlog_search.html", "plain(one)"): 1,
})  # fmt: skip


class Place(NamedTuple):
    template: str
    n: int
    call: str


class Watch(BaseLoader):
    """Templates in which each showing of a text says that it was reached; `loose` is one that forgets to escape."""

    def __init__(self, beside: BaseLoader) -> None:
        self.beside = beside
        self.places: dict[int, Place] = {}
        self.reached: dict[int, str] = {}
        self.loose: int | None = None
        self.page = ""
        for template in sorted(TEMPLATES.glob("*.html")):
            for found in SHOWN.finditer(template.read_text("utf-8")):
                line = template.read_text("utf-8")[found.start() :]
                self.places[len(self.places)] = Place(template.name, found.start(), _balanced(line))

    def get_source(self, environment: Environment, template: str) -> Any:
        source, name, fresh = self.beside.get_source(environment, template)
        here = {place.n: number for number, place in self.places.items() if place.template == template}
        if Path(name or "").parent == TEMPLATES:
            source = SHOWN.sub(lambda found: f"watch({here[found.start()]}, {found[1]}, ", source)
        return source, name, fresh

    def watch(self, number: int, show: Any, text: Any, *more: Any, **named: Any) -> Any:
        if "<evil" in str(text):
            self.reached.setdefault(number, self.page)
            if number == self.loose:
                return Markup(text)  # noqa: S704 - the fault that is to be seen
        return show(text, *more, **named)


def _balanced(text: str) -> str:
    """A call up to its closing bracket."""
    depth = 0
    for n, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0 and sign == ")":
            return text[: n + 1]
    return text


async def asked(application: Any, page: str) -> Any:
    """The answer; one with a bare `?` as of a session that is too long to be told, one with a bare `&` of a fact."""
    with pytest.MonkeyPatch.context() as patch:
        if page.endswith("&"):
            patch.setattr(facts, "PLACES", 0)
        for module in (facts, sessions) if page.endswith("?") else ():
            patch.setattr(module, "WEIGHED", 0)
        return await application.client.get(page)


@pytest.fixture(scope="module")
async def watched(serve: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Watch, list[str]]:
    path, ((text, dir, ids, events),) = ambush.laid(tmp_path_factory.mktemp("places"), [ATTACK])
    application = serve(path)
    environment = seam.templates(application)
    watch = Watch(environment.loader)
    environment.loader = watch
    environment.globals["watch"] = watch.watch
    environment.cache.clear()
    found = [
        page
        for name, pages in routes.of(dir, ids, text).items()
        if name not in routes.FILES
        for page in pages
    ]
    found += [f"/archive/-/record/{id}" for id in events]
    found += ["/", f"/archive/-/session/{dir}/live?seen=", f"/archive/-/compaction/{dir}/2"]
    found += [f"/archive/-/sessions?{urlencode({'agent': 'agent ' + text, 'project': text})}"]
    found += [f"/archive/v_record?{urlencode({'_sort': text})}"]
    found += [
        "/archive/-/search?" + urlencode(question)
        for question in (
            {"q": "look", "group": "session", "facet": "session"}, {"q": "look", "mode": "regex", "facet": "project"},
            {"q": text + "(", "mode": "regex"}, {"q": "(" + text, "mode": "regex"}, {"q": "look epoch:<evil>"},
            {"q": "zebra"}, {"q": "evil kind:tool_result"}, {"q": "evil", "facet": "tool"},
            {"q": "evil", "mode": "regex", "facet": "tool"},
        )
    ]  # fmt: skip
    found += [page + "?" for page in (f"/archive/-/facts/{dir}", f"/archive/-/compaction/{dir}/1")]
    con = open_reader(path)
    session = outlines.session_of(con, dir)
    told = next(row for row in listing.facts(con, session.session) if "<evil" in (row.detail or ""))
    con.close()
    place = f"/archive/-/facts/{dir}?fact={told.kind}&of={told.record}-{told.start}"
    found += [place, place + "&"]
    for page in found:
        watch.page = page
        answer = await asked(application, page)
        assert answer.status_code in (200, 400, 404), (page, answer.text[:400])
        assert foreign(answer.text).found == [], page
    return application, watch, found


async def test_every_place_that_shows_a_record_was_shown_an_attack(
    watched: tuple[Any, Watch, list[str]],
) -> None:
    _, watch, _ = watched
    missed = Counter(place[::2] for number, place in watch.places.items() if number not in watch.reached)
    assert missed == OUR_WORDS, f"unseen: {missed - OUR_WORDS}, seen: {OUR_WORDS - missed}"
    assert len(watch.reached) > 80


async def test_a_place_that_forgets_to_escape_is_seen(watched: tuple[Any, Watch, list[str]]) -> None:
    """The known-bad twin, of each place."""
    application, watch, _ = watched
    unseen = []
    for number, page in sorted(watch.reached.items()):
        watch.loose = number
        if not foreign((await asked(application, page)).text).found:
            unseen.append((watch.places[number], page))
    watch.loose = None
    assert unseen == [], "\n".join(map(str, unseen))
