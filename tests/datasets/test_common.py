"""What every data set's loader promises, built-in or another package's."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from audioclf import plugins
from audioclf.dataset.load import load_dataset
from audioclf.dataset.loader import DatasetLoader
from audioclf.errors import DatasetError, SpecError

NAMES = plugins.names("datasets")
FAMILIES = {"soundata", "mirdata"}  # they need a name of a set
MADE_HERE = {"demo"}


@pytest.mark.parametrize("name", NAMES)
def test_description(name):
    loader = plugins.load("datasets", name)()
    assert isinstance(loader, DatasetLoader)
    assert loader.name == name
    for attribute in ("title", "homepage", "licence", "citation", "size", "variants"):
        assert isinstance(getattr(loader, attribute), str)
    assert loader.title
    assert "\n" not in loader.title
    assert loader.licence
    assert type(loader).__doc__


@pytest.mark.parametrize("name", NAMES)
def test_labels(name):
    labels = plugins.load("datasets", name)().labels()
    assert all(isinstance(label, str) and label for label in labels)
    assert labels == sorted(set(labels))


@pytest.mark.parametrize("name", sorted(set(NAMES) - FAMILIES))
def test_variants_are_refused_where_there_are_none(name):
    with pytest.raises(DatasetError, match=f"--data {name}"):
        plugins.load("datasets", name)("x")


@pytest.mark.parametrize("name", sorted(set(NAMES) - FAMILIES - MADE_HERE))
@pytest.mark.parametrize("exists", [False, True])
def test_missing_copy(name, exists, tmp_path):
    root = tmp_path / "root"
    if exists:
        (root / "unrelated").mkdir(parents=True)
    with pytest.raises(DatasetError) as caught:
        load_dataset(name, root=root)
    assert f"audioclf datasets fetch {name}" in str(caught.value)
    assert "--root" in str(caught.value)
    assert str(root) in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(NAMES) - FAMILIES - MADE_HERE))
def test_missing_copy_in_the_default_place(name):
    with pytest.raises(DatasetError, match=f"audioclf datasets fetch {name}"):
        load_dataset(name)


@pytest.mark.parametrize("name", sorted(set(NAMES) - FAMILIES))
def test_copy_on_this_machine(name, shared_data):
    loader = plugins.load("datasets", name)()
    root = None if name in MADE_HERE else shared_data / name
    if root is not None and not root.is_dir():
        pytest.skip(f"no copy of {name} on this machine")
    data = loader.load(root)
    assert data.labels == loader.labels()
    assert len({clip.name for clip in data}) == len(data)
    assert all(clip.path.is_file() for clip in data)
    assert [clip.name for clip in data] == [clip.name for clip in loader.load(root)]
    assert data.licence == loader.licence
    assert data.source == name


def test_unknown_name():
    with pytest.raises(SpecError, match="Did you mean 'fsdd'"):
        plugins.load("datasets", "fsd")


def test_loaders_are_made_without_heavy_imports():
    program = (
        "import json, sys\n"
        "from audioclf import plugins\n"
        "[plugins.load('datasets', name)() for name in plugins.names('datasets')]\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"sklearn", "scipy", "librosa", "soundata", "mirdata", "pooch", "requests", "matplotlib", "pandas"}
    assert not heavy & set(json.loads(done.stdout))
