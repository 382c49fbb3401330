"""fsdd: the Free Spoken Digit Dataset. Six speakers, ten digits, fifty recordings of each.

Release v1.0.10 is the first with all six speakers. Its makers publish no checksum for it, so that none is
checked for the archive; instead every file that came is looked at (number, names, format), and the samples are
compared with those this loader was tested with. If they differ, that is said and the data kept: recordings may
be corrected upstream without harm, and a report carries the fingerprint of what was used.
"""

from __future__ import annotations

import hashlib
import re
import sys
import wave
from pathlib import Path

from audioclf.plugin import Clip, Dataset, DatasetError, Download, PublishedSet

from ._on_disk import no_copy

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
N_FILES = 3000
FOLDER = "free-spoken-digit-dataset-1.0.10"
DOWNLOADS = [
    Download(
        "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
        "",
        f"{FOLDER}.tar.gz",
        unwrap=(FOLDER,),
    )
]
SAMPLES = "933b9925827ff2bdebc6156b55363e4a81edf799bda57a4422b3c619e1be1258"
"""SHA-256 over the names and samples of the copy that the tests use, sorted by name."""

_NAME = re.compile(r"(\d)_([A-Za-z]+)_(\d+)\.wav")
_TEST_INDICES = range(5)


class FSDD(PublishedSet):
    """Spoken digits; groups are the speakers, folds the makers' split (index 0-4 test, the others train)."""

    name = "fsdd"
    title = "Free Spoken Digit Dataset v1.0.10: digits 0-9 by six speakers, 3000 recordings, 8 kHz"
    homepage = "https://github.com/Jakobovski/free-spoken-digit-dataset"
    licence = "CC BY-SA 4.0"
    citation = (
        "Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas and A. Thite, "
        "Jakobovski/free-spoken-digit-dataset, Zenodo, 2018, doi:10.5281/zenodo.1342401"
    )
    size = "27 MB"

    def labels(self) -> list[str]:
        """The ten digits, as text."""
        return [str(digit) for digit in range(10)]

    def load(self, root: Path | None = None) -> Dataset:
        """Return the recordings of a copy: the repository's folder, or its ``recordings`` folder.

        Older releases with fewer speakers are taken as they are.

        Raises
        ------
        DatasetError
            If no recordings are there.
        """
        folder = self.default_root() if root is None else Path(root)
        recordings = folder / "recordings" if (folder / "recordings").is_dir() else folder
        found = [(m, path) for path in _sorted(recordings) if (m := _NAME.fullmatch(path.name))]
        if not found:
            raise no_copy(self, folder, "recordings such as recordings/7_jackson_32.wav")
        clips = [
            Clip(
                path,
                label=match[1],
                group=match[2],
                fold="test" if int(match[3]) in _TEST_INDICES else "train",
                name=path.name,
            )
            for match, path in found
        ]
        return Dataset(self.name, clips, source=self.name, licence=self.licence, citation=self.citation)

    def downloads(self) -> list[Download]:
        """The release's archive, for which no checksum is published; `check` looks at the files."""
        return DOWNLOADS

    def check(self, folder: Path) -> None:
        """Raise `DatasetError` unless *folder* holds 3000 recordings of 8 kHz, mono, 16 bits."""
        _check(folder)


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _check(folder: Path) -> None:
    """Refuse what isn't the release: each speaker's each digit fifty times, 8 kHz, mono, 16 bits."""
    expected = {f"{digit}_{speaker}_{i}.wav" for digit in range(10) for speaker in SPEAKERS for i in range(50)}
    found = {path.name for path in _sorted(folder / "recordings") if path.suffix == ".wav"}
    if found != expected:
        raise DatasetError(
            f"fsdd: what came isn't release v1.0.10: {len(expected - found)} recordings are missing and "
            f"{len(found - expected)} are unknown; see {FSDD.homepage}"
        )
    digest = _samples_digest(folder / "recordings", sorted(expected))
    if digest != SAMPLES:
        print(
            "fsdd: all 3000 recordings came, but their samples differ from the copy audioclf was tested with",
            file=sys.stderr,
        )


def _samples_digest(folder: Path, names: list[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        try:
            with wave.open(str(folder / name)) as file:
                form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
                samples = file.readframes(file.getnframes())
        except (wave.Error, EOFError) as error:
            raise DatasetError(f"fsdd: {name} isn't a WAV file ({error}); fetch it again") from error
        if form != (8000, 1, 2) or not samples:
            raise DatasetError(f"fsdd: {name} isn't 8 kHz, mono, 16 bits; see {FSDD.homepage}")
        digest.update(name.encode() + b"\0" + samples)
    return digest.hexdigest()
