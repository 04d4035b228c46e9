"""What Datasette's own templates leave unsaid: to who hears a page its language and what its fields are.

And to everybody which files of a long answer are given.
"""

import re
from typing import Any

from jinja2.ext import Extension

from datasette_memlog import seam

# As the templates of 0.65 and of 1.0 have it; what one of them lacks, or says by itself, stays as it is.
_SAID = (
    (re.compile(r"<html>"), '<html lang="en">'),
    (re.compile(r'<section class="content">'), '<section class="content" role="main">'),
    (re.compile(r'(?=name="_filter_column)'), 'aria-label="Column" '),
    (re.compile(r'(?=name="_filter_op)'), 'aria-label="How it compares" '),
    (re.compile(r'(?=name="_filter_value)'), 'aria-label="Value" '),
    (re.compile(r'(?=name="_sort" id="sort_by")'), 'aria-label="Sort by" '),
    (re.compile(r'(?<=class="table-wrapper")(?=>)'), ' tabindex="0" role="region" aria-label="Rows"'),
    (re.compile(r'class="cross">'), 'class="cross" aria-label="take out">'),
    (re.compile(r'(?=name="message" )'), 'aria-label="Message" '),
    (re.compile(r'(?=name="message_type")'), 'aria-label="Type" '),
)  # fmt: skip
# Files of what goes on after the page are refused: of those the page offers what is given.
_FILES = re.compile(r'<p class="export-links">.*?</p>', re.DOTALL)
_PARTED = (
    '{%% if memlog_parts is defined and (next_url or memlog_more()) %%}{%% include "_memlog_parts.html" %%}'
    "{%% else %%}%s{%% endif %%}"
)
# Datasette leaves out of a facet what is not among its most frequent values, and rows that have none.
_FACETS = '<div class="facet-results">'
_LEFT_OUT = (
    '{% if memlog_place is defined and sorted_facet_results %}<p class="facet-note">'
    "Rows are counted: of a long record several, and the host's bookkeeping lines too. The most frequent "
    "values are listed: where a number begins with &gt; there are more, and … lists them. "
    "Rows without a value are in none.</p>{% endif %}"
)
# 1.0 does not tell its template that there are more rows than it has.
_CUT = "{% if truncated %}more than"
_CUT_TOO = "{% if truncated or (memlog_parts is defined and memlog_more()) %}more than"
# Under their h1 they come first: an h3 there is a level that is missing.
_UNDER_TITLE = ("table.html", "query.html")


class Labelled(Extension):
    """Datasette's own templates with names for what has none. Text of a record is never in a template."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if not seam.is_own(filename):
            return source
        for unsaid, said in _SAID:
            source = unsaid.sub(said, source)
        source = source.replace(_FACETS, _LEFT_OUT + _FACETS)
        if name in _UNDER_TITLE:
            source = _FILES.sub(lambda found: _PARTED % found[0], source)
            source = source.replace(_CUT, _CUT_TOO).replace("<h3", '<h3 aria-level="2"')
        return source


def label(environment: Any) -> None:
    """Have the templates of this environment labelled."""
    environment.add_extension(Labelled)
