"""What is known of clips, single and as a set, with one label or several."""

from __future__ import annotations

import numpy as np
from sets import TAGGED, manifest

from audioclf.dataset.clips import Clip, Dataset, tag_matrix
from audioclf.dataset.digest import content_digest
from audioclf.dataset.groups import group_by
from audioclf.dataset.manifests import load_manifest
from audioclf.dataset.pieces import cut
from audioclf.dataset.repeats import refuse_repeats


def test_labels_and_counts_go_together(tmp_path):
    clips = [Clip(tmp_path / str(i), label) for i, label in enumerate("bab")]
    data = Dataset("x", clips)
    assert data.labels == ["a", "b"]
    assert list(data.label_counts.items()) == [("a", 1), ("b", 2)]
    assert clips[0].name == str(tmp_path / "0")


def test_tag_matrix(folder):
    data = load_manifest(manifest(folder, TAGGED))
    np.testing.assert_array_equal(tag_matrix(data.clips, data.labels), [[1, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(tag_matrix(data.clips, ["rock", "folk"]), [[1, 0], [0, 0], [0, 0]])
    assert tag_matrix([], data.labels).shape == (0, 2)
    assert tag_matrix(data.clips, data.labels).dtype == bool


def test_what_is_made_of_a_multi_label_set_is_one(folder):
    data = load_manifest(manifest(folder, TAGGED))
    refuse_repeats(data)
    grouped = group_by(data, "^[a-z]+")
    assert grouped.multilabel
    assert grouped.labels == ["live", "rock"]
    pieces = cut(grouped.clips, [2.0, 1.0, 2.0], 1.0)
    assert [(p.tags, p.group) for p in pieces[:3]] == [(("live", "rock"), "birds")] * 2 + [(("live",), "birds")]
    hashes = {clip.path: clip.name for clip in data}
    other = load_manifest(manifest(folder, TAGGED.replace("b.wav,live", "b.wav,rock")))
    again = load_manifest(manifest(folder, TAGGED.replace(" rock ;live;; rock", "live;rock")))
    assert content_digest(data, hashes) == content_digest(again, hashes) != content_digest(other, hashes)
