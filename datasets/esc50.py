"""esc50: environmental sounds in fifty classes, with the five folds of its makers.

K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015. The folds keep the
fragments of one source recording together. The checksum of the archive is the one that soundata publishes in
its loader of this data set.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from audioclf.plugin import Clip, Download

from ._folded import FoldedSet

CLASSES = {
    "animals": "dog rooster pig cow frog cat hen insects sheep crow",
    "nature": "rain sea_waves crackling_fire crickets chirping_birds water_drops wind pouring_water toilet_flush "
    "thunderstorm",
    "people": "crying_baby sneezing clapping breathing coughing footsteps laughing brushing_teeth snoring "
    "drinking_sipping",
    "indoors": "door_wood_knock mouse_click keyboard_typing door_wood_creaks can_opening washing_machine "
    "vacuum_cleaner clock_alarm clock_tick glass_breaking",
    "outdoors": "helicopter chainsaw siren car_horn engine train church_bells airplane fireworks hand_saw",
}


class ESC50(FoldedSet):
    """2000 clips of five seconds; groups are the source recordings, folds the makers' five."""

    name = "esc50"
    title = "ESC-50: environmental sounds, 2000 clips of 5 s in 50 classes"
    homepage = "https://github.com/karolpiczak/ESC-50"
    licence = "CC BY-NC 3.0"
    citation = (
        "K. J. Piczak, ESC: Dataset for Environmental Sound Classification, "
        "Proc. 23rd ACM Conference on Multimedia, 2015, doi:10.1145/2733373.2806390"
    )
    size = "600 MB"
    archive = Download(
        "https://github.com/karoldvl/ESC-50/archive/master.zip",
        "md5:7771e4b9d86d0945acce719c7a59305a",
        "ESC-50-master.zip",
        unwrap=("ESC-50-master",),
    )
    listing = "meta/esc50.csv"
    columns = ("filename", "fold", "category", "esc10", "src_file")
    only_esc10: ClassVar[bool] = False

    def default_root(self) -> Path:
        """One folder for ESC-50 and ESC-10, which is a part of it."""
        return super().default_root().with_name("esc50")

    def labels(self) -> list[str]:
        """The class names, as in the column ``category`` of the data set's table."""
        return sorted(" ".join(CLASSES.values()).split())

    def clip(self, folder: Path, row: dict[str, str]) -> Clip | None:
        """The clip of a row of ``meta/esc50.csv``, whose recording lies in ``audio/``."""
        if self.only_esc10 and row["esc10"] != "True":
            return None
        return Clip(
            folder / "audio" / row["filename"],
            label=row["category"],
            group=row["src_file"],
            fold=row["fold"],
            name=row["filename"],
        )
