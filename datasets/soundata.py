"""soundata: environmental and urban sound by way of the soundata library (``audioclf[datasets]``).

Of the 25 data sets in soundata 1.0.1, the 11 whose clips have a single label are supported:

====================  ===========  ================  ====================================================
name                  label        group             fold
====================  ===========  ================  ====================================================
dcase_birdVox20k      has_bird     none known        none
eigenscape            tags         location          none
eigenscape_raw        tags         location          none
esc50                 category     src_file          fold, 1 to 5
freefield1010         has_bird     none known        none
fsdnoisy18k           tags         none known        split: train, test
tau2019uas            tags         identifier        split; what is in neither part is left out
tau2020uas_mobile     tags         identifier        split; what is in neither part is left out
tau2022uas_mobile     tags         identifier        split; what is in neither part is left out
urbansound8k          class_label  freesound_id      fold, 1 to 10
warblrb10k            has_bird     none known        none
====================  ===========  ================  ====================================================

The others are made for detection, localisation or captioning, or have several labels a clip.
"""

from __future__ import annotations

from ._library import LibraryLoader, Rule

BIRD = {"0": "no bird", "1": "bird"}


class Soundata(LibraryLoader):
    """``soundata:NAME``: a data set as soundata describes it."""

    name = "soundata"
    variants = "the name of a data set in soundata, for example soundata:esc50"
    items, item, home = "clip_ids", "clip", "sound_datasets"
    rules = {
        "dcase_birdVox20k": Rule("has_bird", names=BIRD),
        "eigenscape": Rule("tags", "location"),
        "eigenscape_raw": Rule("tags", "location"),
        "esc50": Rule("category", "src_file", "fold"),
        "freefield1010": Rule("has_bird", names=BIRD),
        "fsdnoisy18k": Rule("tags", "", "split"),
        "tau2019uas": Rule("tags", "identifier", "split"),
        "tau2020uas_mobile": Rule("tags", "identifier", "split"),
        "tau2022uas_mobile": Rule("tags", "identifier", "split"),
        "urbansound8k": Rule("class_label", "freesound_id", "fold"),
        "warblrb10k": Rule("has_bird", names=BIRD),
    }
    other = {
        "dcase23_task2": "made for anomaly detection",
        "dcase23_task4b": "made for sound event detection",
        "dcase23_task6a": "made for captioning",
        "dcase23_task6b": "made for retrieval by captions",
        "dcase_bioacoustic": "made for sound event detection",
        "fsd50k": "made for tagging with several labels a clip",
        "marco": "a collection of microphone-array recordings",
        "singapura": "made for sound event detection",
        "starss2022": "made for sound event localisation",
        "tau2019sse": "made for sound event detection",
        "tau2020sse_nigens": "made for sound event localisation",
        "tau2021sse_nigens": "made for sound event localisation",
        "tut2017se": "made for sound event detection",
        "urbansed": "made for sound event detection",
    }
