"""Augmented copies: what was drawn is what is heard, and nothing but clip, seed, number and effects decides."""

from __future__ import annotations

import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audioclf import plugins
from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.audio.signal import Signal
from audioclf.augmentation.copies import Augmentation, parse
from audioclf.augmentation.effect import Effect
from audioclf.cli.main import cli
from audioclf.dataset.clips import Clip
from audioclf.errors import MissingExtraError, SpecError
from audioclf.features import extraction
from audioclf.features.extraction import extract
from audioclf.features.outputs import Output, outputs_of_signals
from audioclf.features.specs import build_extractors
from audioclf.features.wanted import Wanted
from audioclf.parallel import single_threaded
from audioclf.spec import param
from audioclf.spectra.analysis import Analysis
from audioclf.store.recipe import clip_key
from audioclf.store.store import FeatureStore

needs_extra = pytest.mark.skipif(not find_spec("audiomentations"), reason="the extra 'augment' isn't installed")
ALL = "noise,pitch,stretch,shift,gain,reverb"
DRAWN = "noise 27 dB, pitch −0.1 semitones, stretch × 1.20, shift −14 %, gain −10.3 dB, reverb 0.48 s (+3 dB)"
KEY = b"a clip"
RATE = 8000


def sound(seed=0, seconds=0.5, rate=RATE, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(max(1, round(seconds * rate)))).astype(np.float32)


def drawn(text):
    """The number in what `describe` says."""
    return float(re.search(r"[-+]?\d+(\.\d+)?", text.replace("\N{MINUS SIGN}", "-"))[0])


def power(samples):
    return np.mean(np.square(samples, dtype=np.float64))


# Specs


def test_a_spec_says_what_differs_from_the_defaults_in_the_order_asked_for():
    made = parse(" noise:min_snr=5:max_snr=20, pitch:semitones=2.0 ,reverb:min_rt60=0.1", 4, seed=7)
    assert made.spec == "noise:max_snr=20,pitch,reverb:min_rt60=0.1"
    assert parse(made.spec, 4, 7) == made
    assert (made.factor, made.seed) == (4, 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("noize", "unknown effect 'noize'. Did you mean 'noise'?"),
        ("speed_perturbation_x", "Known: gain, noise, pitch, reverb, shift, stretch."),
        ("noise:min_snrs=3", "noise has no parameter 'min_snrs'. Did you mean 'min_snr'?"),
        ("noise:min_snr=loud", "isn't a value of type float"),
        ("noise:min_snr=31", "min_snr=31 is above max_snr=30"),
        ("noise:max_snr=200", "max_snr=200; it must lie between -20 and 100 dB"),
        ("noise:colour=pinc", "unknown colour 'pinc'. Did you mean 'pink'?"),
        ("pitch:semitones=0", "semitones=0; it must be above 0 and at most 12"),
        ("stretch:min_rate=0.5", "min_rate=0.5; it must lie between 0.6 and 2"),
        ("shift:share=0.6", "share=0.6; it must be above 0 and at most 0.5"),
        ("gain:min_db=7", "min_db=7 is above max_db=6"),
        ("reverb:max_rt60=60", "max_rt60=60; it must lie between 0.02 and 10 s"),
        ("noise,pitch,noise:max_snr=20", "'noise' stands twice"),
        ("noise+pitch", "effects are separated by ','"),
        ("noise,,pitch", "names no effect in one place"),
        ("", "names no effect in one place"),
    ],
)
def test_wrong_specs_are_refused_with_the_reason(text, says):
    with pytest.raises(SpecError, match=re.escape(says)):
        parse(text)


def test_a_factor_below_one_is_refused():
    with pytest.raises(SpecError, match="give a factor of at least 1"):
        parse("noise", factor=0)


