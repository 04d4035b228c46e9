"""Our hooks in Claude Code's settings: everything else stays, and taking them out leaves no trace."""

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from memlog.capture import install
from memlog.contracts import CLAUDE_EVENTS, schema_dir
from memlog.errors import InputError
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings

ROOT = Path(__file__).parents[2]

OTHERS: dict[str, Any] = {
    "model": "opus", "permissions": {"allow": ["Bash(ls:*)"], "deny": []}, "number": 1.50, "name": "Büsum ✓",
    "hooks": {
        "Stop": [{"hooks": [{"type": "command", "command": "say done"}]}],
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "check.sh", "timeout": 5}]}],
        "Notification": [],
    },
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config/settings.json"


def write(path: Path, raw: bytes) -> bytes:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    return raw


def commands(path: Path) -> dict[str, list[str]]:
    hooks = json.loads(path.read_text(encoding="utf-8-sig"))["hooks"]
    return {event: [h["command"] for g in groups for h in g["hooks"]] for event, groups in hooks.items()}


LAYOUTS = [
    json.dumps(OTHERS, indent=2, ensure_ascii=False).encode(),
    json.dumps(OTHERS, indent=4, ensure_ascii=False).encode() + b"\n",
    json.dumps(OTHERS, indent="\t", ensure_ascii=False).encode() + b"\n",
    json.dumps(OTHERS, indent=2, ensure_ascii=False).replace("\n", "\r\n").encode() + b"\r\n",
    b"\xef\xbb\xbf" + json.dumps(OTHERS, indent=2, ensure_ascii=False).encode(),
    json.dumps(OTHERS).encode(), b"{}", b"{}\n", b"{\n}\n", b"", b"  \n", b'{"hooks": {}}', b'{"hooks":{"Stop":[]},"a":1}',
]  # fmt: skip


@pytest.mark.parametrize("raw", LAYOUTS, ids=range(len(LAYOUTS)))
def test_taking_the_hooks_out_restores_the_file_byte_for_byte(raw: bytes, home: Home, path: Path) -> None:
    write(path, raw)
    assert install.install(home).done == "installed"
    assert path.read_bytes() != raw and install.check(home) == []
    assert install.uninstall(home).done == "restored"
    assert path.read_bytes() == raw
    assert install.uninstall(home).done == ""
    assert os.listdir(Path(home.root) / "backup") == []


def test_a_file_that_was_not_there_is_gone_again(home: Home, path: Path) -> None:
    install.install(home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()).keys() == {"hooks"}
    install.uninstall(home)
    assert not path.exists()


@pytest.mark.parametrize("raw", LAYOUTS[:6], ids=range(6))
def test_everything_else_stays_and_so_does_the_layout(raw: bytes, home: Home, path: Path) -> None:
    write(path, raw)
    install.install(home)
    after = path.read_bytes()
    value = json.loads(after.decode("utf-8-sig"))
    for event in value["hooks"]:
        value["hooks"][event] = [
            g for g in value["hooks"][event] if not any("memlog-hook" in h["command"] for h in g["hooks"])
        ]
    value["hooks"] = {event: groups for event, groups in value["hooks"].items() if event in OTHERS["hooks"]}
    assert value == OTHERS
    assert list(json.loads(after.decode("utf-8-sig"))) == list(OTHERS)
    for mark in (b"\r\n", b"\n    ", b"\n\t", b"\xef\xbb\xbf", "✓".encode()):
        assert (mark in after) == (mark in raw), mark
    assert after.endswith(b"\n") == raw.endswith(b"\n")


def test_each_event_runs_this_installations_hook_and_the_groups_are_as_the_contract_says(
    home: Home, path: Path
) -> None:
    install.install(home)
    hooks = json.loads(path.read_text())["hooks"]
    contract = tomllib.loads((Path(schema_dir()) / "events.toml").read_text())["claude-code"]
    assert list(hooks) == [name for name in CLAUDE_EVENTS if not contract[name].get("optional")]
    for event, [group] in hooks.items():
        [hook] = group["hooks"]
        assert group.get("matcher") == contract[event].get("matcher")
        assert hook["type"] == "command" and hook["timeout"] == 10
        assert hook["command"].startswith(
            os.path.join(os.path.dirname(sys.executable), "memlog-hook") + f" {event}"
        )
    install.install(home, every_tool=True)
    assert set(commands(path)) == set(CLAUDE_EVENTS)
    assert (
        json.loads(path.read_text())["hooks"]["PostToolUse"][0]["matcher"]
        == contract["PostToolUse"]["matcher"]
    )


