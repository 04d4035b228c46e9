"""export post-mortem --redact: a bundle to be shared has no path, name or address in any file of it."""

import json
import re
import sqlite3 as stock
from collections import Counter
from pathlib import Path

import archives
from archives import NOW_NS, record
from memlog.export import bundle_check, post_mortem
from memlog.export.share import Share
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection

SECRETS = (
    "ann.miller@corp.example",
    "/home/annmiller/acme-secret",
    "annmiller",
    "buildbox7",
    "203.0.113.9",
    "fe80::1ff:fe23:4567:890a",
    "Ann Miller",
)


def test_a_shared_bundle_has_no_path_name_or_address_in_any_file(home: Home, tmp_path: Path) -> None:
    texts = [
        "who is annmiller?",
        "cat /home/annmiller/acme-secret/src/pay.py\n/home/annmiller/acme-secret/src/pay.py-4-error 3 of 4",
        "Author: Ann Miller <ann.miller@corp.example>", "ssh annmiller@buildbox7: timed out; buildbox7 has 203.0.113.9",
        "at 12:34:56 and fe80::1ff:fe23:4567:890a; see https://docs.python.org/3/ and n/a and either/or; actions/checkout@v4",
    ]  # fmt: skip
    where = {"project": "/home/annmiller/acme-secret", "session": "s-1"}
    archives.fill(
        home,
        [record(text, n=n, rest={"line": {"cwd": "/home/annmiller/acme-secret", "note": "a\n/home/annmiller/acme-secret/x"}}, **where) for n, text in enumerate(texts)],
        [record("command: rm -r /home/annmiller/acme-secret/build", n=9, kind="tool_use", role="assistant", tool="Bash", **where)],
    )  # fmt: skip
    place, plain = tmp_path / "shared", tmp_path / "plain"
    with archives.reading(home) as con:
        part = slice.cut(con, Selection(), ["s-1"], now_ns=NOW_NS)
        written = post_mortem.write(con, part, str(place), now_ns=NOW_NS, shared=Share())
        post_mortem.write(con, part, str(plain), now_ns=NOW_NS)

    def held(folder: Path) -> set[str]:
        data = b"".join(path.read_bytes() for path in folder.iterdir())
        return {secret for secret in SECRETS if secret.encode() in data}

    assert held(plain) == set(SECRETS), "the known-bad twin: all of them are there to be hidden"
    assert held(place) == set()
    con = stock.connect(place / "incident.db")
    shown = [text for (text,) in con.execute("SELECT text FROM record ORDER BY ts_ns")]
    assert "https://docs.python.org/3/ and n/a and either/or" in shown[4] and "12:34:56" in shown[4]
    first, second = shown[1].removeprefix("cat ").split("\n")
    assert second == f"{first}-4-error 3 of 4" and first.endswith(".py>"), "one path has one placeholder"
    con.close()
    found = bundle_check.verify(str(place))
    assert found.problems == [] and found.texts == 0
    assert (
        found.said["redacted"]["placeholders"] == written.hidden and min((written.hidden or {}).values()) > 0
    )
    assert any("changed for sharing" in words for words in found.not_proved)
    assert b'"salt"' not in (place / "chain.jsonl").read_bytes(), (
        "a short text could be guessed from its digest"
    )


