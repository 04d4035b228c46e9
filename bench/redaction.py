"""`python -m bench.redaction`: how many credentials of real shapes are found, and what else is taken for one.

Made-up credentials are put into real transcripts (those beside the checkout, else those of tests/data) and
captured as a hook does it; one that any blob still holds was missed. Clean text goes through the same rules
without any: every mark in it is a false one.
"""

import gzip
import json
import os
import random
import string
import sys
import tempfile
from base64 import b64encode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from memlog.archive.redaction import redact_blob_bytes
from memlog.capture import transcript
from memlog.capture.agents import reader
from memlog.contracts import CLAUDE_CODE
from memlog.record import encode
from memlog.redact import redact_value, rules_for

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("MEMLOG_SHARED") or ROOT.parent / "shared") / "data"
EACH = 30  # of each shape
CLEAN_BYTES = 60_000_000

_ALNUM, _HEX, _URL = (
    string.ascii_letters + string.digits,
    string.digits + "abcdef",
    string.ascii_letters + string.digits + "_-",
)
_UPPER = string.ascii_uppercase + string.digits


def _word(rng: random.Random, chars: str, size: int) -> str:
    return "".join(rng.choices(chars, k=size - 2)) + "a7"


def _jwt(rng: random.Random) -> str:
    claims = {"sub": _word(rng, _ALNUM, 12), "exp": rng.randrange(1 << 31)}
    parts = (b'{"alg":"HS256","typ":"JWT"}', json.dumps(claims).encode(), rng.randbytes(32))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _pem(kind: str) -> Callable[[random.Random], str]:
    def made(rng: random.Random) -> str:
        lines = [_word(rng, _ALNUM + "+/", 64) for _ in range(rng.randrange(6, 26))]
        dashes = "-" * 5
        return "\n".join([f"{dashes}BEGIN {kind}{dashes}", *lines, f"{dashes}END {kind}{dashes}"])

    return made


# name -> what stands around the secret, and how one is made; split here so that no scanner takes it for a leak
SHAPES: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "AWS access key id": ("{}", lambda r: "AK" + "IA" + "".join(r.choices(_UPPER, k=16))),
    "AWS secret key": ("aws_secret_access_key = {}", lambda r: _word(r, _ALNUM + "+/", 40)),
    "GitHub token": ("{}", lambda r: "gh" + r.choice("pos") + "_" + _word(r, _ALNUM, 36)),
    "GitHub fine-grained": ("{}", lambda r: "github" + "_pat_" + _word(r, _ALNUM, 22) + "_" + _word(r, _ALNUM, 59)),
    "GitLab token": ("{}", lambda r: "gl" + "pat-" + _word(r, _URL, 20)),
    "Anthropic key": ("ANTHROPIC_API_KEY={}", lambda r: "sk-" + "ant-api03-" + _word(r, _URL, 95)),
    "OpenAI key": ("{}", lambda r: "sk" + "-proj-" + _word(r, _URL, 124)),
    "OpenAI key, old": ("{}", lambda r: "sk" + "-" + _word(r, _ALNUM, 48)),
    "Slack bot token": ("{}", lambda r: "xo" + f"xb-{r.randrange(10**12)}-{r.randrange(10**12)}-" + _word(r, _ALNUM, 24)),
    "Slack webhook": (
        "https://hooks.slack.com/services/{}",
        lambda r: f"T{_word(r, _UPPER, 9)}/B{_word(r, _UPPER, 9)}/{_word(r, _ALNUM, 24)}",
    ),
    "Stripe key": ("{}", lambda r: r.choice("sr") + "k_live_" + _word(r, _ALNUM, 24)),
    "Google API key": ("{}", lambda r: "AI" + "za" + _word(r, _URL, 35)),
    "Google OAuth secret": ("{}", lambda r: "GOC" + "SPX-" + _word(r, _URL, 28)),
    "npm token": ("_authToken={}", lambda r: "np" + "m_" + _word(r, _ALNUM, 36)),
    "PyPI token": ("{}", lambda r: "py" + "pi-AgEIcHlwaS5vcmc" + _word(r, _URL, 150)),
    "Hugging Face token": ("{}", lambda r: "h" + "f_" + _word(r, _ALNUM, 34)),
    "SendGrid key": ("{}", lambda r: "S" + "G." + _word(r, _URL, 22) + "." + _word(r, _URL, 43)),
    "DigitalOcean token": ("{}", lambda r: "do" + "p_v1_" + "".join(r.choices(_HEX, k=64))),
    "Vault token": ("VAULT_TOKEN={}", lambda r: "hv" + "s." + _word(r, _URL, 90)),
    "Twilio auth token": ("TWILIO_AUTH_TOKEN={}", lambda r: _word(r, _HEX, 32)),
    "Azure storage key": (
        "DefaultEndpointsProtocol=https;AccountName=tides;AccountKey={};EndpointSuffix=core.windows.net",
        lambda r: b64encode(r.randbytes(64)).decode(),
    ),
    "Datadog key": ('"DD_API_KEY": "{}"', lambda r: _word(r, _HEX, 32)),
    "JSON web token": ("{}", _jwt),
    "RSA private key": ("{}", _pem("RSA PRIVATE KEY")),
    "OpenSSH private key": ("{}", _pem("OPENSSH PRIVATE KEY")),
    "password in a URL": ("postgres://tide:{}@db.example:5432/tides", lambda r: _word(r, _ALNUM + "!*-", 16)),
    "password in a variable": ("export DB_PASSWORD={}", lambda r: _word(r, _ALNUM + "!#%", 16)),
    "password in YAML": ("  password: {}", lambda r: _word(r, _ALNUM + "!#%", 14)),
    "bearer header": ("Authorization: Bearer {}", lambda r: _word(r, _ALNUM + "._-", 43)),
    "basic header": ("Authorization: Basic {}", lambda r: b64encode(b"tide:" + r.randbytes(15)).decode()),
    "client secret": ('client_secret: "{}"', lambda r: _word(r, _ALNUM, 40)),
    "password in .netrc": ("machine api.example login tide password {}", lambda r: _word(r, _ALNUM, 16)),
}  # fmt: skip


