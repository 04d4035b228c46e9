"""Hooks in the settings of Codex, Gemini CLI and OpenCode: added, checked, and taken out byte for byte."""

import json
import os
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from conftest import Run
from memlog.capture import codex_config, hosts, install, installed, opencode_plugin
from memlog.contracts import CODEX_EVENTS, GEMINI_EVENTS
from memlog.errors import InputError
from memlog.paths import Home

MINE = b"""# my settings
model = "gpt-5.5"   # the good one
notify = ["say", "done"]

[tui]
theme = 'dark'  # \xc3\xa4

[[hooks.Stop]]
matcher = "x"
[[hooks.Stop.hooks]]
type = "command"
command = "say done"
"""
LAYOUTS = [
    MINE,
    MINE.rstrip(b"\n"),
    MINE.replace(b"\n", b"\r\n"),
    b"",
    b"\n\n",
    b"# nothing yet",
    MINE + b"\n\n\n",
]


@pytest.fixture
def codex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    (tmp_path / "codex").mkdir()
    return tmp_path / "codex/config.toml"


def commands(raw: bytes) -> dict[str, list[str]]:
    hooks = tomllib.loads(raw.decode())["hooks"]
    return {
        e: [h["command"] for g in groups for h in g["hooks"]] for e, groups in hooks.items() if e != "state"
    }


@pytest.mark.parametrize("raw", LAYOUTS)
def test_codex_settings_gain_our_lines_at_their_end_and_lose_them_again(
    raw: bytes, home: Home, codex: Path
) -> None:
    codex.write_bytes(raw)
    codex.chmod(0o640)
    assert codex_config.set_up(home).done == "installed"
    made = codex.read_bytes()
    assert made.startswith(raw) and codex.stat().st_mode & 0o777 == 0o640
    assert codex_config.check(home) == [] and codex_config.set_up(home).done == ""
    for event in hosts.CODEX_HOST.wanted(False):
        assert commands(made)[event][-1] == install.command(event, home, agent="codex")
    rest = {k: v for k, v in tomllib.loads(made.decode()).items() if k != "hooks"}
    assert rest == {k: v for k, v in tomllib.loads(raw.decode()).items() if k != "hooks"}
    assert codex_config.uninstall(home).done == "restored"
    assert codex.read_bytes() == raw
    assert codex_config.uninstall(home).done == ""


def test_codex_settings_that_were_not_there_are_gone_again(home: Home, codex: Path) -> None:
    codex_config.set_up(home)
    codex_config.uninstall(home)
    assert not codex.exists()


@pytest.mark.parametrize("raw", [r for r in LAYOUTS if r.endswith(b"\n") or not r])
def test_what_codex_wrote_since_stays_wherever_it_stands(raw: bytes, home: Home, codex: Path) -> None:
    codex.write_bytes(raw)
    codex_config.set_up(home)
    trusted = b'[hooks.state."/c/config.toml:stop:0:0"]\ntrusted_hash = "sha256:00"\n'
    made = codex.read_bytes()
    at = made.index(b"[[hooks.PreCompact]]")
    codex.write_bytes(made[:at] + trusted + b"\n" + made[at:] + b"\n[projects.x]\ntrust_level = 'trusted'\n")
    assert codex_config.check(home) == []
    assert codex_config.uninstall(home).done == "removed"
    left = codex.read_bytes()
    assert b"memlog" not in left and left.startswith(raw) and trusted in left
    value, before = tomllib.loads(left.decode()), tomllib.loads(raw.decode())
    assert value.pop("projects") == {"x": {"trust_level": "trusted"}}
    assert value["hooks"].pop("state") and value["hooks"] == before.get("hooks", {})


def test_every_tool_is_added_and_taken_away_and_the_first_bytes_are_kept(home: Home, codex: Path) -> None:
    codex.write_bytes(MINE)
    codex_config.set_up(home)
    assert codex_config.set_up(home, every_tool=True).done == "updated"
    assert set(commands(codex.read_bytes())) == set(CODEX_EVENTS)
    assert codex_config.check(home) == []
    assert codex_config.set_up(home).done == "updated"
    codex_config.uninstall(home)
    assert codex.read_bytes() == MINE


def test_a_hook_of_another_installation_is_mended_and_not_doubled(home: Home, codex: Path) -> None:
    codex_config.set_up(home)
    codex.write_bytes(codex.read_bytes().replace(install.program().encode(), b"/gone/bin/memlog-hook"))
    assert len(codex_config.check(home)) == len(hosts.CODEX_HOST.wanted(False))
    assert codex_config.set_up(home).done == "updated"
    assert codex_config.check(home) == []
    assert all(len(lines) == 1 for lines in commands(codex.read_bytes()).values())


@pytest.mark.parametrize("raw", [
    b"model = ", b"\xff", b"[hooks]\nSessionStart = []\n", b"hooks = {Stop = [{hooks = []}]}\n", b"hooks = 1\n",
])  # fmt: skip
def test_codex_settings_no_line_can_be_added_to_are_left_alone(raw: bytes, home: Home, codex: Path) -> None:
    codex.write_bytes(raw)
    with pytest.raises(InputError, match="nothing was changed"):
        codex_config.set_up(home)
    assert codex.read_bytes() == raw and not Path(home.root, "backup").exists()


def test_our_hooks_in_a_layout_of_somebody_elses_are_not_guessed_at(home: Home, codex: Path) -> None:
    raw = b'[[hooks.Stop]]\nhooks = [{type = "command", command = "/x/memlog-hook Stop"}]\n'
    codex.write_bytes(raw)
    for call in (codex_config.set_up, codex_config.uninstall):
        with pytest.raises(InputError, match="another layout: Stop"):
            call(home)
    assert codex.read_bytes() == raw