# A text, and what of it a stranger must not read.
ATTACKS = [
    (r'{"cwd":"\/home\/annmiller\/acme\/x.py"}', ("annmiller", "acme")),
    ("GET /open?file=%2Fhome%2Fannmiller%2Facme%2Fx.py", ("annmiller", "acme")),
    ("file:///home/annmiller/acme/x.py#L3 vscode://file/home/annmiller/acme/x.py:3", ("annmiller", "acme")),
    ("~/.claude/projects/-home-annmiller-acme/1.jsonl and -home-annmiller-acme", ("annmiller", "acme")),
    (r"C:\Users\bertha.k\zebra\a.txt C:/Users/bertha.k/zebra/b.txt", ("bertha", "zebra")),
    (r'"C:\\Users\\bertha.k\\zebra\\a.txt" "C:\\\\Users\\\\bertha.k\\\\zebra\\\\a.txt"', ("bertha", "zebra")),
    (r"C:\Users\Clara Oswin\zebra\a.txt", ("Clara", "Oswin", "zebra")),
    ("open '/Users/Clara Oswin/zebra'", ("Clara", "Oswin", "zebra")),
    (r"cat /Users/Clara\ Oswin/zebra", ("Clara", "Oswin", "zebra")),
    ("file_path: /Users/Clara Oswin/zebra", ("Clara", "Oswin", "zebra")),
    (r"\\fileserver9\yggdrasil\budget.xlsx", ("fileserver9", "yggdrasil")),
    ("//fileserver6/yggdrasil/budget.xlsx, //fileserver5/share", ("fileserver6", "fileserver5")),
    ("cd ~wendeline && ls; who is wendeline", ("wendeline",)),
    ("fix: it\n\nCo-authored-by: Dora Kowalski <dora@corp.example>\nAcked-by: Greta Lundholm", ("Dora", "Kowalski", "dora@", "Greta", "Lundholm")),
    (r'{"message":"fix\n\nReviewed-by: Fritz Umlaut <fritz@corp.example>"}', ("Fritz", "Umlaut", "fritz@")),
    ("Author: Hugo Blick &lt;hugo@corp.example&gt;", ("Hugo", "Blick", "hugo@")),
    ('{"author":{"name":"Ulrike Meier","email":"ulrike@corp.example"},"login":"umeier7"}', ("Ulrike", "Meier", "ulrike@", "umeier7")),
    ("https://x.example/?to=irma.holt%40corp.example mailto:irma.holt@corp.example?subject=x", ("irma.holt",)),
    ("git clone https://ivanna:pw12345@git.example/r.git ssh://jorgen@buildbox7:2222/srv/r.git", ("ivanna", "pw12345", "jorgen", "buildbox7")),
    ("liesel@worklaptop:~/acme$ ls; worklaptop is up", ("liesel", "worklaptop")),
    ("cat /home/анна/тайна/а.py; спроси анна", ("анна", "тайна")),
    ("/Users/jérôme/geheim/x.py; j\u00e9r\u00f4me, je\u0301ro\u0302me", ("jérôme", "je\u0301ro\u0302me", "geheim")),
    ("打开 /home/王小明/项目/a.py，王小明", ("王小明", "项目")),
    (r"C:\Benutzer\Wilhelmine\zebra\a.txt /Utilisateurs/thibault/zebra/a.txt thibault", ("Wilhelmine", "thibault", "zebra")),
    ("an jürgen@müller.example, иван@пример.example", ("müller.example", "пример.example")),
    ("USER=quentin7\nHOSTNAME=ziegelei\nGIT_AUTHOR_NAME='Nora Feld' ziegelei", ("quentin7", "ziegelei", "Nora", "Feld")),
    ("user.name=Viktor Szabo", ("Viktor", "Szabo")),
    ("annmiller2 AnnMillerConfig annmiller_fix ANNMILLER git@github.com:annmiller/r.git", ("annmiller", "AnnMiller", "ANNMILLER")),
    (r'cat \"/home/annmiller/Nine Docs/Plan Nine.txt\" `/srv/Nine Docs/Plan Nine.txt`', ("Nine",)),
    ("file_path: /srv/Ten Docs/Plan Ten.txt\nlimit: 3", ("Ten",)),
    ("x=%2Fhome%2Fannmiller -home-annmiller-zorro-proj", ("annmiller", "zorro")),
    ("\\\\fileserver8\\share\\\nsmb://fileserver7/share", ("fileserver8", "fileserver7")),
    ("liesel@worklaptop: ok; ping worklaptop.firma-intern.example", ("firma-intern",)),
    ("cat ~robertb/.ssh/config; robertb", ("robertb",)),
    ("/home/j.miller is a home; http://[2001:db8::1:2:3]:80/", ("miller", "2001:db8")),
]  # fmt: skip


