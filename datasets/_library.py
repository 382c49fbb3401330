"""Data sets by way of a library of loaders, soundata or mirdata.

The library knows where each recording of a data set lies and what is known about it; a table here says which of
its facts is the class, which the group and which the fold. Nothing is downloaded by the library itself: its list
of files (addresses and MD5 sums) goes through `audioclf.dataset.download`, which unpacks safely and leaves nothing half
done.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from audioclf.dataset.download import fetch_file
from audioclf.plugin import (
    Clip,
    Dataset,
    DatasetError,
    DatasetLoader,
    Download,
    MissingExtraError,
    cache_folder,
    did_you_mean,
    fetch,
)

from ._on_disk import no_copy

NO_AUDIO = "published without recordings"
SPLITS = {"training": "train", "valid": "train", "validation": "train", "evaluate": "test"}
"""The library's words for the parts of a split, where they aren't ``train`` and ``test``.

A validation part is for tuning; tuning here is nested in the training part, so that it counts as training.
"""


@dataclass(frozen=True)
class Rule:
    """Which facts of the library's clip or track are what.

    Each is an attribute's name; ``a.b`` looks *b* up in the dictionary *a*, ``a+b`` joins two facts by a space,
    ``a/`` takes what stands before the first slash.

    Attributes
    ----------
    label : str
        The class. Clips without one (unlabelled evaluation parts) are left out.
    group, fold : str
        Empty where the data set has none. Of a fold such as ``development.train`` the last word counts.
    audio : str
        The path of the recording.
    names : dict, optional
        Class names for the library's codes.
    """

    label: str
    group: str = ""
    fold: str = ""
    audio: str = "audio_path"
    names: dict[str, str] | None = None


class LibraryLoader(DatasetLoader):
    """Base of the loaders that read data sets through soundata or mirdata.

    Attributes
    ----------
    rules : dict
        The supported data sets and how they are read.
    other : dict
        Why others aren't: what they are made for.
    items, item : str
        The library's words for all clips' ids, and the method that returns one clip.
    home : str
        The folder in the user's home where the library itself would put its downloads.
    """

    rules: ClassVar[dict[str, Rule]]
    other: ClassVar[dict[str, str]]
    items: ClassVar[str]
    item: ClassVar[str]
    home: ClassVar[str]

    def __init__(self, variant: str | None = None) -> None:
        super().__init__(variant)
        if variant is None:
            self.title = f"Data sets of the {self.name} library, by their name there: {len(self.rules)} are supported"
            self.licence = "each data set's own; see audioclf datasets info " + f"{self.name}:NAME"
            self.homepage = f"https://{self.name}.readthedocs.io"
            return
        folder = self._library()
        if variant not in self.rules:
            raise DatasetError(self._unsupported(variant, folder))
        self.title, self.licence, self.citation = facts(folder / "datasets" / f"{variant}.py", variant)
        self.homepage = (
            f"https://{self.name}.readthedocs.io/en/stable/source/{self.name}.html"
            f"#module-{self.name}.datasets.{variant}"
        )

    def default_root(self) -> Path:
        """Our folder for the data set; where only the library's own download exists, that."""
        ours = cache_folder() / "datasets" / self.name / (self.variant or "")
        theirs = Path.home() / self.home / (self.variant or "")
        return theirs if self.variant and theirs.is_dir() and not ours.is_dir() else ours

    def load(self, root: Path | None = None) -> Dataset:
        """Return the labelled clips of a copy in the layout that the library expects.

        Raises
        ------
        DatasetError
            If no copy or no index is there, or the library can't read it.
        """
        self._need_variant()
        folder = self.default_root() if root is None else Path(root)
        if not folder.is_dir():
            raise no_copy(self, folder, "the folder")
        return self._read(folder)

    def fetch(self, root: Path | None = None) -> Path:
        """Download the library's index and the data set's files, and return the folder.

        A folder with files in it is taken as a copy, for which the index alone is downloaded if need be.

        Raises
        ------
        DatasetError
            If the transfer fails, a checksum is wrong, or the files can't be had or unpacked automatically.
        """
        self._need_variant()
        folder = self.default_root() if root is None else Path(root)
        dataset = self._open(folder)
        index = dataset._index_data.remote
        if not Path(dataset.index_path).is_file():
            if index is None:
                raise DatasetError(f"{self.name} publishes no index of {self.variant}; it can't be used")
            fetch_file(Download(index.url, f"md5:{index.checksum}", index.filename), self._index_path(dataset))
        if folder.is_dir() and any(folder.iterdir()):
            self._read(folder)
        else:
            fetch(self.title, self.licence, self._downloads(dataset), folder, check=self._check)
        return folder

    def _check(self, folder: Path) -> None:
        self._read(folder)

    def _read(self, folder: Path) -> Dataset:
        dataset = self._open(folder)
        if not Path(dataset.index_path).is_file():
            raise DatasetError(
                f"the index of {self.name}:{self.variant} isn't on this machine; get it with "
                f"'audioclf datasets fetch {self.name}:{self.variant} --root {folder}' (a copy there is kept)"
            )
        try:
            read = list(self._clips(dataset, folder))
        except FileNotFoundError as error:
            raise no_copy(self, folder, Path(error.filename).name if error.filename else str(error)) from error
        except Exception as error:  # a library of many hands: what it raises isn't a contract
            raise DatasetError(
                f"{folder}: {self.name} can't read this copy of {self.variant} ({type(error).__name__}: {error}); "
                f"its layout is described at {self.homepage}"
            ) from error
        clips = [clip for clip in read if clip is not None]
        there = [clip for clip in clips if clip.path.is_file()]
        absent, unlabelled = len(clips) - len(there), len(read) - len(clips)
        if not there:
            raise no_copy(self, folder, clips[0].name if clips else "a labelled recording")
        if absent > len(clips) // 100:
            raise DatasetError(
                f"{folder}: {absent} of {len(clips)} recordings of {self.name}:{self.variant} are missing; "
                f"fetch it again into a new folder (audioclf datasets fetch {self.name}:{self.variant}, --root)"
            )
        notes = []
        if unlabelled:
            notes.append(f"{unlabelled} clips of {self.variant} have no label or no fold, and were left out.")
        if absent:
            notes.append(f"{absent} recordings that {self.name} lists for {self.variant} are missing from this copy.")
        if len({clip.label for clip in there}) < 2:
            raise DatasetError(f"{folder}: only one class, '{there[0].label}'; at least two are needed")
        return Dataset(
            self.variant or "",
            sorted(there, key=lambda clip: clip.name),
            source=f"{self.name}:{self.variant}",
            notes=notes,
            licence=self.licence,
            citation=self.citation,
        )

    def _clips(self, dataset: Any, folder: Path) -> Iterator[Clip | None]:
        """Yield a clip for each of the library's, None for one without a label, a fold or a recording."""
        rule = self.rules[self.variant or ""]
        for name in getattr(dataset, self.items):
            item = getattr(dataset, self.item)(name)
            path, label = getattr(item, rule.audio), fact(item, rule.label)
            fold = fact(item, rule.fold).rpartition(".")[2] if rule.fold else ""
            if not path or not label or (rule.fold and fold in ("", "omitted")):
                yield None
                continue
            yield Clip(
                Path(path),
                label=(rule.names or {}).get(label, label),
                group=fact(item, rule.group) or None if rule.group else None,
                fold=SPLITS.get(fold, fold) or None,
                name=Path(path).relative_to(folder).as_posix(),
            )

    def _open(self, folder: Path) -> Any:
        """Return the library's data set, with its index taken from our cache where the library has none."""
        root_logger = logging.getLogger()
        handlers, level = list(root_logger.handlers), root_logger.level
        try:
            module = importlib.import_module(f"{self.name}.datasets.{self.variant}")
        except ImportError as error:
            raise DatasetError(f"{self.name} can't load {self.variant}: {error}") from error
        finally:  # the libraries configure the root logger when imported, for everybody
            root_logger.handlers[:] = handlers
            root_logger.setLevel(level)
        vars(module)["print"] = _silent  # tau2022uas_mobile prints its whole table once a row
        dataset = module.Dataset(data_home=str(folder))
        ours = self._index_path(dataset)
        if ours.is_file() or not Path(dataset.index_path).is_file():
            dataset.index_path = str(ours)
        return dataset

    def _index_path(self, dataset: Any) -> Path:
        return cache_folder() / "datasets" / self.name / "indexes" / str(dataset._index_data.filename)

    def _downloads(self, dataset: Any) -> list[Download]:
        name = f"{self.name}:{self.variant}"
        advice = f"download it yourself, in the layout described at {self.homepage}, and use --root"
        if not dataset.remotes or dataset._download_info:
            info = " ".join(str(dataset._download_info or "").split())[:600]
            raise DatasetError(f"{name} can't be downloaded automatically; {advice}. {info}".rstrip())
        chosen = dataset._index_data.partial_download or [key for key in dataset.remotes if key != "index"]
        downloads = []
        for key in chosen:
            remote = dataset.remotes[key]
            if isinstance(remote, list):
                raise DatasetError(f"{name} comes as a zip file in several parts, which Python can't join; {advice}")
            if remote.filename.endswith((".7z", ".rar")):
                raise DatasetError(f"{name} comes as {remote.filename}, which Python can't unpack; {advice}")
            downloads.append(
                Download(
                    remote.url,
                    f"md5:{remote.checksum}" if remote.checksum else "",
                    remote.filename,
                    remote.destination_dir or "",
                    tuple(remote.unpack_directories or ()),
                )
            )
        return downloads

    def _library(self) -> Path:
        """Return the library's folder without importing it.

        Raises
        ------
        MissingExtraError
            If it isn't installed.
        """
        spec = importlib.util.find_spec(self.name)
        if spec is None or not spec.submodule_search_locations:
            raise MissingExtraError(f"Data sets of {self.name}", self.name, "datasets")
        return Path(next(iter(spec.submodule_search_locations)))

    def _unsupported(self, variant: str, folder: Path) -> str:
        known = {path.stem for path in (folder / "datasets").glob("*.py")} - {"__init__"}
        if variant not in known:
            return f"{self.name} has no data set '{variant}'. {did_you_mean(variant, known & set(self.rules))}"
        purpose = self.other.get(variant, "made for another task")
        why = "" if purpose == NO_AUDIO else ": its clips have no single label"
        return f"{self.name}:{variant} is {purpose}{why}. Supported: {', '.join(sorted(self.rules))}."

    def _need_variant(self) -> None:
        if self.variant is None:
            raise DatasetError(f"say which: {self.name}:NAME, where NAME is one of {', '.join(sorted(self.rules))}")


