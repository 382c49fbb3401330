"""Options are plain values, checked when they are put together."""

import re
from dataclasses import FrozenInstanceError, asdict, fields
from inspect import signature

import pytest

from audioclf import compare, explore
from audioclf.comparison.settings import ExplorationSettings, Settings, Surroundings
from audioclf.errors import SpecError
from audioclf.experiment.task import SeveralLabels


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"features": "mfc"}, "unknown feature 'mfc'"),
        ({"classifiers": "svn"}, "unknown classifier 'svn'"),
        ({"classifiers": "knn:k=0"}, "k=0"),
        ({"features": " , "}, "at least one feature set"),
        ({"cv": 1}, "--cv 1"),
        ({"cv": "loo"}, "--cv loo"),
        ({"clip_seconds": 0.0}, "--clips 0"),
        ({"group_by": "("}, "--group-by '('"),
        ({"tune": True, "budget": 0}, "budget of 0"),
        ({"grid": {"svm": {"C": []}}}, "grid.svm.C: expected a list of length >= 1"),
        ({"grid": "no-such-file.json"}, "--grid no-such-file.json: can't be read"),
        ({"metric": "acuracy"}, "'acuracy' can't rank here. Did you mean 'accuracy'?"),
        ({"augment": "nois"}, "unknown effect 'nois'"),
        ({"augment": "gain", "augment_factor": 0}, "factor of at least 1"),
        ({"augment_compare": True}, "--augment-compare goes with --augment"),
        ({"pooled": "mean,mode"}, "unknown functional 'mode'"),
        ({"sample_rate": -1}, "sample rate is -1"),
        ({"frame_length": 0.0}, "frame length is 0"),
        ({"hop_length": float("inf")}, "hop length is inf"),
        ({"window": "ham"}, "window 'ham'"),
        ({"sample_rate": 16000, "n_fft": 8}, "8"),
    ],
)
def test_what_is_wrong_whatever_the_data_is_refused(options, told):
    with pytest.raises(SpecError, match=re.escape(told)):
        Settings(**options)


@pytest.mark.parametrize("options", [{"group_by": "("}, {"window": "ham"}, {"frame_length": -1.0}])
def test_an_exploration_is_refused_before_data_is_read(options):
    with pytest.raises(SpecError):
        explore("no-such-data", **options)


def test_a_comparison_is_refused_before_data_is_read():
    with pytest.raises(SpecError, match="unknown functional"):
        compare("no-such-data", pooled="mode")


def test_text_and_lists_are_the_same_settings():
    assert Settings(features="mfcc, zcr", pooled="mean,std") == Settings(
        features=["mfcc", "zcr"], pooled=["mean", "std"]
    )


def test_settings_stay_as_they_are():
    with pytest.raises(FrozenInstanceError):
        Settings().cv = 3


def test_a_grid_is_read_once(tmp_path):
    file = tmp_path / "grid.json"
    file.write_text('{"knn": {"k": [1, 3]}}')
    settings = Settings(classifiers="knn", grid=file)
    file.unlink()
    assert settings.grid == {"knn": {"k": [1, 3]}}
    assert [c.spec for c in settings.experiments[0].candidates] == ["knn", "knn:k=1", "knn:k=3"]
    assert Settings(classifiers="knn", grid=settings.grid).experiments == settings.experiments


def test_settings_made_of_their_own_values_are_equal():
    settings = Settings(features="mfcc,zcr", classifiers="knn", tune=True, cv="logo", augment=None)
    assert Settings(**asdict(settings)) == settings


def test_a_metric_must_suit_the_task():
    tags = SeveralLabels(("a", "b"))
    assert Settings().metric_for(tags) == "average_precision"
    with pytest.raises(SpecError, match="'accuracy' can't rank here"):
        Settings(metric="accuracy").metric_for(tags)


def test_every_option_of_the_calls_is_a_setting_or_surrounds_the_run():
    around = {field.name for field in fields(Surroundings)}
    for call, settings, more in ((compare, Settings, {"data", "test"}), (explore, ExplorationSettings, {"data"})):
        named = {field.name: field.default for field in fields(settings)}
        given = signature(call).parameters
        assert given.keys() - more - around == named.keys()
        assert {name: given[name].default for name in named} == named
