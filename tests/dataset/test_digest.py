"""The digest of a data set tells content from place."""

from __future__ import annotations

from audioclf.dataset.clips import Clip, Dataset
from audioclf.dataset.digest import content_digest


def test_the_digest_tells_content_from_place(tmp_path):
    def of(label="x", group=None, content="1", folder="a", start=None):
        path = tmp_path / folder
        return content_digest(Dataset("d", [Clip(path, label, group, start=start)]), {path: content})

    same = of()
    assert of(folder="b") == same
    others = [of(label="y"), of(group="g"), of(content="2"), of(start=1.0)]
    assert len({same, *others}) == 5
