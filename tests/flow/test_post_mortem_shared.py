"""export post-mortem --redact: a bundle to be shared has no path, name or address in any file of it."""

import json
import re
import sqlite3 as stock
import time
from collections import Counter
from pathlib import Path

import archives
from archives import NOW_NS, record
from memlog.export import bundle_check, incident, post_mortem
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
    ("::ffff:192.168.9.8 and ::ffff:10.1.1.9 and 64:ff9b::10.1.1.8, ::ffff:0a01:0109", ("192.168.9.8", "10.1.1", "0a01:0109")),
    ("fe80::1%eth0 and [fe80::2%en0]:22 and 192.168.001.012", ("fe80::1", "eth0", "fe80::2", "192.168.001")),
    ('"Gudrun Holzer" <gudrun@m.example>, "Jürgen Übermut" <ju@m.example>', ("Gudrun", "Holzer", "Jürgen", "Übermut")),
    ('To: "Mustermann, Erika" <em@m.example>; ask Erika', ("Mustermann", "Erika")),
    (r'{"to":"\"Gerlinde Amsel\" <ga@m.example>"}', ("Gerlinde", "Amsel")),
    ("Picard and Hildebrandt were told; Jean-Luc Picard (jlp@m.example), Hildebrandt [hb@m.example]", ("Jean-Luc", "Picard", "Hildebrandt")),
    ("Author: Hannelore Frisch\nDate: now\n @author Theodora Klee", ("Hannelore", "Frisch", "Theodora", "Klee")),
    (r'"C:\Program Files\Geheimapp\start me.exe" and \'D:\Kunden Daten\liste eins.xlsx\'', ("Geheimapp", "start me", "me.exe", "Kunden Daten", "liste eins", "eins.xlsx")),
    (r'"\\srv9\Freigabe Elf\plan zwei.doc" or "//srv8/Freigabe Elf/xxplan yyplan.doc"', ("srv9", "Freigabe", "plan zwei", "zwei.doc", "srv8", "yyplan")),
    (r'{"p":"C:\\Users\\Bertram\\json dir\\q7.txt","q":"\\\\srv4\\Ablage Rot\\plan neun.doc"}', ("Bertram", "json dir", "q7.txt", "srv4", "Ablage", "neun.doc")),
    ("C%3A%5CUsers%5CUrsula%5Cpct.txt %5C%5Csrv7%5Cfreigabe%5Cpct3.txt ursula", ("Ursula", "ursula", "srv7", "freigabe%", "pct")),
    ("%252Fhome%252Ferdmute%252Fpct4.txt or C%253A%255Cakte%255Cpct5.txt; erdmute", ("erdmute", "akte", "pct4", "pct5")),
    (r"\\?\C:\Users\Ulfert\ext1.txt \\?\UNC\srv6\freig\ext2.txt", ("Ulfert", "ext1", "srv6", "ext2")),
    (r"\\wsl$\Ubuntu\home\ulrik\wsl1.txt and \\wsl.localhost\Ubuntu\home\ulrik\wsl2.txt", ("ulrik", "wsl1", "wsl2")),
    (r"%USERPROFILE%\Tisch\env1.txt $env:USERPROFILE\env2.txt %APPDATA%\env3.txt $HOME/privat/env4 ${HOME}/env5", ("Tisch", "env1", "env2", "env3", "privat", "env4", "env5")),
    ('{"user":"eusebius","username":"hildegund"} asked eusebius', ("eusebius", "hildegund")),
    ("mount -o user=rosamunde; psql --user=friedegund; PGUSER=kriemhild", ("rosamunde", "friedegund", "kriemhild")),
    ("[user]\n  name = Adelheid Vonundzu\n  email = av@m.example\nUSERDOMAIN=GEHEIMDOM", ("Adelheid", "Vonundzu", "GEHEIMDOM")),
    (r"ssh -p 22 -l burkhard host9; HOMEDOM\siglinde", ("burkhard", "siglinde")),
    ("uid=1001(wendelin) gid=1001(wendelin) groups=1001(wendelin),998(schatzgruppe)", ("wendelin", "schatzgruppe")),
    ("total 8\n-rw-r--r-- 1 ottokar gruppe7 12 Jan  1 10:00 foo\ndrwxr-xr-x. 2 ottilie gruppe8 4096 Jan  1 10:00 bar", ("ottokar", "gruppe7", "ottilie", "gruppe8")),
    ("USER       PID %CPU COMMAND\nkreszenz   123  0.0 /usr/bin/foo\nkunibert pts/0 2026-03-30 07:00", ("kreszenz", "kunibert")),
    ("UID        PID  PPID  C\nkaspar   123  1  0 10:00 ? bash", ("kaspar",)),
    ("Host jumphost-muc\n  HostName jump.geheimnetz.example\n  User leopoldine\n", ("jumphost-muc", "geheimnetz", "leopoldine")),
    ("127.0.0.1 localhost\n10.1.2.3   orakel.firma.example orakel\n10.1.2.4\tzugspitze\n", ("orakel", "firma.example", "zugspitze")),
    ('PGHOST=pgmaster.lager.example host=kundendb.internal {"host":"jsonhost.lager.example"}', ("pgmaster", "lager.example", "kundendb", "jsonhost")),
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


def test_code_that_looks_like_a_name_stays() -> None:
    said = (
        "std::ffff a::b::c ab::cd x = y % 2; User.find(user=request.user, host=self.host) and (see below)\n"
        "login(user=current_user) is at 12:30:45 in node_modules/@prisma; version 1.2.3; "
        "'x': \"a: b\" // a remark; we wrote to support (see docs@latest) and root (root@corp.example)"
    )
    shared = Share(["someone-else"])
    shared.learn(said)
    assert shared.text(said) == said.replace("root@corp.example", "<email-1>")


def test_a_text_without_end_takes_time_by_its_length_only() -> None:
    """Four times the text is about four times the work: quadratic it was sixteen times, and seconds."""
    for unit in (
        "../",
        "A",
        "a@",
        "%41",
        "%2F",
        "a+",
        "-by: A ",
        '"C:\\a b',
        "A (a@",
        "x ssh ",
        "user=",
        "\\\\a",
    ):
        took = []
        for size in (5_000, 20_000):
            text = unit * (size // len(unit)) + "/x"
            shared = Share(["annmiller"])
            began = time.process_time()
            shared.learn(text)
            shared.text(text)
            took.append(time.process_time() - began)
        assert took[1] < max(8 * took[0], 0.3), f"{unit!r}: {took}"
    assert incident._last_word("A" * 1_000_000) == 1_000_000 - 4096
    assert incident._last_word("a b") == 2 and incident._last_word("a ") == 2 and incident._last_word("") == 0
