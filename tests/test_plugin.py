"""What plug-ins import: `audioclf.plugin` offers it, loaded late; the built-in ones take it from there."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from audioclf import plugin

ROOT = Path(__file__).parents[1]
FOLDERS = ("feature_sets", "classifiers", "datasets", "audioclf/augmentation/effects")
HEAVY = ("numpy", "numba", "scipy", "sklearn", "matplotlib", "librosa", "torch", "soundfile", "msgspec")
BEYOND = {
    *(
        (f"audioclf/augmentation/effects/{name}.py", "audioclf.augmentation.effect", "signed")
        for name in ("gain", "noise", "pitch", "reverb", "shift")
    ),
    ("datasets/_library.py", "audioclf.dataset.download", "fetch_file"),
    ("datasets/demo.py", "audioclf.dataset.download", "settle"),
    ("datasets/demo.py", "audioclf.dataset.download", "staging_beside"),
    ("feature_sets/_cepstra.py", "audioclf.spectra.kernels.logarithm", "log"),
    ("feature_sets/_cepstra.py", "audioclf.spectra.kernels.matrices", "Weights"),
    ("feature_sets/_cepstra.py", "audioclf.spectra.kernels.matrices", "weigh"),
    ("feature_sets/_cepstra.py", "audioclf.spectra.kernels.matrices", "weights"),
    ("feature_sets/entropy.py", "audioclf.spectra.kernels.logarithm", "log_lanes"),
    ("feature_sets/pncc.py", "audioclf.spectra.spectra", "preemphasis_response"),
}
"""What built-in plug-ins take from the rooms of the core: no contracts, but tools that a few of them share with it."""


def imported(path, tree=None):
    """Module and name of all that a file of ours imports from audioclf, wherever it does."""
    found = set()
    for node in ast.walk(tree or ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.split(".")[0] == "audioclf":
            found |= {(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if alias.name.split(".")[0] == "audioclf"}
    return found


def test_nothing_is_loaded_before_it_is_asked_for():
    code = (
        "import json, sys, audioclf.plugin; heavy = set(json.loads(sys.argv[1])) & set(sys.modules); "
        "ours = {name for name in sys.modules if name.startswith('audioclf')}; print(sorted(heavy | ours))"
    )
    done = subprocess.run([sys.executable, "-c", code, json.dumps(HEAVY)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['audioclf', 'audioclf._version', 'audioclf.plugin']"


@pytest.mark.parametrize("name", plugin.__all__)
def test_each_name_is_there(name):
    assert getattr(plugin, name) is not None
    assert name in dir(plugin)


def test_another_name_is_not():
    with pytest.raises(AttributeError, match=r"module 'audioclf\.plugin' has no attribute 'Extractors'"):
        plugin.Extractors  # noqa: B018


def test_tools_that_read_code_are_told_the_same():
    tree = ast.parse(Path(plugin.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    homes = {(home, name) for home, names in plugin._HOMES.items() for name in names}
    assert imported(None, block) == homes
    assert sorted(name for _, name in homes) == sorted(plugin.__all__)


def test_built_in_plug_ins_import_what_others_do():
    beyond = set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            beyond |= {
                (place, module, name)
                for module, name in imported(path)
                if module != "audioclf.plugin" and not module.startswith(f"audioclf.{folder}.")
            }
    assert beyond == BEYOND
    assert not {name for _, _, name in beyond} & set(plugin.__all__)


def test_reports_take_from_it_what_it_offers():
    """They read more of the record than a contract names: that comes from the room of results."""
    offered = {(home, name) for home, names in plugin._HOMES.items() for name in names}
    for path in sorted((ROOT / "reports").rglob("*.py")):
        assert not imported(path) & offered, path


def test_the_core_does_without():
    for path in sorted((ROOT / "audioclf").rglob("*.py")):
        if path.parent.name == "effects":
            continue  # plug-ins, though they lie in a room
        taken = {module if name != "plugin" else f"{module}.plugin" for module, name in imported(path)}
        assert "audioclf.plugin" not in taken, path
