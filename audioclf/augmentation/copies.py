"""Augmented copies of clips: the same sound with noise, at another pitch, in another room ... for training only.

What a copy is like depends on the clip's content, the seed, the copy's number and the effects, and on nothing else:
each effect draws from a generator of its own, made from these. Nothing here touches the global random numbers, so
copies can be made in threads. Audiomentations' own draws come from there; so its transforms are given their
parameters, which are drawn here, and are made anew for each copy.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import MissingExtraError, SpecError, did_you_mean
from audioclf.spec import Configurable, param, split

VERSION = 1
"""To be raised whenever copies come out differently: cached features of copies made before are then not found."""

DEFAULT_FACTOR = 3
"""Copies of each clip where nothing else is asked for."""

Samples = NDArray[np.float32]
_LOWEST_RATE = 1000  # Hz told to Signalsmith Stretch: at some 30 Hz its blocks are empty, and it never ends
_CORNER = 50.0  # Hz; brown noise would otherwise lie nearly all below what can be heard
_COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0}  # power falls with frequency to the power of this


class Effect(Configurable):
    """One way to change a clip.

    An effect first draws what it will do, which needs no samples and so can be told beforehand, then does it.

    Attributes
    ----------
    name, title : str
        As typed after ``--augment``; in a few words.
    place : int
        Where it stands among the effects of a copy, whatever their order in the spec: first what the source does
        (pitch, stretch), then where it stands (shift), the room, the microphone's noise, the recorder's level.
    """

    title: ClassVar[str]
    place: ClassVar[int]

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """Draw the parameters of `apply` and `tell`."""
        raise NotImplementedError

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        """Return changed samples: shape (n,) to (m,), m at least 1; *rng* goes on where `draw` left it."""
        raise NotImplementedError

    def tell(self, **drawn: float) -> str:
        """Say what was drawn in two or three words."""
        raise NotImplementedError

    def _check_range(self, low: str, high: str, least: float, most: float, unit: str) -> None:
        """Require *least* <= *low* <= *high* <= *most* of the parameters *low* and *high*."""
        values = getattr(self, low), getattr(self, high)
        for key, value in zip((low, high), values):
            self.require(
                least <= value <= most,
                f"{key}={value:g}; it must lie between {least:g} and {most:g}{unit and ' '}{unit}",
            )
        self.require(values[0] <= values[1], f"{low}={values[0]:g} is above {high}={values[1]:g}")


@dataclass(frozen=True)
class Noise(Effect):
    """Noise at a signal-to-noise ratio drawn between two, in dB: the clip's mean power over the noise's.

    White noise is as loud in each Hz, pink in each octave; brown noise falls by 6 dB an octave, as wind and traffic
    roughly do (both from 50 Hz; below, they are white). A silent clip stays silent.
    """

    name = "noise"
    title = "noise at a random signal-to-noise ratio"
    place = 5

    min_snr: float = param(5.0, "lowest signal-to-noise ratio in dB, -20 to 100")
    max_snr: float = param(30.0, "highest signal-to-noise ratio in dB, -20 to 100")
    colour: str = param("white", "white, pink or brown")

    def __post_init__(self) -> None:
        self._check_range("min_snr", "max_snr", -20.0, 100.0, "dB")
        self.require(self.colour in _COLOURS, f"unknown colour '{self.colour}'. {did_you_mean(self.colour, _COLOURS)}")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"snr": rng.uniform(self.min_snr, self.max_snr)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        noise = rng.standard_normal(len(samples), np.float32)
        if self.colour != "white":
            noise = _coloured(noise, sample_rate, _COLOURS[self.colour])
        power = _power(noise)
        if not power:
            return samples
        level = math.sqrt(_power(samples) / power) * 10 ** (-drawn["snr"] / 20)
        return samples + np.float32(level) * noise

    def tell(self, **drawn: float) -> str:
        return f"noise {_signed(drawn['snr'], 0, False)} dB"


@dataclass(frozen=True)
class Pitch(Effect):
    """The pitch up or down by up to so many semitones, drawn evenly; the length stays. By Signalsmith Stretch."""

    name = "pitch"
    title = "pitch up or down, length kept"
    place = 0

    semitones: float = param(2.0, "the farthest up or down in semitones, above 0 to 12")

    def __post_init__(self) -> None:
        self.require(0 < self.semitones <= 12, f"semitones={self.semitones:g}; it must be above 0 and at most 12")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"semitones": rng.uniform(-self.semitones, self.semitones)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import PitchShift

        rate = max(sample_rate, _LOWEST_RATE)
        return _applied(PitchShift(p=1.0), samples, rate, num_semitones=drawn["semitones"])

    def tell(self, **drawn: float) -> str:
        return f"pitch {_signed(drawn['semitones'], 1)} semitones"


@dataclass(frozen=True)
class Stretch(Effect):
    """Faster or slower by a rate drawn evenly on a scale of ratios; the pitch stays. By Signalsmith Stretch.

    A clip of n samples becomes one of about n / rate.
    """

    name = "stretch"
    title = "faster or slower, pitch kept"
    place = 1

    # Below a rate of 0.5 the library adds random phases, from a generator that can't be seeded through Audiomentations.
    min_rate: float = param(0.8, "lowest rate, 0.6 to 2; below 1 is slower and longer")
    max_rate: float = param(1.25, "highest rate, 0.6 to 2; above 1 is faster and shorter")

    def __post_init__(self) -> None:
        self._check_range("min_rate", "max_rate", 0.6, 2.0, "")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"rate": math.exp(rng.uniform(math.log(self.min_rate), math.log(self.max_rate)))}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import TimeStretch

        transform = TimeStretch(leave_length_unchanged=False, p=1.0)
        stretched = _applied(transform, samples, max(sample_rate, _LOWEST_RATE), rate=drawn["rate"])
        return stretched if len(stretched) else samples

    def tell(self, **drawn: float) -> str:
        return f"stretch × {drawn['rate']:.2f}"


@dataclass(frozen=True)
class Shift(Effect):
    """The clip begins elsewhere: rolled round by up to a share of its length, and what leaves one end enters the other.

    The samples are the same ones; where the ends meet, a click may be heard.
    """

    name = "shift"
    title = "rolled round in time"
    place = 2

    share: float = param(0.5, "the farthest back or forth, as a share of the clip's length, above 0 to 0.5")

    def __post_init__(self) -> None:
        self.require(0 < self.share <= 0.5, f"share={self.share:g}; it must be above 0 and at most 0.5")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"share": rng.uniform(-self.share, self.share)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import Shift as Roll

        return _applied(Roll(fade_duration=0.0, p=1.0), samples, sample_rate, shift_amount=drawn["share"])

    def tell(self, **drawn: float) -> str:
        return f"shift {_signed(100 * drawn['share'], 0)} %"


@dataclass(frozen=True)
class Reverb(Effect):
    """The clip in a room: convolved with an impulse response made up of noise that decays exponentially.

    This is Polack's model of late reverberation ("La transmission de l'énergie sonore dans les salles", 1988): white
    Gaussian noise times exp(-3 ln(10) t / RT60), after the direct sound. The length stays, so that the tail after the
    clip's end is cut off; the response has an energy of 1, so that the level stays much the same.
    """

    name = "reverb"
    title = "in a synthetic room"
    place = 4

    min_rt60: float = param(0.2, "shortest time in which the sound falls by 60 dB, in seconds, 0.02 to 10")
    max_rt60: float = param(0.8, "longest time in which the sound falls by 60 dB, in seconds, 0.02 to 10")
    min_drr: float = param(0.0, "lowest direct-to-reverberant ratio in dB, -20 to 40; lower is farther away")
    max_drr: float = param(15.0, "highest direct-to-reverberant ratio in dB, -20 to 40")

    def __post_init__(self) -> None:
        self._check_range("min_rt60", "max_rt60", 0.02, 10.0, "s")
        self._check_range("min_drr", "max_drr", -20.0, 40.0, "dB")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"rt60": rng.uniform(self.min_rt60, self.max_rt60), "drr": rng.uniform(self.min_drr, self.max_drr)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from scipy.signal import oaconvolve

        response = impulse_response(sample_rate, rng, **drawn)[: len(samples)]
        return oaconvolve(samples, response.astype(np.float32))[: len(samples)]

    def tell(self, **drawn: float) -> str:
        return f"reverb {drawn['rt60']:.2f} s ({_signed(drawn['drr'], 0)} dB)"


@dataclass(frozen=True)
class Gain(Effect):
    """Louder or softer by so many dB, drawn evenly; what would go over full scale is brought down to it."""

    name = "gain"
    title = "louder or softer"
    place = 6

    min_db: float = param(-12.0, "lowest gain in dB, -60 to 40")
    max_db: float = param(6.0, "highest gain in dB, -60 to 40")

    def __post_init__(self) -> None:
        self._check_range("min_db", "max_db", -60.0, 40.0, "dB")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        return {"db": rng.uniform(self.min_db, self.max_db)}

    def apply(self, samples: Samples, sample_rate: int, rng: np.random.Generator, **drawn: float) -> Samples:
        from audiomentations import Gain as Multiply

        return _applied(Multiply(p=1.0), samples, sample_rate, amplitude_ratio=10 ** (drawn["db"] / 20))

    def tell(self, **drawn: float) -> str:
        return f"gain {_signed(drawn['db'], 1)} dB"


KINDS: dict[str, type[Effect]] = {kind.name: kind for kind in (Noise, Pitch, Stretch, Shift, Gain, Reverb)}
"""The effects by name."""


@dataclass(frozen=True)
class Augmentation:
    """Effects, and how many copies of each clip to make with them.

    Every copy goes through every effect, each time with other random parameters.

    Attributes
    ----------
    effects : tuple of Effect
        As asked for; they are applied in the order of their `Effect.place`.
    factor : int
        Copies of each clip. The first ones are the same whatever their number.
    seed : int
    """

    effects: tuple[Effect, ...]
    factor: int = DEFAULT_FACTOR
    seed: int = 0

    @property
    def spec(self) -> str:
        """The shortest text that makes the effects, as in ``noise,pitch:semitones=3``."""
        return ",".join(effect.spec for effect in self.effects)

    def check_installed(self) -> None:
        """Raise `MissingExtraError` unless Audiomentations is there; it isn't imported, which takes a second."""
        if not find_spec("audiomentations"):
            raise MissingExtraError("Augmented copies", "audiomentations", "augment")

    def copy(self, samples: Samples, sample_rate: int, key: bytes, number: int) -> Samples:
        """Return a copy of a clip.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            At least one. Not changed.
        sample_rate : int
            In Hz.
        key : bytes
            Of the clip's content, as `audioclf.store.recipe.clip_key` gives it.
        number : int
            Which copy, 1 to `factor`.

        Returns
        -------
        ndarray of float32, shape (m,)
            Finite. Where its peak would be above full scale, 1, all of it is brought down so that it is 1.

        Raises
        ------
        MissingExtraError
            If Audiomentations isn't installed.
        """
        self.check_installed()
        samples = np.asarray(samples, np.float32)
        for effect, rng, drawn in self._draws(key, number):
            samples = np.asarray(effect.apply(samples, sample_rate, rng, **drawn), np.float32)
        peak = np.abs(samples).max(initial=0.0)
        return samples / peak if peak > 1 else samples.copy()

    def describe(self, key: bytes, number: int) -> str:
        """Say what is drawn for a copy, in the order of the spec.

        >>> parse("noise,pitch").describe(b"a clip", 1)
        'noise 16 dB, pitch +1.2 semitones'
        """
        told = {effect: effect.tell(**drawn) for effect, _, drawn in self._draws(key, number)}
        return ", ".join(told[effect] for effect in self.effects)

    def copy_key(self, key: bytes, number: int) -> bytes:
        """Return the key under which the store keeps what is computed of a copy, 16 bytes.

        Parameters
        ----------
        key : bytes
            Of the clip itself.
        number : int
            Which copy, 1 to `factor`.

        Raises
        ------
        MissingExtraError
            If Audiomentations isn't installed: its version counts.
        """
        facts = (VERSION, _versions(), sorted(effect.spec for effect in self.effects), self.seed, number)
        return hashlib.blake2b(key + repr(facts).encode(), digest_size=16).digest()

    def _draws(self, key: bytes, number: int) -> Iterator[tuple[Effect, np.random.Generator, dict[str, float]]]:
        """Each effect in the order in which they are applied, with its generator and what it drew.

        A generator of its own for each: a copy keeps its pitch when noise is added to the effects.
        """
        for effect in sorted(self.effects, key=lambda effect: effect.place):
            facts = f"{self.seed} {number} {effect.spec} ".encode()
            digest = hashlib.blake2b(facts + key, digest_size=16).digest()
            rng = np.random.default_rng(int.from_bytes(digest, "little"))
            yield effect, rng, effect.draw(rng)


