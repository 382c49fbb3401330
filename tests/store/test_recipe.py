"""Whatever changes the numbers changes the recipe; every stretch of every content has a key of its own."""

from __future__ import annotations

from dataclasses import dataclass

from extractors import Plain

from audioclf.spectra.analysis import Analysis
from audioclf.store.recipe import clip_key, recipe


@dataclass(frozen=True)
class Newer(Plain):
    version = 2


@dataclass(frozen=True)
class Other(Plain):
    name = "other"


def test_the_recipe_changes_with_everything_that_changes_the_numbers(monkeypatch):
    pooled = ("mean", "std")
    analysis = {"sample_rate": 16000, "frame_length": 0.025, "hop_length": 0.01, "window": "hamming", "n_fft": 2048}
    base = (Analysis(**analysis), Plain(), pooled)

    def with_(place, value):
        return (*base[:place], value, *base[place + 1 :])

    changed = [
        base,
        *(
            with_(0, Analysis(**{**analysis, name: value}))
            for name, value in {
                "sample_rate": 8000, "frame_length": 0.03, "hop_length": 0.02, "window": "hann", "n_fft": 4096,
            }.items()
        ),
        *(with_(1, e) for e in (Plain(count=2), Plain(level=0.25), Plain(deltas=1), Plain(delta_width=3))),
        *(with_(1, e) for e in (Newer(), Other())),
        *(with_(2, f) for f in (None, ("mean",), ("std", "mean"), ("mean", "std", "p5"))),
    ]  # fmt: skip
    recipes = [recipe(*facts) for facts in changed]
    assert len(set(recipes)) == len(recipes)
    assert recipes == [recipe(*facts) for facts in changed]
    monkeypatch.setattr("audioclf.store.recipe._libraries", lambda: (("soxr", "99"),))
    assert recipe(*base) not in recipes


def test_the_recipe_is_the_same_for_the_same_fft_however_it_was_chosen():
    def of(n_fft):
        return recipe(Analysis(16000, n_fft=n_fft), Plain(), None)

    assert of(None) == of(Analysis(16000).fft_size)


def test_every_stretch_of_every_content_has_a_key_of_its_own():
    stretches = [(None, None), (0.5, None), (0.25, None), (None, 0.5), (0.25, 0.5), (0.1 + 0.2, None), (0.3, None)]
    keys = [clip_key(content, *stretch) for content in ("a" * 32, "b" * 32) for stretch in stretches]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {16}
