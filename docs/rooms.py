"""Draw the rooms of the core and their imports into docs/architecture.md, and name every import that runs back.

``python docs/rooms.py`` rewrites the picture; ``tests/test_architecture.py`` fails when an arrow runs back or the
picture is out of date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: made by docs/rooms.py -->", "<!-- end of rooms -->"

ROOMS = (
    "cli", "model", "comparison", "experiment", "results", "audit", "statistics", "validation", "classifier",
    "augmentation", "features", "store", "spectra", "dataset", "audio", "ground",
)  # fmt: skip
"""From the top of the house to the ground; imports run down this list only."""

ABOVE = ("__init__", "__main__", "plugin")
"""Modules that open the house to others and belong to no room: they may import from all."""

PLUGINS = ("feature_sets", "classifiers", "datasets", "reports")
"""What the core never imports: it finds these by entry points."""

EFFECTS = "audioclf.augmentation.effects."
"""Plug-ins that lie in a room: the effects of augmentation."""

Import = tuple[str, str]
"""The importing module and the imported one, such as ``audioclf.cli.main`` and ``audioclf.errors``."""


def modules(folder: Path = ROOT / "audioclf") -> dict[str, Path]:
    """Return the files of the core by the names of their modules."""
    files = sorted(folder.rglob("*.py"))
    return {".".join(["audioclf", *file.relative_to(folder).with_suffix("").parts]): file for file in files}


def room(module: str) -> str | None:
    """Return the room that a module is in; None of `ABOVE` and of plug-ins.

    >>> room("audioclf.spectra.kernels.fft"), room("audioclf.errors"), room("audioclf.plugin")
    ('spectra', 'ground', None)
    """
    parts = module.split(".")
    if len(parts) == 1 or parts[1] in (*PLUGINS, *ABOVE) or module.startswith(EFFECTS):
        return None
    return parts[1] if parts[1] in ROOMS else "ground"


def imports(files: dict[str, Path]) -> Iterator[Import]:
    """Yield every import of the core by the core: those in functions and for type checkers only as well."""
    for name, file in files.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "audioclf":
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield name, inner if inner in files else node.module
            elif isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names if alias.name.startswith("audioclf."))


def running_back(found: list[Import]) -> list[Import]:
    """Return the imports that run up the list of rooms, or to a plug-in."""
    return [pair for pair in found if _runs_back(*map(room, pair))]


def _runs_back(above: str | None, below: str | None) -> bool:
    """Whether what is in the room *above* must not import what is in *below*."""
    return above is not None and (below is None or ROOMS.index(below) < ROOMS.index(above))


def circles(found: list[Import]) -> list[str]:
    """Return the modules that import themselves by way of others."""
    below: dict[str, set[str]] = {}
    for importer, imported in found:
        below.setdefault(importer, set()).add(imported)
    return sorted(name for name in below if name in _reached(name, below))


def _reached(start: str, below: dict[str, set[str]]) -> set[str]:
    """All that is reached from *start* by one step or more."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in below.get(waiting.pop(), set()) - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def arrows(found: list[Import]) -> list[tuple[str, str]]:
    """Return which room imports from which, but for what follows from other arrows."""
    pairs = {(room(a), room(b)) for a, b in found}
    below: dict[str, set[str]] = {}
    for above, under in pairs:
        if above is not None and under is not None and above != under:
            below.setdefault(above, set()).add(under)
    kept = []
    for above, unders in below.items():
        for under in unders:
            if not any(under in _reached(other, below) for other in unders - {under}):
                kept.append((above, under))
    return sorted(kept, key=lambda pair: (ROOMS.index(pair[0]), ROOMS.index(pair[1])))


def picture(files: dict[str, Path]) -> str:
    """Return the rooms, with their modules and arrows, in Mermaid's language."""
    inside: dict[str, list[str]] = {name: [] for name in ROOMS}
    for module in files:
        name, stem = room(module), module.rpartition(".")[2]
        if name is not None and stem not in ("__init__", "_version"):
            inside[name].append(stem)
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'    {name}["<b>{name}</b><br>{_folded(sorted(stems))}"]' for name, stems in inside.items()]
    lines += [f"    {above} --> {under}" for above, under in arrows(list(imports(files)))]
    return "\n".join([*lines, "```"])


def _folded(words: list[str], width: int = 48) -> str:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{word}"
    return "<br>".join(lines)


def with_picture(text: str, drawn: str) -> str:
    """Return the page *text* with *drawn* between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{drawn}\n\n{END}{after}"


def main() -> None:
    """Rewrite the picture, and say which imports run back."""
    files = modules()
    PAGE.write_text(with_picture(PAGE.read_text(encoding="utf-8"), picture(files)), encoding="utf-8")
    for importer, imported in running_back(list(imports(files))):
        print(f"runs back: {importer} imports {imported}")
    for name in circles(list(imports(files))):
        print(f"in a circle: {name}")


if __name__ == "__main__":
    main()
