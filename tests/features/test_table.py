"""A data set's features as a table: what the command extract writes."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from extractions import noise

from audioclf.dataset.clips import Clip, Dataset
from audioclf.errors import DatasetError, SpecError
from audioclf.features.table import feature_table
from audioclf.features.transformer import FeatureSet
from audioclf.spectra.analysis import Framing
from audioclf.store.store import FeatureStore


@pytest.fixture
def data(tmp_path):
    """Two recordings that can be read, one that can't, and one that holds samples that aren't finite."""
    soundfile.write(tmp_path / "a.wav", noise(0, 0.3), 8000)
    soundfile.write(tmp_path / "b.wav", noise(1, 0.5, 16000), 16000)
    soundfile.write(tmp_path / "c.wav", np.full(8000, np.nan), 8000, subtype="FLOAT")
    clips = [
        Clip(tmp_path / "gone.wav", "x", name="gone.wav"),
        Clip(tmp_path / "a.wav", "x", "g", name="a.wav"),
        Clip(tmp_path / "c.wav", "y", name="c.wav"),
        Clip(tmp_path / "b.wav", "y", name="b.wav"),
    ]
    return Dataset("noises", clips)


def test_a_row_a_clip_holds_its_vector(data):
    table = feature_table(data, "mfcc:n_coeffs=2+zcr", pooled=("mean", "p95"))
    features = FeatureSet("mfcc:n_coeffs=2+zcr", sample_rate=8000, functionals="mean,p95")
    np.testing.assert_array_equal(table.values, features.fit_transform([data.clips[1], data.clips[3]]))
    assert table.names == list(features.get_feature_names_out())
    assert table.about == {"path": ["a.wav", "b.wav"], "label": ["x", "y"], "group": ["g", ""]}
    assert table.sample_rate == 8000


def test_a_row_a_frame_says_when_it_begins(data):
    table = feature_table(data, "zcr:deltas=1", row="frame", framing=Framing(16000, hop_length=0.1))
    features = FeatureSet("zcr:deltas=1", sample_rate=16000, hop_length=0.1).fit([])
    first, second = features.sequences([data.clips[1], data.clips[3]])
    np.testing.assert_array_equal(table.values, np.concatenate([first, second]))
    assert table.names == ["zcr", "zcr_delta"]
    assert table.about["time"] == [0.0, 0.1, 0.2, 0.0, 0.1, 0.2, 0.3, 0.4]
    assert table.about["path"] == ["a.wav"] * len(first) + ["b.wav"] * len(second)
    assert table.about["label"] == ["x"] * len(first) + ["y"] * len(second)
    assert table.about["group"] == ["g"] * len(first) + [""] * len(second)
    assert table.sample_rate == 16000


def test_clips_that_cannot_be_analysed_are_told_with_the_reason(data):
    (gone, why), (not_finite, reason) = feature_table(data, "zcr").skipped
    assert (gone, not_finite) == ("gone.wav", "c.wav")
    assert "no such file" in why
    assert "aren't finite" in reason


def test_numbers_are_the_same_from_a_warm_store_and_for_two_workers(data, tmp_path):
    store = FeatureStore(tmp_path / "features.sqlite")
    alone = feature_table(data, "mfcc")
    for _ in range(2):
        np.testing.assert_array_equal(feature_table(data, "mfcc", store=store, workers=2).values, alone.values)
    assert store.info().clips == 2


def test_progress_goes_from_headers_to_features(data):
    said = []
    feature_table(data, "zcr", progress=lambda *facts: said.append(facts))
    assert said[0] == ("headers", 4, 4, "")
    assert said[-1] == ("features", 3, 3, "")


@pytest.mark.parametrize(
    ("clip", "message"), [(0, "none of the 1 recordings can be read; .*no such file"),
                          (2, "none of the 1 recordings could be analysed; the first: .*aren't finite")],
)  # fmt: skip
def test_a_set_of_which_nothing_can_be_analysed_is_refused(data, clip, message):
    with pytest.raises(DatasetError, match=message):
        feature_table(Dataset("bad", [data.clips[clip]]), "zcr")


def test_a_wrong_spec_is_refused_before_a_recording_is_opened(data):
    with pytest.raises(SpecError, match="unknown feature 'mfc'"):
        feature_table(data, "mfc", progress=lambda *_: pytest.fail("a recording was opened"))
