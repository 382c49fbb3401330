"""Imports of the core run down the list of rooms; the picture in docs/architecture.md shows them as they are."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def rooms():
    spec = importlib.util.spec_from_file_location("rooms", DOCS / "rooms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(rooms):
    return list(rooms.imports(rooms.modules()))


def test_no_import_runs_back(rooms, found):
    assert len(found) > 200
    assert rooms.running_back(found) == []


def test_no_module_imports_itself_by_way_of_others(rooms, found):
    assert rooms.circles(found) == []


def test_every_folder_of_the_core_is_a_room(rooms):
    folders = {path.parent.name for path in rooms.modules().values() if path.parent.parent.name == "audioclf"}
    assert folders - {"audioclf"} == {*rooms.ROOMS} - {"ground"}


def test_the_picture_is_that_of_the_code(rooms):
    text = rooms.PAGE.read_text(encoding="utf-8")
    assert rooms.with_picture(text, rooms.picture(rooms.modules())) == text, "run python docs/rooms.py"


def test_an_arrow_back_and_a_circle_are_seen(rooms, tmp_path):
    files = {
        "audio/decode.py": "from audioclf.errors import AudioError\n",
        "cli/main.py": "def run():\n    from audioclf.audio import decode\n",
        "store/store.py": "if False:\n    from audioclf.features.extractor import Extractor\n",
        "features/extractor.py": "import audioclf.classifiers.svm\nfrom audioclf.features import frames\n",
        "features/frames.py": "from audioclf.features.extractor import Extractor\n",
        "errors.py": "",
        "plugin.py": "from audioclf.cli.main import run\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    planted = list(rooms.imports(rooms.modules(tmp_path)))
    assert rooms.running_back(planted) == [
        ("audioclf.features.extractor", "audioclf.classifiers.svm"),
        ("audioclf.store.store", "audioclf.features.extractor"),
    ]
    assert rooms.circles(planted) == ["audioclf.features.extractor", "audioclf.features.frames"]
    assert ("cli", "audio") in rooms.arrows(planted)
