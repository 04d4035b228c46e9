"""Credentials are found whatever surrounds them, and nothing else is."""

import json
import random
import string
from base64 import urlsafe_b64encode
from pathlib import Path

import cbor2
import pytest

from memlog import redact
from memlog.archive.redaction import redact_blob_bytes
from memlog.record import Record, decode, encode
from memlog.redact import RULES, Hits, redact_text, redact_value, rules_for

ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits


def word(chars: str, size: int, seed: object = 0) -> str:
    """A made-up secret: with letters and digits, and in no file of this repository."""
    made = "".join(random.Random(f"{chars} {size} {seed}").choices(chars, k=size - 2))
    return made + "a7" if "a" in chars else made + "A7"


def jwt(seed: object) -> str:
    parts = [b'{"alg":"HS256"}', b'{"sub":"%d"}' % random.Random(str(seed)).getrandbits(64), b"s" * 24]
    return ".".join(urlsafe_b64encode(p).decode().rstrip("=") for p in parts)


def private_key(seed: object, kind: str = "RSA ") -> str:
    lines = [word(ALNUM + "+/", 64, (seed, n)) for n in range(12)]
    dashes = "-" * 5
    return "\n".join(
        [f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}", *lines, f"{dashes}END {kind}PRIVATE KEY{dashes}"]
    )


# rule -> a secret of its sort; prefixes are joined here so that no scanner takes this file for a leak
SECRETS = {
    "private-key": private_key,
    "aws": lambda n: "AK" + "IA" + word(UPPER, 16, n),
    "github": lambda n: ("gh" + random.Random(n).choice("pousr") + "_" + word(ALNUM, 36, n), "github" + "_pat_" + word(ALNUM, 82, n))[n % 2],
    "anthropic": lambda n: "sk-" + "ant-api03-" + word(ALNUM + "_-", 93, n),
    "openai": lambda n: ("sk" + "-" + word(ALNUM, 48, n), "sk" + "-proj-" + word(ALNUM + "_-", 120, n))[n % 2],
    "slack": lambda n: "xo" + "xb-" + word(string.digits, 12, n).replace("A", "1") + "-" + word(ALNUM, 24, n),
    "stripe": lambda n: ("sk", "rk")[n % 2] + "_live_" + word(ALNUM, 24, n),
    "google": lambda n: "AI" + "za" + word(ALNUM + "_-", 35, n),
    "gitlab": lambda n: "gl" + "pat-" + word(ALNUM + "_-", 20, n),
    "npm": lambda n: "np" + "m_" + word(ALNUM, 36, n),
    "pypi": lambda n: "py" + "pi-AgEIcHlwaS5vcmc" + word(ALNUM + "_-", 120, n),
    "huggingface": lambda n: "h" + "f_" + word(ALNUM, 34, n),
    "vendor": lambda n: ("do" + "p_v1_" + word("abcdef0123456789", 64, n), "S" + "G." + word(ALNUM, 22, n) + "." + word(ALNUM + "_-", 43, n), "hv" + "s." + word(ALNUM, 24, n))[n % 3],
    "jwt": jwt,
}  # fmt: skip
# rule -> a text around a secret, and the secret
AROUND = {
    "url-password": ("postgres://tide:{}@db.example/tides", lambda n: word(ALNUM + "!*-", 14, n)),
    "bearer": (
        "curl -H 'Authorization: Bearer {}' https://api.example",
        lambda n: word(ALNUM + "._-", 40, n),
    ),
    "password": ("export DB_PASSWORD={}\n", lambda n: word(ALNUM + "!#%", 14, n)),
    "secret": ('client_secret: "{}"', lambda n: word(ALNUM, 32, n)),
}

WRAPPINGS = (
    "{}", "key={} # mine", '{{"key": "{}"}}', "say '{}', please", "a\n{}\nb", "    12→\t{}", "<{}>", "({}),", "日本{}語", "\\\"{}\\\"",
)  # fmt: skip


@pytest.mark.parametrize("rule", SECRETS)
def test_a_credential_is_replaced_whatever_surrounds_it(rule: str) -> None:
    for n in range(20):
        secret = SECRETS[rule](n)
        for wrapping in WRAPPINGS:
            text, counts = redact_text(wrapping.format(secret))
            assert secret not in text and f"[redacted:{rule}]" in text, wrapping
            assert counts == {rule: 1}
            assert secret[-12:] not in text


@pytest.mark.parametrize("rule", AROUND)
def test_a_secret_known_by_its_surroundings_is_replaced_and_they_stay(rule: str) -> None:
    around, make = AROUND[rule]
    for n in range(20):
        secret = make(n)
        text, counts = redact_text(f"before\n{around.format(secret)}after")
        assert text == f"before\n{around.format(f'[redacted:{rule}]')}after"
        assert counts == {rule: 1}