def parse(text: str, factor: int = DEFAULT_FACTOR, seed: int = 0) -> Augmentation:
    """Read a list of effects, as typed after ``--augment``.

    Parameters
    ----------
    text : str
        Names separated by ``,``, each with its parameters: ``noise:min_snr=5:max_snr=30,pitch:semitones=2``.
    factor : int
        Copies of each clip, at least 1.
    seed : int

    Raises
    ------
    SpecError
        If an effect or a parameter is unknown, a value is wrong or out of its range, an effect stands there twice,
        or *factor* is below 1.

    Examples
    --------
    >>> parse("noise:min_snr=5,pitch:semitones=3", factor=2).spec
    'noise,pitch:semitones=3'
    """
    if factor < 1:
        raise SpecError(f"{factor} augmented copies of each clip; give a factor of at least 1")
    effects: dict[str, Effect] = {}
    for part in text.split(","):
        if not part.strip():
            raise SpecError(f"'{text}' names no effect in one place; write for example noise,pitch")
        named = split(part)
        if len(named) > 1:
            raise SpecError(f"'{part.strip()}': effects are separated by ',', as in noise,pitch")
        [(name, options)] = named
        if name not in KINDS:
            raise SpecError(f"unknown effect '{name}'. {did_you_mean(name, KINDS)}")
        if name in effects:
            raise SpecError(f"'{name}' stands twice in '{text}'; each effect is applied once")
        effects[name] = KINDS[name].from_options(options)
    return Augmentation(tuple(effects.values()), factor, seed)


