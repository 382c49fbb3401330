"""What is installed is what stands in the checkout: the wheel is built, compared, and used apart from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from records import finished, results

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "audioclf": "audioclf",
    "feature_sets": "audioclf/feature_sets",
    "classifiers": "audioclf/classifiers",
    "datasets": "audioclf/datasets",
    "reports": "audioclf/reports",
}
"""Folders of the checkout, and what they are installed as."""

pytest.importorskip("setuptools")
pytest.importorskip("pip")


def pip(*words):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build a wheel offline, from a copy, for what a build leaves behind doesn't belong into the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, source)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run a command with what the wheel installs, in a folder without the checkout; return what it wrote to stdout."""
    target, folder = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("elsewhere")
    pip("install", "--no-deps", "--no-index", "--target", target, wheel)

    def run(*words):
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import audioclf, audioclf.reports, audioclf.reports.page; print(audioclf.reports.page.__file__)")
    assert Path(where.strip()) == target / "audioclf" / "reports" / "page" / "__init__.py"
    return run


def test_everything_is_in_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = {
        f"{home}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, home in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert inside == there
    assert "audioclf/py.typed" in inside
    assert {".py", ".jinja", ".css", ".js"} <= {Path(name).suffix for name in inside}


def test_it_says_its_version_and_names(installed):
    import audioclf

    assert installed("-m", "audioclf", "--version") == f"audioclf, version {audioclf.__version__}\n"
    listed = installed("-m", "audioclf", "list", "reports").splitlines()
    assert {line.split()[0] for line in listed[2:]} >= {"html", "markdown", "latex", "csv", "png"}


def test_it_writes_a_report(installed, tmp_path):
    of = {label: {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 1} for label in "ab"}
    best, baseline = finished(per_class=of), finished("mfcc", "dummy", {"accuracy": 0.25}, per_class=of)
    run = results(experiments=[best, baseline])
    run.save(tmp_path)
    said = installed("-m", "audioclf", "report", tmp_path, "--report", "html")
    assert said.split() == ["report", str(tmp_path / "report.html")]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<style" in page
    assert "<script" in page
    assert "mfcc" in page
