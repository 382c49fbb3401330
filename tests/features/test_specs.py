"""The names of a clip's vector."""

from __future__ import annotations

from audioclf.features.specs import build_extractors, vector_names


def test_vector_names_go_functional_by_functional_within_an_extractor():
    extractors = build_extractors("zcr:deltas=1+centroid")
    assert vector_names(extractors, ("mean", "max")) == [
        "zcr_mean", "zcr_delta_mean", "zcr_max", "zcr_delta_max", "centroid_mean", "centroid_max",
    ]  # fmt: skip
