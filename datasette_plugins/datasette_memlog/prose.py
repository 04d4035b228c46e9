"""Text of records as markup of ours: Markdown, and times, sizes and counts as a person reads them.

What a record holds is never markup: HTML in it stays text, an image becomes a link, and a link leads to
http(s) or is none.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from datasette_memlog.columns import plain, size
from memlog.query.call import diff_of as diff

__all__ = [
    "as_written",
    "count",
    "cut",
    "diff",
    "failed",
    "length",
    "markdown",
    "plain",
    "share",
    "size",
    "tail",
    "thousands",
    "when",
]

DEEP = 24  # quotes in quotes; of lists half as many
_FAILED = {  # what failed, by the letter its kind has in an outline
    "r": ("tool answer", ""), "m": ("reply", "replies"), "h": ("host line", ""), "u": ("call", ""),
}  # fmt: skip
_HOLDERS = ("blockquote_open", "list_item_open")
TOO_DEEP = "Shown as it was written: it is nested too deep for Markdown."
_LINKS = {"rel": "noopener noreferrer nofollow"}


def markdown(text: str, limit: int = 20_000, *, breaks: bool = False) -> Markup:
    """The text as Markdown, of a long one the beginning. breaks: a new line is one, as people type."""
    shown = plain(text[:limit])
    reader = _renderer(breaks)
    env: dict[str, Any] = {}
    try:
        tokens = reader.parse(shown, env)
        # What lies deeper it leaves out without a word.
        if any(token.level >= DEEP - 1 and token.type in _HOLDERS for token in tokens):
            return as_written(text[:limit], TOO_DEEP)
        return Markup(reader.renderer.render(tokens, reader.options, env))  # noqa: S704 - html is off: it escapes whatever it is given
    except RecursionError:
        return as_written(text[:limit], TOO_DEEP)


def as_written(text: str, why: str) -> Markup:
    """The text without its markup, after a line that says why."""
    return Markup('<p class="soft">{}</p><pre class="text" tabindex="0">{}</pre>').format(why, plain(text))


@cache
def _renderer(breaks: bool) -> MarkdownIt:
    found = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEP, "breaks": breaks})
    found.enable(["table", "strikethrough"])
    found.validateLink = _may_be_followed  # type: ignore[method-assign]
    for name in ("heading_open", "heading_close"):
        found.add_render_rule(name, _heading)
    for name in ("th_open", "td_open"):
        found.add_render_rule(name, _cell)
    for name in ("fence", "code_block"):
        found.add_render_rule(name, _code)
    for name in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
        found.add_render_rule(name, _sided)
    found.add_render_rule("table_open", _table)
    found.add_render_rule("link_open", _link)
    found.add_render_rule("image", _image)
    return found


def _may_be_followed(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _heading(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    # Its levels are its author's: below ours, none left out, however it begins.
    tokens[at].attrs["class"] = tokens[at].tag
    tokens[at].tag = "h3"
    return str(self.renderToken(tokens, at, options, env))


def _cell(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    align = str(tokens[at].attrs.pop("style", ""))
    if align.startswith("text-align:"):
        tokens[at].attrs["class"] = f"to-{align.partition(':')[2].strip()}"
    return str(self.renderToken(tokens, at, options, env))


def _code(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Code in a box that scrolls, so that it can be scrolled by keyboard too."""
    return Markup('<pre tabindex="0"><code>{}</code></pre>\n').format(tokens[at].content)


def _sided(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Bullets and bars stand where the text's own letters begin."""
    tokens[at].attrs["dir"] = "auto"
    return str(self.renderToken(tokens, at, options, env))


def _table(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    tokens[at].attrs["tabindex"] = "0"
    return str(self.renderToken(tokens, at, options, env))


def _link(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    tokens[at].attrs |= _LINKS
    return str(self.renderToken(tokens, at, options, env))


def _image(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A link to it that says what it is of: no page asks for a picture somebody else named."""
    said = escape(self.renderInlineAsText(tokens[at].children or [], options, env) or tokens[at].attrs["src"])
    if next((one.nesting > 0 for one in tokens[at::-1] if one.type.startswith("link_")), False):
        # Within a link already: another would end it.
        return str(said)
    return Markup('<a href="{}" rel="{}">{}</a>').format(tokens[at].attrs["src"], _LINKS["rel"], said)


def cut(text: str, limit: int) -> str:
    """The beginning of a text, as it stands."""
    return plain(text[:limit])


def when(ts: str | None, part: str = "minute") -> Markup:
    """An ISO time: to the minute, its `day`, or its `clock`; whole where the pointer rests."""
    if not ts:
        return Markup("")
    ts = escape(ts)
    shown = {"minute": ts[:16].replace("T", " "), "day": ts[:10], "clock": ts[11:19]}[part]
    # Not Markup.format(): a page has hundreds, and it takes ten times as long.
    return Markup(f'<time datetime="{ts}" title="{ts}">{shown}</time>')  # noqa: S704 - each is escaped


def length(ns: int | None) -> str:
    """How long: its two largest units."""
    if ns is None:
        return ""
    seconds = ns / 1e9
    if seconds < 0.05:
        return "at once"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, part, below in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name} {rest} {below}" if rest else f"{whole // unit} {name}"
    return f"{whole} s"


def count(n: int | None, noun: str = "", many: str = "") -> str:
    """1,234 nouns; "" for None."""
    if n is None:
        return ""
    return f"{n:,} {noun if n == 1 else many or noun + 's'}" if noun else f"{n:,}"


def failed(counts: dict[str, int]) -> str:
    """29 host lines, 2 tool answers: what the records marked as failed are."""
    return ", ".join(count(n, *_FAILED.get(letter, ("other", ""))) for letter, n in counts.items())


def thousands(n: int | None) -> str:
    """155k; "" for None."""
    if n is None:
        return ""
    return f"{n:,}" if n < 10_000 else f"{round(n / 1000):,}k"


def tail(path: str | None, parts: int = 2) -> str:
    """The last names of a path, as they stand."""
    return plain("/".join(path.rstrip("/").rsplit("/", parts)[-parts:])) if path else ""


def share(part: int, whole: int) -> str:
    """Per cent."""
    return f"{100 * part / whole:.0f} %" if whole else ""