def impulse_response(sample_rate: int, rng: np.random.Generator, rt60: float, drr: float) -> NDArray[np.float64]:
    """Return a room's impulse response after Polack's model, of an energy of 1.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    rng : Generator
    rt60 : float
        Seconds in which the sound falls by 60 dB; the response is as long.
    drr : float
        Energy of the direct sound, the first sample, over that of the reverberation, in dB.

    Returns
    -------
    ndarray, shape (1 + rt60 * sample_rate,)

    Examples
    --------
    >>> response = impulse_response(16000, np.random.default_rng(0), rt60=0.5, drr=6.0)
    >>> float(round(10 * np.log10(response[0] ** 2 / np.sum(response[1:] ** 2)), 3))
    6.0
    """
    time = np.arange(1, 1 + max(1, round(rt60 * sample_rate))) / sample_rate
    tail = rng.standard_normal(len(time)) * np.exp(-3 * math.log(10) / rt60 * time)
    tail *= 10 ** (-drr / 20) / math.sqrt(np.sum(tail**2))
    response = np.append(1.0, tail)
    return response / math.sqrt(np.sum(response**2))


def _coloured(noise: Samples, sample_rate: int, exponent: float) -> Samples:
    """White noise whose power is made to fall with frequency to the power of *exponent*, from `_CORNER` Hz."""
    from scipy import fft

    size = fft.next_fast_len(len(noise), real=True)
    frequencies = np.maximum(fft.rfftfreq(size, 1 / sample_rate), _CORNER)
    shape = (frequencies ** (-exponent / 2)).astype(np.float32)
    return fft.irfft(fft.rfft(noise, size) * shape, size)[: len(noise)]


def _power(samples: Samples) -> float:
    """Mean square, summed in double precision."""
    return float(np.mean(np.square(samples, dtype=np.float64)))


def _applied(transform: Any, samples: Samples, sample_rate: int, **parameters: float) -> Samples:
    """What a fresh Audiomentations transform makes of *samples* with these parameters instead of random ones."""
    transform.parameters = {"should_apply": True, **parameters}
    return cast(Samples, transform.apply(samples, sample_rate))


def _signed(value: float, digits: int, plus: bool = True) -> str:
    """A number as pictures write it, without a negative zero.

    >>> _signed(-0.01, 1), _signed(1.25, 1), _signed(-3.4, 0)
    ('+0.0', '+1.2', '−3')
    """
    text = f"{round(value, digits) + 0.0:{'+' if plus else ''}.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """The versions of what makes copies: with others, numbers may differ. NumPy's are those of the random draws."""
    from importlib import metadata

    try:
        return tuple((name, metadata.version(name)) for name in ("audiomentations", "python-stretch", "numpy"))
    except metadata.PackageNotFoundError as error:
        raise MissingExtraError("Augmented copies", "audiomentations", "augment") from error
