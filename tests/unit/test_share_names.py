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