def test_installing_again_writes_nothing(home: Home, path: Path) -> None:
    write(path, LAYOUTS[0])
    install.install(home)
    before = (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
    assert install.install(home).done == ""
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


@pytest.mark.parametrize("raw", [b'{"hooks": []}', b'{"hooks": {"Stop": {}}}', b"[1]", b"{"])
def test_settings_nobody_could_read_are_refused_with_what_to_do(home: Home, path: Path, raw: bytes) -> None:
    write(path, raw)
    with pytest.raises(InputError, match="nothing was changed") as refused:
        install.install(home)
    assert "then the same command again" in refused.value.hint and str(path) in str(refused.value)
    assert path.read_bytes() == raw


def test_a_hook_of_another_installation_is_mended_and_not_doubled(home: Home, path: Path) -> None:
    old = {
        "hooks": {
            "Stop": [
                {
                    "hooks": [
                        {"type": "command", "command": "/old/venv/bin/memlog-hook Stop", "timeout": 9},
                        {"type": "command", "command": "say"},
                    ]
                }
            ]
        }
    }
    write(path, json.dumps(old, indent=2).encode())
    assert any("/old/venv" in line for line in install.check(home))
    assert install.install(home).done == "updated"
    assert commands(path)["Stop"] == ["say", install.command("Stop", home)]
    assert install.check(home) == []
    install.uninstall(home)
    assert commands(path) == {"Stop": ["say"]}


def test_a_file_changed_since_loses_our_hooks_and_nothing_else(home: Home, path: Path) -> None:
    write(path, LAYOUTS[1])
    install.install(home)
    value = json.loads(path.read_text())
    value["theme"] = "dark"
    value["hooks"]["Stop"].append({"hooks": [{"type": "command", "command": "theirs"}]})
    write(path, json.dumps(value, indent=4, ensure_ascii=False).encode() + b"\n")
    assert install.uninstall(home).done == "removed"
    left = json.loads(path.read_text())
    assert left["theme"] == "dark" and commands(path)["Stop"] == ["say done", "theirs"]
    del left["theme"]
    left["hooks"]["Stop"].pop()
    assert left == OTHERS


def test_a_file_changed_between_two_installs_is_restored_as_changed(home: Home, path: Path) -> None:
    write(path, LAYOUTS[1])
    install.install(home)
    write(path, path.read_bytes().replace(b'"opus"', b'"haiku"'))
    install.install(home, every_tool=True)
    install.uninstall(home)
    assert path.read_bytes() == LAYOUTS[1].replace(b'"opus"', b'"haiku"')


def test_changing_what_is_installed_keeps_the_first_bytes(home: Home, path: Path) -> None:
    raw = write(path, b'{"a":   [1,2],\n\n "b": {} }')  # a layout no dump gives back
    install.install(home, every_tool=True)
    assert install.install(home).done == "updated" and "PostToolUse" not in commands(path)
    install.uninstall(home)
    assert path.read_bytes() == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b'{"a":1,}',
        b'{// no\n"a":1}',
        b'{"hooks":[]}',
        b'{"hooks":{"Stop":{}}}',
        b"\xff",
        b'{"a":1,"a":2}',
        b"[" * 99_999,
    ],
)
def test_settings_that_cannot_be_read_are_not_touched(
    raw: bytes, home: Home, path: Path, run_memlog: Run
) -> None:
    write(path, raw)
    for act in (install.install, install.uninstall, install.check):
        with pytest.raises(InputError) as caught:
            act(home)
        assert str(path) in str(caught.value)
    assert path.read_bytes() == raw
    assert not (Path(home.root) / "backup").exists()


def test_a_linked_settings_file_stays_a_link(home: Home, path: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "claude.json").write_bytes(LAYOUTS[0])
    os.chmod(dotfiles / "claude.json", 0o644)
    path.parent.mkdir()
    path.symlink_to(dotfiles / "claude.json")
    install.install(home)
    assert path.is_symlink() and b"memlog-hook" in (dotfiles / "claude.json").read_bytes()
    assert stat.S_IMODE((dotfiles / "claude.json").stat().st_mode) == 0o644
    assert os.listdir(dotfiles) == ["claude.json"]
    install.uninstall(home)
    assert path.is_symlink() and path.read_bytes() == LAYOUTS[0]


def test_a_killed_install_leaves_the_old_file_or_the_new_one(
    home: Home, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, LAYOUTS[0])
    fired = []

    def die(*words: object) -> None:
        fired.append(words)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", die)
    with pytest.raises(KeyboardInterrupt):
        install.install(home)
    monkeypatch.undo()
    assert fired and path.read_bytes() == LAYOUTS[0]


