"""urbansound8k: urban sounds in ten classes, with the ten folds of its makers.

J. Salamon, C. Jacoby and J. P. Bello, "A Dataset and Taxonomy for Urban Sound Research", ACM Multimedia 2014.
Its makers ask that the folds be used as they are: reshuffled, slices of one recording land in training and test.
"""

from __future__ import annotations

from pathlib import Path

from audioclf.plugin import Clip, Download

from ._folded import FoldedSet

CLASSES = (
    "air_conditioner car_horn children_playing dog_bark drilling engine_idling gun_shot jackhammer siren street_music"
)


class UrbanSound8K(FoldedSet):
    """8732 slices of up to four seconds; groups are the Freesound recordings, folds the makers' ten."""

    name = "urbansound8k"
    title = "UrbanSound8K: urban sounds, 8732 clips of up to 4 s in 10 classes"
    homepage = "https://urbansounddataset.weebly.com/urbansound8k.html"
    licence = "CC BY-NC 3.0"
    citation = (
        "J. Salamon, C. Jacoby and J. P. Bello, A Dataset and Taxonomy for Urban Sound Research, "
        "Proc. 22nd ACM Conference on Multimedia, 2014, doi:10.1145/2647868.2655045"
    )
    size = "6 GB"
    archive = Download(
        "https://zenodo.org/records/1203745/files/UrbanSound8K.tar.gz?download=1",
        "md5:9aa69802bbf37fb986f71ec1483a196e",
        "UrbanSound8K.tar.gz",
        unwrap=("UrbanSound8K",),
    )
    listing = "metadata/UrbanSound8K.csv"
    columns = ("slice_file_name", "fsID", "fold", "class")

    def labels(self) -> list[str]:
        """The class names, as in the column ``class`` of the data set's table."""
        return sorted(CLASSES.split())

    def clip(self, folder: Path, row: dict[str, str]) -> Clip:
        """The clip of a row of ``metadata/UrbanSound8K.csv``, whose recording lies in ``audio/fold1`` and so on."""
        name = f"fold{row['fold']}/{row['slice_file_name']}"
        return Clip(folder / "audio" / name, label=row["class"], group=row["fsID"], fold=row["fold"], name=name)
