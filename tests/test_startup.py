"""What isn't needed isn't imported: importing scikit-learn alone takes longer than most commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("librosa", "spafe", "numba", "scipy", "sklearn", "skops", "matplotlib", "rich", "torch", "audiomentations")
# main() ends by sys.exit, so what it imported is told on the way out.
CODE = """
import atexit, json, sys

heavy = json.loads(sys.argv.pop(1))

@atexit.register
def tell():
    print("imported:", json.dumps([name for name in heavy if name in sys.modules]), file=sys.stderr)

from audioclf.cli.main import main
main()
"""


@pytest.fixture
def imported(tmp_path):
    """Run a command in a process of its own; return which of *heavy* it has imported."""

    def run(*words, heavy=HEAVY):
        done = subprocess.run(
            [sys.executable, "-c", CODE, json.dumps(heavy), *map(str, words)],
            cwd=tmp_path,
            env=os.environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        (said,) = (line for line in done.stderr.splitlines() if line.startswith("imported: "))
        return json.loads(said.removeprefix("imported: "))

    return run


@pytest.fixture(scope="module")
def model(tiny, tmp_path_factory):
    from audioclf.model.train import train

    return train(tiny / "clips.csv", "mfcc+gfcc", "svm", cv=2).save(tmp_path_factory.mktemp("model") / "m.audioclf")


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["predict", "--help"], ["extract", "--help"], ["store", "--help"]]
)
def test_help_needs_nothing_but_click(words, imported):
    assert imported(*words, heavy=(*HEAVY, "numpy", "importlib.metadata", "soundfile", "sqlite3")) == []


def test_a_command_builds_no_other_commands(imported):
    """Building all options takes longer than what a short command does."""
    others = [f"audioclf.cli.{name}" for name in ("runs", "extract", "report", "datasets", "store", "catalogue")]
    assert imported("predict", "--help", heavy=others) == []


@pytest.mark.parametrize("kind", ["features", "classifiers", "datasets", "reports"])
def test_list(kind, imported):
    assert imported("list", kind) == []


def test_extract_from_a_warm_store(tiny, imported, tmp_path):
    words = ["extract", "--features", "mfcc+gfcc+chroma+pncc", "--data", tiny, "--store", tmp_path / "features"]
    assert imported(*words, "--output", "cold.csv") != [], "without a store, features are computed"
    assert imported(*words, "--output", "warm.csv") == []
    assert (tmp_path / "warm.csv").read_text() == (tmp_path / "cold.csv").read_text()


def test_predict(model, tiny, imported):
    """A second prediction takes its filterbanks from files; scikit-learn, which the model needs, imports scipy."""
    words = ["predict", model, tiny / "hum" / "0.wav"]
    imported(*words)
    needless = (
        "librosa",
        "spafe",
        "skops",
        "matplotlib",
        "audioclf.comparison.compare",
        "audioclf.validation.splits",
        "audioclf.features.transformer",
    )
    assert imported(*words, heavy=needless) == []


def test_a_feature_set_needs_scikit_learn():
    """As the control: the test above would notice."""
    code = "import sys, audioclf.features.transformer; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


def test_networks_are_known_without_pytorch():
    code = (
        "import sys, audioclf; from audioclf.comparison.compare import compare; "
        "from audioclf.classifier.contract import build_classifier; "
        "print([build_classifier(name).title for name in ('cnn', 'cnn1d', 'rnn')]); "
        "assert not {'torch', 'skorch', 'safetensors'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
