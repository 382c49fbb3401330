"""Whole processes: ``audioclf --help`` against importing NumPy, ``audioclf predict`` against importing scikit-learn."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from _material import tone
from _measure import in_turn, seconds_of
from _rows import Row, Setting, main

RUNS = 12


def program() -> list[str]:
    """The command that a user types: the script beside this Python, else ``python -m audioclf``."""
    for name in ("audioclf", "audioclf.exe"):
        script = Path(sysconfig.get_path("scripts")) / name
        if script.is_file():
            return [str(script)]
    return [sys.executable, "-m", "audioclf"]


def against_import(command: list[str], modules: str) -> dict[str, list[float]]:
    """Time a command of audioclf and a Python that imports *modules*, after one run of each that doesn't count."""
    bare = [sys.executable, "-c", f"import {modules}"]
    sides = {"audioclf": lambda: seconds_of([*program(), *command]), "import": lambda: seconds_of(bare)}
    in_turn(1, sides)
    return in_turn(RUNS, sides)


def help_page(setting: Setting) -> dict[str, list[float]]:
    """Time ``audioclf --help``."""
    return against_import(["--help"], "numpy")


def prediction(setting: Setting) -> dict[str, list[float]]:
    """Time ``audioclf predict`` on one clip of 5 s at 22.05 kHz, by an SVM trained on the demo data."""
    import soundfile

    clip, run = setting.folder / "clip.wav", setting.folder / "run"
    soundfile.write(clip, tone(5, 22050), 22050, subtype="PCM_16")
    seconds_of([*program(), "train", "--features", "mfcc+gfcc", "--clf", "svm", "--out", str(run), "--quiet"])
    return against_import(["predict", "--quiet", str(run / "model.audioclf"), str(clip)], "sklearn, soundfile")


ROWS = [
    Row("audioclf --help against python -c 'import numpy'", help_page, "at most", 1.5, 1.1),
    Row("audioclf predict on one clip against python -c 'import sklearn, soundfile'", prediction, "at most", 1.5),
]

if __name__ == "__main__":
    main(sys.modules[__name__])
