"""Names in a text of plain letters are found without a pattern, and just those a pattern would find."""

from random import Random

from memlog.export import persons
from memlog.export.share import Share, _words

NAMES = ["ann", "anna", "annabel", "annabella", "bella-donna", "donna.kit", "kit", "lab ella", "nnabell"]


def test_names_are_replaced_as_their_pattern_would() -> None:
    random = Random(7)
    made = [
        "".join(
            random.choice([*NAMES, " ", "-", "_", "1", "a", "B", "x"]) for _ in range(random.randrange(12))
        )
        for _ in range(3_000)
    ]
    replaced = 0
    for text in [*made, *map(str.upper, made[:500])]:
        plain, asked = Share(NAMES), Share(NAMES)
        low = text.lower()
        here = tuple(filter(low.__contains__, plain._names))
        pattern = _words(here).sub(asked._word, text) if here else text
        assert plain._without(here, text, low) == pattern, text
        assert plain.counts == asked.counts
        replaced += plain.counts["user"]
    assert replaced > 3_000


def test_what_serves_a_folder_is_a_host() -> None:
    served = {
        "mount -t nfs nfs-srv:/export /mnt": "nfs-srv", "scp box:/tmp/log .": "box", "rsync -a web01:~/x .": "web01",
        "filer:/vol on /mnt type nfs4 (rw)": "filer", "fs9.corp.lan:/home /home nfs defaults 0 0": "fs9.corp.lan",
    }  # fmt: skip
    for text, host in served.items():
        shared = Share()
        shared.learn(text)
        assert host not in shared.text(text) and "<host-1>" in shared.text(text), text
    others = (
        "docker run -v my-data:/var/lib x",
        "https://host-x/y",
        "C:/Users/x",
        "app-1.js:/f",
        "$PATH:/usr/bin",
        "see line:/x",
    )
    assert [text for text in others if list(persons.hosts(text))] == []


def test_who_is_named_to_a_program_is_a_user_wherever_else_the_name_stands() -> None:
    told = {
        "ssh -p 22 pavelk@db7.intern.corp uptime": ("pavelk", "db7.intern.corp"), "scp a.py ingridb@10.20.30.40:/srv": ("ingridb",),
        "rsync -a x olek@web-3:/x ewa@[fe80::1]:/y": ("olek", "ewa", "web-3"),
        "gh pr list --author mkowalski --assignee=tanakah --state open": ("mkowalski", "tanakah"),
        "git log --author='Olga Petrova' -3": ("Olga Petrova",),
        "^a1b2c3d src/a.py (Kenji Tanaka 2024-01-02 10:00:00 +0900 1) import os": ("Kenji Tanaka",),
        "chown -R svenja:entwickler /srv/x": ("svenja", "entwickler"), "sudo -u bernd ls": ("bernd",),
        "psql -h pgbox -U grzegorz -c 'select 1'": ("grzegorz", "pgbox"),
    }  # fmt: skip
    for text, names in told.items():
        shared = Share()
        shared.learn(text)
        said = f"Then {' asked '.join(names)} about it."
        assert not [name for name in names if name in shared.text(text) + shared.text(said)], (
            text,
            shared.text(said),
        )
    others = (
        "ssh git@github.com", "gh pr list --author @me", "npx ssh-tool @scope/name@1.2", "see --author (the flag)",
        "chown means ownership", "a sum (of 2024-01-02)", "mysql -h",
    )  # fmt: skip
    found = [(text, [*persons.users(text), *persons.hosts(text), *persons.logins(text)]) for text in others]
    assert [one for one in found if one[1] not in ([], ["me"])] == []


def test_a_path_with_spaces_on_a_drive_goes_whole_where_a_line_says_that_it_is_one() -> None:
    said = Share().text("file_path: C:\\Users\\Zoe\\My Documents\\plan of 2026.txt\nlimit: 5")
    assert said == "file_path: <path-1.txt>\nlimit: 5"
