"""A home with one of everything, made once for a file of tests and given to each as a copy."""

import shutil
from pathlib import Path

import pytest

import whole
from memlog.paths import Home


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sound") / "home"
    whole.make(Home(str(place)))
    return place


@pytest.fixture
def full(sound: Path, home: Home) -> Home:
    shutil.copytree(sound, home.root)
    return home