def test_every_rule_has_a_secret_in_these_tests() -> None:
    assert {rule.name for rule in RULES} == SECRETS.keys() | AROUND.keys()
    assert len(RULES) >= 12


def test_every_rule_has_a_row_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs/hooks.md").read_text(encoding="utf-8")
    rows = "".join(line for line in page.splitlines() if line.startswith("| `"))
    assert [rule.name for rule in RULES if f"`{rule.name}`" not in rows] == []


def test_redacting_twice_changes_nothing() -> None:
    text = "\n".join(
        [make(1) for make in SECRETS.values()] + [a.format(make(1)) for a, make in AROUND.values()]
    )
    once, counts = redact_text(text)
    assert sum(counts.values()) == len(SECRETS) + len(AROUND)
    assert redact_text(once) == (once, {})


@pytest.mark.parametrize("text", [
    "the password is in the vault", "password: str = ''", "api_key = os.environ['KEY']", "token=token", "secret: !vault",
    "const password = getPassword2(user)", "https://host:8080/path@v2", "git@github.com:me/x.git", "postgres://u:$PASS@h/db",
    "https://user:<password>@host", "bearer of bad news", "Authorization: Bearer <token>", "commit 0123456789abcdef0123456789abcdef01234567",
    "sk-circle-fade-dot", "task-0123456789abcdef0123456789abcdef", "-----BEGIN PRIVATE KEY-----", "AKIA", "npm_config_registry",
    '"input_tokens":3,"cache_creation_input_tokens":12345678901234567890', "b64 = 'eyJ'", "secret_santa_2024", "xoxo",
])  # fmt: skip
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact_text(text) == (text, {})


def test_a_private_key_cut_off_before_its_end_is_replaced_to_where_it_goes() -> None:
    whole = private_key(5, "OPENSSH ")
    cut = whole[: whole.index("-----END")].rstrip()
    text, counts = redact_text(f"cat id\n{cut}\n$ echo done")
    assert counts == {"private-key": 1}
    assert text == "cat id\n[redacted:private-key]\n$ echo done"
    numbered = "\n".join(f"{n:6}→{line}" for n, line in enumerate(whole.splitlines(), 1))
    assert not any(line in redact_text(numbered)[0] for line in whole.splitlines()[1:-1])


def test_a_value_under_a_telling_key_is_replaced() -> None:
    secret = word(ALNUM, 24)
    counts: dict[str, int] = {}
    value = redact_value({"env": {"DB_PASSWORD": secret, "api_key": [secret], "name": secret}}, RULES, counts)
    assert value == {
        "env": {"DB_PASSWORD": "[redacted:password]", "api_key": ["[redacted:secret]"], "name": secret}
    }
    assert counts == {"password": 1, "secret": 1}


def lines_with_secrets() -> list[tuple[bytes, str | None]]:
    made: list[tuple[bytes, str | None]] = []
    for rule, make in SECRETS.items():
        for n in range(3):
            made.append((json.dumps({"n": n, "text": f"run {make(n)} now"}).encode(), rule))
            made.append((json.dumps({"n": n, "text": "nothing here " * n}).encode(), None))
    for rule, (around, make) in AROUND.items():
        made.append((json.dumps({"output": json.dumps({"inner": around.format(make(1))})}).encode(), rule))
    random.Random(1).shuffle(made)
    return made


@pytest.mark.parametrize("copies", [1, 60], ids=["small", "large"])
def test_the_prefilter_names_the_rules_of_the_lines_they_match_in(copies: int) -> None:
    lines = lines_with_secrets() * copies
    data = b"".join(line + b"\n" for line, _ in lines)
    assert (len(data) > redact._LARGE) == (copies > 1)
    hits, at, missed = Hits(data), 0, []
    for line, rule in lines:
        at += len(line) + 1
        named = {found.name for found in hits.before(at)}
        if rule is not None and rule not in named:
            missed.append((rule, line))
        if rule is None:
            assert named == set()
    assert missed == []
    assert all(rule is None or rule in {r.name for r in rules_for(line)} for line, rule in lines)