def test_effects_are_documented_and_have_places_of_their_own():
    kinds = [plugins.load("augmentations", name) for name in ALL.split(",")]
    assert len({kind.place for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.title
        assert kind.__doc__
        assert kind().spec == kind.name, "the defaults are allowed"


def test_without_audiomentations_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "audiomentations", None)
    made = parse("noise")
    soundfile.write(tmp_path / "a.wav", sound(), RATE)
    for call in (
        made.check_installed,
        lambda: made.copy(sound(), RATE, KEY, 1),
        lambda: extract(
            [Clip(tmp_path / "a.wav")], Analysis(RATE), Wanted(tuple(build_extractors("zcr"))), copy=(made, 1)
        ),
    ):
        with pytest.raises(MissingExtraError, match=re.escape("pip install 'audioclf[augment]'")):
            call()
    done = CliRunner().invoke(
        cli, ["plot", str(tmp_path / "a.wav"), "--augment", "noise", "--out", str(tmp_path / "x")]
    )
    assert isinstance(done.exception, MissingExtraError)
    assert not (tmp_path / "x").exists()


# What decides


@needs_extra
@pytest.mark.parametrize("name", ALL.split(","))
def test_a_copy_depends_on_clip_seed_number_and_effects_only(name):
    x = sound()
    first = parse(name).copy(x, RATE, KEY, 1)
    np.testing.assert_array_equal(first, parse(name, factor=9).copy(x, RATE, KEY, 1))
    others = [(parse(name), KEY, 2), (parse(name, seed=1), KEY, 1), (parse(name), b"another clip", 1)]
    for augmentation, key, number in others:
        other = augmentation.copy(x, RATE, key, number)
        assert other.shape != first.shape or np.abs(other - first).max() > 1e-4


@needs_extra
def test_the_order_of_effects_in_the_spec_doesnt_matter_and_one_more_leaves_the_others_as_they_are():
    x = sound()
    backwards = ",".join(reversed(ALL.split(",")))
    np.testing.assert_array_equal(parse(ALL).copy(x, RATE, KEY, 1), parse(backwards).copy(x, RATE, KEY, 1))
    assert parse("noise").describe(KEY, 1) in parse("noise,gain").describe(KEY, 1)
    assert parse("gain,noise").describe(KEY, 3).split(", ") == parse("noise,gain").describe(KEY, 3).split(", ")[::-1]


@needs_extra
def test_the_name_alone_decides_what_an_effect_draws():
    """As the first versions drew it: cached features of copies stay valid, wherever an effect's module lies."""
    assert parse(ALL, seed=3).describe(KEY, 2) == DRAWN


@needs_extra
def test_threads_and_the_order_of_calls_dont_matter():
    calls = [(sound(seed, 0.2), RATE, bytes([seed]), number) for seed in range(6) for number in (1, 2)]
    made = parse(ALL, 2)
    alone = [made.copy(*call) for call in calls]
    with ThreadPoolExecutor(4) as pool:
        spread = list(pool.map(lambda call: made.copy(*call), reversed(calls)))
    for one, other in zip(alone, reversed(spread), strict=True):
        np.testing.assert_array_equal(one, other)


@needs_extra
def test_the_global_random_numbers_are_neither_used_nor_touched():
    made, x = parse(ALL), sound()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    first = made.copy(x, RATE, KEY, 1)
    assert random.getstate() == before[0]
    for one, other in zip(np.random.get_state(), before[1], strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(one, other)
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(made.copy(x, RATE, KEY, 1), first)


@needs_extra
@pytest.mark.parametrize("rate", [30, 1000, 8000, 11025, 96000])
@pytest.mark.parametrize(
    "text", [ALL, "noise:colour=brown,stretch:max_rate=0.6:min_rate=0.6", "stretch:min_rate=2:max_rate=2"]
)
def test_any_length_at_any_rate_can_be_copied(rate, text):
    # Short clips at low rates are where Signalsmith Stretch would loop for ever or add unseeded random phases.
    for n in (1, 2, 3, 5, 33, rate // 100 or 1, 2000):
        for x in (sound(n, n / rate, rate), np.full(n, 1.0, np.float32)):
            given = x.copy()
            copy = parse(text).copy(x, rate, KEY, 1)
            assert (copy.dtype, copy.ndim) == (np.float32, 1)
            assert np.isfinite(copy).all()
            assert 0 <= np.abs(copy).max() <= 1, "and there is a sample at least"
            np.testing.assert_array_equal(copy, parse(text).copy(x, rate, KEY, 1))
            np.testing.assert_array_equal(x, given)


@needs_extra
@pytest.mark.parametrize("name", ALL.split(","))
def test_silence_stays_silent(name):
    assert not parse(name).copy(np.zeros(4000, np.float32), RATE, KEY, 1).any()


@needs_extra
def test_a_copy_over_full_scale_is_brought_down_to_it_as_a_whole():
    x = np.sin(np.arange(4000) / 7).astype(np.float32)
    louder = parse("gain:min_db=6:max_db=6").copy(x, RATE, KEY, 1)
    assert np.abs(louder).max() == 1
    np.testing.assert_allclose(louder, x / np.abs(x).max(), rtol=1e-6)
    assert np.isfinite(parse(ALL).copy(1e10 * x, RATE, KEY, 1)).all()


# What is heard


@needs_extra
@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
def test_noise_has_the_ratio_that_was_drawn(colour):
    x = sound(level=0.05)
    for number in range(1, 4):
        made = parse(f"noise:colour={colour}")
        noise = made.copy(x, RATE, KEY, number) - x.astype(np.float64)
        measured = 10 * np.log10(power(x) / power(noise))
        assert 5 <= measured <= 30
        assert abs(measured - drawn(made.describe(KEY, number))) < 0.51, "it is told to a whole dB"
    noise = parse(f"noise:colour={colour}:min_snr=14:max_snr=14").copy(x, RATE, KEY, 1) - x.astype(np.float64)
    assert abs(10 * np.log10(power(x) / power(noise)) - 14) < 1e-3


@needs_extra
@pytest.mark.parametrize(("colour", "slope"), [("white", 0), ("pink", -3.01), ("brown", -6.02)])
def test_noise_falls_as_its_colour_says(colour, slope):
    x = sound(seconds=20, level=0.05)
    noise = parse(f"noise:colour={colour}:min_snr=10:max_snr=10").copy(x, RATE, KEY, 1) - x.astype(np.float64)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [spectrum[int(20 * low) : int(40 * low)].mean() for low in (100, 200, 400, 800, 1600)]
    measured = np.polyfit(range(5), 10 * np.log10(octaves), 1)[0]
    # The lowest octave has 2000 bins, so that its mean level is known to 4.3 / sqrt(2000) = 0.1 dB, the slope better.
    assert abs(measured - slope) < 0.15


def frequency(samples, rate=RATE):
    """Of the strongest line, in Hz: the peak of a windowed spectrum, by a parabola through its logarithm."""
    level = np.log(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) + 1e-12)
    k = int(level.argmax())
    a, b, c = level[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * rate / len(samples)


@needs_extra
def test_pitch_moves_a_tone_by_the_semitones_drawn_and_keeps_its_length():
    x = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    made = parse("pitch:semitones=5")
    for number in range(1, 6):
        copy = made.copy(x, RATE, KEY, number)
        assert len(copy) == len(x)
        moved = 12 * np.log2(frequency(copy[2000:-2000]) / 1000)
        assert abs(moved - drawn(made.describe(KEY, number))) < 0.1, "told to a tenth; the library errs by 0.02"


@needs_extra
def test_stretch_changes_the_length_by_the_rate_drawn_and_keeps_the_pitch():
    x = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    made = parse("stretch:min_rate=0.7:max_rate=1.6")
    rates = []
    for number in range(1, 6):
        copy = made.copy(x, RATE, KEY, number)
        rates.append(len(x) / len(copy))
        assert abs(rates[-1] - drawn(made.describe(KEY, number))) < 0.006, "it is told to two digits"
        assert abs(12 * np.log2(frequency(copy[2000:-2000]) / 440)) < 0.05
    assert min(rates) < 1 < max(rates)
    assert len(parse("stretch:min_rate=0.8:max_rate=0.8").copy(x, RATE, KEY, 1)) == len(x) / 0.8


@needs_extra
def test_shift_rolls_the_samples_round():
    x = np.linspace(-1, 1, 4000, dtype=np.float32)
    made = parse("shift")
    for number in range(1, 4):
        copy = made.copy(x, RATE, KEY, number)
        np.testing.assert_array_equal(np.sort(copy), x)
        places = int(np.flatnonzero(copy == x[0])[0])
        np.testing.assert_array_equal(copy, np.roll(x, places))
        share = (places / 4000 + 0.5) % 1 - 0.5
        assert abs(100 * share - drawn(made.describe(KEY, number))) < 0.52


@needs_extra
def test_gain_multiplies_by_what_was_drawn():
    x = sound(level=0.01)
    made = parse("gain")
    for number in range(1, 4):
        ratio = made.copy(x, RATE, KEY, number).astype(np.float64) / x
        assert np.ptp(ratio) < 1e-5 * ratio.mean()
        assert abs(20 * np.log10(ratio.mean()) - drawn(made.describe(KEY, number))) < 0.051


@needs_extra
@pytest.mark.parametrize("rt60", [0.2, 0.6])
def test_reverb_answers_a_click_with_a_decay_of_the_time_drawn(rt60):
    rate = 16000
    click = np.zeros(rate, np.float32)
    click[0] = 0.5
    for number in range(1, 4):
        made = parse(f"reverb:min_rt60={rt60}:max_rt60={rt60}:min_drr=3:max_drr=3")
        heard = made.copy(click, rate, KEY, number).astype(np.float64)
        n = round(rt60 * rate)
        tail = heard[1 : n + 1]
        assert abs(10 * np.log10(heard[0] ** 2 / np.sum(tail**2)) - 3) < 1e-3
        assert abs(np.sum(heard**2) / 0.25 - 1) < 1e-3
        slope = np.polyfit(np.arange(n) / rate, np.log(tail**2 + 1e-300), 1)[0]
        measured = -6 * np.log(10) / slope
        # ln of a squared Gaussian has the variance pi^2 / 2; a line through n of them over rt60 then has a slope with
        # the standard deviation sqrt(6 pi^2 / n) / rt60, which is 1 % of it at n = 3200: four times that is allowed.
        assert abs(measured / rt60 - 1) < 4 * np.sqrt(6 * np.pi**2 / n) / (6 * np.log(10))


@needs_extra
def test_reverb_keeps_length_and_level():
    x = sound(seconds=3)
    copy = parse("reverb").copy(x, RATE, KEY, 1)
    assert len(copy) == len(x)
    assert abs(10 * np.log10(power(copy) / power(x))) < 0.5


# Features


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for i in range(5):
        soundfile.write(folder / f"{i}.wav", sound(i, 0.2 + 0.05 * i, 11025), 11025)
    return [Clip(folder / f"{i}.wav", "ab"[i % 2], start=0.05 if i == 2 else None) for i in range(5)]


ANALYSIS = Analysis(RATE)
EXTRACTORS = build_extractors("mfcc:deltas=1:n_coeffs=5+zcr")


def features(clips, copy=None, kept=None, workers=1, **options):
    return extract(
        clips, ANALYSIS, Wanted(tuple(EXTRACTORS), tuple(EXTRACTORS)), store=kept, workers=workers, copy=copy, **options
    )


def same(one, two):
    np.testing.assert_array_equal(one.lengths, two.lengths)
    for extractor in EXTRACTORS:
        np.testing.assert_array_equal(one.vectors[extractor], two.vectors[extractor])
        np.testing.assert_array_equal(one.sequences[extractor], two.sequences[extractor])


@needs_extra
def test_features_of_copies_are_those_of_the_augmented_samples(clips):
    made = parse(ALL, 2)
    done = features(clips, (made, 2))
    starts = np.concatenate([[0], np.cumsum(done.lengths)])
    for i, clip in enumerate(clips):
        key = clip_key(content_hash(clip.path), clip.start, clip.end)
        original = decode.read(clip.path, RATE, clip.start, clip.end)
        copy = Signal(made.copy(original.samples, RATE, key, 2), RATE)
        with single_threaded():
            [frames] = outputs_of_signals([copy], ANALYSIS, [Output(extractor, None) for extractor in EXTRACTORS])
        for extractor, expected in zip(EXTRACTORS, frames, strict=True):
            np.testing.assert_array_equal(done.sequences[extractor][starts[i] : starts[i + 1]], expected)


@needs_extra
def test_copies_dont_depend_on_workers_other_clips_or_length(clips, monkeypatch):
    made = parse(ALL)
    whole = features(clips, (made, 1))
    monkeypatch.setattr(extraction, "_MOST_CLIPS", 2)
    same(whole, features(clips, (made, 1), workers=3))
    part = features(clips[3:4], (made, 1))
    for extractor in EXTRACTORS:
        np.testing.assert_array_equal(part.vectors[extractor], whole.vectors[extractor][3:4])
    monkeypatch.setattr("audioclf.features.outputs._LONG", 100)
    same(whole, features(clips, (made, 1)))


@needs_extra
def test_the_store_gives_copies_back_and_keeps_them_apart(clips, tmp_path, monkeypatch):
    def only(augmentation, number):
        return features(clips, (augmentation, number))

    kept = FeatureStore(tmp_path / "features.sqlite")
    wanted = [
        (parse("noise,gain", 2), 1),
        (parse("noise,gain", 2), 2),
        (parse("noise,gain", 2, seed=1), 1),
        (parse("gain"), 1),
    ]
    originals = features(clips, kept=kept)
    fresh = [only(*copy) for copy in wanted]
    for copy, expected in zip(wanted, fresh, strict=True):
        same(features(clips, copy, kept), expected)

    def fail(*_):
        raise AssertionError("it is in the store")

    with monkeypatch.context() as patch:
        patch.setattr(Augmentation, "copy", fail)
        patch.setattr(decode, "read", fail)
        same(features(clips, kept=kept), originals)
        for copy, expected in zip(wanted, fresh, strict=True):
            same(features(clips, copy, kept), expected)
        same(features(clips, (parse("gain,noise", 5), 2), kept), fresh[1])
    vectors = [done.vectors[EXTRACTORS[0]] for done in (originals, *fresh)]
    for i, one in enumerate(vectors):
        for other in vectors[:i]:
            assert (np.abs(one - other).max(axis=1) > 0).all()


@needs_extra
def test_keys_of_copies_count_all_that_matters(monkeypatch):
    made = parse("noise,pitch")
    keys = [
        KEY,
        made.copy_key(KEY, 1),
        made.copy_key(KEY, 2),
        made.copy_key(b"another", 1),
        parse("noise,pitch", seed=1).copy_key(KEY, 1),
        parse("noise").copy_key(KEY, 1),
        parse("noise:colour=pink,pitch").copy_key(KEY, 1),
    ]
    monkeypatch.setattr("audioclf.augmentation.copies.VERSION", -1)
    keys.append(made.copy_key(KEY, 1))
    monkeypatch.setattr("audioclf.augmentation.copies._versions", lambda: (("audiomentations", "0"),))
    keys.append(made.copy_key(KEY, 1))
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys[1:]} == {16}


# Of another package


@dataclass(frozen=True)
class Crush(Effect):
    """Fewer bits, as of an old sampler."""

    name = "crush"
    title = "fewer bits"
    place = 5  # that of noise, which comes after it by name

    bits: int = param(4, "bits of a sample")

    def __post_init__(self):
        self.require(self.bits >= 1, f"bits={self.bits}; it must be at least 1")

    def draw(self, rng):
        return {"offset": rng.uniform(0, 1)}

    def apply(self, samples, sample_rate, rng, **drawn):
        steps = np.float32(2 ** (self.bits - 1))
        return np.floor(samples * steps + np.float32(drawn["offset"])) / steps

    def tell(self, **drawn):
        return f"{self.bits} bits"


class Points:
    """An entry point of `Crush`, without a package."""

    name, value = "crush", "test_augmentation:Crush"

    @staticmethod
    def load():
        return Crush


@pytest.fixture
def crush(monkeypatch):
    known = plugins._catalogue("augmentations")
    monkeypatch.setattr(plugins, "_catalogue", lambda kind: {**known, "crush": Points} if "aug" in kind else {})


@needs_extra
def test_another_packages_effect_is_the_equal_of_a_built_in_one(crush, clips, tmp_path):
    x = sound(level=0.2)
    made = parse("noise,crush:bits=3", 2)
    assert made.spec == "noise,crush:bits=3"
    assert re.fullmatch(r"noise \d+ dB, 3 bits", made.describe(KEY, 1))
    alone = parse("crush:bits=3").copy(x, RATE, KEY, 1)
    assert len(set(alone.tolist())) <= 8
    np.testing.assert_array_equal(made.copy(x, RATE, KEY, 2), parse("crush:bits=3,noise").copy(x, RATE, KEY, 2))
    assert len(set(made.copy(x, RATE, KEY, 2).tolist())) > 1000, "noise comes after it"
    with pytest.raises(SpecError, match="crush: bits=0; it must be at least 1"):
        parse("crush:bits=0")
    with pytest.raises(SpecError, match="Did you mean 'crush'"):
        parse("crunch")
    kept = FeatureStore(tmp_path / "features.sqlite")
    same(features(clips, (made, 1), kept), features(clips, (made, 1)))


@needs_extra
def test_an_effects_version_counts_among_its_keys(crush, monkeypatch):
    before = parse("crush,noise").copy_key(KEY, 1)
    assert parse("noise,crush").copy_key(KEY, 1) == before
    monkeypatch.setattr(Crush, "version", 2)
    assert parse("crush,noise").copy_key(KEY, 1) != before


def test_the_list_shows_it(crush):
    done = CliRunner().invoke(cli, ["list", "augmentations"], catch_exceptions=False)
    assert re.search(r"^crush +fewer bits +bits=4$", done.stdout, re.MULTILINE)
    assert "pitch" in done.stdout
    done = CliRunner().invoke(cli, ["list", "augmentations", "crush"], catch_exceptions=False)
    assert "Fewer bits, as of an old sampler." in done.stdout
    assert re.search(r"^bits +int +4 +bits of a sample$", done.stdout, re.MULTILINE)


# plot --augment


@needs_extra
def test_plot_writes_copies_to_listen_to_and_a_picture(tmp_path):
    quiet, loud = tmp_path / "a" / "owl.wav", tmp_path / "b" / "owl.wav"
    for path, level in ((quiet, 0.1), (loud, 1.0)):
        path.parent.mkdir()
        soundfile.write(path, sound(seconds=0.6, level=level), RATE, "FLOAT")
    words = ["plot", str(quiet), str(loud), "--out", str(tmp_path / "out"), "--seed", "3"]
    words += ["--augment", "noise,stretch:max_rate=0.9", "--augment-factor", "2"]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0
    made = parse("noise,stretch:max_rate=0.9", 2, 3)
    for recording, folder in ((quiet, "owl-copies"), (loud, "owl-copies-2")):
        folder = tmp_path / "out" / folder
        names = ["copies.png", "copy-1.wav", "copy-2.wav", "original.wav"]
        assert sorted(path.name for path in folder.iterdir()) == names
        samples, rate = soundfile.read(folder / "original.wav", dtype="float32")
        np.testing.assert_allclose(samples, soundfile.read(recording, dtype="float32")[0], atol=2**-15)
        key = clip_key(content_hash(recording), None, None)
        for number in (1, 2):
            copy, rate = soundfile.read(folder / f"copy-{number}.wav", dtype="float32")
            expected = made.copy(decode.read(recording).samples, RATE, key, number)
            assert rate == RATE
            np.testing.assert_allclose(copy, expected, atol=2**-14)
            assert f"copy-{number}.wav  copy {number}: {made.describe(key, number)}" in done.stdout
        assert (folder / "copies.png").read_bytes().startswith(b"\x89PNG")


def test_plot_refuses_wrong_effects_before_any_work(tmp_path):
    done = CliRunner().invoke(cli, ["plot", str(tmp_path / "absent.wav"), "--augment", "noize"])
    assert isinstance(done.exception, SpecError)
