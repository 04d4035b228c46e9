"""driver/ says one thing everywhere: node, group, version, parameters, files."""

import re
from pathlib import Path

from memlog import contracts

ROOT = Path(__file__).parents[2]
DRIVER = ROOT / "driver"
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DRIVER.glob("*.[ch]"))}
README = (DRIVER / "README.md").read_text(encoding="utf-8")
KBUILD = (DRIVER / "Kbuild").read_text(encoding="utf-8")


def test_module_udev_rule_and_readme_give_the_node_one_mode_and_group() -> None:
    (rule,) = re.findall(r"^[^#\n].*", (DRIVER / "99-memlog.rules").read_text(encoding="utf-8"), re.M)
    words = dict(re.findall(r'(\w+)={1,2}"([^"]*)"', rule))
    assert words == {"KERNEL": "memlog", "GROUP": "memlog", "MODE": "0660"}
    (mode,) = re.findall(r"memlog_mode = (\d+);", SOURCES["memlog_main.c"])
    assert mode == words["MODE"] and int(mode, 8) & 0o060 == 0o060 and not int(mode, 8) & 0o007
    assert f"`root:{words['GROUP']}`, mode {mode}" in README and f"| `memlog_mode` | {mode} |" in README
    assert f"groupadd -f {words['GROUP']}" in README


def test_every_parameter_has_a_description_and_a_row_in_the_readme() -> None:
    source = SOURCES["memlog_main.c"]
    named = re.findall(r"^module_param\((\w+),", source, re.M)
    assert named == re.findall(r"^MODULE_PARM_DESC\((\w+),", source, re.M)
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", README, re.M)
    assert sorted(named) == sorted(name for name, _ in rows)
    assert dict(rows)["ring_size"] == str(contracts.RING_DEFAULT)
    assert f"{contracts.RING_MIN} to {contracts.RING_MAX}" in README


def test_dkms_and_the_module_have_one_version() -> None:
    (version,) = re.findall(r'MODULE_VERSION\("(.*)"\)', SOURCES["memlog_main.c"])
    dkms = (DRIVER / "dkms.conf").read_text(encoding="utf-8")
    assert f'PACKAGE_VERSION="{version}"' in dkms and f"memlog/{version}" in README


def test_what_is_compiled_is_what_is_there() -> None:
    objects = set(re.findall(r"(memlog_\w+)\.o", KBUILD))
    assert objects == {name.removesuffix(".c") for name in SOURCES if name.endswith(".c")}
    assert all(f"`{name}`" in README for name in SOURCES if not re.search(r"(device|registry|ring)\.h", name))


def test_every_ioctl_of_the_contract_is_answered() -> None:
    header = (Path(contracts.schema_dir()) / "memlog.h").read_text(encoding="utf-8")
    defined = set(re.findall(r"#define (MEMLOG_IOC_\w+)\s+_IO", header))
    assert len(defined) == 8
    assert defined == set(re.findall(r"case (MEMLOG_IOC_\w+):", SOURCES["memlog_ioctl.c"]))


def test_one_header_knows_of_kernel_versions_and_the_core_of_no_user_pointer() -> None:
    assert [name for name, text in SOURCES.items() if "VERSION_CODE" in text] == ["memlog_compat.h"]
    assert "__user" not in SOURCES["memlog_ring.c"] and "copy_to" not in SOURCES["memlog_ring.c"]
    for name, text in SOURCES.items():
        assert text.splitlines()[0].strip("/* ") == "SPDX-License-Identifier: GPL-2.0-only", name