def test_check_says_what_keeps_the_hooks_from_running(
    home: Home, path: Path, run_memlog: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_memlog("install", "claude-code", "--check", check=1)
    run_memlog("install", "claude-code", check=0)
    run_memlog("install", "claude-code", "--check", check=0)
    both = run_memlog("install", "claude-code", "--check", "--uninstall", check=2)
    assert "exclude each other" in both.stderr
    run_memlog("install", "claude-code", "--check", check=0)
    value = json.loads(path.read_text())
    del value["hooks"]["PreCompact"]
    value["hooks"]["SessionStart"][0]["matcher"] = "startup"
    value["disableAllHooks"] = True
    path.write_text(json.dumps(value))
    path.with_name("settings.local.json").write_text('{"disableAllHooks": true}')
    said = run_memlog("install", "claude-code", "--check", check=1).stdout.splitlines()
    assert said[0] == "SessionStart: runs for 'startup' only" and said[1] == "PreCompact: no hook of memlog"
    assert any(line.startswith("disableAllHooks") for line in said) and any(
        "settings.local.json" in line for line in said
    )


def test_the_commands_do_it_too_and_for_another_file(home: Home, tmp_path: Path, run_memlog: Run) -> None:
    other = tmp_path / "project/settings.json"
    run_memlog("install", "claude-code", "--settings", str(other), "--every-tool", check=0)
    assert set(commands(other)) == set(CLAUDE_EVENTS)
    run_memlog("install", "claude-code", "--check", "--settings", str(other), check=0)
    run_memlog("install", "claude-code", "--uninstall", "--settings", str(other), check=0)
    assert not other.exists()
    write(other, b"{")
    done = run_memlog("install", "claude-code", "--settings", str(other), check=2)
    assert str(other) in done.stderr and done.stdout == ""


@pytest.mark.parametrize("folder", ["home", "a home with 'quotes' and spaces"])
def test_an_installed_command_records_whatever_the_hosts_environment_is(
    folder: str, tmp_path: Path, path: Path, settings: Settings
) -> None:
    home = Home(str(tmp_path / folder))
    install.install(home)
    for event, [line] in commands(path).items():
        done = subprocess.run(["sh", "-c", line], input=b'{"session_id":"s"}', capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "user"), "MEMLOG_START_WITNESS": "0"})  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), event
    with open_ring(settings._replace(home=home.root)) as ring:
        assert ring.info().next_seq - 1 == len(commands(path))


def test_the_default_home_is_not_spelt_out(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"--home {home.root}" in install.command("Stop", home)
    assert "--home" not in install.command("Stop", Home(str(tmp_path / "user/.claude/memlog")))
    monkeypatch.delenv("MEMLOG_HOME")
    assert "--home" not in install.command("Stop", Home())


def test_a_hook_that_is_not_there_any_more_cannot_block_the_host(tmp_path: Path) -> None:
    """Exit code 2 blocks compaction; the shell says 127 or 126, and the interpreter itself would say 2."""
    missing = install.command("PreCompact", Home(), str(tmp_path / "gone/memlog-hook"))
    assert subprocess.run(["sh", "-c", missing], capture_output=True).returncode == 127
    broken = tmp_path / "memlog-hook"
    broken.write_text("#!/nonexistent/python\n")
    os.chmod(broken, 0o755)
    assert subprocess.run(
        ["sh", "-c", install.command("PreCompact", Home(), str(broken))], capture_output=True
    ).returncode in (126, 127)
    os.chmod(broken, 0o644)
    assert (
        subprocess.run(
            ["sh", "-c", install.command("PreCompact", Home(), str(broken))], capture_output=True
        ).returncode
        == 126
    )
    twin = subprocess.run([sys.executable, str(tmp_path / "gone.py")], capture_output=True)
    assert twin.returncode == 2


def test_the_plugin_has_the_same_hooks(home: Home, path: Path, tmp_path: Path, run_memlog: Run) -> None:
    run_memlog("install", "claude-code", "--plugin", str(tmp_path / "plugin"), check=0)
    install.install(home)
    written = json.loads((tmp_path / "plugin/hooks/hooks.json").read_text())
    assert written["hooks"] == json.loads(path.read_text())["hooks"]
    assert json.loads((tmp_path / "plugin/.claude-plugin/plugin.json").read_text())["name"] == "memlog"


def test_the_plugin_in_the_repository_is_what_the_command_writes(home: Home, tmp_path: Path) -> None:
    default = Home(str(tmp_path / "user/.claude/memlog"))
    for file in install.write_plugin(str(tmp_path / "plugin"), default, path=install.PROGRAM):
        kept = ROOT / "integrations/claude-code" / os.path.relpath(file, tmp_path / "plugin")
        assert kept.read_text() == Path(file).read_text()