def _silent(*_: object, **__: object) -> None:
    """Stand in for ``print``."""


def fact(item: Any, rule: str) -> str:
    """Return what *rule* (see `Rule`) says of a clip as text; empty where nothing is known.

    >>> class Track:
    ...     style, info = "funk/groove1", {"pack": 7}
    >>> fact(Track(), "style/"), fact(Track(), "info.pack"), fact(Track(), "style/+info.pack")
    ('funk', '7', 'funk 7')
    """
    if "+" in rule:
        parts = [fact(item, part) for part in rule.split("+")]
        return " ".join(parts) if all(parts) else ""
    attribute, _, key = rule.rstrip("/").partition(".")
    value = getattr(item, attribute)
    if key and value is not None:
        value = value[key]
    labels = getattr(value, "labels", None)  # soundata's Tags
    if labels is not None:
        value = labels[0] if len(labels) == 1 else None
    text = "" if value is None else str(value).strip()
    return text.partition("/")[0] if rule.endswith("/") else text


def facts(source: Path, name: str) -> tuple[str, str, str]:
    """Return title, licence and citation (BibTeX) of a library's module, read from its source, not run.

    Importing the module would cost a second or two; these are constants.
    """
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return name, "see its homepage", ""
    constants: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                constants[node.targets[0].id] = str(ast.literal_eval(node.value))
            except ValueError:
                continue
    document = (ast.get_docstring(tree) or name).strip()
    bold = re.search(r"\*\*([^*\n]{4,100}?):?\*\*", document)
    headline = document.splitlines()[0].rstrip(".").removesuffix("Loader").strip().removesuffix("Dataset").strip()
    title = bold[1].strip() if bold and name[:4].lower() in bold[1].lower() else headline
    licence = " ".join(constants.get("LICENSE_INFO", "").split())
    return title or name, licence or "see its homepage", constants.get("BIBTEX", "").strip()
