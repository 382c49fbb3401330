"""Names to classes, by entry points only."""

from __future__ import annotations

import configparser
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from audioclf import plugins
from audioclf.errors import SpecError

SETUP = Path(__file__).resolve().parents[1] / "setup.cfg"


def catalogue(kind):
    parser = configparser.ConfigParser()
    parser.read(SETUP, encoding="utf-8")
    lines = parser["options.entry_points"][plugins.GROUPS[kind]].split("\n")
    return dict(map(str.strip, line.split("=", 1)) for line in lines if line.strip())


@pytest.mark.parametrize("kind", plugins.GROUPS)
def test_names_hold_what_setup_cfg_says_sorted(kind):
    found = plugins.names(kind)
    assert found == sorted(found)
    assert set(catalogue(kind)) <= set(found)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in plugins.GROUPS for name in catalogue(kind)])
def test_every_built_in_name_loads_a_class_of_that_name(kind, name):
    thing = plugins.load(kind, name)
    module, _, attribute = catalogue(kind)[name].partition(":")
    assert (thing.__module__, thing.__qualname__) == (module, attribute)
    assert thing.name == name


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("features", "mfc", "unknown feature 'mfc'. Did you mean 'mfcc'"),
        ("classifiers", "SMV", "unknown classifier 'SMV'. Did you mean 'svm'"),
        ("datasets", "qqqqqq", "unknown dataset 'qqqqqq'. Known: .*demo.*gtzan"),
        ("reports", "htm", "unknown report format 'htm'. Did you mean 'html'"),
    ],
)
def test_a_wrong_name_gets_the_closest_or_the_list(kind, name, message):
    with pytest.raises(SpecError, match=message):
        plugins.load(kind, name)


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Register a module of another package under a name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def register(name, text, attribute="Thing"):
        (tmp_path / f"{name}_module.py").write_text(text)
        point = EntryPoint(name, f"{name}_module:{attribute}", plugins.GROUPS["features"])
        monkeypatch.setattr(plugins, "_catalogue", lambda kind: {name: point})

    return register


def test_another_packages_class_is_the_equal_of_a_built_in_one(foreign):
    foreign("wavelets", "class Thing:\n    name = 'wavelets'\n")
    assert plugins.names("features") == ["wavelets"]
    assert plugins.load("features", "wavelets").name == "wavelets"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("lacking", "import no_such_package_here", "No module named 'no_such_package_here'"),
        ("renamed", "class Other: pass", "has no attribute 'Thing'"),
        ("broken", "class Thing(:", "SyntaxError"),
        ("raising", "raise RuntimeError('no licence')", "RuntimeError: no licence"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named_with_the_reason(foreign, name, text, reason):
    foreign(name, text)
    with pytest.raises(SpecError, match=f"feature '{name}' can't be imported from {name}_module:Thing: .*{reason}"):
        plugins.load("features", name)


def test_the_core_imports_no_plugin_and_nothing_heavy_before_it_is_asked():
    heavy = ("audioclf.feature_sets", "audioclf.classifiers", "sklearn", "scipy.signal", "librosa", "matplotlib")
    code = (
        "import sys, audioclf.plugins as p, audioclf.spec, audioclf.cli.main; p.names('features'); "
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
