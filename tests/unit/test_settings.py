"""Settings: which value wins, and what a wrong one is told."""

import os
from pathlib import Path
from typing import Any

import pytest

from memlog.errors import SettingsError
from memlog.paths import Home
from memlog.settings import Settings, explain, load, strays


def write(home: Home, text: str) -> None:
    Path(home.root).mkdir(mode=0o700)
    Path(home.config).write_text(text, encoding="utf-8")


def source(home: Home, name: str, environ: dict[str, str], **flags: object) -> tuple[Any, str]:
    (found,) = [o for o in explain(home.root, environ, **flags) if o.name == name]
    return found.value, found.source


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(home: Home) -> None:
    assert source(home, "port", {}) == (8001, "default")
    write(home, "# mine\nport = 9001\n")
    assert source(home, "port", {}) == (9001, f"{home.config}, line 2")
    assert source(home, "port", {"MEMLOG_PORT": "9002"}) == (9002, "MEMLOG_PORT")
    assert source(home, "port", {"MEMLOG_PORT": "9002"}, port=9003) == (9003, "flag")


def test_a_flag_that_was_not_given_changes_nothing(home: Home) -> None:
    assert load(home.root, {}, port=None).port == Settings().port


def test_the_home_comes_from_its_variable(home: Home, tmp_path: Path) -> None:
    assert load(None, {"MEMLOG_HOME": str(tmp_path / "x")}).home == str(tmp_path / "x")
    assert load(home.root, {"MEMLOG_HOME": "/nowhere"}).home == home.root


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("port = 1\nprot = 2\n", 2, "'prot'; did you mean 'port'?"),
        ("\n\nport = 'x'\n", 3, "a whole number"),
        ("redact = 1\n", 1, "true or false"),
        ("ring = 'disk'\n", 1, "auto, kernel, shm"),
        ("log_level = 'info'\nring_bytes = 7\n", 2, "lies between"),
        ("port = true\n", 1, "a whole number"),
        ("home = '/x'\n", 1, "home cannot be set here; $MEMLOG_HOME or memlog --home DIR says"),
        ("hom = '/x'\n", 1, "no setting is called 'hom'"),
        ("[witness]\nport = 1\n", 1, "'witness'"),
    ],
)
def test_a_wrong_setting_names_its_line(home: Home, text: str, line: int, says: str) -> None:
    write(home, text)
    with pytest.raises(SettingsError) as caught:
        load(home.root, {})
    assert f"{home.config}, line {line}: " in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("REDACT", "perhaps"), ("RING", "disk"), ("PORT", "-1")]
)
def test_a_wrong_variable_is_named(home: Home, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^MEMLOG_{name}: "):
        load(home.root, {f"MEMLOG_{name}": value})


def test_a_wrong_flag_is_named(home: Home) -> None:
    with pytest.raises(SettingsError, match="^--ring-bytes: "):
        load(home.root, {}, ring_bytes=1)


def test_toml_that_cannot_be_read_names_the_file(home: Home) -> None:
    write(home, "port = \n")
    with pytest.raises(SettingsError) as caught:
        load(home.root, {})
    assert str(caught.value).startswith(f"{home.config}: ")
    assert "line 1" in str(caught.value)


def test_variables_spell_booleans_as_people_do(home: Home) -> None:
    for word, value in {"1": True, "yes": True, "On": True, "0": False, "no": False, "FALSE": False}.items():
        assert load(home.root, {"MEMLOG_REDACT": word}).redact is value


def test_what_is_right_of_a_wrong_file_is_kept_where_faults_are_asked_for(home: Home) -> None:
    write(home, "port = 9001\nprot = 2\nring = 'disk'\n")
    faults: list[SettingsError] = []
    found = {o.name: o.value for o in explain(home.root, {"MEMLOG_LOG_FILES": "many"}, faults=faults)}
    assert (found["port"], found["ring"], found["log_files"]) == (9001, "auto", 3)
    assert [str(fault).partition(": ")[0] for fault in faults] == [
        f"{home.config}, line 2", f"{home.config}, line 3", "MEMLOG_LOG_FILES"
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/full", "pipe", "long"])
def test_a_file_without_an_end_is_refused_and_not_read(home: Home, target: str) -> None:
    Path(home.root).mkdir(mode=0o700)
    if target == "long":
        Path(home.config).write_bytes(b"#" * 1_000_001)
    elif target == "pipe":
        os.mkfifo(home.config)
    else:
        os.symlink(target, home.config)
    with pytest.raises(
        SettingsError, match="config.toml cannot be read: it is (not a regular file|longer than 1,000,000)"
    ):
        load(home.root, {})


def test_a_variable_that_is_no_setting_is_named_and_the_known_ones_are_not() -> None:
    fine = (
        "MEMLOG_HOME",
        "MEMLOG_DEBUG",
        "MEMLOG_PAGER",
        "MEMLOG_SHARED",
        "MEMLOG_PORT",
        "_MEMLOG_COMPLETE",
        "X_MEMLOG_Y",
    )
    assert strays(dict.fromkeys(fine, "1")) == []
    assert strays({"MEMLOG_PROT": "1"}) == [
        "MEMLOG_PROT sets nothing: no setting is called 'prot'; did you mean 'port'?"
    ]
