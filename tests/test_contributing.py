"""The plug-ins that CONTRIBUTING.md and docs/plugins.md show: they run as pasted, next to the built-in ones."""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from local_server import server  # noqa: F401 (a fixture)

import audioclf
from audioclf import plugins
from audioclf.augmentation.copies import parse
from audioclf.classifier.contract import build_classifier
from audioclf.cli.main import cli

ROOT = Path(__file__).parents[1]
HOMES = {
    "feature_sets": "audioclf.feature_sets",
    "classifiers": "audioclf.classifiers",
    "datasets": "audioclf.datasets",
    "audioclf/augmentation/effects": "audioclf.augmentation.effects",
    "reports": "audioclf.reports",
}
RATE = 8000


def files(page):
    """The blocks of a page that are whole files, by the paths that stand above them."""
    found = re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert len(dict(found)) == len(found)
    return dict(found)


SNIPPETS = files("CONTRIBUTING.md")


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """Put the snippets where the page says, and register them by the lines that the page gives for setup.cfg."""
    folder = tmp_path_factory.mktemp("snippets")
    lines = re.findall(
        r"under `(audioclf\.\w+)`: `(\w+) = ([\w.]+:\w+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    )
    points = [EntryPoint(name, value, group) for group, name, value in lines]
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        for path, text in SNIPPETS.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        for place, package in HOMES.items():
            module = importlib.import_module(package)
            patch.setattr(module, "__path__", [*module.__path__, str(folder / place)])
        known = {kind: dict(plugins._catalogue(kind)) for kind in plugins.GROUPS}
        for kind, group in plugins.GROUPS.items():
            known[kind] |= {point.name: point for point in points if point.group == group}
        patch.setattr(plugins, "_catalogue", known.__getitem__)
        yield {point.group: point.load() for point in points}
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(folder) in sys.modules[name].__file__:
            del sys.modules[name]


def run(*words):
    done = CliRunner().invoke(cli, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def tone(level=0.5, frequency=440.0, seconds=0.4):
    return (level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_every_python_block_is_a_whole_file_and_every_kind_has_one():
    for page in ("CONTRIBUTING.md", "docs/plugins.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert text.count("```python\n") == sum(path.endswith(".py") for path in files(page))
    assert {path.rpartition("/")[0] for path in SNIPPETS} == set(HOMES)


def test_each_is_registered_by_the_line_for_setup_cfg(added):
    assert set(added) == set(plugins.GROUPS.values())
    for kind, group in plugins.GROUPS.items():
        thing = added[group]
        assert thing.__doc__
        assert plugins.load(kind, thing.name) is thing
        assert re.search(rf"^{thing.name} +{re.escape(thing.title)}", run("list", kind).stdout, re.M)
        assert run("list", kind, thing.name).stdout.startswith(f"{thing.name}: {thing.title}\n")


def test_the_extractor_measures_power(added, tmp_path):
    loudness = audioclf.FeatureSet("loudness")
    loud, soft = (loudness.frames(tone(level), RATE)[:, 0] for level in (0.5, 0.05))
    np.testing.assert_allclose(loud - soft, 20, atol=1e-3)
    assert (audioclf.FeatureSet("loudness:floor=-30").frames(np.zeros(RATE, np.float32), RATE) == -30).all()
    both = audioclf.FeatureSet("loudness:deltas=1").frames(tone(), RATE)
    np.testing.assert_array_equal(both[:, 0], loud)
    for kind, level in (("loud", 0.5), ("soft", 0.05)):
        (tmp_path / "data" / kind).mkdir(parents=True)
        soundfile.write(tmp_path / "data" / kind / "a.wav", tone(level), RATE, "FLOAT")
    run("extract", "--features", "loudness", "--data", tmp_path / "data", "--output", tmp_path / "f.csv", "--no-store")
    heads, *rows = (line.split(",") for line in (tmp_path / "f.csv").read_text().splitlines())
    means = [float(row[heads.index("loudness_mean")]) for row in rows]
    assert abs(means[0] - means[1] - 20) < 1e-3


def test_the_classifier_learns_and_is_saved(added, rng):
    lda = build_classifier("lda:shrinkage=0.2")
    y = np.repeat(["a", "b"], 20)
    X = (rng.normal(size=(40, 3)) + 4 * (y == "b")[:, None]).astype(np.float32)
    model = lda.build(seed=0).fit(X, y)
    assert model.score(X, y) == 1
    again = lda.unpack(lda.pack(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert set(lda.space) <= set(lda.parameters)
    assert build_classifier("lda").shrinkage in lda.space["shrinkage"]
    with pytest.raises(audioclf.AudioclfError, match="lda: shrinkage=2; it must be from 0 to 1"):
        build_classifier("lda:shrinkage=2")


def test_the_effect_does_what_it_says(added):
    if not find_spec("audiomentations"):
        pytest.skip("the extra 'augment' isn't installed")
    made = parse("overdrive:max_db=30")
    x = tone(0.9)
    for number in (1, 2):
        said = int(re.fullmatch(r"overdrive (\d+) dB", made.describe(b"clip", number))[1])
        gains = 10 ** (np.array([said - 0.5, said + 0.5]) / 20)
        softest, loudest = np.abs(np.tanh(gains * np.abs(x).max()) / gains)[::-1]
        assert softest - 1e-6 <= np.abs(made.copy(x, RATE, b"clip", number)).max() <= loudest + 1e-6
    assert made.describe(b"clip", 1) != made.describe(b"clip", 2)


def archive():
    """The recordings of the page's data set, zipped: two species, each on three days."""
    buffer = io.BytesIO()
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(buffer, "w") as bundle:
        for label, level in (("owl", 0.5), ("wren", 0.1)):
            for day in range(1, 4):
                for number in range(2):
                    file = io.BytesIO()
                    samples = tone(level * rng.uniform(0.8, 1.2), rng.uniform(300, 900))
                    soundfile.write(file, samples, RATE, "PCM_16", format="WAV")
                    bundle.writestr(f"{label}_2024-05-0{day}_{number}.wav", file.getvalue())
    return buffer.getvalue()


def test_a_comparison_of_all_of_them(added, server, tmp_path, monkeypatch):  # noqa: F811
    """The data set is fetched, then its clips are compared by the others, and reported."""
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path / "cache"))
    mybirds = added["audioclf.datasets"]
    [published] = mybirds().downloads()
    server.files["/mybirds.zip"] = archive()
    checksum = "md5:" + hashlib.md5(server.files["/mybirds.zip"]).hexdigest()
    here = type(published)(f"{server.url}/mybirds.zip", checksum, published.filename)
    monkeypatch.setattr(mybirds, "downloads", lambda self: [here])
    with pytest.raises(audioclf.AudioclfError, match="get them with 'audioclf datasets fetch mybirds'"):
        audioclf.load_dataset("mybirds")
    run("datasets", "fetch", "mybirds")
    data = audioclf.load_dataset("mybirds")
    assert [(clip.label, clip.group) for clip in data][:3] == [("owl", f"2024-05-0{day}") for day in (1, 1, 2)]
    augment = ["--augment", "overdrive:max_db=6", "--augment-factor", 1] if find_spec("audiomentations") else []
    words = [
        "--features",
        "loudness",
        "--clf",
        "lda",
        "--cv",
        3,
        "--report",
        "text",
        "--out",
        tmp_path / "run",
        "--quiet",
    ]
    run("compare", "--data", "mybirds", *words, *augment)
    said = (tmp_path / "run" / "report.txt").read_text()
    assert said == "loudness with lda" + ", augmented" * bool(augment)
    assert (
        audioclf.compare("mybirds", features="loudness", classifiers="lda", cv=3).results.best.metrics["accuracy"].mean
        == 1
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Build the page's package from its text, and install it into a folder of its own, without a network."""
    source, target = tmp_path_factory.mktemp("audioclf-crest"), tmp_path_factory.mktemp("installed")
    for name, text in files("docs/plugins.md").items():
        (source / name).write_text(text, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", target, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def audioclf_with(package, *words):
    environment = {**os.environ, "PYTHONPATH": str(package)}
    done = subprocess.run(
        [sys.executable, "-m", "audioclf", *map(str, words)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_package_of_its_own(package, tmp_path):
    assert files("docs/plugins.md").keys() == {"pyproject.toml", "audioclf_crest.py"}
    assert re.search(r"^crest +crest factor, dB +most=40$", audioclf_with(package, "list", "features"), re.M)
    assert "highest value, dB" in audioclf_with(package, "list", "features", "crest")
    for kind, samples in (("sine", tone()), ("square", np.sign(tone()) / 2)):
        (tmp_path / "data" / kind).mkdir(parents=True)
        soundfile.write(tmp_path / "data" / kind / "a.wav", samples, RATE, "FLOAT")
    table = tmp_path / "f.csv"
    audioclf_with(
        package, "extract", "--features", "crest", "--data", tmp_path / "data", "--output", table, "--no-store"
    )
    heads, *rows = (line.split(",") for line in table.read_text().splitlines())
    sine, square = (float(row[heads.index("crest_mean")]) for row in rows)
    assert abs(sine - 3.01) < 0.05
    assert abs(square) < 0.05


def test_it_is_gone_where_the_package_is_not_installed():
    assert "crest" not in plugins.names("features")
