"""Feature tables as files for other programs: CSV, NPZ, Parquet, ARFF and JSON, chosen by the file's suffix."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.errors import MissingExtraError, SpecError
from audioclf.features.table import FeatureTable
from audioclf.files import write_whole


def write_table(table: FeatureTable, path: Path) -> Path:
    """Write *table* to *path* in the format of its suffix, whole or not at all.

    Raises
    ------
    SpecError
        If the suffix is none of `FORMATS`.
    MissingExtraError
        If a Parquet file is wanted without pyarrow.
    """
    check_format(path)
    about = {name: [_text(value) for value in column] for name, column in table.about.items()}
    with write_whole(path) as aside:
        FORMATS[path.suffix.lower()](FeatureTable(about, table.names, table.values), aside)
    return path


def _text(value: Any) -> Any:
    """Replace what UTF-8 can't hold: the bytes of a file name that isn't valid Unicode."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def check_format(path: Path) -> None:
    """Raise `SpecError` unless *path* has the suffix of a known format, `MissingExtraError` if it can't be written."""
    if path.suffix.lower() not in FORMATS:
        raise SpecError(f"{path}: unknown format '{path.suffix}'; known: {', '.join(FORMATS)}")
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("Parquet files", "pyarrow", "parquet") from error


def _csv(table: FeatureTable, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*table.about, *table.names])
        for i, row in enumerate(table.values):
            writer.writerow([*(column[i] for column in table.about.values()), *map(str, row)])


def _npz(table: FeatureTable, path: Path) -> None:
    about = {name: np.array(column) for name, column in table.about.items()}
    np.savez_compressed(path, features=table.values, names=np.array(table.names), **about)  # type: ignore[arg-type]


def _parquet(table: FeatureTable, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {**table.about, **dict(zip(table.names, table.values.T))}
    parquet.write_table(pyarrow.table(columns), path)


def _json(table: FeatureTable, path: Path) -> None:
    rows = [
        {
            **{name: column[i] for name, column in table.about.items()},
            "features": {name: float(str(value)) for name, value in zip(table.names, row)},
        }
        for i, row in enumerate(table.values)
    ]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _arff(table: FeatureTable, path: Path) -> None:
    """Weka's format: the label comes last, as a nominal attribute."""
    about = {name: column for name, column in table.about.items() if name != "label"}
    labels = [str(label) for label in table.about["label"]]
    with open(path, "w", encoding="utf-8") as file:
        file.write("@RELATION audioclf\n\n")
        for name, column in about.items():
            number = bool(column) and not isinstance(column[0], str)
            file.write(f"@ATTRIBUTE {name} {'NUMERIC' if number else 'STRING'}\n")
        names = (name if name.isidentifier() else _quoted(name) for name in table.names)
        file.writelines(f"@ATTRIBUTE {name} NUMERIC\n" for name in names)
        file.write(f"@ATTRIBUTE label {{{','.join(_quoted(label) for label in sorted(set(labels)))}}}\n\n@DATA\n")
        for i, row in enumerate(table.values):
            identity = [_quoted(c[i]) if isinstance(c[i], str) else str(c[i]) for c in about.values()]
            file.write(",".join([*identity, *map(str, row), _quoted(labels[i])]) + "\n")


def _quoted(text: object) -> str:
    escaped = str(text).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


FORMATS: dict[str, Callable[[FeatureTable, Path], None]] = {
    ".csv": _csv,
    ".npz": _npz,
    ".parquet": _parquet,
    ".arff": _arff,
    ".json": _json,
}