class Case(NamedTuple):
    """A line of a transcript with a secret in it."""

    shape: str
    line: bytes
    secret: str


def found(cases: list[Case]) -> Counter[str]:
    """How many of each shape no blob of a captured transcript holds any byte of."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "00000000-0000-4000-8000-000000000000.jsonl")
        for case in cases:
            path.write_bytes(case.line)
            blobs = b"".join(
                blob
                for piece in transcript.read(str(path), reader(CLAUDE_CODE), key=bytes(32))
                for one in piece.records
                for blob in encode(one)
            )
            counts[case.shape] += blobs != b"" and not any(part in blobs for part in _parts(case.secret))
    return counts


def _parts(secret: str) -> list[bytes]:
    """What must not be left: every line of a key, the end of anything else."""
    lines = [line for line in secret.split("\n") if not line.startswith("-----")]
    return [line[-12:].encode() for line in lines]


def cases(wrap: Callable[[str, str, random.Random], tuple[str, str]], each: int) -> list[Case]:
    """wrap: the text that takes the place of (text around a secret, secret), and what to look for."""
    rng, lines, made = random.Random(5), _host_lines(), []
    for shape, (around, secret_of) in SHAPES.items():
        for _ in range(each):
            secret = secret_of(rng)
            text, wanted = wrap(around, secret, rng)
            made.append(Case(shape, _put(json.loads(rng.choice(lines)), text, rng), wanted))
    return made


def plain(around: str, secret: str, rng: random.Random) -> tuple[str, str]:
    """As a person or a tool writes it."""
    return around.format(secret), secret


def escaped(around: str, secret: str, rng: random.Random) -> tuple[str, str]:
    """Inside JSON that is itself a text."""
    return json.dumps({"output": around.format(secret), "code": 0}), secret


def parts(around: str, secret: str, rng: random.Random) -> tuple[str, str]:
    """Where a line of 65,536 bytes and more is split into parts."""
    return "word " * (13_000 + rng.randrange(80)) + around.format(secret) + " word" * 9_000, secret


def base64(around: str, secret: str, rng: random.Random) -> tuple[str, str]:
    """Inside base64: nothing looks into that."""
    text = b64encode(f"{around.format(secret)}\n".encode()).decode()
    return text, text


def false_marks(most: int = CLEAN_BYTES) -> tuple[int, Counter[str]]:
    """Bytes of clean text, and the marks in it by rule."""
    seen, marks = 0, Counter[str]()
    for line in _clean_lines():
        seen += len(line)
        rules = rules_for(line)
        if rules:
            counts: dict[str, int] = {}
            redact_value(_value(line), rules, counts)
            marks.update(counts)
        if seen >= most:
            break
    return seen, marks


def foreign_parts(each: int) -> int:
    """Of secrets that another program cut in two blobs, how many neither half gives away: none is looked for."""
    rng, hidden = random.Random(6), 0
    for around, secret_of in SHAPES.values():
        for _ in range(each):
            secret = secret_of(rng)
            text = around.format(secret)
            cut = text.index(secret) + len(secret) // 2
            kept = b"".join(redact_blob_bytes(piece.encode())[0] for piece in (text[:cut], text[cut:]))
            hidden += not any(part in kept for part in _parts(secret))
    return hidden


def _put(line: Any, text: str, rng: random.Random) -> bytes:
    """The line with the text somewhere in one of the texts a person or a tool wrote."""
    places = [(h, k) for h, k in _places(line) if h[k].strip()]
    holder, key = rng.choice(places)
    words = holder[key].split(" ")
    at = rng.randrange(len(words) + 1)
    holder[key] = " ".join([*words[:at], f"\n{text}\n", *words[at:]])
    # Half of a surrogate pair, as hosts write it, stays the JSON escape it was.
    return json.dumps(line, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"


def _places(line: Any) -> list[tuple[Any, Any]]:
    message = line.get("message") if isinstance(line, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [(message, "content")]
    blocks = content if isinstance(content, list) else []
    found = [
        (b, k)
        for b in blocks
        if isinstance(b, dict)
        for k in ("text", "thinking", "content")
        if isinstance(b.get(k), str)
    ]
    inputs = [b["input"] for b in blocks if isinstance(b, dict) and isinstance(b.get("input"), dict)]
    return found + [
        (i, k) for i in inputs for k in ("command", "content", "new_string") if isinstance(i.get(k), str)
    ]


def _host_lines() -> list[bytes]:
    """Lines of real transcripts that have a place for a text."""
    found: list[bytes] = []
    for path in _transcripts():
        for line in _bytes_of(path).splitlines():
            if len(line) < 40_000 and line.startswith(b"{") and _may_be(line):
                found.append(line)
        if len(found) > 4_000:
            break
    return found


def _may_be(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return isinstance(value, dict) and "uuid" in value and any(h[k].strip() for h, k in _places(value))


def _transcripts() -> list[Path]:
    real = sorted((SHARED / "claude-code").glob("*.gz"))
    return real or sorted((ROOT / "tests/data/sessions").glob("*.jsonl"))


def _clean_lines() -> Iterator[bytes]:
    """Real transcripts, then the source and documents of Python and what is installed for it."""
    for path in sorted(p for p in SHARED.rglob("*") if p.is_file()) if SHARED.is_dir() else ():
        yield from _bytes_of(path).splitlines(keepends=True)
    for folder in dict.fromkeys(
        (os.path.dirname(os.__file__), *(p for p in sys.path if p.endswith("site-packages")))
    ):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".py", ".md", ".rst", ".txt", ".js", ".html") and path.is_file():
                yield from _bytes_of(path).splitlines(keepends=True)


def _bytes_of(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line.decode("utf-8", "replace")


def main() -> int:
    """Print the table; 0 whatever the numbers are."""
    whole = cases(plain, EACH)
    counts = found(whole)
    print("| shape | made | found |\n|---|---|---|")
    for shape in SHAPES:
        print(f"| {shape} | {EACH} | {counts[shape]} |")
    print(f"| **all** | {len(whole)} | {counts.total()} ({counts.total() / len(whole):.1%}) |\n")
    print("| reported apart | made | found |\n|---|---|---|")
    for name, wrap in (
        ("in JSON that is a text", escaped),
        ("in a line that is split into parts", parts),
        ("in base64", base64),
    ):
        few = cases(wrap, EACH // 3)
        print(f"| {name} | {len(few)} | {found(few).total()} |")
    few_count = len(SHAPES) * (EACH // 3)
    print(f"| cut in two by another program's blobs | {few_count} | {foreign_parts(EACH // 3)} |\n")
    seen, marks = false_marks()
    rate = marks.total() / (seen / 10e6)
    print(
        f"clean text: {seen / 1e6:.1f} MB, {marks.total()} marks ({rate:.2f} in 10 MB): {dict(marks) or 'none'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
