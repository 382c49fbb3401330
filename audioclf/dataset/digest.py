"""A hash of a data set, which tells whether two runs compared the same clips."""

from __future__ import annotations

import hashlib
from pathlib import Path

from audioclf.dataset.clips import Dataset


def content_digest(dataset: Dataset, hashes: dict[Path, str]) -> str:
    """Return a hash of each clip's content, stretch, label, group and fold, as 32 hexadecimal digits.

    In results.json it is the data set's ``fingerprint``.

    Parameters
    ----------
    dataset : Dataset
    hashes : dict
        Content hash of each recording, by path.
    """
    digest = hashlib.blake2b(digest_size=16)
    for clip in dataset.clips:
        facts = (hashes[clip.path], clip.label, clip.group, clip.fold, clip.start, clip.end)
        digest.update(repr(facts).encode())
    return digest.hexdigest()