def test_beside_a_hooks_json_our_hooks_go_there(home: Home, codex: Path) -> None:
    codex.write_bytes(b"[features]\nhooks = false\n")
    theirs = codex.with_name("hooks.json")
    theirs.write_bytes(b'{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}\n')
    before = theirs.read_bytes()
    assert codex_config.set_up(home).path == str(theirs)
    assert codex_config.check(home) == ["features.hooks is false: no hook runs"]
    made = json.loads(theirs.read_bytes())["hooks"]
    assert made["Stop"][0]["hooks"][0]["command"] == "say done"
    assert made["PreCompact"][0]["hooks"][0]["command"] == install.command("PreCompact", home, agent="codex")
    codex_config.uninstall(home)
    assert theirs.read_bytes() == before


def test_gemini_settings_call_memlog_by_its_own_names_and_are_restored(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    raw = b'{\n    "theme": "GitHub",\n    "hooksConfig": {"enabled": false},\n    "hooks": {"PreCompress": []}\n}'
    path.write_bytes(raw)
    assert install.install(home, str(path), host=hosts.GEMINI_HOST).done == "installed"
    assert install.check(home, str(path), host=hosts.GEMINI_HOST) == [
        "hooksConfig.enabled is false: no hook runs"
    ]
    made = json.loads(path.read_bytes())["hooks"]
    [hook] = made["PreCompress"][0]["hooks"]
    assert hook == {
        "name": "memlog", "type": "command", "timeout": 10_000,
        "command": install.command("PreCompact", home, agent="gemini-cli"),
    }  # fmt: skip
    assert set(made) == set(GEMINI_EVENTS) - {"AfterTool"}
    install.uninstall(home, str(path), host=hosts.GEMINI_HOST)
    assert path.read_bytes() == raw


def test_the_opencode_plugin_comes_and_goes_with_the_folder_made_for_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config/opencode/plugins/memlog.js"
    assert opencode_plugin.set_up(home).path == str(path)
    assert opencode_plugin.check(home) == [] and opencode_plugin.set_up(home).done == ""
    path.write_bytes(path.read_bytes() + b"\n")
    assert opencode_plugin.check(home) == [f"{path} is that of another home, installation or version"]
    assert opencode_plugin.set_up(home).done == "updated"
    assert opencode_plugin.uninstall(home).done == "removed"
    assert not path.parent.exists()
    assert not (tmp_path / "config").exists()  # nor the folders around it, which it made too
    path.parent.mkdir(parents=True)
    path.write_bytes(b"export const Mine = 1\n")
    with pytest.raises(InputError, match="is not memlog's plugin"):
        opencode_plugin.set_up(home)
    assert opencode_plugin.uninstall(home).done == "" and path.read_bytes() == b"export const Mine = 1\n"


@pytest.mark.parametrize("agent", ["codex", "gemini-cli", "opencode"])
def test_the_command_installs_checks_and_leaves_no_trace(
    agent: str, home: Home, tmp_path: Path, run_memlog: Run
) -> None:
    user = Path(os.environ["HOME"])
    assert run_memlog("install", agent, "--check").returncode == 1
    done = run_memlog("install", agent, check=0)
    assert "next: " in done.stderr
    assert run_memlog("install", agent, "--check", check=0).stdout == "all hooks of memlog are installed\n"
    run_memlog("install", agent, "--uninstall", check=0)
    assert [p for p in user.rglob("*") if p.is_file()] == []


def test_an_installed_command_line_exits_0_even_when_memlog_is_gone(home: Home, codex: Path) -> None:
    codex_config.set_up(home)
    [line] = commands(codex.read_bytes())["PreCompact"]
    words = shlex.split(line)
    assert words[1:3] == ["--agent", "codex"] and words[-2:] == ["--home", home.root]
    if os.access(words[0], os.X_OK):
        done = subprocess.run(["/bin/sh", "-c", line], input=b"{", capture_output=True, timeout=40)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    gone = subprocess.run(
        ["/bin/sh", "-c", line.replace(words[0], "/gone/memlog-hook")], input=b"{}", capture_output=True
    )
    assert gone.returncode == 127


def test_what_is_missing_is_told_of_the_hosts_that_were_set_up(home: Home, codex: Path) -> None:
    assert installed.missing(home) == ["not installed for codex"] and installed.agents(home) == []
    assert installed.remedies(home) == ["memlog install codex"]  # the one agent of this machine
    (Path(os.environ["HOME"]) / ".claude/projects").mkdir(parents=True)
    assert installed.missing(home) == install.missing(home) == ["not installed for Claude Code"]
    installed.set_up("codex", home)
    assert installed.missing(home) == [] and installed.agents(home) == ["codex"]
    codex.unlink()
    assert installed.missing(home)[0] == "codex: SessionStart: no hook of memlog"
    installed.set_up("gemini-cli", home)
    Path(install.settings_path("gemini-cli")).write_text("{}")
    assert installed.remedies(home) == ["memlog install codex", "memlog install gemini-cli"]
    installed.set_up("gemini-cli", home)
    installed.uninstall("gemini-cli", home)
    installed.set_up("claude-code", home)
    assert all(line.startswith("codex: ") for line in installed.missing(home))
    installed.set_up("codex", home)
    assert installed.missing(home) == []
    for agent in ("codex", "claude-code"):
        installed.uninstall(agent, home)
    assert installed.agents(home) == []
