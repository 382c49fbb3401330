"""Every example in a docstring is a test."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import audioclf

OPTIONAL = ("torch", "skorch", "safetensors")


def _modules():
    yield "audioclf"
    for module in pkgutil.walk_packages(audioclf.__path__, "audioclf."):
        if not module.name.endswith("__main__"):
            yield module.name
    # The plug-in folders lie beside the package in a checkout, where walk_packages can't see them.
    for folder in ("feature_sets", "classifiers", "datasets", "reports"):
        package = importlib.import_module(f"audioclf.{folder}")
        for module in pkgutil.walk_packages(package.__path__, f"audioclf.{folder}."):
            yield module.name


@pytest.mark.parametrize("name", sorted(set(_modules())))
def test_examples(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
        pytest.skip(f"{error.name} isn't installed")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testmod(module, optionflags=flags)
    assert failed == 0