def test_a_shared_bundle_says_no_name_however_it_was_written(home: Home, tmp_path: Path) -> None:
    where = {"project": "/home/annmiller/acme", "session": "s-1"}
    said = [record(text, n=n, **where) for n, (text, _) in enumerate(ATTACKS)]
    calls = [
        record(f"command: {text}", n=100 + n, kind="tool_use", role="assistant", tool="Bash",
               rest={"id": f"t{n}", "input": {"command": text}, "line": {"cwd": f"/home/annmiller/acme/{n}"}}, **where)
        for n, (text, _) in enumerate(ATTACKS)
    ]  # fmt: skip
    archives.fill(home, said, calls)
    with archives.reading(home) as con:
        part = slice.cut(con, Selection(project="/home/annmiller/acme"), ["s-1"], now_ns=NOW_NS)
        written = post_mortem.write(con, part, str(tmp_path / "shared"), now_ns=NOW_NS, shared=Share())
        post_mortem.write(con, part, str(tmp_path / "plain"), now_ns=NOW_NS)

    def held(place: Path) -> set[str]:
        data = b"".join(path.read_bytes() for path in place.iterdir())
        index = stock.connect(place / "incident.db")
        index.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, record_fts, row)")
        data += "\n".join(term for (term,) in index.execute("SELECT term FROM temp.terms")).encode()
        return {secret for _, secrets in ATTACKS for secret in secrets if secret.encode() in data}

    assert held(tmp_path / "plain") == {secret for _, secrets in ATTACKS for secret in secrets}, (
        "the known-bad twin"
    )
    assert held(tmp_path / "shared") == set()
    assert written.hidden is not None and min(written.hidden.values()) > 0
    con = stock.connect(tmp_path / "shared/incident.db")
    shown = "\n".join(text for (text,) in con.execute("SELECT text FROM record"))
    placeholders = Counter(re.findall(r"<(email|path|user|host|ip)-\d+[^>]*>", shown))
    con.close()
    assert set(placeholders) == set(written.hidden), "what was put in is counted by kind"
    assert all(written.hidden[kind] >= count for kind, count in placeholders.items())


EMAIL, ADDRESS, HOME = (
    "petra.klein@geheimfirma-holding.example",
    "192.168.171.23",
    "/home/petrak/Geheime Akten/x.txt",
)


def test_nothing_is_hidden_after_it_was_cut(home: Home, tmp_path: Path) -> None:
    """At every place a title, a line of a timeline, a failure or a part ends, a secret stands across it."""
    where = {"session": "s-1"}
    cuts = [(secret, at) for secret in (EMAIL, ADDRESS, f'"{HOME}"') for at in range(4, len(secret), 3)]
    texts = [f"{'x' * (width - at - 1)} {secret}" for secret, at in cuts for width in (79, 159)]
    calls = [record(text, n=n, kind="message" if n % 2 else "tool_result", role="user", error=n % 2 == 0, **where)
             for n, text in enumerate(texts)]  # fmt: skip
    parts = [record("x " * 29_000 + " " * n + f"{EMAIL} " * 200, n=900 + n, **where) for n in range(2)]
    titles = [
        record(f"{'y' * (118 - at)} {secret}", n=500 + n, session=f"t-{n}")
        for n, (secret, at) in enumerate(cuts)
    ]
    archives.fill(home, calls, titles, parts)
    told = {}
    with archives.reading(home) as con:
        for name, shared in (("plain", None), ("shared", Share())):
            part = slice.cut(con, Selection(), now_ns=NOW_NS)
            post_mortem.write(con, part, str(tmp_path / name), now_ns=NOW_NS, shared=shared)
            told[name] = b"".join(path.read_bytes() for path in (tmp_path / name).iterdir()).decode(
                "utf-8", "replace"
            )
    con = stock.connect(tmp_path / "plain" / "incident.db")
    ends = con.execute("SELECT text FROM record WHERE part = 0 AND parts > 1").fetchall()
    con.close()
    assert any(not text.endswith((" ", "example")) for (text,) in ends), "a part ends within a secret"
    counts = json.loads((tmp_path / "plain" / "manifest.json").read_bytes())["counts"]
    report = (tmp_path / "shared" / "report.md").read_text()
    assert f"| records | {counts['record']:,} |" in report, "one of several parts is one record everywhere"
    assert counts["record"] == len([*calls, *titles, *parts]) and "markers of what was redacted" in report
    pieces = (EMAIL[:6], "eheimfirma", ADDRESS[:4], HOME[:8], "Akten")
    assert all(piece in told["plain"] for piece in pieces), "the known-bad twin"
    found = {piece: told["shared"].index(piece) for piece in pieces if piece in told["shared"]}
    assert {p: told["shared"][at - 60 : at + 30] for p, at in found.items()} == {}


def test_a_scope_or_a_tag_of_a_package_is_no_person() -> None:
    said = "npm i prisma@latest @prisma/client; cat node_modules/@prisma/client/index.js; uses: actions/checkout@main"
    shared = Share()
    shared.learn(said)
    assert (
        shared.text("prisma generates @prisma/client; checkout the client")
        == "prisma generates @prisma/client; checkout the client"
    )
    shared.learn("it reads user.name and user.email from the config")
    assert shared.text("user.email of the config") == "user.email of the config"
    shared.learn("prisma@buildbox7: it is up")
    assert "prisma" not in shared.text("prisma generates"), "a person of that name is one"
