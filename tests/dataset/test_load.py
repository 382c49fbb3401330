"""A data set is found by whatever --data says."""

from __future__ import annotations

import pytest
from sets import refuses

from audioclf.dataset.load import load_dataset
from audioclf.errors import DatasetError, SpecError


def test_nothing_there(tmp_path):
    refuses(tmp_path / "none", "no such file or folder")
    refuses("none.csv", "no such file or folder")
    refuses("./none", "no such file or folder")


def test_typo_in_a_name():
    with pytest.raises(SpecError, match=r"'dmo' is no folder, no file and no known data set\. Did you mean 'demo'"):
        load_dataset("dmo")
    with pytest.raises(SpecError, match="Did you mean 'soundata'"):
        load_dataset("soundat:esc50")
    with pytest.raises((DatasetError, SpecError), match="no variants"):
        load_dataset("demo:large")


def test_a_folder_goes_before_a_name(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    folder.rename(folder.parent / "demo")
    assert len(load_dataset("demo")) == 4
