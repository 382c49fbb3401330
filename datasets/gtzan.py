"""gtzan: music in ten genres, the set most used in its field and the one whose faults are known best.

G. Tzanetakis and P. Cook, "Musical genre classification of audio signals", IEEE Trans. Speech Audio Process. 10
(2002). B. L. Sturm, "The GTZAN dataset: Its contents, its faults, their effects on evaluation, and its future
use", arXiv:1306.1461 (2013), lists its repetitions, wrong labels and distortions.

The makers' server (opihi.cs.uvic.ca) has been unreachable for years; the copy of the same archive that the
Marsyas team keeps on Hugging Face is fetched, and checked against the MD5 sum of the makers' archive that
mirdata publishes.
"""

from __future__ import annotations

import re
from pathlib import Path

from audioclf.plugin import AUDIO_SUFFIXES, Clip, Dataset, Download, PublishedSet

from ._on_disk import find, no_copy

DOWNLOADS = [
    Download(
        "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
        "md5:5b3d6dddb579ab49814ab86dba69e7c7",
        "genres.tar.gz",
        unwrap=("genres",),
    )
]
GENRES = "blues classical country disco hiphop jazz metal pop reggae rock"
_NAME = re.compile(r"([a-z]+)\.\d{5}\.\w+")


class GTZAN(PublishedSet):
    """1000 excerpts of thirty seconds. No groups: which excerpts share an artist isn't part of the data set."""

    name = "gtzan"
    title = "GTZAN: music genres, 1000 excerpts of 30 s in 10 genres"
    homepage = "https://huggingface.co/datasets/marsyas/gtzan"
    licence = "not stated by its makers"
    citation = (
        "G. Tzanetakis and P. Cook, Musical genre classification of audio signals, "
        "IEEE Transactions on Speech and Audio Processing 10(5), 2002, doi:10.1109/TSA.2002.800560"
    )
    size = "1.2 GB"

    def labels(self) -> list[str]:
        """The genres, as their folders are called."""
        return GENRES.split()

    def load(self, root: Path | None = None) -> Dataset:
        """Return the excerpts of a copy: a folder with ``blues/blues.00000.wav`` (or .au) and so on.

        Copies in other places hold fewer (the Kaggle one has a broken jazz.00054.wav): what is there is taken.

        Raises
        ------
        DatasetError
            If no copy is there.
        """
        folder = find(self, root, "blues")
        clips = []
        for genre in self.labels():
            for path in sorted((folder / genre).iterdir()) if (folder / genre).is_dir() else []:
                if _NAME.fullmatch(path.name) and path.suffix.lower() in AUDIO_SUFFIXES:
                    clips.append(Clip(path, label=genre, name=f"{genre}/{path.name}"))
        if len({clip.label for clip in clips}) < 2:
            raise no_copy(self, folder, "recordings such as blues/blues.00000.wav")
        notes = [
            "GTZAN has no known groups, yet holds repeated excerpts and several by one artist (Sturm 2013, "
            "arXiv:1306.1461): scores on it are likely to be too high."
        ]
        return Dataset(self.name, clips, source=self.name, notes=notes, licence=self.licence, citation=self.citation)

    def downloads(self) -> list[Download]:
        """The archive, with its published checksum."""
        return DOWNLOADS
