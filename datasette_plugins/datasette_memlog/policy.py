"""What every answer carries: what a page may do in the browser, and who may read it.

What a record's text might smuggle in finds no script to run as.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from datasette_memlog import seam

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def security_headers(nonce: str = "") -> dict[bytes, bytes]:
    """What every answer carries.

    Datasette's pages hold inline scripts, allowed by their digest, or in 1.0 by the nonce of the request,
    and no other; its templates set style attributes, so inline style stays allowed.
    """
    scripts = f"'nonce-{nonce}' 'unsafe-hashes' {_digests(seam.HANDLERS)}" if nonce else _known()
    policy = (
        "default-src 'none'", f"script-src 'self' {scripts}",
        "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )  # fmt: skip
    return {
        b"content-security-policy": "; ".join(policy).encode(),
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
    }


@cache
def _known() -> str:
    """CSP sources of the inline scripts of the installed Datasette's own templates."""
    return _digests(_scripts())


def _digests(texts: Iterable[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts)
    return " ".join(sorted({f"'sha256-{digest.decode()}'" for digest in digests}))


def _scripts() -> Iterator[str]:
    for template in (files("datasette") / "templates").iterdir():
        for text in _SCRIPT.findall(template.read_text("utf-8")) if template.name.endswith(".html") else ():
            if "{{ datasette_allow_facet }}" in text:
                yield text.replace("{{ datasette_allow_facet }}", "true")
                yield text.replace("{{ datasette_allow_facet }}", "false")
            elif "{{" not in text and "{%" not in text:
                yield text