def test_in_much_data_every_literal_is_found_that_is_found_in_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of capitals too, which are looked for in the capitals alone first."""
    around = b"An Ordinary Line, with Some CAPITALS in it\n" * (redact._LARGE // 40)
    more = {"vendor", "url-password"}  # these want more than the literal where there is much
    words = [(r.name, w) for r in RULES if r.name not in more for w in r.literals if w not in redact._WORTH]

    def missed() -> list[str]:
        found = [(name, w, Hits(around + w.encode() + b"\n" + around)) for name, w in words]
        return [w for name, w, hits in found if name not in {r.name for r in hits.before(1 << 30)}]

    assert len(words) > 50 and missed() == []
    # The twin: capitals of another text.
    monkeypatch.setattr(
        redact, "_finder", lambda data: lambda rule, data: redact._in_large(rule, data, b"AK")
    )
    assert {"AKIA", "PWD", "PRIVATE KEY"} <= set(missed())


def test_with_and_without_the_prefilter_the_texts_are_the_same() -> None:
    for line, _ in lines_with_secrets():
        value = json.loads(line)
        with_it: dict[str, int] = {}
        without: dict[str, int] = {}
        rules = Hits(line).before(len(line))
        assert redact_value(value, rules, with_it) == redact_value(value, RULES, without)
        assert with_it == without
    # The twin: a prefilter that looks at too few bytes misses what the rules find.
    line, rule = next((line, rule) for line, rule in lines_with_secrets() if rule == "aws")
    assert redact_value(json.loads(line), Hits(line[:10]).before(len(line)), {}) == json.loads(line)


def test_a_secret_written_in_escapes_is_found_in_the_decoded_text() -> None:
    secret = SECRETS["github"](0)
    escaped = '{"text":"' + "".join(f"\\u{ord(c):04x}" for c in secret) + '"}'
    assert secret not in escaped
    rules = Hits(escaped.encode()).before(len(escaped))
    counts: dict[str, int] = {}
    assert redact_value(json.loads(escaped), rules, counts) == {"text": "[redacted:github]"}
    slashes = json.dumps({"text": AROUND["url-password"][0].format("hunter22pass")}).replace("/", "\\/")
    assert "hunter22pass" not in json.dumps(
        redact_value(json.loads(slashes), Hits(slashes.encode()).before(len(slashes)), {})
    )


def test_a_foreign_blob_stays_cbor_and_other_bytes_stay_bytes() -> None:
    secret = SECRETS["anthropic"](3)
    blob, counts = redact_blob_bytes(cbor2.dumps({"said": ["x", secret], "t": cbor2.CBORTag(40_000, secret)}))
    assert cbor2.loads(blob) == {
        "said": ["x", "[redacted:anthropic]"],
        "t": cbor2.CBORTag(40_000, "[redacted:anthropic]"),
    }
    assert counts == {"anthropic": 2}
    # Before the text stands its length, 0x6c: a letter.
    raw, counts = redact_blob_bytes(b"\xff\x00xl" + secret.encode() + b"\xfe")
    assert (raw, counts) == (b"\xff\x00xl[redacted:anthropic]\xfe", {"anthropic": 1})
    clean = cbor2.dumps({"a": 1.5, "b": "nothing"})
    assert redact_blob_bytes(clean) == (clean, {})


def test_a_record_of_ours_keeps_its_shape_when_it_is_redacted() -> None:
    secret = SECRETS["stripe"](0)
    record = Record(
        "a", "s", "id", 0, "message", 1, f"use {secret}", b"12345678", rest={"k": secret}, redacted={"aws": 1}
    )
    blob, counts = redact_blob_bytes(encode(record)[0])
    found = decode(blob)
    assert isinstance(found, Record)
    assert found == record._replace(
        text="use [redacted:stripe]", rest={"k": "[redacted:stripe]"}, redacted={"aws": 1, "stripe": 2}
    )
    assert counts == {"stripe": 2}
    assert blob.endswith(found.text.encode())


@pytest.mark.parametrize("text", [
    "-----BEGIN PRIVATE KEY-----\n" * 20_000, "eyJ-" * 200_000, "://a:" * 100_000, "password=" * 60_000, "Bearer " + "a" * 500_000,
    "secret=" + "a-" * 300_000, "authorization: basic " * 30_000, "sk-" * 200_000, "\\n1234567890" * 50_000,
], ids=lambda text: text[:12])  # fmt: skip
def test_no_text_takes_quadratic_time(text: str) -> None:
    import time

    started = time.process_time()
    redact_text(text)
    half = time.process_time() - started
    assert half < 2.0  # a quadratic rule takes minutes here


def test_a_line_of_netrc_loses_its_password_and_prose_about_login_keeps_its_words() -> None:
    line = "machine api.example\n  login tide\n  password correcthorse\n"
    assert redact_text(line)[0] == "machine api.example\n  login tide\n  password [redacted:password]\n"
    for prose in ("the machine login page has a password field", "login as root, password required"):
        assert redact_text(prose) == (prose, {})
