"""Clips that stand twice can be looked at but not compared."""

from __future__ import annotations

import pytest
from sets import manifest

from audioclf.dataset.manifests import load_manifest
from audioclf.dataset.repeats import refuse_repeats
from audioclf.errors import DatasetError


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (
            "path,label\nbirds/a.WAV,x\nbirds/a.WAV,y\n",
            r"clips\.csv: birds/a\.WAV stands twice as 'x' and as 'y'; keep one .* with all its labels in one cell",
        ),
        ("path,label\nbirds/a.WAV,x\nbirds/a.WAV,x\ncats/d.mp3,y\n", r"birds/a\.WAV stands twice; keep one"),
    ],
)
def test_repeated_clips_can_be_looked_at_but_not_compared(folder, text, pattern):
    data = load_manifest(manifest(folder, text))
    with pytest.raises(DatasetError, match=pattern):
        refuse_repeats(data)
    stretches = "path,label,start,end\nbirds/a.WAV,x,0,1\nbirds/a.WAV,y,1,2\n"
    refuse_repeats(load_manifest(manifest(folder, stretches)))
