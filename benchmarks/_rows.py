"""The rows of the table: what is measured against what, the figure to reach, and how the result is shown and kept."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from _measure import FOLDER, NotMeasured

from audioclf.files import write_whole

RESULTS = FOLDER / "results"
_PACKAGES = (
    "audioclf",
    "numpy",
    "scipy",
    "numba",
    "scikit-learn",
    "soundfile",
    "soxr",
    "librosa",
    "spafe",
    "opensmile",
)


@dataclass(frozen=True)
class Setting:
    """Where and how to measure.

    Attributes
    ----------
    folder : Path
        For temporary files.
    recordings : Path or None
        A folder of recordings to take in place of synthesised ones.
    rounds : int
        How often the two sides of a row take turns.
    """

    folder: Path
    recordings: Path | None = None
    rounds: int = 3


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : str
        Its first column.
    measure : callable
        Given a `Setting`, returns two sides by name, ours first, each a list of figures; the smallest counts.
        They are seconds, or bytes for ``MB``. Raises `NotMeasured` where it can't be done.
    bound : str
        "at most": the figure is ours / other. "at least": other / ours.
    reach, stretch : float or None
        None where the issue sets none.
    unit : str
        "×", or "MB" for ours - other.
    """

    what: str
    measure: Callable[[Setting], dict[str, list[float]]]
    bound: str = "at most"
    reach: float | None = None
    stretch: float | None = None
    unit: str = "×"


@dataclass(frozen=True)
class Result:
    """What came of a row: two sides, or why it wasn't measured."""

    row: Row
    sides: dict[str, list[float]] = field(default_factory=dict)
    missing: str = ""

    @property
    def figure(self) -> float:
        """The ratio or difference of the smallest values.

        >>> Result(Row("a", dict, "at least"), {"ours": [2.0, 3.0], "other": [6.0]}).figure
        3.0
        """
        ours, other = (min(values) for values in self.sides.values())
        if self.row.unit == "MB":
            return (ours - other) / 1e6
        return ours / other if self.row.bound == "at most" else other / ours

    def as_dict(self) -> dict[str, Any]:
        """All that is known, for the JSON file."""
        row = self.row
        facts = {"what": row.what, "bound": row.bound, "reach": row.reach, "stretch": row.stretch, "unit": row.unit}
        if self.missing:
            return {**facts, "not measured": self.missing}
        return {**facts, "measured": self.figure, "sides": self.sides}


def measure(row: Row, setting: Setting) -> Result:
    """Measure one row, or find out why it can't be."""
    try:
        return Result(row, row.measure(setting))
    except NotMeasured as why:
        return Result(row, missing=str(why))


def table(results: Iterable[Result]) -> str:
    """Return the rows as a Markdown table that lines up, and below it a sentence for each that wasn't measured."""
    results = list(results)
    lines = [("what", "measured", "to reach", "stretch", "both sides")]
    lines += [_line(result) for result in results if not result.missing]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, tuple("-" * width for width in widths))
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text += [f"not measured: {result.row.what}: {result.missing}" for result in results if result.missing]
    return "\n".join(text)


def _line(result: Result) -> tuple[str, ...]:
    row = result.row
    goals = ["" if goal is None else f"{row.bound} {_number(goal)} {row.unit}" for goal in (row.reach, row.stretch)]
    sides = [f"{name} {_amount(min(values), row.unit)}" for name, values in result.sides.items()]
    return row.what, f"{_number(result.figure)} {row.unit}", *goals, ", ".join(sides)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _amount(value: float, unit: str) -> str:
    if unit == "MB":
        return f"{value / 1e6:.0f} MB"
    return f"{value * 1000:.3g} ms" if value < 1 else f"{_number(value)} s"


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, load, versions, date."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load before": load,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def write(name: str, facts: dict[str, Any], results: Iterable[Result], folder: Path) -> Path:
    """Write one benchmark's results to ``NAME.json`` in *folder*, whole or not at all; return the file."""
    path = folder / f"{name}.json"
    content = {"benchmark": name, **facts, "rows": [result.as_dict() for result in results]}
    with write_whole(path) as aside:
        aside.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def main(*modules: ModuleType, arguments: Sequence[str] | None = None, folder: Path = RESULTS) -> list[Result]:
    """Measure the ``ROWS`` of benchmark modules, print the table, and write one JSON file a module to *folder*."""
    parser = argparse.ArgumentParser(description=modules[0].__doc__ if len(modules) == 1 else None)
    parser.add_argument("--rounds", type=int, default=3, help="how often the two sides take turns [3]")
    if len(modules) == 1 and getattr(modules[0], "TAKES_RECORDINGS", False):
        parser.add_argument("--data", type=Path, help="a folder of recordings, in place of synthesised ones")
    options = parser.parse_args(arguments)
    facts = machine()
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    print(f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}\n{versions}", file=sys.stderr)
    if (facts["load before"] or 0) > 0.5:
        print(f"other work is running here (load {facts['load before']:.1f}), which blurs ratios", file=sys.stderr)
    everything: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="audioclf-bench-") as temporary:
        # The user's own store and data sets stay out of it; compiled kernels are kept from one process to the next.
        os.environ["AUDIOCLF_CACHE"] = str(Path(temporary) / "cache")
        setting = Setting(Path(temporary), getattr(options, "data", None), options.rounds)
        for module in modules:
            results = []
            for row in module.ROWS:
                print(f"{row.what} ...", file=sys.stderr, flush=True)
                results.append(measure(row, setting))
            write(Path(str(module.__file__)).stem, facts, results, folder)
            everything += results
    print(table(everything))
    return everything
